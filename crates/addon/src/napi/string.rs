//! Strings. Node-API writes a NUL behind what it copies out, so buffers have room for one more unit.

use std::mem::MaybeUninit;
use std::{ptr, slice};

use napi_sys as sys;

use super::{Env, Failure, Result, Value, get};

/// What a lone surrogate or a cut-off character can shorten a UTF-8 copy by: less than one character of four bytes.
const LONGEST_CHARACTER: usize = 4;

/// What is copied without asking for its length first: names, mostly.
const SHORT: usize = 128;

impl<'env> Env<'env> {
    /// The length of a string in bytes of UTF-8, lone surrogates counted as U+FFFD; `None` for any other kind of value.
    pub fn utf8_length(self, value: Value<'env>) -> Result<Option<usize>> {
        expected(get!(self, napi_get_value_string_utf8(value.0, ptr::null_mut(), 0) -> usize), sys::Status::napi_string_expected)
    }

    /// The length of a string in UTF-16 code units; `None` for any other kind of value.
    pub fn utf16_length(self, value: Value<'env>) -> Result<Option<usize>> {
        expected(get!(self, napi_get_value_string_utf16(value.0, ptr::null_mut(), 0) -> usize), sys::Status::napi_string_expected)
    }

    /// Copies a string as UTF-8, with a NUL, into `capacity` bytes at `target`, as much as fits. Returns the length without the NUL.
    ///
    /// # Safety
    ///
    /// * `capacity` bytes are writable at `target`.
    /// * `capacity` is at least 1.
    pub unsafe fn write_utf8(self, value: Value<'env>, target: *mut u8, capacity: usize) -> Result<usize> {
        get!(self, napi_get_value_string_utf8(value.0, target.cast(), capacity) -> usize)
    }

    /// Copies the low byte of each code unit, with a NUL, into `capacity` bytes at `target`, as much as fits.
    ///
    /// # Safety
    ///
    /// * `capacity` bytes are writable at `target`.
    /// * `capacity` is at least 1.
    pub unsafe fn write_latin1(self, value: Value<'env>, target: *mut u8, capacity: usize) -> Result<usize> {
        get!(self, napi_get_value_string_latin1(value.0, target.cast(), capacity) -> usize)
    }

    /// Copies a string as UTF-8 with a NUL into `buffer` if it surely fits there whole. Returns the length without the NUL, or `None`
    /// when it may have been cut.
    pub fn try_write_utf8(self, value: Value<'env>, buffer: &mut [MaybeUninit<u8>]) -> Result<Option<usize>> {
        if buffer.len() <= LONGEST_CHARACTER {
            return Ok(None);
        }
        // SAFETY: the buffer is that long, and longer than 1.
        let length = unsafe { self.write_utf8(value, buffer.as_mut_ptr().cast(), buffer.len()) }?;
        Ok((length + LONGEST_CHARACTER < buffer.len()).then_some(length))
    }

    /// A string's text, lone surrogates as U+FFFD; `None` for any other kind of value.
    pub fn text(self, value: Value<'env>) -> Result<Option<String>> {
        let mut short = [const { MaybeUninit::uninit() }; SHORT];
        match expected(self.try_write_utf8(value, &mut short), sys::Status::napi_string_expected)? {
            None => Ok(None),
            // SAFETY: so many bytes have been written.
            Some(Some(length)) => Ok(Some(owned(unsafe { slice::from_raw_parts(short.as_ptr().cast(), length) }.to_vec()))),
            Some(None) => self.long_text(value).map(Some),
        }
    }

    /// The text of what is known to be a string.
    fn long_text(self, value: Value<'env>) -> Result<String> {
        let length = self.utf8_length(value)?.unwrap_or(0);
        let mut bytes = Vec::with_capacity(length + 1);
        // SAFETY: the vector has that capacity; `written` bytes of it have been written.
        unsafe {
            let written = self.write_utf8(value, bytes.as_mut_ptr(), length + 1)?;
            bytes.set_len(written);
        }
        Ok(owned(bytes))
    }

    /// A string of this text.
    pub fn create_string(self, text: &str) -> Result<Value<'env>> {
        self.create_string_utf8(text.as_bytes())
    }

    /// A string of these bytes of UTF-8, what is no UTF-8 as U+FFFD.
    ///
    /// # Errors
    ///
    /// `napi_invalid_arg` or `napi_generic_failure` when the string is too long for the engine.
    pub fn create_string_utf8(self, bytes: &[u8]) -> Result<Value<'env>> {
        let length = isize::try_from(bytes.len()).unwrap_or(isize::MAX);
        get!(self, napi_create_string_utf8(bytes.as_ptr().cast(), length) -> sys::napi_value).map(|raw| self.value(raw))
    }
}

/// The text of bytes that Node-API has written.
fn owned(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Turns the one status that means "another kind of value" into `None`.
#[inline]
fn expected<T>(result: Result<T>, otherwise: sys::napi_status) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Status(status)) if status == otherwise => Ok(None),
        Err(failure) => Err(failure),
    }
}
