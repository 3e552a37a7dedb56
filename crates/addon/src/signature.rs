//! Signature objects: what JavaScript says about a function, read once and in a fixed order.

use ferrule_abi::{Signature, Type};

use crate::error::{Error, Result, Subject};
use crate::napi::{Env, Kind, Value};
use crate::state::ask;

/// The keys of a signature, in the order they are looked for.
pub const KEYS: [&str; 6] = ["returns", "return", "result", "parameters", "arguments", "reentrant"];
/// Those of the result type.
pub const RESULT_KEYS: Keys = Keys(0b000_111);
/// Those of the parameter list.
pub const PARAMETER_KEYS: Keys = Keys(0b011_000);
/// The key that says that a function enters JavaScript by itself. A callback has no use for it.
pub const REENTRANT_KEY: Keys = Keys(0b100_000);

/// Some of [`KEYS`]: bit `n` stands for number `n`, also where JavaScript looks which there are (`keysOf` in `lib/hooks.js`).
#[derive(Clone, Copy)]
pub struct Keys(pub u32);

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
    let known = if purpose == Purpose::Function { KEYS.len() } else { KEYS.len() - 1 };
    let answer = ask(env, |hooks| &hooks.keys_of, &[object, env.create_u32(known as u32)?])?;
    // An own key that is none of them: a misspelt one must not turn a function into `void ()`.
    let Some(present) = env.number(answer) else {
        return Err(Error::UnknownSignatureKey { name: name.to_owned(), key: env.text(answer)?.unwrap_or_default() });
    };
    let present = Keys(present as u32);
    let result = present.at_most_one(RESULT_KEYS).map_err(|Several| Error::SeveralResults(name.to_owned()))?;
    let parameters = present.at_most_one(PARAMETER_KEYS).map_err(|Several| Error::SeveralParameterLists(name.to_owned()))?;
    let reentrant = present.at_most_one(REENTRANT_KEY).unwrap_or(None);
    let value = |key| env.get(object, env.create_string(key)?);
    let result = match result {
        Some(key) => read_result(env, name, value(key)?)?,
        None => Type::Void,
    };
    let parameters = match parameters {
        Some(key) => read_parameters(env, name, value(key)?)?,
        None => Vec::new(),
    };
    let reentrant = match reentrant {
        Some(key) => read_reentrant(env, name, value(key)?)?,
        None => false,
    };
    Ok(Signature { reentrant, ..Signature::new(result, parameters) })
}

struct Several;

impl Keys {
    /// The one of `group` that is among these.
    fn at_most_one(self, group: Keys) -> std::result::Result<Option<&'static str>, Several> {
        let found = self.0 & group.0;
        match found.count_ones() {
            0 => Ok(None),
            1 => Ok(KEYS.get(found.trailing_zeros() as usize).copied()),
            _ => Err(Several),
        }
    }
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
