//! Numbers and bigints.

use napi_sys as sys;

use super::{Env, Result, Value, get};

impl<'env> Env<'env> {
    /// The value of a number; `None` for any other kind of value.
    #[inline]
    pub fn number(self, value: Value<'env>) -> Option<f64> {
        get!(self, napi_get_value_double(value.0) -> f64).ok()
    }

    /// The value of a bigint as a signed 64-bit integer and whether it fits; `None` for any other kind of value.
    #[inline]
    pub fn bigint_i64(self, value: Value<'env>) -> Option<(i64, bool)> {
        let mut integer = 0;
        let lossless = get!(self, napi_get_value_bigint_int64(value.0, &raw mut integer) -> bool).ok()?;
        Some((integer, lossless))
    }

    /// The value of a bigint as an unsigned 64-bit integer and whether it fits; `None` for any other kind of value.
    #[inline]
    pub fn bigint_u64(self, value: Value<'env>) -> Option<(u64, bool)> {
        let mut integer = 0;
        let lossless = get!(self, napi_get_value_bigint_uint64(value.0, &raw mut integer) -> bool).ok()?;
        Some((integer, lossless))
    }

    /// A number.
    #[inline]
    pub fn create_f64(self, value: f64) -> Result<Value<'env>> {
        get!(self, napi_create_double(value) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// A number.
    #[inline]
    pub fn create_i32(self, value: i32) -> Result<Value<'env>> {
        get!(self, napi_create_int32(value) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// A number.
    #[inline]
    pub fn create_u32(self, value: u32) -> Result<Value<'env>> {
        get!(self, napi_create_uint32(value) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// A bigint.
    #[inline]
    pub fn create_i64(self, value: i64) -> Result<Value<'env>> {
        get!(self, napi_create_bigint_int64(value) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// A bigint.
    #[inline]
    pub fn create_u64(self, value: u64) -> Result<Value<'env>> {
        get!(self, napi_create_bigint_uint64(value) -> sys::napi_value).map(|raw| self.value(raw))
    }
}
