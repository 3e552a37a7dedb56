//! Signature objects: what JavaScript says about a function, read once and in a fixed order.

use ferrule_abi::{Signature, Type};

use crate::error::{Error, Result, Subject};
use crate::napi::{Env, Kind, Value};

/// The keys of the result type, in the order they are looked for.
const RESULT_KEYS: [&str; 3] = ["returns", "return", "result"];
/// The keys of the parameter list, in the order they are looked for.
const PARAMETER_KEYS: [&str; 2] = ["parameters", "arguments"];
/// The key that says that a function enters JavaScript by itself. A callback has no use for it.
const REENTRANT_KEY: &str = "reentrant";

/// What a signature is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A native function, under its name.
    Function,
    /// A JavaScript function that C calls.
    Callback,
}

/// Whether the value can be a signature object or a map of them: any object that is no array.
pub fn is_record<'env>(env: Env<'env>, value: Value<'env>) -> Result<bool> {
    Ok(matches!(env.kind(value)?, Kind::Object | Kind::Function) && !env.is_array(value)?)
}

/// Reads the signature object of the function `name`.
///
/// First which keys there are (`in`, so inherited ones count), then whether there are too many or unknown ones, then each value once.
pub fn read<'env>(env: Env<'env>, name: &str, purpose: Purpose, object: Value<'env>) -> Result<Signature> {
    let result = present(env, object, &RESULT_KEYS)?;
    let parameters = present(env, object, &PARAMETER_KEYS)?;
    let result = at_most_one(&result).map_err(|Several| Error::SeveralResults(name.to_owned()))?;
    let parameters = at_most_one(&parameters).map_err(|Several| Error::SeveralParameterLists(name.to_owned()))?;
    let reentrant = other_key(env, name, purpose, object)?;
    let result = match result {
        Some(key) => read_result(env, name, env.get(object, key)?)?,
        None => Type::Void,
    };
    let parameters = match parameters {
        Some(key) => read_parameters(env, name, env.get(object, key)?)?,
        None => Vec::new(),
    };
    let reentrant = match reentrant {
        Some(key) => read_reentrant(env, name, env.get(object, key)?)?,
        None => false,
    };
    Ok(Signature { reentrant, ..Signature::new(result, parameters) })
}

fn present<'env>(env: Env<'env>, object: Value<'env>, keys: &[&str]) -> Result<Vec<Value<'env>>> {
    let mut present = Vec::new();
    for key in keys {
        let key = env.create_string(key)?;
        if env.has(object, key)? {
            present.push(key);
        }
    }
    Ok(present)
}

struct Several;

fn at_most_one<'env>(keys: &[Value<'env>]) -> std::result::Result<Option<Value<'env>>, Several> {
    match keys {
        [] => Ok(None),
        [key] => Ok(Some(*key)),
        _ => Err(Several),
    }
}

/// The key [`REENTRANT_KEY`], where it is. A misspelt key must not turn a function into `void ()`.
fn other_key<'env>(env: Env<'env>, name: &str, purpose: Purpose, object: Value<'env>) -> Result<Option<Value<'env>>> {
    let mut reentrant = None;
    for key in env.own_keys(object)? {
        let text = env.text(key)?.unwrap_or_default();
        if purpose == Purpose::Function && text == REENTRANT_KEY {
            reentrant = Some(key);
        } else if !RESULT_KEYS.contains(&text.as_str()) && !PARAMETER_KEYS.contains(&text.as_str()) {
            return Err(Error::UnknownSignatureKey { name: name.to_owned(), key: text });
        }
    }
    Ok(reentrant)
}

fn read_reentrant<'env>(env: Env<'env>, name: &str, value: Value<'env>) -> Result<bool> {
    if env.kind(value)? == Kind::Boolean { Ok(env.is_truthy(value)?) } else { Err(Error::ReentrantType(name.to_owned())) }
}

fn read_result<'env>(env: Env<'env>, name: &str, value: Value<'env>) -> Result<Type> {
    read_type(env, value, || Subject::ResultType(name.to_owned()))
}

fn read_parameters<'env>(env: Env<'env>, name: &str, list: Value<'env>) -> Result<Vec<Type>> {
    if !env.is_array(list)? {
        return Err(Error::ParameterListType(name.to_owned()));
    }
    let length = env.array_length(list)?;
    let mut parameters = Vec::new();
    for position in 0..length {
        let index = position as usize;
        let ty = read_type(env, env.element(list, position)?, || Subject::ParameterType { name: name.to_owned(), index })?;
        if ty == Type::Void {
            return Err(Error::VoidParameter { name: name.to_owned(), index });
        }
        parameters.push(ty);
    }
    Ok(parameters)
}

fn read_type<'env>(env: Env<'env>, value: Value<'env>, subject: impl Fn() -> Subject) -> Result<Type> {
    let Some(name) = env.text(value)? else { return Err(Error::TypeNameType(subject())) };
    if name.contains('\0') {
        return Err(Error::NullBytes(subject()));
    }
    Type::from_name(&name).ok_or(Error::UnsupportedType(name))
}
