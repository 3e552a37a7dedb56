//! Objects, arrays and errors.

use napi_sys as sys;

use super::{Env, Result, Value, check, get};

impl<'env> Env<'env> {
    /// The global object.
    pub fn global(self) -> Result<Value<'env>> {
        get!(self, napi_get_global() -> sys::napi_value).map(|raw| self.value(raw))
    }

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

    /// `object[key]`.
    pub fn get(self, object: Value<'env>, key: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_get_property(object.0, key.0) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// Gives an object of ours a property as an object literal would: whatever stands on the prototypes has no say.
    pub fn define(self, object: Value<'env>, key: Value<'env>, value: Value<'env>) -> Result<()> {
        let property = sys::napi_property_descriptor {
            utf8name: std::ptr::null(),
            name: key.0,
            method: None,
            getter: None,
            setter: None,
            value: value.0,
            attributes: sys::PropertyAttributes::writable | sys::PropertyAttributes::enumerable | sys::PropertyAttributes::configurable,
            data: std::ptr::null_mut(),
        };
        // SAFETY: the module's rule; one property is described.
        check(unsafe { sys::napi_define_properties(self.0, object.0, 1, &raw const property) })
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

    /// `new Error(message)`
    pub fn error(self, message: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_create_error(NO_CODE, message.0) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `new TypeError(message)`
    pub fn type_error(self, message: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_create_type_error(NO_CODE, message.0) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `new RangeError(message)`
    pub fn range_error(self, message: Value<'env>) -> Result<Value<'env>> {
        get!(self, napi_create_range_error(NO_CODE, message.0) -> sys::napi_value).map(|raw| self.value(raw))
    }
}

/// Node-API would assign a code, which a setter on a prototype could catch; `define` does it better.
const NO_CODE: sys::napi_value = std::ptr::null_mut();
