//! Externals: JavaScript values that carry a native one, which only Rust can read.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::c_void;
use std::rc::Rc;

use napi_sys as sys;

use super::{Env, Kind, Result, Value, get};

thread_local! {
    /// The externals of this thread that are alive, by what they hold. Other addons make externals too, and JavaScript can pass anything
    /// anywhere: an external that is not listed with its type is none of ours.
    static LIVE: RefCell<HashSet<(*mut c_void, TypeId)>> = RefCell::default();
}

impl<'env> Env<'env> {
    /// An external that holds `value` until it is collected.
    pub fn external<T: 'static>(self, value: Rc<T>) -> Result<Value<'env>> {
        let data = Rc::into_raw(value).cast_mut().cast();
        let made = get!(self, napi_create_external(data, Some(release::<T>), std::ptr::null_mut()) -> sys::napi_value);
        match made {
            Ok(raw) => {
                LIVE.with_borrow_mut(|live| live.insert((data, TypeId::of::<T>())));
                Ok(self.value(raw))
            }
            Err(failure) => {
                // SAFETY: Node did not take the count that `into_raw` gave away.
                drop(unsafe { Rc::from_raw(data.cast::<T>()) });
                Err(failure)
            }
        }
    }

    /// What an external holds; `None` for any value but an external that [`Env::external`] made of a `T`.
    pub fn get_external<T: 'static>(self, value: Value<'env>) -> Result<Option<Rc<T>>> {
        if self.kind(value)? != Kind::External {
            return Ok(None);
        }
        let data = get!(self, napi_get_value_external(value.0) -> *mut c_void)?;
        if !LIVE.with_borrow(|live| live.contains(&(data, TypeId::of::<T>()))) {
            return Ok(None);
        }
        let data = data.cast::<T>();
        // SAFETY: it is listed, so an external holds a count of an `Rc<T>`; the result is another count.
        unsafe {
            Rc::increment_strong_count(data);
            Ok(Some(Rc::from_raw(data)))
        }
    }
}

/// # Safety
///
/// * `data` is the count of an `Rc<T>` that `external` gave away; Node calls this once, on the thread that made it.
unsafe extern "C" fn release<T: 'static>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    LIVE.with_borrow_mut(|live| live.remove(&(data, TypeId::of::<T>())));
    // SAFETY: the caller's list.
    drop(unsafe { Rc::from_raw(data.cast::<T>()) });
}
