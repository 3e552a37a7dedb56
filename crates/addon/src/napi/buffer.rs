//! ArrayBuffers and the views over them.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use napi_sys as sys;

use super::{Env, Result, Value, get};

/// The memory of a buffer object. How long it is, the object itself says.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Its first byte; null when the ArrayBuffer has no memory. One that is empty may have some, to grow into.
    pub address: *mut c_void,
    /// Whether it has been taken away.
    pub detached: bool,
}

impl<'env> Env<'env> {
    /// The memory of a typed array (a `Buffer` is one) or a DataView; `None` for any other object.
    ///
    /// A small typed array that lives inside V8's heap is moved out first (`v8::ArrayBufferView::Buffer`), so the address stays.
    pub fn view_memory(self, value: Value<'env>) -> Result<Option<Memory>> {
        let mut length = 0;
        let mut address = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        if get!(self, napi_is_typedarray(value.0) -> bool)? {
            get!(self, napi_get_typedarray_info(value.0, ptr::null_mut(), &raw mut length, &raw mut address, &raw mut buffer) -> usize)?;
        } else if get!(self, napi_is_dataview(value.0) -> bool)? {
            get!(self, napi_get_dataview_info(value.0, &raw mut length, &raw mut address, &raw mut buffer) -> usize)?;
        } else {
            return Ok(None);
        }
        if length == 0 && !address.is_null() && self.array_buffer_length(self.value(buffer)) == Ok(0) && self.nothing_has_address() {
            address = ptr::null_mut();
        }
        let detached = get!(self, napi_is_detached_arraybuffer(buffer) -> bool)?;
        Ok(Some(Memory { address, detached }))
    }

    /// The memory of an ArrayBuffer; `None` for any other object, a SharedArrayBuffer among them.
    pub fn array_buffer_memory(self, value: Value<'env>) -> Result<Option<Memory>> {
        if !get!(self, napi_is_arraybuffer(value.0) -> bool)? {
            return Ok(None);
        }
        let mut address = ptr::null_mut();
        let length = get!(self, napi_get_arraybuffer_info(value.0, &raw mut address) -> usize)?;
        if length == 0 && !address.is_null() && self.nothing_has_address() {
            address = ptr::null_mut();
        }
        let detached = get!(self, napi_is_detached_arraybuffer(value.0) -> bool)?;
        Ok(Some(Memory { address, detached }))
    }

    /// Whether the engine has an address for an ArrayBuffer without memory, as JavaScriptCore does.
    fn nothing_has_address(self) -> bool {
        static ANSWER: OnceLock<bool> = OnceLock::new();
        *ANSWER.get_or_init(|| {
            let mut address = ptr::null_mut();
            get!(self, napi_create_arraybuffer(0, &raw mut address) -> sys::napi_value).is_ok() && !address.is_null()
        })
    }

    /// The length of an ArrayBuffer in bytes.
    pub fn array_buffer_length(self, buffer: Value<'env>) -> Result<usize> {
        get!(self, napi_get_arraybuffer_info(buffer.0, ptr::null_mut()) -> usize)
    }

    /// An ArrayBuffer over foreign memory, which is not freed with it.
    ///
    /// # Safety
    ///
    /// * The memory is valid as long as JavaScript uses the result.
    pub unsafe fn external_array_buffer(self, address: *mut c_void, length: usize) -> Result<Value<'env>> {
        get!(self, napi_create_external_arraybuffer(address, length, None, ptr::null_mut()) -> sys::napi_value).map(|raw| self.value(raw))
    }
}
