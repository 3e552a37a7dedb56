//! The program that has loaded the addon: where Node-API's functions come from.

pub use imp::connect;

#[cfg(windows)]
mod imp {
    use std::mem;
    use std::ptr;
    use std::sync::Once;

    use napi_sys as sys;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    /// Finds Node-API's functions in the running program, and keeps this addon loaded; to be called before any other function of Node-API.
    ///
    /// A DLL is linked to the names of the files that its functions are in, and the program need not be called `node.exe`: so they are looked
    /// up by name, once. Node unloads an addon when the last Worker that loaded it ends, but C may hold the address of a callback longer.
    pub fn connect() {
        static CONNECTED: Once = Once::new();
        CONNECTED.call_once(|| {
            // SAFETY: nothing has been called before, and nothing else runs while this does; the program is never unloaded.
            mem::forget(unsafe { sys::setup() });
            let flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
            let mut addon = ptr::null_mut();
            // SAFETY: the address is one in this addon, and the out-parameter is a local variable.
            let pinned = unsafe { GetModuleHandleExW(flags, (&raw const CONNECTED).cast(), &raw mut addon) };
            assert!(pinned != 0, "an image that is loaded can be kept");
        });
    }
}

#[cfg(not(windows))]
mod imp {
    /// Nothing is to be done: the dynamic linker has found Node-API's functions, whatever image they are in.
    pub const fn connect() {}
}
