//! Where JavaScript enters Rust: the one `extern "C"` function behind every native function.
//!
//! Errors become exceptions here and nowhere else, and a panic becomes one too instead of unwinding into V8.

use std::any::Any;
use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;

use crate::error::{Error, Result};
use crate::napi::{CallInfo, Env, Value};

/// The arguments of a call, as many as JavaScript passed.
#[derive(Clone, Copy)]
pub struct Arguments<'call, 'env>(pub &'call [Value<'env>]);

impl<'env> Arguments<'_, 'env> {
    /// The argument at `index`, or `undefined` when there are fewer.
    pub fn get(self, env: Env<'env>, index: usize) -> Result<Value<'env>> {
        match self.0.get(index) {
            Some(value) => Ok(*value),
            None => Ok(env.undefined()?),
        }
    }

    /// How many there are.
    pub fn count(self) -> usize {
        self.0.len()
    }
}

/// Something that JavaScript calls. `None` is `undefined`.
pub trait Callee: Sized + 'static {
    /// Takes the call. `self` may be released while it lasts: JavaScript can drop a function that is running.
    fn call<'env>(self: Rc<Self>, env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>>;
}

/// A function of the module: stateless.
#[derive(Clone, Copy)]
pub struct Export {
    /// Its name, for JavaScript's stack traces.
    pub name: &'static CStr,
    /// What it does.
    pub call: for<'env> fn(Env<'env>, Arguments<'_, 'env>) -> Result<Option<Value<'env>>>,
}

impl Callee for Export {
    fn call<'env>(self: Rc<Self>, env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
        (self.call)(env, arguments)
    }
}

/// A JavaScript function that calls `callee`, and keeps it until it is collected.
pub fn function<'env, C: Callee>(env: Env<'env>, name: &CStr, callee: Rc<C>) -> Result<Value<'env>> {
    let data = Rc::into_raw(callee).cast_mut().cast();
    // SAFETY: `data` is a count of an `Rc<C>`, which `enter::<C>` expects, and the finalizer below holds it until the function is gone.
    let made = unsafe { env.function(name, enter::<C>, data) }.and_then(|function| {
        // SAFETY: `release::<C>` takes back the count, once.
        unsafe { env.on_collected(function, data, Some(release::<C>)) }.map(|()| function)
    });
    made.map_err(|failure| {
        // SAFETY: without a finalizer nobody else takes the count back, and a function that was not returned is never called.
        unsafe { drop(Rc::from_raw(data.cast::<C>())) };
        failure.into()
    })
}

/// # Safety
///
/// * `data` is the count that `function` gave to the JavaScript function; Node calls this once.
unsafe extern "C" fn release<C>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: the caller's list.
    drop(unsafe { Rc::from_raw(data.cast::<C>()) });
}

/// # Safety
///
/// * Node calls this for a function that `function::<C>` made, with what it passes to native callbacks.
unsafe extern "C" fn enter<C: Callee>(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node passes the environment of this thread, inside a handle scope of the call's own.
    let env = unsafe { Env::from_raw(env) };
    guarded(env, || {
        // SAFETY: Node passes the information of this call.
        let info = unsafe { CallInfo::from_raw(info) };
        env.with_arguments(info, |data, arguments| {
            let data = data.cast::<C>();
            // SAFETY: the function holds a count of an `Rc<C>`, and it is alive while JavaScript is calling it. The count made here
            // keeps the callee beyond that, should JavaScript let go of the function meanwhile.
            let callee = unsafe {
                Rc::increment_strong_count(data);
                Rc::from_raw(data)
            };
            callee.call(env, Arguments(arguments))
        })?
    })
}

/// Runs `body` for Node: gives it the result, or throws.
pub fn guarded<'env>(env: Env<'env>, body: impl FnOnce() -> Result<Option<Value<'env>>>) -> sys::napi_value {
    let error = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => return value.map_or(ptr::null_mut(), Value::raw),
        Ok(Err(Error::Pending)) => return ptr::null_mut(),
        Ok(Err(error)) => error,
        Err(panic) => Error::Panic(describe_panic(panic.as_ref())),
    };
    // What is left to fail here is an environment that is going away, and then nobody would see the error.
    let _unseen = error.to_js(env).and_then(|error| env.throw(error));
    ptr::null_mut()
}

/// The message of a panic, if it has one.
pub fn describe_panic(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
