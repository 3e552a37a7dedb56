//! `DynamicLibrary`, but for its JavaScript shape (`lib/library.js`): what its methods do.
//!
//! JavaScript holds a [`Library`] by an external in a private field. Every function here takes that external first; anything else in
//! its place is a method called on the wrong object.

use std::cell::RefCell;
use std::rc::Rc;

use ferrule_abi::Signature;
use ferrule_native::library::OPENS_PROCESS;
use indexmap::IndexMap;

use crate::boundary::Arguments;
use crate::callback::Callbacks;
use crate::error::{Error, Result, Subject};
use crate::function;
use crate::guard;
use crate::loaded::Loaded;
use crate::napi::{Env, Kind, Reference, Value};
use crate::pointer::{self, PointerErrors};
use crate::signature::{self, Purpose};
use crate::state::{State, ask};

/// A library that JavaScript has opened.
pub struct Library {
    loaded: Rc<Loaded>,
    callbacks: Rc<Callbacks>,
    functions: RefCell<IndexMap<String, Resolved>>,
    symbols: RefCell<IndexMap<String, usize>>,
}

/// A function that has been asked for. Its signature stays even when its JavaScript function has been collected.
struct Resolved {
    signature: Signature,
    code: usize,
    wrapper: Reference,
}

/// What callbacks are called in messages.
const CALLBACK_NAME: &str = "<callback>";
/// What a function without a symbol is called in messages.
const POINTER_NAME: &str = "<pointer>";

type Returned<'env> = Result<Option<Value<'env>>>;

impl Library {
    /// Opens the library at `path`; `None` is the process itself.
    fn open(env: Env<'_>, path: Option<&str>) -> Result<Self> {
        let loaded = Rc::new(Loaded::open(State::of(env).exchange()?, path)?);
        let callbacks = Callbacks::new(env, &loaded);
        Ok(Self { loaded, callbacks, functions: RefCell::default(), symbols: RefCell::default() })
    }

    /// The function `name` if it has been asked for with an equivalent signature.
    ///
    /// # Errors
    ///
    /// [`Error::DifferentSignature`] when it has been asked for with another.
    fn known<'env>(&self, env: Env<'env>, name: &str, signature: &Signature, owner: Value<'env>) -> Returned<'env> {
        match self.functions.borrow().get(name) {
            Some(resolved) if resolved.signature.is_equivalent(signature) => {}
            Some(_) => return Err(Error::DifferentSignature(name.to_owned())),
            None => return Ok(None),
        }
        self.wrapper(env, name, owner).map(Some)
    }

    /// The JavaScript function of a known one: the same as long as anybody holds it, a new one otherwise.
    fn wrapper<'env>(&self, env: Env<'env>, name: &str, owner: Value<'env>) -> Result<Value<'env>> {
        let (code, signature) = {
            let functions = self.functions.borrow();
            let resolved = functions.get(name).ok_or(Error::LibraryClosed)?;
            if let Some(wrapper) = resolved.wrapper.get(env)? {
                return Ok(wrapper);
            }
            (resolved.code, resolved.signature.clone())
        };
        // No borrow is open while JavaScript runs.
        let wrapper = function::create(env, &self.loaded, name, code, &signature, owner)?;
        let reference = Reference::weak(env, wrapper)?;
        if let Some(resolved) = self.functions.borrow_mut().get_mut(name) {
            resolved.wrapper = reference;
        }
        Ok(wrapper)
    }

    /// Makes the function `name`, which is not known yet, and remembers it.
    fn define<'env>(&self, env: Env<'env>, name: &str, code: usize, signature: Signature, owner: Value<'env>) -> Result<Value<'env>> {
        let wrapper = function::create(env, &self.loaded, name, code, &signature, owner)?;
        let resolved = Resolved { signature, code, wrapper: Reference::weak(env, wrapper)? };
        self.functions.borrow_mut().insert(name.to_owned(), resolved);
        self.symbols.borrow_mut().insert(name.to_owned(), code);
        Ok(wrapper)
    }

    /// A function of the library, made now or earlier.
    fn function<'env>(&self, env: Env<'env>, name: &str, signature: Signature, owner: Value<'env>) -> Result<Value<'env>> {
        self.refuse_closed()?;
        if let Some(wrapper) = self.known(env, name, &signature, owner)? {
            return Ok(wrapper);
        }
        self.define(env, name, self.code(name)?, signature, owner)
    }

