//! The loader of Windows. What it says is what libuv says for it, and so Node: the system's text in English, with the line break at its end.

use std::ffi::{CStr, c_void};
use std::iter;
use std::os::windows::ffi::OsStrExt;
use std::path;
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_BAD_EXE_FORMAT, ERROR_INSUFFICIENT_BUFFER, FreeLibrary, GetLastError, HMODULE, WIN32_ERROR};
use windows_sys::Win32::System::Diagnostics::Debug::{FORMAT_MESSAGE_FROM_SYSTEM, FORMAT_MESSAGE_IGNORE_INSERTS, FormatMessageW};
use windows_sys::Win32::System::LibraryLoader::{
    GetModuleHandleExW, GetProcAddress, LOAD_LIBRARY_FLAGS, LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};

/// How many units a path has at most with the zero at its end, for the system and for libuv.
const LONGEST_PATH: usize = 32_768;

/// `MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US)`, and the languages that the system chooses.
const LANGUAGES: [u32; 2] = [0x409, 0];

/// A reference that the loader has given; dropping it gives it back.
pub struct Loaded(HMODULE);

/// Opens a library. The system looks for a bare name where it looks for any program's. For a path that names a directory, that directory
/// is also where the system first looks for what the library itself needs.
///
/// # Safety
///
/// * As for [`open`](super::Library::open).
pub unsafe fn open(path: Option<&str>) -> Result<Loaded, String> {
    let Some(path) = path else { return program() };
    if path.encode_utf16().count() >= LONGEST_PATH {
        return Err(text(ERROR_INSUFFICIENT_BUFFER, path));
    }
    let (name, flags) = asked(path);
    // SAFETY: the name ends with a zero; the caller answers for the library.
    let module = unsafe { LoadLibraryExW(name.as_ptr(), ptr::null_mut(), flags) };
    if module.is_null() { Err(last_error(path)) } else { Ok(Loaded(module)) }
}

/// What the system is asked for. Its altered search is defined for full paths alone.
fn asked(path: &str) -> (Vec<u16>, LOAD_LIBRARY_FLAGS) {
    let names_directory = path.contains(['/', '\\', ':']);
    match path::absolute(path) {
        Ok(full) if names_directory => (full.as_os_str().encode_wide().chain(iter::once(0)).collect(), LOAD_WITH_ALTERED_SEARCH_PATH),
        Ok(_) | Err(_) => (path.encode_utf16().chain(iter::once(0)).collect(), 0),
    }
}

/// The program that the process runs.
fn program() -> Result<Loaded, String> {
    let mut module = ptr::null_mut();
    // SAFETY: the out-parameter is a local variable; no name stands for the program.
    let found = unsafe { GetModuleHandleExW(0, ptr::null(), &raw mut module) };
    if found == 0 { Err(last_error("")) } else { Ok(Loaded(module)) }
}

impl Loaded {
    /// Keeps the library loaded until the process ends.
    pub fn into_raw(self) -> HMODULE {
        std::mem::ManuallyDrop::new(self).0
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and given back once; who opened the library answers for its destructors. There is nobody to hear
        // that it could not be unloaded.
        let _unheard = unsafe { FreeLibrary(self.0) };
    }
}

pub fn symbol(library: &Loaded, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the library is loaded as long as the reference is held, and the name ends with a zero.
    let address = unsafe { GetProcAddress(library.0, name.as_ptr().cast()) };
    address.map(|function| function as *mut c_void).ok_or_else(|| last_error(""))
}

/// What the system says of the error that it has just reported for `path`.
fn last_error(path: &str) -> String {
    // SAFETY: it only reads what belongs to this thread.
    text(unsafe { GetLastError() }, path)
}

fn text(code: WIN32_ERROR, path: &str) -> String {
    let text = LANGUAGES.into_iter().find_map(|language| system_text(code, language));
    match text {
        // The only text here with a place for the path.
        Some(text) if code == ERROR_BAD_EXE_FORMAT => text.replace("%1", path),
        Some(text) => text,
        None => format!("error: {code}"),
    }
}

/// The system's text for an error in a language; `None` where it has none.
fn system_text(code: WIN32_ERROR, language: u32) -> Option<String> {
    /// Longer than any of its texts about a file.
    const UNITS: u32 = 1024;
    let mut buffer = [0_u16; UNITS as usize];
    let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    // SAFETY: the buffer has room for so many units, and no arguments are needed for a text whose places are left as they are.
    let length = unsafe { FormatMessageW(flags, ptr::null(), code, language, buffer.as_mut_ptr(), UNITS, ptr::null()) };
    (length > 0).then(|| String::from_utf16_lossy(&buffer[..length as usize]))
}

#[cfg(test)]
mod tests {
    use std::env;

    use windows_sys::Win32::Foundation::{ERROR_MOD_NOT_FOUND, ERROR_PROC_NOT_FOUND};

    use super::{LOAD_WITH_ALTERED_SEARCH_PATH, asked, text};
    use crate::library::{Error, Library};

    fn open(path: &str) -> Result<Library, Error> {
        // SAFETY: what is opened here is part of every process, or nothing.
        unsafe { Library::open(Some(path)) }
    }

    #[test]
    fn a_library_of_the_system_has_its_symbols() {
        let library = open("kernel32.dll").expect("a library of the system");
        assert!(!library.symbol(c"GetLastError").expect("its function").is_null());
        assert!(open("kernel32").is_ok(), "without its suffix");
    }

    #[test]
    fn the_program_is_not_the_whole_process() {
        // SAFETY: the program runs already.
        let program = unsafe { Library::open(None) }.expect("the program");
        assert!(program.symbol(c"GetLastError").is_err());
    }

    #[test]
    fn what_is_missing_is_told_in_the_words_of_the_system() {
        let missing = text(ERROR_MOD_NOT_FOUND, "");
        assert!(missing.ends_with(".\r\n"), "{missing:?}");
        assert!(matches!(open("no-such-library.dll"), Err(Error::Open(text)) if text == missing));
        assert!(matches!(open(""), Err(Error::Open(_))));
        let library = open("kernel32.dll").expect("a library of the system");
        assert!(matches!(library.symbol(c"no_such_symbol"), Err(Error::Symbol(said)) if said == text(ERROR_PROC_NOT_FOUND, "")));
    }

    #[test]
    fn what_is_no_library_is_told_by_its_path() {
        let path = env::temp_dir().join("ferrule-no-library.dll");
        std::fs::write(&path, "text").expect("a file");
        let path = path.to_str().expect("a name in Unicode");
        assert!(matches!(open(path), Err(Error::Open(text)) if text.contains(path)));
        std::fs::remove_file(path).expect("the file");
    }

    #[test]
    fn a_path_that_is_no_path_is_refused() {
        assert!(matches!(open(&"a".repeat(40_000)), Err(Error::Open(_))));
    }

    #[test]
    fn only_a_place_is_made_a_full_path() {
        for path in ["kernel32.dll", "kernel32", ""] {
            assert_eq!(asked(path), (path.encode_utf16().chain([0]).collect(), 0));
        }
        for path in ["a/b.dll", ".\\b.dll", "C:b.dll", "C:/b.dll", "/b.dll"] {
            let (name, flags) = asked(path);
            let name = String::from_utf16_lossy(&name);
            assert_eq!(flags, LOAD_WITH_ALTERED_SEARCH_PATH);
            assert!(name.get(1..3) == Some(":\\") && !name.contains('/'), "{name}");
        }
    }
}
