//! Externals: JavaScript values that carry a native one, which only Rust can read.

use std::ffi::c_void;
use std::rc::Rc;

use napi_sys as sys;

use super::{Env, Kind, Result, Value, get};

/// A native value that JavaScript holds by an external.
///
/// The JavaScript part keeps externals in private fields, so whatever external comes back is one that Ferrule made of the same type.
pub trait External: Sized + 'static {
    /// Called on the environment's thread when JavaScript has let go of the value.
    fn released(self: Rc<Self>) {}
}

impl<'env> Env<'env> {
    /// An external that holds `value` until it is collected.
    pub fn external<T: External>(self, value: Rc<T>) -> Result<Value<'env>> {
        let data = Rc::into_raw(value).cast_mut().cast();
        get!(self, napi_create_external(data, Some(release::<T>), std::ptr::null_mut()) -> sys::napi_value)
            .map(|raw| self.value(raw))
            .inspect_err(|_| {
                // SAFETY: Node did not take it.
                drop(unsafe { Rc::from_raw(data.cast::<T>()) });
            })
    }

    /// What an external holds; `None` for any other kind of value.
    ///
    /// # Safety
    ///
    /// * If `value` is an external, then one that [`Env::external`] made of a `T`.
    pub unsafe fn get_external<T: External>(self, value: Value<'env>) -> Result<Option<Rc<T>>> {
        if self.kind(value)? != Kind::External {
            return Ok(None);
        }
        let data = get!(self, napi_get_value_external(value.0) -> *mut c_void)?.cast::<T>();
        // SAFETY: the external holds one count of an `Rc<T>`, and is alive; the result is another count.
        unsafe {
            Rc::increment_strong_count(data);
            Ok(Some(Rc::from_raw(data)))
        }
    }
}

/// # Safety
///
/// * `data` is the count of an `Rc<T>` that `external` gave away; Node calls this once.
unsafe extern "C" fn release<T: External>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: the caller's list.
    unsafe { Rc::from_raw(data.cast::<T>()) }.released();
}
