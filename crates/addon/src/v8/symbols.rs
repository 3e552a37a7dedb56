//! V8's own C++ functions, found by name in the running process.
//!
//! Node exports V8's functions for C++ addons. Ferrule takes the few that Node-API has no equal for, by their mangled names, once per
//! process, and links to none of them: where one is missing, [`resolved`] says which, and everything goes through Node-API as before.
//!
//! A mangled name pins the parameters of a function, and for a template the C++ library it was made with; it does not pin the result, what
//! the function does, or which function of the same name was found. So [`Symbols`] are only handed out when all of this holds, and
//! [`Stops`], which depend on nothing, when the second does:
//!
//! 1. the platform is one whose calling convention [`Hidden`] is right for (Linux on x86-64 and AArch64);
//! 2. every name is found, and in the same executable image as Node-API itself: not in a second V8 that some library brought along;
//! 3. V8 says that it is a version of [`LAYOUTS`], as built for Node. Electron's V8 names itself `-electron.N`, Deno's `-rusty`; Bun has
//!    no V8. A V8 that nobody tried is not called.
//!
//! Only `V8::GetVersion` is called before point 3 holds: it takes nothing and has given a C string back for as long as V8 exists.

use std::ffi::{CStr, c_char, c_void};
use std::mem::{self, MaybeUninit};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::OnceLock;

use napi_sys as sys;

use super::layout::{LAYOUTS, Layout};

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

/// `std::unique_ptr<v8::BackingStore>`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniquePointer {
    /// The owned object.
    pub object: *mut c_void,
}

/// `std::shared_ptr<v8::BackingStore>`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedPointer {
    /// The shared object.
    pub object: *mut c_void,
    /// Who counts its owners.
    pub block: *mut ControlBlock,
}

/// The object of libstdc++ that counts the owners of a `shared_ptr` made from a `unique_ptr`.
#[repr(C)]
#[derive(Debug)]
pub struct ControlBlock {
    /// [`Vtable::functions`] of its class.
    pub functions: *const [usize; 5],
    /// How many `shared_ptr` there are.
    pub owners: i32,
    /// How many `weak_ptr` there are, and one more for all the owners together.
    pub observers: i32,
    /// What is deleted when the last owner goes.
    pub object: *mut c_void,
}

/// The table of virtual functions of a C++ class without bases that move the pointer.
#[repr(C)]
pub struct Vtable {
    offset_to_top: isize,
    type_information: usize,
    /// Where an object's own pointer points.
    pub functions: [usize; 5],
}

/// A C++ result that comes back through memory which the caller provides.
///
/// C++ returns an object with a destructor that way however small it is; C, and so Rust, returns one of up to two words in registers. A
/// struct of more than two words goes through memory in both, with its address in the same place (`rdi` on x86-64, `x8` on AArch64). So the
/// result is declared with words behind it, which nobody writes and nobody reads.
#[repr(C)]
pub struct Hidden<T> {
    /// What the function wrote.
    pub value: T,
    behind: MaybeUninit<[usize; 3]>,
}

/// `void (*)(void* data, size_t length, void* deleter_data)`.
pub type Deleter = unsafe extern "C" fn(*mut c_void, usize, *mut c_void);

/// The `operator new` that answers with null where the usual one throws.
pub type OperatorNew = unsafe extern "C" fn(usize, *const c_void) -> *mut c_void;

