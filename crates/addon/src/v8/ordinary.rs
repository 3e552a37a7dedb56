//! What V8 calls an ordinary callback with, and what the callback leaves there: for native functions that are written in Rust and go without
//! Node-API.
//!
//! V8 has opened a handle scope around the callback. The result is the object itself, not a handle, in a word that V8 looks at when the
//! callback has returned; it holds `undefined` until then.

use std::ffi::c_void;
use std::sync::OnceLock;

use napi_sys as sys;

use super::abi::Static;
use super::layout::{CallbackResult, Layout, SMALL_INTEGER_SHIFT};
use super::names;
use super::symbols::{self, Absence, Isolate};

/// How the ordinary callbacks of this V8 find their arguments and leave their results.
pub struct Ordinary {
    layout: &'static Layout,
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    number_new: Static<fn(*mut Isolate, f64) -> sys::napi_value>,
}

/// Looked up the first time somebody asks.
pub fn resolved() -> Result<&'static Ordinary, &'static Absence> {
    static ORDINARY: OnceLock<Result<Ordinary, Absence>> = OnceLock::new();
    ORDINARY.get_or_init(find).as_ref()
}

fn find() -> Result<Ordinary, Absence> {
    let v8 = symbols::tried().map_err(Clone::clone)?;
    // SAFETY: the declarations in the headers of the versions that were tried, whose C++ `Local` is one pointer, as a `napi_value` is.
    unsafe {
        Ok(Ordinary {
            layout: v8.layout,
            isolate_get_current: v8.image.function(names::ISOLATE_GET_CURRENT)?,
            number_new: v8.image.function(names::NUMBER_NEW)?,
        })
    }
}

impl Ordinary {
    /// The call that V8 has called a callback with.
    ///
    /// # Safety
    ///
    /// * `information` is what V8 has called an ordinary callback with, which is running as long as the result is used.
    /// * JavaScript has passed as many arguments as are asked for.
    pub unsafe fn call(&'static self, information: *const c_void) -> OrdinaryCall {
        OrdinaryCall { ordinary: self, information }
    }
}

/// A call of an ordinary callback.
#[derive(Clone, Copy)]
pub struct OrdinaryCall {
    ordinary: &'static Ordinary,
    information: *const c_void,
}

impl OrdinaryCall {
    /// An argument: the slot of a handle.
    #[inline]
    pub fn argument(self, index: usize) -> *const usize {
        // SAFETY: `Ordinary::call`'s list, and the layout of the version.
        unsafe { self.ordinary.layout.callback_arguments.first(self.information) }.wrapping_add(index)
    }

    /// An argument that is a small integer; `None` for anything else.
    #[inline]
    pub fn integer(self, index: usize) -> Option<i32> {
        // SAFETY: `Ordinary::call`'s list: the argument is there.
        let word = unsafe { self.argument(index).read() } as u64;
        (word.trailing_zeros() >= SMALL_INTEGER_SHIFT).then_some((word >> SMALL_INTEGER_SHIFT) as i32)
    }

    /// Leaves a small integer as the result.
    #[inline]
    pub fn set_integer(self, result: i32) {
        // SAFETY: every `i32` is a small integer of that shift.
        unsafe { self.set_word(((result as i64) << SMALL_INTEGER_SHIFT) as usize) };
    }

    /// Leaves a number as the result.
    pub fn set_number(self, result: f64) {
        let integer = result as i32;
        if f64::from(integer).to_bits() == result.to_bits() {
            return self.set_integer(integer);
        }
        // SAFETY: the thread of a callback has entered its isolate, and a handle scope is open.
        let handle = unsafe { self.ordinary.number_new.call((self.ordinary.isolate_get_current)(), result) };
        // SAFETY: V8 has just made the handle.
        unsafe { self.set_handle(handle) };
    }

    /// Leaves the object of a handle as the result, or nothing where there is none.
    ///
    /// # Safety
    ///
    /// * `handle` is one of a scope that is open, or null.
    pub unsafe fn set_handle(self, handle: sys::napi_value) {
        if !handle.is_null() {
            // SAFETY: the caller's list: the slot of a handle holds the object.
            unsafe { self.set_word(handle.cast::<usize>().read()) };
        }
    }

    /// # Safety
    ///
    /// * `word` stands for an object of this isolate.
    #[inline]
    unsafe fn set_word(self, word: usize) {
        let place = match self.ordinary.layout.callback_result {
            // SAFETY: `Ordinary::call`'s list, and the layout of the version.
            CallbackResult::Pointed(offset) => unsafe { self.information.cast::<*mut usize>().read() }.wrapping_byte_add(offset),
            CallbackResult::Inside(offset) => self.information.wrapping_byte_add(offset).cast_mut().cast(),
        };
        // SAFETY: as above; V8 reads the word when the callback has returned.
        unsafe { place.write(word) };
    }
}
