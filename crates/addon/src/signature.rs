//! Signature objects: what JavaScript says about a function.

use ferrule_abi::{Signature, Type};

use crate::error::{Error, Result, Subject};
use crate::napi::{Env, Kind, Value};
use crate::state::ask;

/// The letter of the type with number 0; the others follow it.
const FIRST_LETTER: u8 = b'A';
/// Stands at the end of a signature that is reentrant.
const REENTRANT: char = '!';

/// The letter that stands for a type where JavaScript has read a signature.
pub fn letter(ty: Type) -> u8 {
    FIRST_LETTER + ty as u8
}

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

/// Reads the signature object of the function `name`. That is JavaScript's part (`signatureOf` in `lib/hooks.js`): properties are read several
/// times faster there. Here, what it has found is a signature or an error.
pub fn read<'env>(env: Env<'env>, name: &str, purpose: Purpose, object: Value<'env>) -> Result<Signature> {
    let answer = ask(env, |hooks| &hooks.signature_of, &[object, env.boolean(purpose == Purpose::Callback)?])?;
    match env.text(answer)? {
        Some(letters) => Ok(parse(&letters)),
        None => Err(error(env, name, answer)?),
    }
}

/// A signature out of its letters: the result, the parameters, and perhaps the mark.
fn parse(letters: &str) -> Signature {
    let (types, reentrant) = letters.strip_suffix(REENTRANT).map_or((letters, false), |types| (types, true));
    let mut types = types.bytes().map(|letter| {
        let ty = letter.checked_sub(FIRST_LETTER).and_then(|number| Type::from_number(number.into()));
        ty.expect("JavaScript has the letters from `letter`")
    });
    let result = types.next().unwrap_or(Type::Void);
    Signature { reentrant, ..Signature::new(result, types.collect::<Vec<_>>()) }
}

/// The error for what is wrong with the signature of `name`: `[what, value, index]`.
fn error<'env>(env: Env<'env>, name: &str, problem: Value<'env>) -> Result<Error> {
    let name = name.to_owned();
    // Only where there is one: behind the end of an array is whatever a program has put on its prototype.
    let value = || env.element(problem, 1);
    Ok(match env.text(env.element(problem, 0)?)?.as_deref() {
        Some("results") => Error::SeveralResults(name),
        Some("lists") => Error::SeveralParameterLists(name),
        Some("key") => Error::UnknownSignatureKey { name, key: env.text(value()?)?.unwrap_or_default() },
        Some("result") => type_error(env, value()?, Subject::ResultType(name))?,
        Some("list") => Error::ParameterListType(name),
        Some("parameter") => {
            let index = env.number(env.element(problem, 2)?).unwrap_or_default() as usize;
            let value = value()?;
            match env.text(value)?.and_then(|value| Type::from_name(&value)) {
                Some(_) => Error::VoidParameter { name, index },
                None => type_error(env, value, Subject::ParameterType { name, index })?,
            }
        }
        _ => Error::ReentrantType(name),
    })
}

/// The error for what is the name of no type.
fn type_error<'env>(env: Env<'env>, value: Value<'env>, subject: Subject) -> Result<Error> {
    Ok(match env.text(value)? {
        None => Error::TypeNameType(subject),
        Some(name) if name.contains('\0') => Error::NullBytes(subject),
        Some(name) => Error::UnsupportedType(name),
    })
}
