//! Every error of the API: its class, its code and its message, each once.
//!
//! The wording is Node 26.10's (`spec/behaviour.md`); where Node has none, it follows the same manner. Errors are values until
//! `boundary.rs` throws them, and that is the only place that does.

use ferrule_abi::Representation;
use ferrule_native::library::{self, OPENS_PROCESS};
use ferrule_native::{PrepareError, closure, mapping};

use crate::napi::{Env, Failure, Value};

/// The result of everything that can throw.
pub type Result<T> = std::result::Result<T, Error>;

/// What goes wrong, in the API's own words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a JavaScript exception is pending")]
    Pending,
    #[error("Node-API refused a call with status {0}")]
    NodeApi(i32),
    #[error("Ferrule failed internally: {0}")]
    Panic(String),
    #[error("Ferrule's native binary has not been initialized by its own lib/index.js")]
    NotInitialized,

    #[error("Access to this API has been restricted. Use --allow-ffi to manage permissions.")]
    AccessDenied,
    #[error("Class constructor DynamicLibrary cannot be invoked without 'new'")]
    ConstructCallRequired,
    #[error("Illegal invocation")]
    IllegalInvocation,
    #[error("Library is closed")]
    LibraryClosed,
    #[error(transparent)]
    Library(#[from] library::Error),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Closure(#[from] closure::Error),

    #[error("Library path must be a string{}", if OPENS_PROCESS { " or null" } else { "" })]
    LibraryPathType,
    #[error("Function name must be a string")]
    FunctionNameType,
    #[error("Symbol name must be a string")]
    SymbolNameType,
    #[error("{0} must not contain null bytes")]
    NullBytes(Subject),
    #[error("Function signature must be an object")]
    SignatureType,
    #[error("Functions signatures must be an object")]
    DefinitionsType,
    #[error("Signature of function {0} must be an object")]
    DefinitionType(String),
    #[error("Function signature of {0} must have either 'returns', 'return' or 'result' property")]
    SeveralResults(String),
    #[error("Function signature of {0} must have either 'parameters' or 'arguments' property")]
    SeveralParameterLists(String),
    #[error("Function signature of {name} has an unknown property '{key}'")]
    UnknownSignatureKey { name: String, key: String },
    #[error("Property 'reentrant' of function {0} must be a boolean")]
    ReentrantType(String),
    #[error("{0} must be a string")]
    TypeNameType(Subject),
    #[error("Arguments list of function {0} must be an array")]
    ParameterListType(String),
    #[error("Argument {index} of function {name} must not be 'void'; use an empty array for no-argument functions")]
    VoidParameter { name: String, index: usize },
    #[error("Unsupported FFI type: {0}")]
    UnsupportedType(String),
    #[error("Function {0} was already requested with a different signature")]
    DifferentSignature(String),
    #[error("The function address must be a bigint")]
    FunctionAddressType,
    #[error("The function address must be a non-zero pointer bigint")]
    FunctionAddressRange,
    #[error("Function {0} has a null address")]
    NullFunction(String),

    #[error("Invalid argument count: expected {expected}, got {actual}")]
    ArgumentCount { expected: usize, actual: usize },
    #[error("Argument {index} must be {}", .representation.label())]
    Argument { index: usize, representation: Representation },
    #[error("Argument {0} must be a non-negative pointer bigint")]
    ArgumentPointerRange(usize),
    #[error("Argument {0} is a detached ArrayBuffer")]
    ArgumentDetached(usize),
    #[error("Argument {0} is an ArrayBufferView backed by a detached ArrayBuffer")]
    ArgumentViewDetached(usize),
    #[error("Argument {0} must be a buffer, an ArrayBuffer, a string, or a bigint")]
    ArgumentPointer(usize),

    #[error("First argument must be a function or a signature object")]
    CallbackFirstArgument,
    #[error("Second argument must be a function")]
    CallbackSecondArgument,
    #[error("Callback not found")]
    CallbackNotFound,

    #[error("The first argument must be a bigint")]
    FirstArgumentBigint,
    #[error("The first argument must be a non-negative bigint")]
    FirstArgumentRange,
    #[error("The pointer must be a bigint")]
    PointerType,
    #[error("The pointer must be a non-negative bigint")]
    PointerRange,
    #[error("Cannot dereference a null pointer")]
    NullDereference,
    #[error("Cannot create a buffer from a null pointer")]
    NullBuffer,
    #[error("Cannot create an ArrayBuffer from a null pointer")]
    NullArrayBuffer,
    #[error("This runtime allows no ArrayBuffer over native memory; a copy can be made of it")]
    NoExternalBuffers,
    #[error("Expected an offset argument")]
    OffsetMissing,
    #[error("Expected a value argument")]
    ValueMissing,
    #[error("The {0} must be a number")]
    QuantityType(Quantity),
    #[error("The {0} must be a non-negative integer")]
    QuantityRange(Quantity),
    #[error("The {0} is too large")]
    QuantityTooLarge(Quantity),
    #[error("The pointer and {0} exceed the platform address range")]
    AddressRange(Quantity),
    #[error("The accessed range exceeds the platform address range")]
    AccessedRange,
    #[error("Cannot {verb} {extent} at {address:#x}: {denied}")]
    InaccessibleMemory { verb: &'static str, extent: Extent, address: usize, denied: mapping::Denied },
    #[error("Function {name} cannot be called: its address {place}")]
    FunctionMemory { name: String, place: String },
    #[error("Argument {index} cannot be called: the address {place}")]
    ArgumentMemory { index: usize, place: String },
    #[error("The environment variable FERRULE_GUARD must be '0' or '1'. Received '{0}'")]
    GuardValue(String),
    #[error("FERRULE_GUARD=1 asks for guarded mode: {0}")]
    Guard(#[from] mapping::Unavailable),
    #[error("Value must be {}", .0.label())]
    Value(Representation),
    #[error("Value must be a bigint or a number")]
    ValueType,

    #[error("Buffer is too large")]
    BufferTooLarge,
    #[error("Failed to allocate memory")]
    Memory,
    #[error("Cannot create a string longer than 0x{0:x} characters")]
    StringTooLong(usize),
    #[error("The first argument must be a Buffer, ArrayBuffer, SharedArrayBuffer, or ArrayBufferView")]
    RawPointerSource,
    #[error("ArrayBuffer is detached")]
    Detached,
    #[error("ArrayBufferView is backed by a detached ArrayBuffer")]
    ViewDetached,
    #[error("The \"{name}\" argument must be {expected}. Received {received}")]
    ArgumentType { name: &'static str, expected: &'static str, received: String },
    #[error("The value of \"{name}\" is out of range. It must be {range}. Received {received}")]
    OutOfRange { name: &'static str, range: String, received: String },
    #[error("Unknown encoding: {0}")]
    UnknownEncoding(String),

    #[error("{0}")]
    LegacyLoad(String),
    #[error("{0}")]
    LegacySymbol(String),
    #[error("Unsupported FFI type: {0}")]
    LegacyType(String),
}

/// What a message about a string is about.
#[derive(Debug, thiserror::Error)]
pub enum Subject {
    #[error("Library path")]
    LibraryPath,
    #[error("Function name")]
    FunctionName,
    #[error("Symbol name")]
    SymbolName,
    #[error("Return value type of function {0}")]
    ResultType(String),
    #[error("Argument {index} of function {name}")]
    ParameterType { name: String, index: usize },
    #[error("Argument {0}")]
    Argument(usize),
}

/// How much memory a message is about.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Extent {
    #[error("{}", mapping::Bytes(*.0))]
    Bytes(usize),
    #[error("a string")]
    Text,
}

/// What a message about a byte count is about.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Quantity {
    #[error("offset")]
    Offset,
    #[error("length")]
    Length,
}

#[derive(Clone, Copy)]
enum Class {
    Error,
    TypeError,
    RangeError,
}

impl Error {
    /// The class of the JavaScript error and its `code`.
    fn shape(&self) -> (Class, Option<&'static str>) {
        match self {
            Self::Pending | Self::NodeApi(_) | Self::Panic(_) | Self::NotInitialized => (Class::Error, Some("ERR_INTERNAL_ASSERTION")),
            Self::AccessDenied => (Class::Error, Some("ERR_ACCESS_DENIED")),
            Self::IllegalInvocation => (Class::TypeError, None),
            Self::ConstructCallRequired => (Class::TypeError, Some("ERR_CONSTRUCT_CALL_REQUIRED")),
            Self::LibraryClosed => (Class::Error, Some("ERR_FFI_LIBRARY_CLOSED")),
            Self::Library(_) | Self::Prepare(_) | Self::Closure(_) => (Class::Error, Some("ERR_FFI_CALL_FAILED")),
            Self::NullFunction(_)
            | Self::NullDereference
            | Self::NullBuffer
            | Self::NullArrayBuffer
            | Self::InaccessibleMemory { .. }
            | Self::FunctionMemory { .. }
            | Self::ArgumentMemory { .. } => (Class::Error, Some("ERR_FFI_INVALID_POINTER")),
            Self::Guard(_) | Self::NoExternalBuffers => (Class::TypeError, Some("ERR_FEATURE_UNAVAILABLE_ON_PLATFORM")),
            Self::LibraryPathType
            | Self::FunctionNameType
            | Self::SymbolNameType
            | Self::SignatureType
            | Self::DefinitionsType
            | Self::DefinitionType(_)
            | Self::FunctionAddressType
            | Self::CallbackFirstArgument
            | Self::CallbackSecondArgument
            | Self::FirstArgumentBigint
            | Self::PointerType
            | Self::QuantityType(_)
            | Self::RawPointerSource
            | Self::ArgumentType { .. } => (Class::TypeError, Some("ERR_INVALID_ARG_TYPE")),
            Self::NullBytes(_)
            | Self::SeveralResults(_)
            | Self::SeveralParameterLists(_)
            | Self::UnknownSignatureKey { .. }
            | Self::ReentrantType(_)
            | Self::TypeNameType(_)
            | Self::ParameterListType(_)
            | Self::VoidParameter { .. }
            | Self::UnsupportedType(_)
            | Self::DifferentSignature(_)
            | Self::FunctionAddressRange
            | Self::ArgumentCount { .. }
            | Self::Argument { .. }
            | Self::ArgumentPointerRange(_)
            | Self::ArgumentDetached(_)
            | Self::ArgumentViewDetached(_)
            | Self::ArgumentPointer(_)
            | Self::CallbackNotFound
            | Self::FirstArgumentRange
            | Self::PointerRange
            | Self::OffsetMissing
            | Self::ValueMissing
            | Self::QuantityRange(_)
            | Self::AddressRange(_)
            | Self::AccessedRange
            | Self::GuardValue(_)
            | Self::Value(_)
            | Self::ValueType
            | Self::Detached
            | Self::ViewDetached => (Class::TypeError, Some("ERR_INVALID_ARG_VALUE")),
            Self::QuantityTooLarge(_) | Self::OutOfRange { .. } => (Class::RangeError, Some("ERR_OUT_OF_RANGE")),
            Self::BufferTooLarge => (Class::Error, Some("ERR_BUFFER_TOO_LARGE")),
            Self::Memory => (Class::RangeError, Some("ERR_MEMORY_ALLOCATION_FAILED")),
            Self::StringTooLong(_) => (Class::Error, Some("ERR_STRING_TOO_LONG")),
            Self::UnknownEncoding(_) => (Class::TypeError, Some("ERR_UNKNOWN_ENCODING")),
            Self::LegacyLoad(_) => (Class::Error, Some("ERR_FFI_LIBRARY_LOAD_FAILED")),
            Self::LegacySymbol(_) => (Class::Error, Some("ERR_FFI_SYMBOL_NOT_FOUND")),
            Self::LegacyType(_) => (Class::TypeError, Some("ERR_FFI_UNSUPPORTED_TYPE")),
        }
    }

    /// The JavaScript error. For [`Error::Pending`] there is one already.
    pub fn to_js<'env>(&self, env: Env<'env>) -> std::result::Result<Value<'env>, Failure> {
        let (class, code) = self.shape();
        let message = self.to_string();
        // What the caller passed can be quoted in it, and be as long as a string can be.
        let message = env.create_string(&message).or_else(|_| env.create_string(shortened(&message)))?;
        let error = match class {
            Class::Error => env.error(message),
            Class::TypeError => env.type_error(message),
            Class::RangeError => env.range_error(message),
        }?;
        if let Some(code) = code {
            env.define(error, env.create_string("code")?, env.create_string(code)?)?;
        }
        if let Self::AccessDenied = self {
            for (name, value) in [("permission", "FFI"), ("resource", "")] {
                env.define(error, env.create_string(name)?, env.create_string(value)?)?;
            }
        }
        Ok(error)
    }
}

/// The beginning of a text.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(1000).map_or(text, |(end, _)| &text[..end])
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Pending => Self::Pending,
            Failure::Status(status) => Self::NodeApi(status),
        }
    }
}