macro_rules! symbols {
    ($($(#[$documentation:meta])* $field:ident: $kind:ty = $name:literal;)*) => {
        /// The functions, each callable as its type says.
        pub struct Symbols {
            $($(#[$documentation])* pub $field: $kind,)*
            /// `void* operator new(size_t, const std::nothrow_t&)`, the process's own: any `delete` of V8 or Node may free what it gives.
            pub operator_new: OperatorNew,
        }

        impl Symbols {
            /// # Safety
            ///
            /// The names in the image must be those of a V8 of [`LAYOUTS`].
            unsafe fn find(image: &Image) -> Result<Self, Absence> {
                Ok(Self {
                    // SAFETY: the caller vouches for the version, and the types are the declarations in that version's headers.
                    $($field: unsafe { mem::transmute::<NonNull<c_void>, $kind>(image.symbol($name)?) },)*
                    // SAFETY: the C++ standard fixes the type behind this name.
                    operator_new: unsafe {
                        mem::transmute::<NonNull<c_void>, OperatorNew>(linker::global(c"_ZnwmRKSt9nothrow_t")?)
                    },
                })
            }
        }
    };
}

symbols! {
    /// `static Isolate* Isolate::GetCurrent()`
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate = c"_ZN2v87Isolate10GetCurrentEv";

    /// `static std::unique_ptr<BackingStore> ArrayBuffer::NewBackingStore(void* data, size_t byte_length, Deleter, void* deleter_data)`
    array_buffer_new_backing_store: unsafe extern "C" fn(*mut c_void, usize, Deleter, *mut c_void) -> Hidden<UniquePointer>
        = c"_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_";

    /// `static Local<ArrayBuffer> ArrayBuffer::New(Isolate*, std::shared_ptr<BackingStore>)`: the pointer object belongs to the caller
    /// before and after, and V8 leaves it empty. A `Local` is what Node-API calls a value.
    array_buffer_new: unsafe extern "C" fn(*mut Isolate, *mut SharedPointer) -> sys::napi_value
        = c"_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE";

    /// `std::shared_ptr<BackingStore> ArrayBuffer::GetBackingStore()`
    array_buffer_get_backing_store: unsafe extern "C" fn(sys::napi_value) -> Hidden<SharedPointer>
        = c"_ZN2v811ArrayBuffer15GetBackingStoreEv";

    /// `static void BackingStore::EmptyDeleter(void* data, size_t length, void* deleter_data)`: V8 compares its address.
    backing_store_empty_deleter: Deleter = c"_ZN2v812BackingStore12EmptyDeleterEPvmS1_";

    /// The class `std::_Sp_counted_deleter<v8::BackingStore*, std::default_delete<v8::BackingStore>, std::allocator<void>, _S_atomic>`.
    backing_store_counted_deleter: &'static Vtable
        = c"_ZTVSt19_Sp_counted_deleterIPN2v812BackingStoreESt14default_deleteIS1_ESaIvELN9__gnu_cxx12_Lock_policyE2EE";
}

/// V8's functions, looked up the first time somebody asks.
pub fn resolved() -> Result<&'static Symbols, &'static Absence> {
    static SYMBOLS: OnceLock<Result<Symbols, Absence>> = OnceLock::new();
    SYMBOLS.get_or_init(find).as_ref()
}

/// What tells whether V8 is stopping JavaScript. Both functions take and give a pointer or less, and have been what they are for as long as
/// V8 has isolates, so no version has to be tried.
pub struct Stops {
    /// `static Isolate* Isolate::GetCurrent()`
    pub isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    /// `bool Isolate::IsExecutionTerminating()`
    pub isolate_is_execution_terminating: unsafe extern "C" fn(*mut Isolate) -> bool,
}

/// The functions of [`Stops`] by their mangled names, of the Itanium ABI and of Microsoft's compiler.
const ISOLATE_GET_CURRENT: &CStr = if cfg!(windows) { c"?GetCurrent@Isolate@v8@@SAPEAV12@XZ" } else { c"_ZN2v87Isolate10GetCurrentEv" };
const ISOLATE_IS_EXECUTION_TERMINATING: &CStr =
    if cfg!(windows) { c"?IsExecutionTerminating@Isolate@v8@@QEAA_NXZ" } else { c"_ZN2v87Isolate22IsExecutionTerminatingEv" };

/// The functions of [`Stops`], looked up the first time somebody asks; `None` where there is no V8 that belongs to this Node-API.
pub fn stops() -> Option<&'static Stops> {
    static STOPS: OnceLock<Option<Stops>> = OnceLock::new();
    let find = || {
        let image = Image::with(NODE_API).ok()?;
        let get_current = image.symbol(ISOLATE_GET_CURRENT).ok()?;
        let is_terminating = image.symbol(ISOLATE_IS_EXECUTION_TERMINATING).ok()?;
        Some(Stops {
            // SAFETY: the declaration behind this name, in every version.
            isolate_get_current: unsafe { mem::transmute::<NonNull<c_void>, unsafe extern "C" fn() -> *mut Isolate>(get_current) },
            // SAFETY: as above.
            isolate_is_execution_terminating: unsafe {
                mem::transmute::<NonNull<c_void>, unsafe extern "C" fn(*mut Isolate) -> bool>(is_terminating)
            },
        })
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

/// Where the calling convention of [`Hidden`] was tried.
const PLATFORM: bool = cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")));

fn find() -> Result<Symbols, Absence> {
    let v8 = tried().map_err(Clone::clone)?;
    // SAFETY: the image holds a V8 of a version that was tried.
    unsafe { Symbols::find(&v8.image) }
}

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
    let get_version = image.symbol(c"_ZN2v82V810GetVersionEv")?;
    // SAFETY: `static const char* V8::GetVersion()` has not changed since V8 has it.
    let get_version = unsafe { mem::transmute::<NonNull<c_void>, unsafe extern "C" fn() -> *const c_char>(get_version) };
    // SAFETY: V8 gives a text of its own that ends with a zero and lives as long as the process.
    let text = unsafe { CStr::from_ptr(get_version()) }.to_string_lossy();
    match tried_layout(&text) {
        Some(layout) => Ok(Tried { image, layout }),
        None => Err(Absence::Version(text.into_owned())),
    }
}

/// The layout of the version that a text such as `13.6.233.17-node.37` names, if it is a V8 of [`LAYOUTS`] that was built for Node.
fn tried_layout(text: &str) -> Option<&'static Layout> {
    let (numbers, embedder) = text.split_once('-')?;
    let mut numbers = numbers.splitn(3, '.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let version = format!("{major}.{minor}");
    let layout = LAYOUTS.iter().find(|layout| version == format!("{}.{}", layout.version.0, layout.version.1))?;
    embedder.starts_with("node.").then_some(layout)
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
    /// * `F` is a function pointer, of the type that the symbol's declaration says.
    pub unsafe fn function<F: Copy>(&self, name: &'static CStr) -> Result<F, Absence> {
        const { assert!(size_of::<F>() == size_of::<NonNull<c_void>>()) };
        let address = self.symbol(name)?;
        // SAFETY: the caller's list; the sizes are the same.
        Ok(unsafe { mem::transmute_copy::<NonNull<c_void>, F>(&address) })
    }
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
