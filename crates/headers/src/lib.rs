//! An addon that holds the mirrors of V8's classes against the Node that loads it.
//!
//! Headers can be of a neighbouring version; the binary is the very V8 that Ferrule will run in. V8's own constructor fills a
//! `v8::CFunctionInfo` here, and what it wrote must be where the layout says. The addon throws what does not agree, and otherwise exports
//! `version`, V8's, and `absent`, those of the names in the environment variable `FERRULE_SYMBOLS` (separated by commas) that the process
//! does not have, in the same form. `scripts/check-v8-headers.mjs` loads it.
#![cfg(target_os = "linux")]

#[path = "../../addon/src/v8/layout.rs"]
mod layout;
mod probe;

use std::env;
use std::ffi::{CStr, CString, c_char};
use std::ptr;

use napi_sys as sys;

/// What Node calls when it loads the addon.
///
/// # Safety
///
/// Only for Node: `env` is the environment that loads the addon, and `exports` a handle of an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(env: sys::napi_env, exports: sys::napi_value) -> sys::napi_value {
    match probe::probe() {
        Ok(version) => {
            // SAFETY: Node's own promise about both.
            unsafe {
                export(env, exports, c"version", &version);
                export(env, exports, c"absent", &absent());
            }
        }
        Err(message) => {
            let message = CString::new(message).expect("a message has no zeros");
            // SAFETY: `env` is Node's; the texts end with a zero.
            let status = unsafe { sys::napi_throw_error(env, ptr::null(), message.as_ptr()) };
            assert_eq!(status, sys::Status::napi_ok, "Node-API takes an error");
        }
    }
    exports
}

/// The names that nothing in the process has.
fn absent() -> String {
    let names = env::var("FERRULE_SYMBOLS").unwrap_or_default();
    let is_absent = |name: &&str| {
        let name = CString::new(*name).expect("the environment has no zeros");
        !name.is_empty() && probe::symbol(&name).is_none()
    };
    names.split(',').filter(is_absent).collect::<Vec<_>>().join(",")
}

/// # Safety
///
/// As for [`napi_register_module_v1`].
unsafe fn export(env: sys::napi_env, exports: sys::napi_value, name: &CStr, text: &str) {
    let mut value = ptr::null_mut();
    // SAFETY: the caller vouches for `env`; the text is as long as said.
    let made = unsafe { sys::napi_create_string_utf8(env, text.as_ptr().cast::<c_char>(), text.len().cast_signed(), &raw mut value) };
    assert_eq!(made, sys::Status::napi_ok, "Node-API makes a string");
    // SAFETY: the caller vouches for `exports`; the value is of the call above.
    let set = unsafe { sys::napi_set_named_property(env, exports, name.as_ptr(), value) };
    assert_eq!(set, sys::Status::napi_ok, "Node-API sets a property");
}
