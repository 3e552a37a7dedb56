//! The functions of the module under Node's permission model: each asks before it looks at its arguments.
//!
//! Without the model none of this is in their way. Functions and methods that a program has got by them are not asked for, as in Node.

use std::rc::Rc;

use crate::boundary::{Arguments, Callee, Export};
use crate::error::{Error, Result};
use crate::napi::{Env, Value};
use crate::state::{State, ask};

/// A function that asks for permission first.
pub struct Restricted(pub Export);

impl Callee for Restricted {
    fn call<'env>(self: Rc<Self>, env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
        check(env, arguments)?;
        (self.0.call)(env, arguments)
    }
}

/// `checkAccess()`: refuses a use of the module that is not allowed.
///
/// # Errors
///
/// * [`Error::AccessDenied`]
pub fn check<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let Some(permission) = State::of(env).permission() else { return Ok(None) };
    if permission.is_granted(env)? {
        return Ok(None);
    }
    // Whoever has loaded the addon without its JavaScript has nobody to tell.
    if permission.is_ours_to_report() && State::of(env).is_initialized() {
        ask(env, |hooks| &hooks.report_denial, &[])?;
    }
    if permission.is_enforced() { Err(Error::AccessDenied) } else { Ok(None) }
}

/// `hasAccess() => boolean`: whether FFI is allowed, `undefined` where there is no permission model or Node says it itself.
pub fn has<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let granted = State::of(env).permission().and_then(|permission| permission.is_granted_by_mark());
    Ok(granted.map(|granted| env.boolean(granted)).transpose()?)
}

/// `dropAccess()`: this environment does without from now on, where Node does not see to that.
pub fn drop<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    if let Some(permission) = State::of(env).permission() {
        permission.drop_mark();
    }
    Ok(None)
}
