//! Plans: what compiled code for a signature has to do, as data.
//!
//! A [`Plan`] says where the arguments come from, in which order they are moved, how the function is called and what happens to its
//! result. It can be made for any convention on any host; [`emit`](crate::emit::emit) turns it into instructions.

mod planner;

use thiserror::Error;

use crate::cell;
use crate::convention::{Convention, Scratch};
use crate::place::{Extend, Move, Place, Width};
use crate::types::{Class, Representation};

/// Who calls the compiled code, and how it is given the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// V8 calls it as a fast call. Scalars of up to 32 bits, `float` and `double` are V8's arguments, in order; 64-bit integers and
    /// addresses are in the [cells](crate::cell); the last argument is the address to call.
    ///
    /// A result of up to 32 bits, `float` or `double` is returned to V8. A 64-bit one is left in the cell [`RESULT`](cell::RESULT); then,
    /// and for void, V8 is returned an `int32` that says nothing: only by there being a value does a caller see that the call was made.
    Fast,
    /// As [`Entry::Fast`], but each parameter of a pointer-like type is also given to V8's call as a JavaScript value, which a resolver
    /// written in Rust turns into an address before C is called; see [`Resolver`]. A `string` is given twice, the first time as a
    /// sequential one-byte string.
    ///
    /// Nothing is returned: every result is left in the cell [`RESULT`](cell::RESULT), and the cell [`REFUSED`](cell::REFUSED) is set to 0
    /// when C has been called. For a string that is not a sequential one-byte one, V8 calls the ordinary callback instead, which returns
    /// `undefined`; where any other result than void is declared, V8 13.6 then ends the process (`convert_fallback_return` in
    /// `src/compiler/turboshaft/graph-builder.cc` of its sources).
    FastValues,
    /// A Node-API callback, `napi_value (napi_env, napi_callback_info)`: arguments, result and the address to call are in the cells.
    /// Returns `NULL`.
    Cell,
    /// An ordinary callback of V8, `void (const v8::FunctionCallbackInfo<v8::Value>&)`: as [`Entry::Cell`], but the parameters of pointer-like
    /// types are also JavaScript's arguments, in order, and a resolver turns those into addresses; see [`Resolver`]. Its `values` are one
    /// pointer, to the callback's information. The cell [`REFUSED`](cell::REFUSED) is set to 0 when C has been called.
    CellValues,
    /// `void (const uint64_t *arguments, void *result, void (*target)(void))`. Each argument starts an element of `arguments`; `result`
    /// receives the result as a cell would.
    Slots,
    /// C calls it, as a function of the signature, through a thunk ([`emit_thunk`](crate::emit::emit_thunk)) that has put a context into the
    /// register [`Convention::context`]. It stores the arguments as slots and calls a handler written in Rust; see [`Handler`]. The result
    /// that the handler leaves is returned to C, an integer as wide as its register.
    ///
    /// There is a frame pointer, by which debuggers and profilers walk the stack, but no unwind information: handlers never unwind.
    Closure,
}

/// A type in the signature of a V8 fast call. The discriminants are those of `v8::CTypeInfo::Type` (`v8-fast-api-calls.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the variants are V8's own names")]
pub enum V8Type {
    Void = 0,
    Int32 = 3,
    Uint32 = 4,
    Float32 = 7,
    Float64 = 8,
    Value = 10,
    OneByteString = 11,
}

/// What V8 has to be told of a compiled function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct V8Signature {
    /// The parameters after the receiver. The receiver, which V8 counts as a parameter of type [`V8Type::Value`], is not listed.
    pub parameters: Box<[V8Type]>,
    /// The result.
    pub result: V8Type,
}

/// The call that turns JavaScript values into addresses:
/// `uint32_t resolver(const void *descriptor, uint64_t *slots, void *const *values, uint8_t *text)`.
///
/// When it returns something else than 0, C is not called and no cell is written; otherwise the cell [`REFUSED`](cell::REFUSED) is set to
/// 0 after the call. The offsets are in bytes from [`Base::Frame`](crate::place::Base::Frame).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resolver {
    /// One 8-byte slot per parameter. That of a pointer-like parameter holds the content of its cell, and C is passed what it holds when
    /// the resolver returns. The slots of other parameters are not the resolver's.
    pub slots: u32,
    /// V8's arguments of type [`V8Type::Value`] and [`V8Type::OneByteString`], 8 bytes each, in order.
    pub values: u32,
    /// [`TEXT_SIZE`] bytes that live until C returns, aligned to 16.
    pub text: u32,
}

