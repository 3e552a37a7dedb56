//! Functions: made of native callbacks, and called.

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use napi_sys as sys;

use super::{Env, Reference, Result, Value, check, get};

/// What Node calls when JavaScript calls a native function.
pub type RawCallback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// Calls with up to this many arguments touch no heap.
const INLINE_ARGUMENTS: usize = 16;

/// What a native callback was called with.
#[derive(Clone, Copy)]
pub struct CallInfo(sys::napi_callback_info);

impl CallInfo {
    /// What Node passed to the native callback that is running.
    ///
    /// # Safety
    ///
    /// * Node passed `raw` to the native callback that is running, and it is not used beyond that.
    pub unsafe fn from_raw(raw: sys::napi_callback_info) -> Self {
        Self(raw)
    }
}

impl<'env> Env<'env> {
    /// A function that calls `callback` with `data`.
    ///
    /// # Safety
    ///
    /// * `callback` accepts `data` for as long as the function can be called.
    pub unsafe fn function(self, name: &CStr, callback: RawCallback, data: *mut c_void) -> Result<Value<'env>> {
        let length = isize::try_from(name.count_bytes()).unwrap_or(isize::MAX);
        get!(self, napi_create_function(name.as_ptr(), length, Some(callback), data) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// A function that calls compiled code, which is given no data and asks for no arguments.
    ///
    /// # Safety
    ///
    /// * The code is a [`RawCallback`] for as long as the function can be called.
    pub unsafe fn compiled_function(self, name: &CStr, code: *const c_void) -> Result<Value<'env>> {
        // SAFETY: the caller's list.
        let callback = unsafe { std::mem::transmute::<*const c_void, RawCallback>(code) };
        // SAFETY: the caller's list; the callback looks at no data.
        unsafe { self.function(name, callback, ptr::null_mut()) }
    }

    /// Whether Node-API would run JavaScript: it does not in a thread that is being stopped, nor in a process that exits.
    pub fn may_run_javascript(self) -> bool {
        let none = ptr::null_mut();
        // SAFETY: the module's rule. Without an object there is nothing to get, which Node-API says after it has looked whether it may.
        let status = unsafe { sys::napi_get_property(self.0, none, none, ptr::null_mut()) };
        status == sys::Status::napi_invalid_arg
    }

    /// The data that the running function was made with, and its arguments, handed to `body`.
    #[inline]
    pub fn with_arguments<T>(self, info: CallInfo, body: impl FnOnce(*mut c_void, &[Value<'env>]) -> T) -> Result<T> {
        let mut inline = [MaybeUninit::<Value<'env>>::uninit(); INLINE_ARGUMENTS];
        let mut count = INLINE_ARGUMENTS;
        // SAFETY: a `Value` is a `napi_value` (and a zero-sized marker), and there is room for `INLINE_ARGUMENTS`.
        let data = unsafe { self.arguments(info, &mut count, inline.as_mut_ptr().cast()) }?;
        if count <= INLINE_ARGUMENTS {
            // SAFETY: Node-API has filled the whole array: arguments first, `undefined` behind them.
            let arguments = unsafe { &*(&raw const inline).cast::<[Value<'env>; INLINE_ARGUMENTS]>() };
            return Ok(body(data, &arguments[..count]));
        }
        let mut heap = Vec::<Value<'env>>::with_capacity(count);
        // SAFETY: as above, with room for `count`, all of which Node-API fills.
        unsafe {
            self.arguments(info, &mut count, heap.as_mut_ptr().cast())?;
            heap.set_len(count);
        }
        Ok(body(data, &heap))
    }

    /// # Safety
    ///
    /// * There is room for `*count` values at `values`.
    #[inline]
    unsafe fn arguments(self, info: CallInfo, count: &mut usize, values: *mut sys::napi_value) -> Result<*mut c_void> {
        get!(self, napi_get_cb_info(info.0, count, values, ptr::null_mut()) -> *mut c_void)
    }

    /// `function.apply(undefined, arguments)`.
    #[inline]
    pub fn call(self, function: Value<'env>, arguments: &[Value<'env>]) -> Result<Value<'env>> {
        self.call_on(self.undefined()?, function, arguments)
    }

    /// `function.apply(this, arguments)`.
    #[inline]
    pub fn call_on(self, this: Value<'env>, function: Value<'env>, arguments: &[Value<'env>]) -> Result<Value<'env>> {
        get!(self, napi_call_function(this.0, function.0, arguments.len(), arguments.as_ptr().cast()) -> sys::napi_value)
            .map(|raw| self.value(raw))
    }

    /// Calls `finalize` with `data` once `object` has been collected, or at the end of the environment, unless the result is dropped
    /// first.
    ///
    /// # Safety
    ///
    /// * `finalize` accepts `data`, on this thread, as long as the result exists.
    pub unsafe fn watch(self, object: Value<'env>, data: *mut c_void, finalize: sys::napi_finalize) -> Result<Reference> {
        get!(self, napi_add_finalizer(object.0, data, finalize, ptr::null_mut()) -> sys::napi_ref).map(|raw| Reference::from_raw(self, raw))
    }

    /// Calls `finalize` with `data` once `object` has been collected, or at the end of the environment.
    ///
    /// # Safety
    ///
    /// * `finalize` accepts `data`, on this thread, at any later time.
    pub unsafe fn on_collected(self, object: Value<'env>, data: *mut c_void, finalize: sys::napi_finalize) -> Result<()> {
        // SAFETY: the module's rule, and the caller's list.
        check(unsafe { sys::napi_add_finalizer(self.0, object.0, data, finalize, ptr::null_mut(), ptr::null_mut()) })
    }
}