    /// The address of the function `name`; 0 for one whose symbol is null, which only a call finds out.
    fn code(&self, name: &str) -> Result<usize> {
        let code = self.loaded.symbol(name)?;
        if code != 0 {
            guard::function(name, code)?;
        }
        Ok(code)
    }

    fn refuse_closed(&self) -> Result<()> {
        if self.loaded.is_closed() { Err(Error::LibraryClosed) } else { Ok(()) }
    }

    fn close(&self) {
        self.functions.borrow_mut().clear();
        self.symbols.borrow_mut().clear();
        // The library's destructors may still call its callbacks.
        self.loaded.close();
        self.callbacks.close();
    }
}

fn receiver<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Rc<Library>> {
    env.get_external(arguments.get(env, 0)?)?.ok_or(Error::IllegalInvocation)
}

/// A string without NULs, or the errors of its kind.
fn name<'env>(env: Env<'env>, value: Value<'env>, not_a_string: Error, subject: Subject) -> Result<String> {
    refuse_null_bytes(env.text(value)?.ok_or(not_a_string)?, subject)
}

fn refuse_null_bytes(text: String, subject: Subject) -> Result<String> {
    if text.contains('\0') { Err(Error::NullBytes(subject)) } else { Ok(text) }
}

/// `refuseCall()`: the constructor was called without `new`.
pub fn refuse_call<'env>(_: Env<'env>, _: Arguments<'_, 'env>) -> Returned<'env> {
    Err(Error::ConstructCallRequired)
}

/// `refuseReceiver()`: a method was called on something that is no library.
pub fn refuse_receiver<'env>(_: Env<'env>, _: Arguments<'_, 'env>) -> Returned<'env> {
    Err(Error::IllegalInvocation)
}

/// `openLibrary(path)`
pub fn open<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let path = arguments.get(env, 0)?;
    let path = if OPENS_PROCESS && env.kind(path)? == Kind::Null {
        None
    } else {
        Some(name(env, path, Error::LibraryPathType, Subject::LibraryPath)?)
    };
    State::of(env).expect_end(env)?;
    Ok(Some(env.external(Rc::new(Library::open(env, path.as_deref())?))?))
}

/// `closeLibrary(library)`
pub fn close<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    receiver(env, arguments)?.close();
    Ok(None)
}

/// `getFunction(library, name, signature, owner)`
pub fn get_function<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let library = receiver(env, arguments)?;
    let name = env.text(arguments.get(env, 1)?)?.ok_or(Error::FunctionNameType)?;
    let object = arguments.get(env, 2)?;
    if !signature::is_record(env, object)? {
        return Err(Error::SignatureType);
    }
    let name = refuse_null_bytes(name, Subject::FunctionName)?;
    let signature = signature::read(env, &name, Purpose::Function, object)?;
    library.function(env, &name, signature, arguments.get(env, 3)?).map(Some)
}

/// `getFunctionFromPointer(library, address, signature, owner)`
pub fn get_function_from_pointer<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let library = receiver(env, arguments)?;
    let code = pointer::address(env, arguments.get(env, 1)?, PointerErrors::function_address())?;
    if code == 0 {
        return Err(Error::FunctionAddressRange);
    }
    let object = arguments.get(env, 2)?;
    if !signature::is_record(env, object)? {
        return Err(Error::SignatureType);
    }
    let signature = signature::read(env, POINTER_NAME, Purpose::Function, object)?;
    library.refuse_closed()?;
    guard::function(POINTER_NAME, code)?;
    function::create(env, &library.loaded, "", code, &signature, arguments.get(env, 3)?).map(Some)
}

