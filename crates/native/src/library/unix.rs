//! The dynamic linker of Unix systems. Symbols are bound lazily and stay local to the library (`RTLD_LAZY | RTLD_LOCAL`), as in Node.

use std::error::Error as _;
use std::ffi::{CStr, c_void};

use libloading::os::unix::{Library, RTLD_LAZY, RTLD_LOCAL, Symbol};

pub type Loaded = Library;

/// No system takes a longer path (Linux: 4,096 bytes), but glibc copies it to the stack before it finds out.
const LONGEST_PATH: usize = 64 * 1024;

/// # Safety
///
/// * As for [`open`](super::Library::open).
pub unsafe fn open(path: Option<&str>) -> Result<Loaded, String> {
    let Some(path) = path else { return Ok(Library::this()) };
    if path.len() > LONGEST_PATH {
        return Err(format!("{path}: File name too long"));
    }
    // SAFETY: passed on to the caller.
    unsafe { Library::open(Some(path), RTLD_LAZY | RTLD_LOCAL) }.map_err(|error| describe(&error))
}

pub fn symbol(library: &Loaded, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: any type may be asked for as long as the symbol is not used as one; only its address is read.
    let symbol = unsafe { library.get::<*mut c_void>(name) };
    symbol.map(Symbol::into_raw).map_err(|error| describe(&error))
}

/// The loader's own text where it gave one.
fn describe(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use crate::library::{Error, Library};

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
