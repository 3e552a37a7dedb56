//! V8's own C++ functions, found by name in the running process.
//!
//! Node exports V8's functions for C++ addons. Ferrule takes the few that Node-API has no equal for, by their mangled [`names`], once per
//! process, and links to none of them: where one is missing, an [`Absence`] says which, and everything goes through Node-API as before.
//!
//! A mangled name pins the parameters of a function, and for a template the C++ library it was made with; in the Itanium ABI it does not pin
//! the result, and in none what the function does, or which function of the same name was found. So there is only a [`tried`] V8 when all of
//! this holds, and [`Stops`], which depend on nothing, when the second does:
//!
//! 1. the platform is one that the declarations were tried on, by its C++ [`abi`](super::abi) (Linux on x86-64 and AArch64, Windows on x86-64);
//! 2. every name is found, and in the same executable image as Node-API itself: not in a second V8 that some library brought along;
//! 3. V8 says that it is a version of [`LAYOUTS`] that was tried there, as built for Node. Electron's V8 names itself `-electron.N`, Deno's
//!    `-rusty`; Bun has no V8. A V8 that nobody tried is not called.
//!
//! Only `V8::GetVersion` is called before point 3 holds: it takes nothing and has given a C string back for as long as V8 exists.

use std::ffi::{CStr, c_char, c_void};
use std::mem;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;

use super::abi::MICROSOFT;
use super::layout::{LAYOUTS, Layout};
use super::names;

/// Why V8's functions are not used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absence {
    /// Only where the declarations below were tried does anybody look for them.
    #[error("V8's functions are not used on this operating system or processor")]
    Platform,
    /// The runtime does not export a function.
    #[error("this runtime does not export {}", .0.to_string_lossy())]
    Symbol(&'static CStr),
    /// The process has the function, but the one found first does not belong to the runtime that gives Node-API.
    #[error("{} is not the one that belongs to this Node-API", .0.to_string_lossy())]
    Stranger(&'static CStr),
    /// A V8 that the declarations were not tried with, or one that was not built for Node.
    #[error("V8 {0} is not a version that was tried")]
    Version(String),
    /// V8's handle scopes are not as its headers say.
    #[error("V8's handle scopes are not as its headers say")]
    Scopes,
}

/// `v8::Isolate`, which only V8 looks into.
#[repr(C)]
pub struct Isolate {
    opaque: [u8; 0],
}

/// What tells whether V8 is stopping JavaScript. Both functions take and give a pointer or less, and have been what they are for as long as
/// V8 has isolates, so no version has to be tried.
pub struct Stops {
    /// [`names::ISOLATE_GET_CURRENT`]
    pub isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    /// [`names::ISOLATE_IS_EXECUTION_TERMINATING`]
    pub isolate_is_execution_terminating: unsafe extern "C" fn(*mut Isolate) -> bool,
}

/// The functions of [`Stops`], looked up the first time somebody asks; `None` where there is no V8 that belongs to this Node-API.
pub fn stops() -> Option<&'static Stops> {
    static STOPS: OnceLock<Option<Stops>> = OnceLock::new();
    let find = || {
        let image = Image::with(NODE_API).ok()?;
        // SAFETY: the declarations behind these names, in every version.
        unsafe {
            Some(Stops {
                isolate_get_current: image.function(names::ISOLATE_GET_CURRENT).ok()?,
                isolate_is_execution_terminating: image.function(names::ISOLATE_IS_EXECUTION_TERMINATING).ok()?,
            })
        }
    };
    STOPS.get_or_init(find).as_ref()
}

/// A function of Node-API: V8's own are looked for in the image that it is in.
const NODE_API: &CStr = c"napi_create_external_arraybuffer";

/// Whether code belongs to the image that gives Node-API: such a function may call JavaScript without any callback of ours.
pub fn is_runtime(address: usize) -> bool {
    static IMAGE: OnceLock<Option<Image>> = OnceLock::new();
    let image = IMAGE.get_or_init(|| Image::with(NODE_API).ok());
    image.as_ref().is_some_and(|image| image.addresses.contains(&address))
}

