//! Where the bytes of a buffer argument are, asked of V8 from inside a fast call.
//!
//! Node-API opens and closes what it needs for every question, and allocates handles that a fast call has no scope for. V8's own functions
//! take a handle and answer; where one of them makes a handle itself, the scope around it is here.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use napi_sys as sys;

use super::abi::Method;
use super::layout::{CallbackArguments, HandleScope, MemorySpan};
use super::names;
use super::symbols::{self, Absence, Isolate};

type Question<T> = unsafe extern "C" fn(*const c_void) -> T;

/// V8's functions that tell where the bytes are.
pub struct Contents {
    value_is_array_buffer_view: Question<bool>,
    value_is_array_buffer: Question<bool>,
    array_buffer_data: Question<*mut c_void>,
    array_buffer_byte_length: Question<usize>,
    view_has_buffer: Question<bool>,
    view_byte_length: Question<usize>,
    view_copy_contents: unsafe extern "C" fn(*const c_void, *mut u8, usize) -> usize,
    value_is_uint8_array: Question<bool>,
    view: View,
    callback_arguments: CallbackArguments,
}

/// What a value is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `Uint8Array`, such as a `Buffer`.
    Uint8Array,
    /// A typed array or a `DataView`.
    View,
    /// An `ArrayBuffer`.
    ArrayBuffer,
}

/// How a view's bytes are found.
enum View {
    /// `ArrayBufferView::GetContents`, which makes no handle.
    Span(Method<fn(*const c_void, MemorySpan) -> MemorySpan>),
    /// The view's buffer, for which V8 makes a handle, and its offset.
    Buffer {
        isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
        open_scope: unsafe extern "C" fn(*mut HandleScope, *mut Isolate),
        close_scope: unsafe extern "C" fn(*mut HandleScope),
        buffer: Method<fn(*const c_void) -> sys::napi_value>,
        byte_offset: Question<usize>,
    },
}

/// V8's functions, looked up the first time somebody asks.
pub fn resolved() -> Result<&'static Contents, &'static Absence> {
    static CONTENTS: OnceLock<Result<Contents, Absence>> = OnceLock::new();
    CONTENTS.get_or_init(find).as_ref()
}

fn find() -> Result<Contents, Absence> {
    let v8 = symbols::tried().map_err(Clone::clone)?;
    let layout = v8.layout;
    let image = &v8.image;
    // SAFETY: the declarations in the headers of the versions that were tried. A C++ method takes its object, here a handle, first.
    unsafe {
        let view = if layout.view_contents {
            View::Span(image.function(names::VIEW_GET_CONTENTS)?)
        } else {
            View::Buffer {
                isolate_get_current: image.function(names::ISOLATE_GET_CURRENT)?,
                open_scope: image.function(names::HANDLE_SCOPE_NEW)?,
                close_scope: image.function(names::HANDLE_SCOPE_DROP)?,
                buffer: image.function(names::VIEW_BUFFER)?,
                byte_offset: image.function(names::VIEW_BYTE_OFFSET)?,
            }
        };
        Ok(Contents {
            value_is_array_buffer_view: image.function(names::VALUE_IS_ARRAY_BUFFER_VIEW)?,
            value_is_array_buffer: image.function(names::VALUE_IS_ARRAY_BUFFER)?,
            array_buffer_data: image.function(names::ARRAY_BUFFER_DATA)?,
            array_buffer_byte_length: image.function(names::ARRAY_BUFFER_BYTE_LENGTH)?,
            view_has_buffer: image.function(names::VIEW_HAS_BUFFER)?,
            view_byte_length: image.function(names::VIEW_BYTE_LENGTH)?,
            view_copy_contents: image.function(names::VIEW_COPY_CONTENTS)?,
            value_is_uint8_array: image.function(names::VALUE_IS_UINT8_ARRAY)?,
            view,
            callback_arguments: layout.callback_arguments,
        })
    }
}

impl Contents {
    /// The first argument of an ordinary callback, a handle; the others follow, a word each.
    ///
    /// # Safety
    ///
    /// * `information` is what V8 has called an ordinary callback with that is still running.
    #[inline]
    pub unsafe fn callback_arguments(&self, information: *const c_void) -> *const usize {
        // SAFETY: the caller's list, and the layout of the version.
        unsafe { self.callback_arguments.first(information) }
    }

