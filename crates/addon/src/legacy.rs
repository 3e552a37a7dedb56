//! The older API: `getNativeFunction`, `getBufferPointer`, `sizeof`, with C's type names.

use std::rc::Rc;

use ferrule_abi::{Signature, Type, from_c_name};
use ferrule_native::library;

use crate::boundary::Arguments;
use crate::error::{Error, Result, Subject};
use crate::export::wrong_type;
use crate::function;
use crate::guard;
use crate::loaded::Loaded;
use crate::napi::{Env, Kind, Value};
use crate::state::State;
use crate::view;

type Returned<'env> = Result<Option<Value<'env>>>;

/// `getNativeFunction(library, name, resultType, parameterTypes)`
pub fn get_native_function<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let path = library_path(env, arguments.get(env, 0)?)?;
    let name = string(env, "func", arguments.get(env, 1)?)?;
    if name.contains('\0') {
        return Err(Error::NullBytes(Subject::FunctionName));
    }
    let result = match string(env, "retType", arguments.get(env, 2)?)?.as_str() {
        "void" => Type::Void,
        other => named(other)?,
    };
    let parameters = parameters(env, arguments.get(env, 3)?)?;
    let loaded = opened(env, path)?;
    let code = match loaded.symbol(&name) {
        Err(Error::Library(library::Error::Symbol(text))) => return Err(Error::LegacySymbol(text)),
        code => code?,
    };
    if code != 0 {
        guard::function(&name, code)?;
    }
    function::create(env, &loaded, &name, code, &Signature::new(result, parameters), env.undefined()?).map(Some)
}

fn library_path<'env>(env: Env<'env>, value: Value<'env>) -> Result<Option<String>> {
    if env.kind(value)? == Kind::Null {
        return Ok(None);
    }
    match env.text(value)? {
        Some(path) if path.contains('\0') => Err(Error::NullBytes(Subject::LibraryPath)),
        Some(path) => Ok(Some(path)),
        None => Err(wrong_type(env, "library", "of type string or null", value)?),
    }
}

fn string<'env>(env: Env<'env>, name: &'static str, value: Value<'env>) -> Result<String> {
    match env.text(value)? {
        Some(text) => Ok(text),
        None => Err(wrong_type(env, name, "of type string", value)?),
    }
}

fn parameters<'env>(env: Env<'env>, list: Value<'env>) -> Result<Vec<Type>> {
    if !env.is_array(list)? {
        return Err(wrong_type(env, "argTypes", "an instance of Array", list)?);
    }
    (0..env.array_length(list)?)
        .map(|index| {
            let element = env.element(list, index)?;
            named(&string(env, "argTypes", element)?)
        })
        .collect()
}

fn named(name: &str) -> Result<Type> {
    from_c_name(name).ok_or_else(|| Error::LegacyType(name.to_owned()))
}

/// The library at `path`, opened once per environment and never closed before its end.
fn opened(env: Env<'_>, path: Option<String>) -> Result<Rc<Loaded>> {
    let libraries = &State::of(env).legacy;
    if let Some(loaded) = libraries.borrow().get(&path) {
        return Ok(Rc::clone(loaded));
    }
    let loaded = match Loaded::open(State::of(env).exchange()?, path.as_deref()) {
        Err(Error::Library(library::Error::Open(text))) => return Err(Error::LegacyLoad(text)),
        loaded => Rc::new(loaded?),
    };
    libraries.borrow_mut().insert(path, Rc::clone(&loaded));
    Ok(loaded)
}

/// `getBufferPointer(buffer)`
pub fn get_buffer_pointer<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let value = arguments.get(env, 0)?;
    match view::memory_of(env, value)? {
        Some(memory) => Ok(Some(env.create_u64(memory.address as u64)?)),
        None => Err(wrong_type(env, "buffer", "an instance of Buffer, TypedArray, DataView, ArrayBuffer, or SharedArrayBuffer", value)?),
    }
}

/// `sizeof(type)`: bytes, or `undefined` for what is no type.
pub fn size_of<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let name = env.text(arguments.get(env, 0)?)?;
    let size = name.and_then(|name| from_c_name(&name)).map(|ty| ty.representation().size());
    size.map(|size| Ok(env.create_f64(size as f64)?)).transpose()
}
