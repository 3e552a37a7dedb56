//! V8 itself, for the little that Node-API has no equal for. Where V8's functions are not to be had, each answer here says so, and the
//! caller goes through Node-API.

mod abi;
mod backing_store;
mod call;
mod contents;
mod fast_function;
mod layout;
mod names;
mod ordinary;
mod string;
mod symbols;

use std::ffi::c_void;
use std::mem;

use ferrule_abi::plan::V8Type;

use crate::napi::{Env, Value};

pub use call::{Caller, Global};
pub use contents::{Contents, Kind};
pub use layout::FastOneByteString;
pub use ordinary::{Ordinary, OrdinaryCall};
pub use string::Strings;
pub use symbols::{Absence, is_runtime};

use layout::CType;

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

/// Whether [`viewed_array_buffer`] and [`copied_array_buffer`] can be asked in this process: its first view may be tried here.
pub fn makes_views(env: Env<'_>) -> bool {
    // SAFETY: an `Env` is that of a callback that is running on this thread, with a scope open.
    unsafe { backing_store::ready(env.raw()) }.is_ok()
}

/// The same as [`external_array_buffer`] from inside an ordinary callback of V8; null where there is none.
///
/// # Safety
///
/// * The thread is inside an ordinary callback of V8, and [`makes_views`] has said that it can be asked.
/// * As for [`external_array_buffer`].
pub unsafe fn viewed_array_buffer(address: *mut c_void, length: usize) -> napi_sys::napi_value {
    // SAFETY: the caller's list.
    unsafe { backing_store::tried_array_buffer(address, length) }.unwrap_or(std::ptr::null_mut())
}

/// An ArrayBuffer of a copy of the bytes at `address`, from inside an ordinary callback of V8; null where there is none, or no memory for it.
///
/// # Safety
///
/// * The thread is inside an ordinary callback of V8, and [`makes_views`] has said that it can be asked.
/// * `length` bytes at `address` may be read.
pub unsafe fn copied_array_buffer(address: *const c_void, length: usize) -> napi_sys::napi_value {
    // SAFETY: the caller's list.
    unsafe { backing_store::copied_array_buffer(address, length) }.unwrap_or(std::ptr::null_mut())
}

/// Whether V8 is stopping the JavaScript of this thread (a Worker's end, a `vm` timeout); `None` where V8's functions are not to be had.
pub fn is_terminating() -> Option<bool> {
    let stops = symbols::stops()?;
    // SAFETY: a thread that has an environment has entered its isolate.
    Some(unsafe { (stops.isolate_is_execution_terminating)((stops.isolate_get_current)()) })
}

/// Whether V8's fast calls can be had: the functions that make them, and those that tell where the bytes of a buffer are.
pub fn fast_calls() -> Result<(), &'static Absence> {
    fast_function::resolved()?;
    contents::resolved()?;
    Ok(())
}

/// What tells where the bytes of a buffer are.
pub fn contents() -> Result<&'static Contents, &'static Absence> {
    contents::resolved()
}

/// What ordinary callbacks find their arguments by, and leave their results.
pub fn ordinary() -> Result<&'static Ordinary, &'static Absence> {
    ordinary::resolved()
}

/// What makes strings.
pub fn strings() -> Result<&'static Strings, &'static Absence> {
    string::resolved()
}

/// A function that optimised code calls at `address`, and other code at `otherwise`, or else it does nothing and gives `undefined` there;
/// `None` where V8's functions are not to be had, or cannot pass so many arguments.
///
/// # Safety
///
/// * The code at `address` takes the receiver and `parameters`, gives `result`, and stays mapped until the environment is gone.
/// * The code at `otherwise` is an ordinary callback of V8 that stays mapped as long.
pub unsafe fn fast_function<'env>(
    _: Env<'env>,
    address: *const c_void,
    otherwise: Option<*const c_void>,
    result: V8Type,
    parameters: &[V8Type],
) -> Option<Value<'env>> {
    // SAFETY: the caller's list.
    let otherwise = otherwise.map(|code| unsafe { mem::transmute::<*const c_void, fast_function::OrdinaryCallback>(code) });
    let parameters: Vec<CType> = parameters.iter().copied().map(CType::from).collect();
    // SAFETY: an `Env` is that of a callback that is running on this thread, with a scope open; the caller answers for the code.
    let raw = unsafe { fast_function::resolved().ok()?.fast(address, otherwise, result.into(), &parameters) }?;
    // SAFETY: V8 made the handle in the scope that is open.
    Some(unsafe { Value::from_raw(raw) })
}

/// A function whose ordinary callback is the code at `callback`; `None` where V8's functions are not to be had.
///
/// # Safety
///
/// * The code takes one argument that it may ignore, gives nothing, and stays mapped until the environment is gone.
pub unsafe fn ordinary_function<'env>(_: Env<'env>, callback: *const c_void) -> Option<Value<'env>> {
    // SAFETY: the caller's list.
    let callback = unsafe { mem::transmute::<*const c_void, fast_function::OrdinaryCallback>(callback) };
    // SAFETY: an `Env` is that of a callback that is running on this thread, with a scope open; the caller answers for the code.
    let raw = unsafe { fast_function::resolved().ok()?.ordinary(callback) }?;
    // SAFETY: V8 made the handle in the scope that is open.
    Some(unsafe { Value::from_raw(raw) })
}

impl From<V8Type> for CType {
    fn from(ty: V8Type) -> Self {
        match ty {
            V8Type::Void => Self::Void,
            V8Type::Int32 => Self::Int32,
            V8Type::Uint32 => Self::Uint32,
            V8Type::Float32 => Self::Float32,
            V8Type::Float64 => Self::Float64,
            V8Type::Value => Self::V8Value,
            V8Type::OneByteString => Self::SeqOneByteString,
        }
    }
}
