//! What another runtime's own FFI calls, where it has one that is faster than its Node-API (`lib/runtime.js`).
//!
//! Bun enters compiled code by its address. Deno only has fast calls of symbols of a library: [`ferrule_enter`] is one, which goes on to the
//! address, and [`binary`] says which library it is in. The other symbols are those of [`direct`] that take and give nothing but numbers,
//! without the receiver that V8 passes; `lib/symbols.js` has their types.

use std::ffi::c_void;
use std::mem;
use std::ptr;

use crate::boundary::Arguments;
use crate::direct;
use crate::error::Result;
use crate::napi::{Env, Value};

/// Enters the code at `code`: a piece compiled for [`Entry::Cell`](ferrule_abi::plan::Entry::Cell), which ignores its arguments.
///
/// # Safety
///
/// * `code` is the address of such a piece, which is not unmapped yet, and the cells hold arguments for it.
#[unsafe(no_mangle)]
unsafe extern "C" fn ferrule_enter(code: f64) {
    type Callback = unsafe extern "C" fn(*const c_void, *const c_void) -> *const c_void;
    let code = ptr::with_exposed_provenance::<c_void>(code as usize);
    // SAFETY: the caller names a piece of this type.
    let enter = unsafe { mem::transmute::<*const c_void, Callback>(code) };
    // SAFETY: the caller's list.
    unsafe { enter(ptr::null(), ptr::null()) };
}

macro_rules! symbols {
    ($($name:ident($($parameter:ident: $ty:ty),*) -> $result:ty = $function:path;)*) => { $(
        /// # Safety
        ///
        /// * `lib/memory.js` calls it, as `direct` says.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($parameter: $ty),*) -> $result {
            // SAFETY: the caller's list; nobody looks at the receiver.
            unsafe { $function(ptr::null(), $($parameter),*) }
        }
    )* };
}

symbols! {
    ferrule_readUint8(low: i32, high: i32, offset: u32) -> i32 = direct::read_integer::<u8>;
    ferrule_readUint16(low: i32, high: i32, offset: u32) -> i32 = direct::read_integer::<u16>;
    ferrule_readInt32(low: i32, high: i32, offset: u32) -> i32 = direct::read_integer::<i32>;
    ferrule_readFloat32(low: i32, high: i32, offset: u32) -> f32 = direct::read::<f32>;
    ferrule_readFloat64(low: i32, high: i32, offset: u32) -> f64 = direct::read::<f64>;
    ferrule_read64(low: i32, high: i32, offset: u32, target_low: i32, target_high: i32) -> i32 = direct::read_64;
    ferrule_write8(low: i32, high: i32, offset: u32, value: i32) -> i32 = direct::write_8;
    ferrule_write16(low: i32, high: i32, offset: u32, value: i32) -> i32 = direct::write_16;
    ferrule_write32(low: i32, high: i32, offset: u32, value: i32) -> i32 = direct::write_32;
    ferrule_write64(low: i32, high: i32, offset: u32, value_low: i32, value_high: i32) -> i32 = direct::write_64;
    ferrule_copyBytes(low: i32, high: i32, length: u32, target_low: i32, target_high: i32) -> i32 = direct::copy_bytes;
}

/// `binary() => string`: the file that the addon was loaded from; undefined where the system does not tell.
pub fn binary<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    match file_of(ferrule_enter as *const c_void) {
        Some(file) => Ok(Some(env.create_string(&file)?)),
        None => Ok(None),
    }
}

#[cfg(unix)]
fn file_of(address: *const c_void) -> Option<String> {
    use std::ffi::CStr;
    use std::mem::MaybeUninit;

    let mut image = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: the linker only compares the address, and has written the description when the answer is not zero.
    let image = unsafe { (libc::dladdr(address, image.as_mut_ptr()) != 0).then(|| image.assume_init()) }?;
    // SAFETY: the name is a C string of the linker's, which stays as long as the image, which is never unloaded.
    let file = (!image.dli_fname.is_null()).then(|| unsafe { CStr::from_ptr(image.dli_fname) })?;
    Some(file.to_str().ok()?.to_owned())
}

#[cfg(not(unix))]
fn file_of(_: *const c_void) -> Option<String> {
    None
}
