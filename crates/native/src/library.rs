//! Dynamic libraries: open, look up, close.
//!
//! A [`Library`] owns one reference of the system's loader; dropping it gives the reference back. Symbols are bound lazily and stay
//! local to the library (`RTLD_LAZY | RTLD_LOCAL`), as in Node.

use std::ffi::{CStr, c_void};

#[cfg(unix)]
use libloading::os::unix as os;
#[cfg(windows)]
use libloading::os::windows as os;

/// Why the system's loader refused, in its own words.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library could not be opened.
    #[error("dlopen failed: {0}")]
    Open(String),
    /// The library has no such symbol.
    #[error("dlsym failed: {0}")]
    Symbol(String),
}

/// One reference to a loaded library.
pub struct Library(os::Library);

impl Library {
    /// Opens the library at `path`, which the system searches for as it does for any program; `None` is the process itself.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] with the loader's text.
    ///
    /// # Safety
    ///
    /// * The library's constructors, and its destructors when the last reference goes, must be safe to run on this thread.
    pub unsafe fn open(path: Option<&str>) -> Result<Self, Error> {
        let opened = match path {
            Some(path) if path.len() > LONGEST_PATH => return Err(Error::Open(format!("{path}: File name too long"))),
            // SAFETY: the caller answers for the constructors.
            Some(path) => unsafe { open_file(path) },
            None => this_process(),
        };
        opened.map(Self).map_err(|error| Error::Open(describe(&error)))
    }

    /// The address of the symbol `name`, which may be null for a symbol that is defined so.
    ///
    /// # Errors
    ///
    /// [`Error::Symbol`] with the loader's text.
    pub fn symbol(&self, name: &CStr) -> Result<*mut c_void, Error> {
        // SAFETY: any type may be asked for as long as the symbol is not used as one; only its address is read.
        let symbol = unsafe { self.0.get::<*mut c_void>(name) };
        symbol.map(as_address).map_err(|error| Error::Symbol(describe(&error)))
    }

    /// Keeps the library loaded until the process ends.
    pub fn leak(self) {
        let _never_closed = self.0.into_raw();
    }
}

/// No system takes a longer path (Linux: 4,096 bytes, Windows: 32,767 units), but glibc copies it to the stack before it finds out.
const LONGEST_PATH: usize = 64 * 1024;

#[cfg(unix)]
unsafe fn open_file(path: &str) -> Result<os::Library, libloading::Error> {
    // SAFETY: passed on to the caller.
    unsafe { os::Library::open(Some(path), os::RTLD_LAZY | os::RTLD_LOCAL) }
}

#[cfg(windows)]
unsafe fn open_file(path: &str) -> Result<os::Library, libloading::Error> {
    // SAFETY: passed on to the caller.
    unsafe { os::Library::new(path) }
}

#[cfg(unix)]
fn this_process() -> Result<os::Library, libloading::Error> {
    Ok(os::Library::this())
}

#[cfg(windows)]
fn this_process() -> Result<os::Library, libloading::Error> {
    os::Library::this()
}

#[cfg(unix)]
fn as_address(symbol: os::Symbol<*mut c_void>) -> *mut c_void {
    symbol.into_raw()
}

#[cfg(windows)]
fn as_address(symbol: os::Symbol<*mut c_void>) -> *mut c_void {
    symbol.as_raw_ptr()
}

/// The loader's own text where it gave one.
fn describe(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_has_its_own_symbols() {
        // SAFETY: the process is loaded already, nothing runs.
        let library = unsafe { Library::open(None) }.expect("the process itself");
        assert!(!library.symbol(c"malloc").expect("malloc").is_null());
    }

    #[test]
    fn a_path_that_is_no_path_is_refused() {
        // SAFETY: there is nothing to load.
        let refused = unsafe { Library::open(Some(&"a".repeat(9_000_000))) };
        assert!(matches!(refused, Err(Error::Open(text)) if text.ends_with("a: File name too long")));
    }

    #[test]
    fn a_missing_library_and_a_missing_symbol_say_what_the_loader_said() {
        // SAFETY: there is nothing to load.
        let missing = unsafe { Library::open(Some("/nowhere/libferrule.so")) };
        assert!(matches!(missing, Err(Error::Open(text)) if text.contains("/nowhere/libferrule.so")));
        // SAFETY: the process is loaded already, nothing runs.
        let library = unsafe { Library::open(None) }.expect("the process itself");
        assert!(matches!(library.symbol(c"no_such_symbol"), Err(Error::Symbol(text)) if text.contains("no_such_symbol")));
    }
}