/// What [`Entry::Closure`] gives the function that it calls: `void handler(const void *context, uint64_t *arguments, uint64_t *result)`. The
/// offsets are in bytes from [`Base::Frame`](crate::place::Base::Frame).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handler {
    /// One 8-byte slot per parameter, in order. An integer of 8 or 16 bits is extended to 32, which C does not promise; what a value does
    /// not fill is undefined. All 8 bytes are written at once, so that reading them at once does not wait for a narrower write.
    pub slots: u32,
    /// The 8-byte slot of the result, which holds zeros when the handler is called.
    pub result: u32,
}

/// Size in bytes of [`Resolver::text`].
pub const TEXT_SIZE: u32 = 2048;

/// Where the address to call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// As a `double` with an integral value.
    Number(Place),
    /// As an address.
    Address(Place),
    /// The handler's is known; it takes addresses in the frame after its first argument.
    Handler(Handler),
}

/// What happens to C's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It stays in its register, or there is none.
    Kept,
    /// A narrow integer becomes 32 bits wide in its register.
    Extended(Extend),
    /// It is stored.
    Stored {
        /// The register bank that holds it.
        class: Class,
        /// The bytes to store.
        width: Width,
        /// How a narrow integer becomes 32 bits wide first.
        extend: Extend,
        /// Where it goes; always memory.
        to: Place,
    },
    /// What a handler has left is loaded into the result register.
    Loaded {
        /// The register bank that the result is returned in.
        class: Class,
        /// How wide it is in its register.
        width: Width,
        /// How a narrower integer becomes that wide.
        extend: Extend,
        /// Where it is; always memory.
        from: Place,
    },
}

/// What compiled code does, from entry to return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The convention that it is called by, and that it calls by.
    pub convention: &'static Convention,
    /// The signature that V8 has to know, for the entries that V8 calls.
    pub v8: Option<V8Signature>,
    /// The registers that it uses for itself.
    pub scratch: Scratch,
    /// The size in bytes of the frame below the saved frame pointer, a multiple of 16; `None` when the code ends with a jump to C.
    pub frame: Option<u32>,
    /// Made before anything else is called.
    pub saves: Box<[Move]>,
    /// Called after the saves. Only a call through [`Entry::FastValues`] has one.
    pub resolver: Option<Resolver>,
    /// Taken before the moves of the arguments.
    pub target: Target,
    /// Where the address of [`Base::Result`](crate::place::Base::Result) is after the saves, if the code needs one.
    pub result_address: Option<Place>,
    /// The moves of the arguments to C's places, in order.
    pub arguments: Box<[Move]>,
    /// How many of C's arguments are in floating-point registers, for a convention that announces them.
    pub vectors: u8,
    /// What happens to the result.
    pub outcome: Outcome,
    /// Whether the call is counted in the cell [`DEPTH`](cell::DEPTH) while it lasts. A caller in JavaScript could not do that: when V8 stops
    /// it, it does not come back to count down.
    pub is_counted: bool,
    /// Whether 0 is returned in the general-purpose result register whatever C returned.
    pub returns_zero: bool,
}

/// Why there is no compiled code for a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unsupported {
    /// More than [`cell::MAX_PARAMETERS`].
    #[error("it has {0} parameters; compiled calls have at most {max}", max = cell::MAX_PARAMETERS)]
    Parameters(usize),
    /// A parameter of type void.
    #[error("parameter {0} is void")]
    VoidParameter(usize),
    /// V8 makes no such fast call on this platform.
    #[error("V8 would have to pass {needed} arguments, this one and its own included; on this platform it passes at most {most}")]
    FastArguments {
        /// How many there would be.
        needed: usize,
        /// How many V8 passes.
        most: usize,
    },
}

impl V8Type {
    /// How the machine holds a value of this type.
    #[must_use]
    pub const fn representation(self) -> Representation {
        match self {
            Self::Void => Representation::Void,
            Self::Int32 => Representation::Int32,
            Self::Uint32 => Representation::Uint32,
            Self::Float32 => Representation::Float32,
            Self::Float64 => Representation::Float64,
            Self::Value | Self::OneByteString => Representation::Pointer,
        }
    }

    /// The type of V8's argument or result for a scalar; `None` for what has 64 bits and goes through the cells, and for void.
    const fn of(representation: Representation) -> Option<Self> {
        match representation {
            Representation::Int8 | Representation::Uint8 | Representation::Int16 | Representation::Uint16 | Representation::Int32 => {
                Some(Self::Int32)
            }
            Representation::Uint32 => Some(Self::Uint32),
            Representation::Float32 => Some(Self::Float32),
            Representation::Float64 => Some(Self::Float64),
            Representation::Void | Representation::Int64 | Representation::Uint64 | Representation::Pointer => None,
        }
    }
}