/// `getFunctions(library, definitions, owner)`; without definitions, all that are known.
pub fn get_functions<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let library = receiver(env, arguments)?;
    library.refuse_closed()?;
    let (definitions, owner) = (arguments.get(env, 1)?, arguments.get(env, 2)?);
    let functions = ask(env, |hooks| &hooks.record, &[])?;
    if env.kind(definitions)? == Kind::Undefined {
        let names: Vec<String> = library.functions.borrow().keys().cloned().collect();
        for name in names {
            env.define(functions, env.create_string(&name)?, library.wrapper(env, &name, owner)?)?;
        }
        return Ok(Some(functions));
    }
    if !signature::is_record(env, definitions)? {
        return Err(Error::DefinitionsType);
    }
    // All or nothing: everything that can fail comes before the first function is remembered.
    let mut defined = Vec::new();
    for key in env.own_keys(definitions)? {
        let (name, signature) = definition(env, definitions, key)?;
        library.refuse_closed()?;
        let code = match library.known(env, &name, &signature, owner)? {
            Some(_) => None,
            None => Some(library.code(&name)?),
        };
        defined.push((name, signature, code));
    }
    // A getter may have asked for some meanwhile, or closed the library.
    library.refuse_closed()?;
    for (name, signature, _) in &defined {
        library.known(env, name, signature, owner)?;
    }
    for (name, signature, code) in defined {
        let function = match code {
            Some(code) if !library.functions.borrow().contains_key(&name) => library.define(env, &name, code, signature, owner)?,
            _ => library.function(env, &name, signature, owner)?,
        };
        // The name as the symbol has it: what is no text of a symbol is U+FFFD in both.
        env.define(functions, env.create_string(&name)?, function)?;
    }
    Ok(Some(functions))
}

fn definition<'env>(env: Env<'env>, definitions: Value<'env>, key: Value<'env>) -> Result<(String, Signature)> {
    let name = refuse_null_bytes(env.text(key)?.ok_or(Error::FunctionNameType)?, Subject::FunctionName)?;
    let object = env.get(definitions, key)?;
    if !signature::is_record(env, object)? {
        return Err(Error::DefinitionType(name));
    }
    let signature = signature::read(env, &name, Purpose::Function, object)?;
    Ok((name, signature))
}

/// `getSymbol(library, name)`
pub fn get_symbol<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let library = receiver(env, arguments)?;
    let name = name(env, arguments.get(env, 1)?, Error::SymbolNameType, Subject::SymbolName)?;
    let address = library.loaded.symbol(&name)?;
    library.symbols.borrow_mut().insert(name, address);
    Ok(Some(env.create_u64(address as u64)?))
}

/// `getSymbols(library)`
pub fn get_symbols<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let library = receiver(env, arguments)?;
    library.refuse_closed()?;
    let symbols = ask(env, |hooks| &hooks.record, &[])?;
    for (name, address) in &*library.symbols.borrow() {
        env.define(symbols, env.create_string(name)?, env.create_u64(*address as u64)?)?;
    }
    Ok(Some(symbols))
}

/// `registerCallback(library, signature, function, name)`, the last of which is the function's, for messages.
pub fn register_callback<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let library = receiver(env, arguments)?;
    let (first, second) = (arguments.get(env, 1)?, arguments.get(env, 2)?);
    let (signature, function) = if env.kind(first)? == Kind::Function {
        (Signature::void(), first)
    } else if !signature::is_record(env, first)? {
        return Err(Error::CallbackFirstArgument);
    } else if env.kind(second)? != Kind::Function {
        return Err(Error::CallbackSecondArgument);
    } else {
        (signature::read(env, CALLBACK_NAME, Purpose::Callback, first)?, second)
    };
    library.refuse_closed()?;
    let name = env.text(arguments.get(env, 3)?)?.unwrap_or_default();
    let address = library.callbacks.register(env, signature, function, name)?;
    Ok(Some(env.create_u64(address as u64)?))
}

/// The receiver, open, and the address of a callback.
fn callback_address<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<(Rc<Library>, usize)> {
    let library = receiver(env, arguments)?;
    library.refuse_closed()?;
    let address = pointer::address(env, arguments.get(env, 1)?, PointerErrors::first_argument())?;
    Ok((library, address))
}

/// `unregisterCallback(library, pointer)`
pub fn unregister_callback<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let (library, address) = callback_address(env, arguments)?;
    library.callbacks.unregister(address).map(|()| None)
}

/// `refCallback(library, pointer)`
pub fn ref_callback<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let (library, address) = callback_address(env, arguments)?;
    library.callbacks.make_strong(env, address).map(|()| None)
}

/// `unrefCallback(library, pointer)`
pub fn unref_callback<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let (library, address) = callback_address(env, arguments)?;
    library.callbacks.make_weak(env, address).map(|()| None)
}
