//! Dynamic libraries: open, look up, close.
//!
//! A [`Library`] owns one reference of the system's loader; dropping it gives the reference back. What the system calls it, and what it says
//! when it refuses, is in one file per system.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::ffi::{CStr, c_void};

#[cfg(unix)]
use unix as os;
#[cfg(windows)]
use windows as os;

/// Whether the process itself can be opened as one library, with the symbols of all that is loaded in it. On Windows each image has symbols
/// of its own, and nothing looks through all of them.
pub const OPENS_PROCESS: bool = cfg!(unix);

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
pub struct Library(os::Loaded);

impl Library {
    /// Opens the library at `path`, which the system searches for as it does for any program; `None` is the process itself where
    /// [`OPENS_PROCESS`], and elsewhere the program that it runs.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] with the loader's text.
    ///
    /// # Safety
    ///
    /// * The library's constructors, and its destructors when the last reference goes, must be safe to run on this thread.
    pub unsafe fn open(path: Option<&str>) -> Result<Self, Error> {
        // SAFETY: the caller answers for the constructors.
        unsafe { os::open(path) }.map(Self).map_err(Error::Open)
    }

    /// The address of the symbol `name`, which may be null for a symbol that is defined so.
    ///
    /// # Errors
    ///
    /// [`Error::Symbol`] with the loader's text.
    pub fn symbol(&self, name: &CStr) -> Result<*mut c_void, Error> {
        os::symbol(&self.0, name).map_err(Error::Symbol)
    }

    /// Keeps the library loaded until the process ends.
    pub fn leak(self) {
        let _never_given_back = self.0.into_raw();
    }
}
