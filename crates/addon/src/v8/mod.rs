//! V8 itself, for the little that Node-API has no equal for. Where V8's functions are not to be had, each answer here says so, and the
//! caller goes through Node-API.

mod backing_store;
mod symbols;

use std::ffi::c_void;

use crate::napi::{Env, Value};

/// An ArrayBuffer over foreign memory that weighs nothing for the garbage collector and can be transferred; `None` where V8's
/// functions are not to be had.
///
/// # Safety
///
/// * `length` bytes at `address` may be read and written as long as JavaScript uses the result, or what it is transferred to.
pub unsafe fn external_array_buffer<'env>(env: Env<'env>, address: *mut c_void, length: usize) -> Option<Value<'env>> {
    // SAFETY: an `Env` is that of a callback that is running on this thread, with a scope open; the caller answers for the memory.
    let raw = unsafe { backing_store::external_array_buffer(env.raw(), address, length) }.ok()?;
    // SAFETY: V8 made the handle in the scope that is open.
    Some(unsafe { Value::from_raw(raw) })
}

/// Whether V8 is stopping the JavaScript of this thread (a Worker's end, a `vm` timeout); `None` where V8's functions are not to be had.
pub fn is_terminating() -> Option<bool> {
    let stops = symbols::stops()?;
    // SAFETY: a thread that has an environment has entered its isolate.
    Some(unsafe { (stops.isolate_is_execution_terminating)((stops.isolate_get_current)()) })
}