/// Where the declarations of [`names`] were tried, by the ABIs of [`abi`](super::abi).
const PLATFORM: bool =
    cfg!(any(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")), all(windows, target_arch = "x86_64")));

/// A V8 of [`LAYOUTS`], built for Node, on a platform where the declarations were tried.
pub struct Tried {
    /// Where its functions are.
    pub image: Image,
    /// The memory of its classes.
    pub layout: &'static Layout,
}

/// The V8 of this process, looked at the first time somebody asks.
pub fn tried() -> Result<&'static Tried, &'static Absence> {
    static TRIED: OnceLock<Result<Tried, Absence>> = OnceLock::new();
    TRIED.get_or_init(find_tried).as_ref()
}

fn find_tried() -> Result<Tried, Absence> {
    if !PLATFORM {
        return Err(Absence::Platform);
    }
    let image = Image::with(NODE_API)?;
    // SAFETY: the declaration behind this name has not changed since V8 has it.
    let get_version: unsafe extern "C" fn() -> *const c_char = unsafe { image.function(names::V8_GET_VERSION) }?;
    // SAFETY: V8 gives a text of its own that ends with a zero and lives as long as the process.
    let text = unsafe { CStr::from_ptr(get_version()) }.to_string_lossy();
    match tried_layout(&text) {
        Some(layout) => Ok(Tried { image, layout }),
        None => Err(Absence::Version(text.into_owned())),
    }
}

/// The layout of the version that a text such as `13.6.233.17-node.37` names, if it is a V8 of [`LAYOUTS`] that was built for Node and tried on
/// this platform.
fn tried_layout(text: &str) -> Option<&'static Layout> {
    let (numbers, embedder) = text.split_once('-')?;
    let mut numbers = numbers.splitn(3, '.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let version = format!("{major}.{minor}");
    let layout = LAYOUTS.iter().find(|layout| version == format!("{}.{}", layout.version.0, layout.version.1))?;
    let is_tried = embedder.starts_with("node.") && (layout.windows || !MICROSOFT);
    is_tried.then_some(layout)
}

/// An executable or shared library in the process.
pub struct Image {
    addresses: Range<usize>,
}

impl Image {
    /// The image that a symbol belongs to.
    fn with(name: &'static CStr) -> Result<Self, Absence> {
        let addresses = linker::image(linker::global(name)?).ok_or(Absence::Symbol(name))?;
        Ok(Self { addresses })
    }

    /// The address of a symbol which must belong to this image.
    pub fn symbol(&self, name: &'static CStr) -> Result<NonNull<c_void>, Absence> {
        let address = linker::global(name)?;
        if self.addresses.contains(&address.addr().get()) { Ok(address) } else { Err(Absence::Stranger(name)) }
    }

    /// The function of a symbol which must belong to this image.
    ///
    /// # Safety
    ///
    /// * As for [`function_at`].
    pub unsafe fn function<F: Copy>(&self, name: &'static CStr) -> Result<F, Absence> {
        // SAFETY: the caller's list.
        Ok(unsafe { function_at(self.symbol(name)?) })
    }
}

/// The function of a symbol, whichever image the program itself would be linked to for it.
///
/// # Safety
///
/// * As for [`function_at`].
pub unsafe fn global_function<F: Copy>(name: &'static CStr) -> Result<F, Absence> {
    // SAFETY: the caller's list.
    Ok(unsafe { function_at(linker::global(name)?) })
}

/// The function at a symbol's address.
///
/// # Safety
///
/// * `F` is a function pointer of the type that the symbol's declaration says, or a [`Static`](super::abi::Static) or
///   [`Method`](super::abi::Method) of it where the result is an object.
unsafe fn function_at<F: Copy>(address: NonNull<c_void>) -> F {
    const { assert!(size_of::<F>() == size_of::<NonNull<c_void>>()) };
    // SAFETY: the caller's list; the sizes are the same.
    unsafe { mem::transmute_copy::<NonNull<c_void>, F>(&address) }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
mod linker {
    //! What the dynamic linker knows.

    use super::Absence;
    use std::ffi::{CStr, c_int, c_void};
    use std::ops::Range;
    use std::ptr::NonNull;

    /// The address of a symbol, as the program itself would be linked to it.
    pub fn global(name: &'static CStr) -> Result<NonNull<c_void>, Absence> {
        // SAFETY: the name ends with a zero; a look-up runs no code, but for indirect functions, which none of ours is.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        NonNull::new(address).ok_or(Absence::Symbol(name))
    }

    /// The addresses of the image that holds `address`. (`dladdr` would look for the symbol, too, among tens of thousands.)
    pub fn image(address: NonNull<c_void>) -> Option<Range<usize>> {
        struct Search {
            address: usize,
            found: Option<Range<usize>>,
        }

        unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
            // SAFETY: the linker passes the description of an image, and what `image` gave it.
            let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
            // SAFETY: the description says how many segments there are.
            let segments = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
            let loaded = segments.iter().filter(|segment| segment.p_type == libc::PT_LOAD);
            let ranges = loaded.map(|segment| {
                let start = info.dlpi_addr as usize + segment.p_vaddr as usize;
                start..start + segment.p_memsz as usize
            });
            let whole = ranges.reduce(|all, next| all.start.min(next.start)..all.end.max(next.end));
            search.found = whole.filter(|range| range.contains(&search.address));
            c_int::from(search.found.is_some())
        }

        let mut search = Search { address: address.addr().get(), found: None };
        // SAFETY: the callback takes what it is given here, and unwinds nowhere.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
        search.found
    }
}

#[cfg(windows)]
mod linker {
    //! What the loader of Windows knows.

    use super::Absence;
    use std::ffi::{CStr, c_void};
    use std::mem::MaybeUninit;
    use std::ops::Range;
    use std::ptr::{self, NonNull};

    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleHandleExW, GetModuleHandleW,
        GetProcAddress,
    };
    use windows_sys::Win32::System::ProcessStatus::{K32GetModuleInformation, MODULEINFO};
    use windows_sys::Win32::System::Threading::GetCurrentProcess;

    /// The address of a symbol that the program exports. A DLL's symbols are not looked for.
    pub fn global(name: &'static CStr) -> Result<NonNull<c_void>, Absence> {
        // SAFETY: no name stands for the program, which is never unloaded; the symbol's name ends with a zero.
        let address = unsafe { GetProcAddress(GetModuleHandleW(ptr::null()), name.as_ptr().cast()) };
        address.and_then(|function| NonNull::new(function as *mut c_void)).ok_or(Absence::Symbol(name))
    }

    /// The addresses of the image that holds `address`.
    pub fn image(address: NonNull<c_void>) -> Option<Range<usize>> {
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
        let mut module = ptr::null_mut();
        // SAFETY: the out-parameter is a local variable; the address is looked for and not followed.
        if unsafe { GetModuleHandleExW(flags, address.as_ptr().cast_const().cast(), &raw mut module) } == 0 {
            return None;
        }
        let mut information = MaybeUninit::<MODULEINFO>::uninit();
        // SAFETY: the handle is that of this process, and the module has been found; the structure has the size that is given.
        let known =
            unsafe { K32GetModuleInformation(GetCurrentProcess(), module, information.as_mut_ptr(), size_of::<MODULEINFO>() as u32) };
        if known == 0 {
            return None;
        }
        // SAFETY: it has been filled.
        let MODULEINFO { lpBaseOfDll: base, SizeOfImage: size, .. } = unsafe { information.assume_init() };
        Some(base.addr()..base.addr() + size as usize)
    }
}

#[cfg(not(any(windows, target_os = "linux", target_os = "android", target_os = "freebsd")))]
mod linker {
    //! Where nobody asks the dynamic linker.

    use super::Absence;
    use std::ffi::{CStr, c_void};
    use std::ops::Range;
    use std::ptr::NonNull;

    pub fn global(_: &'static CStr) -> Result<NonNull<c_void>, Absence> {
        Err(Absence::Platform)
    }

    pub fn image(_: NonNull<c_void>) -> Option<Range<usize>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{LAYOUTS, tried_layout};

    #[test]
    fn versions_of_node_are_known() {
        for layout in &LAYOUTS {
            let (major, minor) = layout.version;
            assert_eq!(tried_layout(&format!("{major}.{minor}.244.8-node.36")), Some(layout));
        }
    }

    #[test]
    fn other_versions_and_other_embedders_are_not() {
        for version in ["", "14", "14.6", "14.6.202.33", "14.6-electron.0", "14.6.202.33-electron.0", "14.6.202.33-rusty", "4.6.202-node.1"]
        {
            assert_eq!(tried_layout(version), None, "{version}");
        }
        for version in
            ["14.60.1.1-node.1", "114.6.1.1-node.1", "11.30.1-node.1", "14.7.1.1-node.1", "14.6.202.33-nodejs.1", "15.0.1.1-node.1"]
        {
            assert_eq!(tried_layout(version), None, "{version}");
        }
    }
}
