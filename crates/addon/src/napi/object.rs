//! Objects, arrays and errors.

use napi_sys as sys;

use super::{Env, Result, Value, check, get};

impl<'env> Env<'env> {
    /// Whether the value is a real array.
    pub fn is_array(self, value: Value<'env>) -> Result<bool> {
        get!(self, napi_is_array(value.0) -> bool)
    }

    /// An array's length.
    pub fn array_length(self, array: Value<'env>) -> Result<u32> {
        get!(self, napi_get_array_length(array.0) -> u32)
    }

    /// `object[index]`.
    pub fn element(self, object: Value<'env>, index: u32) -> Result<Value<'env>> {
        get!(self, napi_get_element(object.0, index) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `key in object`.
    pub fn has(self, object: Value<'env>, key: Value<'env>) -> Result<bool> {
        get!(self, napi_has_property(object.0, key.0) -> bool)
    }

    /// `object[key]`.
    pub fn get(self, object: Value<'env>, key: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_get_property(object.0, key.0) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `object[key] = value`.
    pub fn set(self, object: Value<'env>, key: Value<'env>, value: Value<'env>) -> Result<()> {
        // SAFETY: the module's rule.
        check(unsafe { sys::napi_set_property(self.0, object.0, key.0, value.0) })
    }

    /// The own enumerable string keys, numbers as strings, in the language's order.
    pub fn own_keys(self, object: Value<'env>) -> Result<Vec<Value<'env>>> {
        let keys = get!(
            self,
            napi_get_all_property_names(
                object.0,
                sys::KeyCollectionMode::own_only,
                sys::KeyFilter::enumerable | sys::KeyFilter::skip_symbols,
                sys::KeyConversion::numbers_to_strings
            ) -> sys::napi_value
        )
        .map(|raw| self.value(raw))?;
        (0..self.array_length(keys)?).map(|index| self.element(keys, index)).collect()
    }

    /// An empty object.
    pub fn object(self) -> Result<Value<'env>> {
        get!(self, napi_create_object() -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `new Error(message)` with the property `code`, if there is one.
    pub fn error(self, code: Option<Value<'env>>, message: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_create_error(raw_or_null(code), message.0) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `new TypeError(message)` with the property `code`, if there is one.
    pub fn type_error(self, code: Option<Value<'env>>, message: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_create_type_error(raw_or_null(code), message.0) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `new RangeError(message)` with the property `code`, if there is one.
    pub fn range_error(self, code: Option<Value<'env>>, message: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_create_range_error(raw_or_null(code), message.0) -> sys::napi_value).map(|raw| self.value(raw))
    }
}

/// Node-API reads a null handle as "no code".
fn raw_or_null(value: Option<Value<'_>>) -> sys::napi_value {
    value.map_or(std::ptr::null_mut(), Value::raw)
}