    /// The first byte of a view or an ArrayBuffer. `None` for anything else, and wherever the answer takes more than a look: nothing in
    /// it (detached, out of bounds, empty), or bytes that still lie inside V8's heap, where they move.
    ///
    /// # Safety
    ///
    /// * `value` is a handle of the thread's isolate.
    #[inline]
    pub unsafe fn address(&self, value: *const c_void) -> Option<*mut c_void> {
        // SAFETY: the caller's list; each function is asked about what the one before has found `value` to be.
        unsafe {
            if (self.value_is_array_buffer_view)(value) {
                return if (self.view_has_buffer)(value) { self.view(value).map(|(address, _)| address) } else { None };
            }
            let is_filled = (self.value_is_array_buffer)(value) && (self.array_buffer_byte_length)(value) > 0;
            is_filled.then(|| (self.array_buffer_data)(value))
        }
    }

    /// Whether a value is of a kind.
    ///
    /// # Safety
    ///
    /// * As for [`address`](Self::address).
    #[inline]
    pub unsafe fn is(&self, value: *const c_void, kind: Kind) -> bool {
        let question = match kind {
            Kind::Uint8Array => self.value_is_uint8_array,
            Kind::View => self.value_is_array_buffer_view,
            Kind::ArrayBuffer => self.value_is_array_buffer,
        };
        // SAFETY: the caller's list.
        unsafe { question(value) }
    }

    /// Copies the bytes of a value to `target`, if there are any and they fit into `room` bytes, and says whether it did.
    ///
    /// # Safety
    ///
    /// * `value` is a handle of the thread's isolate, of a value of that kind.
    /// * `room` bytes can be written at `target`.
    #[inline]
    pub unsafe fn copy_to(&self, value: *const c_void, kind: Kind, target: *mut u8, room: usize) -> bool {
        let fits = |length: usize| length > 0 && length <= room;
        // SAFETY: the caller's list. What is copied between lies where it is as long as nothing allocates in V8's heap, and it may overlap;
        // what is inside V8's heap cannot be part of the target.
        unsafe {
            let bytes = match kind {
                Kind::ArrayBuffer => Some(((self.array_buffer_data)(value), (self.array_buffer_byte_length)(value))),
                Kind::Uint8Array | Kind::View if (self.view_has_buffer)(value) => self.view(value),
                Kind::Uint8Array | Kind::View => {
                    let length = (self.view_byte_length)(value);
                    return fits(length) && (self.view_copy_contents)(value, target, length) == length;
                }
            };
            bytes.filter(|(_, length)| fits(*length)).map(|(address, length)| ptr::copy(address.cast(), target, length)).is_some()
        }
    }

    /// The bytes of a view, if it has any.
    ///
    /// # Safety
    ///
    /// * `value` is a handle of a view that has a buffer.
    #[inline]
    unsafe fn view(&self, value: *const c_void) -> Option<(*mut c_void, usize)> {
        match &self.view {
            View::Span(contents) => {
                // SAFETY: the caller's list. A view that has a buffer needs none of the room that the second argument can offer.
                let span = unsafe { contents.call(value, MemorySpan { data: ptr::null_mut(), size: 0 }) };
                (span.size > 0).then(|| (span.data.cast(), span.size))
            }
            View::Buffer { isolate_get_current, open_scope, close_scope, buffer, byte_offset } => {
                // SAFETY: the caller's list; the scope stays where it is, and is closed before the handle in it is forgotten.
                unsafe {
                    let length = (self.view_byte_length)(value);
                    if length == 0 {
                        return None;
                    }
                    let mut scope = HandleScope::UNINIT;
                    open_scope(&raw mut scope, isolate_get_current());
                    let address = (self.array_buffer_data)(buffer.call(value).cast()).cast::<u8>().wrapping_add(byte_offset(value));
                    close_scope(&raw mut scope);
                    Some((address.cast(), length))
                }
            }
        }
    }
}
