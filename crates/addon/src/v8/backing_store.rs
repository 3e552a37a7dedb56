//! ArrayBuffers over memory that is neither V8's nor ours.
//!
//! `napi_create_external_arraybuffer` counts the whole length as memory that a garbage collection could free, so that large views drive
//! collections by their size; it forbids to transfer the buffer; and it makes a finalizer per view. V8 itself has a better way for memory
//! that nobody is to free: a `v8::BackingStore` whose deleter is `BackingStore::EmptyDeleter`. Such a view weighs nothing, may be
//! transferred with its address, and as V8 keeps no list of them, there may be any number over one address.
//!
//! # Who owns what
//!
//! `ArrayBuffer::New` wants a `std::shared_ptr<BackingStore>`, and what makes one out of the `unique_ptr` that `NewBackingStore` gives is
//! a template: the compiler inlines it or not, so no symbol can be relied upon (Node 26.10 exports it, 24.4 does not). What it does is make
//! a control block, which is written by hand here, with the class that Node itself uses for it:
//!
//! ```text
//!   what is handed to V8            control block (Node's memory)                       v8::BackingStore (by V8)
//!   shared_ptr                      std::_Sp_counted_deleter<BackingStore*, ...>
//!   +--------+                      +-----------------------------+
//!   | object | -------------------- | ----------------------------|------------------->  +----------------+
//!   | block  | -------------------> | functions -> Node's vtable  |                  ->  | data, length   |
//!   +--------+                      | owners = 1 | observers = 1  |                 |    | EmptyDeleter   |
//!                                   | object ---------------------|-----------------     +----------------+
//!                                   +-----------------------------+
//! ```
//!
//! That is the class of libstdc++. The one of Microsoft's library is `std::_Ref_count_resource<BackingStore*, ...>`, which has the same members
//! in the same places (`<memory>`), as the code of V8's `GetBackingStore` shows, where it makes one. Node for Windows exports nothing of that
//! class, but Node-API makes a block of it for each external ArrayBuffer: the functions are taken from one.
//!
//! **Node's memory** is what its `operator delete` can free. On Linux there is one `operator new` in the process. On Windows each image can have a
//! C library of its own, and Node's is inside of it: `CRYPTO_malloc` of the OpenSSL that Node exports passes on to the same `malloc` that
//! Node's `operator new` does.
//!
//! An ArrayBuffer that owns a copy is V8's own where V8 allocates without clearing. Elsewhere it is made in the same way as a view, of memory
//! that the C library's `malloc` gave, with its `free` as the deleter; on Windows by way of OpenSSL, too.
//!
//! The invariant: **nothing of what V8 keeps points into this addon**, and this addon keeps nothing. The only owner is the pointer that V8
//! has moved into the array buffer; from there it goes where a transfer takes it: into a message, another isolate, another thread. Who
//! drops the last one, often V8's sweeper on a thread of its own, runs Node's code alone: the class deletes the backing store and then its
//! own block, both with the `operator delete` that belongs to the `operator new` they came from; the empty deleter leaves the memory alone.
//! So it does not matter whether the addon is still loaded then (a Worker that alone loaded it unloads it when it ends, and the views it
//! sent away live on), or whether the process is on its way out.
//!
//! # Why this is safe to try
//!
//! That the class is the right one is in its name, on Windows in where it was found, and `symbols` has let only known versions of V8 pass.
//! Before the first view is given out, [`ready`] still makes sure of the rest by looking at a block which Node itself made: it must use this
//! very class, on Windows one whose functions are the runtime's; have its counters and its object at the places drawn above; and count one more
//! owner when there is one more. Then a first view of our own must behave alike. What does not come out as drawn makes
//! [`external_array_buffer`] answer with a [`Refusal`], always, and Node-API has to do.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use napi_sys as sys;

use super::abi::{Hidden, MICROSOFT, Method, Returned, Static};
use super::layout::UNINITIALIZED;
use super::names;
use super::symbols::{self, Absence, Isolate};

/// `std::unique_ptr<v8::BackingStore>`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UniquePointer {
    /// The owned object.
    object: *mut c_void,
}

/// `std::shared_ptr<v8::BackingStore>`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SharedPointer {
    /// The shared object.
    object: *mut c_void,
    /// Who counts its owners.
    block: *mut ControlBlock,
}

// SAFETY: the mirror of a class that has a destructor.
unsafe impl Returned for UniquePointer {
    type Itanium = Hidden<Self>;

    fn of(returned: Hidden<Self>) -> Self {
        returned.object
    }
}

// SAFETY: the mirror of a class that has a destructor.
unsafe impl Returned for SharedPointer {
    type Itanium = Hidden<Self>;

    fn of(returned: Hidden<Self>) -> Self {
        returned.object
    }
}

/// The object that counts the owners of a `shared_ptr` made from a `unique_ptr`, in libstdc++ and in Microsoft's library.
#[repr(C)]
#[derive(Debug)]
struct ControlBlock {
    /// Of its [`Class`].
    functions: *const c_void,
    /// How many `shared_ptr` there are.
    owners: i32,
    /// How many `weak_ptr` there are, and one more for all the owners together.
    observers: i32,
    /// What is deleted when the last owner goes.
    object: *mut c_void,
}

/// The class of a control block: the address of its virtual functions, which are in the runtime's image for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class(usize);

/// `void (*)(void* data, size_t length, void* deleter_data)`.
type Deleter = unsafe extern "C" fn(*mut c_void, usize, *mut c_void);

type NewBackingStore = Static<fn(*mut c_void, usize, Deleter, *mut c_void) -> UniquePointer>;

/// Memory that the runtime may free.
#[derive(Clone, Copy)]
enum Heap {
    /// Control blocks come from the process's `void* operator new(size_t, const std::nothrow_t&)`, which answers with null where the usual
    /// one throws; bytes come from `malloc`.
    Shared { operator_new: unsafe extern "C" fn(usize, *const c_void) -> *mut c_void },
    /// Both come from the C library that is in the runtime's image: `void* CRYPTO_malloc(size_t, const char* file, int line)`, and
    /// `void CRYPTO_free(void*, const char* file, int line)`. Where they are called from matters to no one.
    Runtime {
        allocate: unsafe extern "C" fn(usize, *const c_char, c_int) -> *mut c_void,
        free: unsafe extern "C" fn(*mut c_void, *const c_char, c_int),
    },
}

/// V8's functions that make and look at backing stores.
struct Functions {
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    new_backing_store: NewBackingStore,
    /// The second argument belongs to the caller before the call, and V8 leaves it empty.
    array_buffer_new: Static<fn(*mut Isolate, *mut SharedPointer) -> sys::napi_value>,
    get_backing_store: Method<fn(sys::napi_value) -> SharedPointer>,
    /// V8 compares its address.
    empty_deleter: Deleter,
    heap: Heap,
    /// The class of control blocks, where its name is known.
    class: Option<Class>,
}

/// The virtual functions of `std::_Sp_counted_deleter<v8::BackingStore*, std::default_delete<v8::BackingStore>, std::allocator<void>, _S_atomic>`.
const COUNTED_DELETER: &CStr =
    c"_ZTVSt19_Sp_counted_deleterIPN2v812BackingStoreESt14default_deleteIS1_ESaIvELN9__gnu_cxx12_Lock_policyE2EE";

/// What stands before a class's virtual functions in the Itanium ABI: by how much a base's pointer is off, and the type.
const BEFORE_FUNCTIONS: usize = 2 * size_of::<usize>();

/// V8's functions, looked up the first time somebody asks.
fn resolved() -> Result<&'static Functions, &'static Absence> {
    static FUNCTIONS: OnceLock<Result<Functions, Absence>> = OnceLock::new();
    FUNCTIONS.get_or_init(find).as_ref()
}

fn find() -> Result<Functions, Absence> {
    let image = &symbols::tried().map_err(Clone::clone)?.image;
    // SAFETY: the declarations in the headers of the versions that were tried, and of OpenSSL.
    unsafe {
        Ok(Functions {
            isolate_get_current: image.function(names::ISOLATE_GET_CURRENT)?,
            new_backing_store: image.function(names::ARRAY_BUFFER_NEW_BACKING_STORE)?,
            array_buffer_new: image.function(names::ARRAY_BUFFER_NEW)?,
            get_backing_store: image.function(names::ARRAY_BUFFER_GET_BACKING_STORE)?,
            empty_deleter: image.function(names::BACKING_STORE_EMPTY_DELETER)?,
            heap: if MICROSOFT {
                Heap::Runtime { allocate: image.function(c"CRYPTO_malloc")?, free: image.function(c"CRYPTO_free")? }
            } else {
                Heap::Shared { operator_new: symbols::global_function(c"_ZnwmRKSt9nothrow_t")? }
            },
            class: if MICROSOFT { None } else { Some(Class(image.symbol(COUNTED_DELETER)?.addr().get() + BEFORE_FUNCTIONS)) },
        })
    }
}

impl Heap {
    /// Room for a control block; null where there is no memory.
    fn allocate_block(self) -> *mut ControlBlock {
        let size = size_of::<ControlBlock>();
        // SAFETY: both take any size. The second argument of `operator new` only chooses its kind: a reference to an object without content.
        let block = unsafe {
            match self {
                Self::Shared { operator_new } => operator_new(size, ptr::from_ref(&()).cast()),
                Self::Runtime { allocate, .. } => allocate(size, ptr::null(), 0),
            }
        };
        block.cast()
    }

    /// Room for so many bytes, for [`Heap::deleter`] to free; null where there is no memory.
    fn allocate(self, length: usize) -> *mut c_void {
        // SAFETY: both take any size.
        unsafe {
            match self {
                Self::Shared { .. } => libc::malloc(length),
                Self::Runtime { allocate, .. } => allocate(length, ptr::null(), 0),
            }
        }
    }

    /// What frees the bytes of an ArrayBuffer, on any thread.
    fn deleter(self) -> Deleter {
        // SAFETY: both free what their first argument points to. `free` does not look at what a deleter is given besides, which the calling
        // conventions of the platforms that were tried leave in registers; `CRYPTO_free` takes as many arguments, and uses none of the others.
        unsafe {
            match self {
                Self::Shared { .. } => mem::transmute::<unsafe extern "C" fn(*mut c_void), Deleter>(libc::free),
                Self::Runtime { free, .. } => mem::transmute::<unsafe extern "C" fn(*mut c_void, *const c_char, c_int), Deleter>(free),
            }
        }
    }
}

/// What makes views, once a trial has shown that V8 and the control blocks are as expected.
#[derive(Clone, Copy)]
pub struct Maker {
    functions: &'static Functions,
    class: Class,
}

/// What the trial has shown.
static VERDICT: OnceLock<Result<Maker, Refusal>> = OnceLock::new();

/// The longest ArrayBuffer that V8 can have, 2^53 - 1 bytes in every version that was tried. It aborts when asked for more.
pub const LENGTH_MAX: u64 = (1 << 53) - 1;

/// Why there is no view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// V8's functions are not to be used in this process.
    #[error(transparent)]
    Absent(&'static Absence),
    /// V8 was built with its sandbox: all memory of ArrayBuffers has to lie in there.
    #[error("this V8 takes no memory from outside of its sandbox")]
    Sandbox,
    /// Node makes its own owners in another way.
    #[error("this runtime counts the owners of a backing store in an unknown way")]
    ForeignBlock,
    /// A view came out wrong.
    #[error("this V8 does not treat a view as expected")]
    WrongView,
    /// Node-API did not answer, as happens when an exception is pending; another time it may.
    #[error("Node-API answered with status {0}")]
    NodeApi(sys::napi_status),
    /// Nobody has called [`ready`].
    #[error("it was not tried whether this V8 makes views")]
    Untried,
    /// A length without memory, or beyond [`LENGTH_MAX`].
    #[error("an ArrayBuffer cannot have this address and length")]
    Impossible,
    /// No memory for the control block.
    #[error("out of memory")]
    Memory,
}

/// Makes an ArrayBuffer of the bytes at `data`, which are neither copied nor ever freed.
///
/// A null pointer and a length of zero make an empty buffer. The answer costs the caller nothing to give up: there is nothing to release.
///
/// # Safety
///
/// * `env` is the environment of a callback that is running on this thread, outside of a finalizer, with a handle scope open.
/// * Until JavaScript no longer uses the buffer, or any buffer it was transferred to, `length` bytes at `data` are memory that may be
///   read and written. Whoever makes views of foreign memory from JavaScript vouches for this.
pub unsafe fn external_array_buffer(env: sys::napi_env, data: *mut c_void, length: usize) -> Result<sys::napi_value, Refusal> {
    // SAFETY: the caller's first promise.
    let maker = unsafe { ready(env) }?;
    // SAFETY: `ready` has found V8 as it should be; the caller's second promise.
    unsafe { maker.array_buffer(data, length) }
}

/// The same from inside a callback of V8 that has no environment.
///
/// # Safety
///
/// * The thread is inside a callback of V8, with a handle scope open, and [`ready`] has found V8 as it should be.
/// * As for [`external_array_buffer`].
pub unsafe fn tried_array_buffer(data: *mut c_void, length: usize) -> Result<sys::napi_value, Refusal> {
    // SAFETY: the caller's list.
    unsafe { tried()?.array_buffer(data, length) }
}

/// V8's own allocation of an ArrayBuffer whose bytes are not cleared.
struct Allocation {
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    maybe_new: Static<fn(*mut Isolate, usize, i32) -> sys::napi_value>,
    data: unsafe extern "C" fn(sys::napi_value) -> *mut c_void,
}

/// V8's functions, looked up the first time somebody asks; `None` where V8 clears what it allocates.
fn allocation() -> Option<&'static Allocation> {
    static ALLOCATION: OnceLock<Option<Allocation>> = OnceLock::new();
    let find = || {
        let v8 = symbols::tried().ok().filter(|v8| v8.layout.allocates_uninitialized)?;
        // SAFETY: the declarations in the headers of the versions that were tried, whose C++ `MaybeLocal` is one pointer.
        unsafe {
            Some(Allocation {
                isolate_get_current: v8.image.function(names::ISOLATE_GET_CURRENT).ok()?,
                maybe_new: v8.image.function(names::ARRAY_BUFFER_MAYBE_NEW).ok()?,
                data: v8.image.function(names::ARRAY_BUFFER_DATA).ok()?,
            })
        }
    };
    ALLOCATION.get_or_init(find).as_ref()
}

/// Makes an ArrayBuffer of a copy of the bytes at `data`, from inside a callback of V8 that has no environment.
///
/// # Safety
///
/// * The thread is inside a callback of V8, with a handle scope open, and [`ready`] has found V8 as it should be.
/// * `length` bytes at `data` may be read.
pub unsafe fn copied_array_buffer(data: *const c_void, length: usize) -> Result<sys::napi_value, Refusal> {
    if length as u64 > LENGTH_MAX || length == 0 {
        return Err(Refusal::Impossible);
    }
    let Some(allocation) = allocation() else {
        // SAFETY: the caller's list.
        return unsafe { owning_array_buffer(data, length) };
    };
    // SAFETY: the caller's list; V8 has allocated as much, or gives no handle.
    unsafe {
        let buffer = allocation.maybe_new.call((allocation.isolate_get_current)(), length, UNINITIALIZED);
        if buffer.is_null() {
            return Err(Refusal::Memory);
        }
        ptr::copy_nonoverlapping(data.cast::<u8>(), (allocation.data)(buffer).cast(), length);
        Ok(buffer)
    }
}

/// The same of memory that we allocate and V8 frees. V8 collects young ArrayBuffers by what it has allocated for them itself, and such as
/// these later, with all of its heap.
///
/// # Safety
///
/// * As for [`copied_array_buffer`].
unsafe fn owning_array_buffer(data: *const c_void, length: usize) -> Result<sys::napi_value, Refusal> {
    let maker = tried()?;
    let heap = maker.functions.heap;
    let copy = heap.allocate(length);
    if copy.is_null() {
        return Err(Refusal::Memory);
    }
    let deleter = heap.deleter();
    // SAFETY: the caller's list; the heap gave room for as much, and what it gave goes back where V8 did not take it.
    unsafe {
        ptr::copy_nonoverlapping(data.cast::<u8>(), copy.cast::<u8>(), length);
        maker.view(copy, length, deleter).map(|view| view.value).inspect_err(|_| deleter(copy, length, ptr::null_mut()))
    }
}

/// Finds out whether [`external_array_buffer`] works here. The first call of the process tries it; later calls only read the answer.
///
/// # Safety
///
/// `env` is the environment of a callback that is running on this thread, outside of a finalizer, with a handle scope open.
pub unsafe fn ready(env: sys::napi_env) -> Result<Maker, Refusal> {
    // Threads may try at the same time and find the same. `get_or_init` would make one wait for the other, and a trial that is entered
    // again, by a finalizer that a collection runs, wait for itself.
    if let Some(verdict) = VERDICT.get() {
        return *verdict;
    }
    let functions = resolved().map_err(Refusal::Absent)?;
    // SAFETY: the caller's promise.
    let verdict = unsafe { trial(env, functions) };
    if !matches!(verdict, Err(Refusal::NodeApi(_) | Refusal::Memory)) {
        let _ = VERDICT.set(verdict);
    }
    verdict
}

/// What [`ready`] has found, where there is nothing to try it with.
fn tried() -> Result<Maker, Refusal> {
    VERDICT.get().copied().unwrap_or(Err(Refusal::Untried))
}

/// What V8 made, and who counts its owners.
struct View {
    value: sys::napi_value,
    owned: SharedPointer,
    /// What V8 left of the pointer it was given: nothing, or the owner would still be there and the block never freed.
    rest: SharedPointer,
}

impl Maker {
    /// # Safety
    ///
    /// * As for [`tried_array_buffer`].
    unsafe fn array_buffer(self, data: *mut c_void, length: usize) -> Result<sys::napi_value, Refusal> {
        if length as u64 > LENGTH_MAX || (data.is_null() && length != 0) {
            return Err(Refusal::Impossible);
        }
        // SAFETY: the line above checked what V8 would abort for, and the caller vouches for the rest.
        unsafe { self.view(data, length, self.functions.empty_deleter) }.map(|view| view.value)
    }

    /// # Safety
    ///
    /// An isolate must be entered with a handle scope open, `length` at most [`LENGTH_MAX`] and zero for a null pointer, and this V8 must have
    /// no sandbox. The `deleter` may be given the data on any thread.
    unsafe fn view(self, data: *mut c_void, length: usize, deleter: Deleter) -> Result<View, Refusal> {
        let Self { functions, class } = self;
        let block = functions.heap.allocate_block();
        if block.is_null() {
            return Err(Refusal::Memory);
        }
        // SAFETY: V8 takes the deleter's address; it accepts the length, as the caller checked.
        let UniquePointer { object } = unsafe { functions.new_backing_store.call(data, length, deleter, ptr::null_mut()) };
        // SAFETY: the heap gave room for it, aligned for anything.
        unsafe { block.write(ControlBlock { functions: ptr::with_exposed_provenance(class.0), owners: 1, observers: 1, object }) };

        let owned = SharedPointer { object, block };
        let mut given = owned;
        // SAFETY: an isolate is entered, so there is a current one; `given` is a shared pointer as its class would have made it.
        let value = unsafe { functions.array_buffer_new.call((functions.isolate_get_current)(), &raw mut given) };
        Ok(View { value, owned, rest: given })
    }
}

/// Makes a view of a few bytes in Node's way and one in ours, and looks at both.
///
/// # Safety
///
/// As for [`ready`].
unsafe fn trial(env: sys::napi_env, functions: &'static Functions) -> Result<Maker, Refusal> {
    let mut scope = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    answer(unsafe { sys::napi_open_handle_scope(env, &raw mut scope) })?;
    // SAFETY: the caller vouches for `env`, and there is a handle scope.
    let verdict = unsafe {
        try_block_of_node(env, functions).and_then(|class| {
            let maker = Maker { functions, class };
            try_block_of_ours(env, maker).map(|()| maker)
        })
    };
    // SAFETY: the scope was opened above, and no handle of it is used below.
    answer(unsafe { sys::napi_close_handle_scope(env, scope) })?;
    verdict
}

/// The bytes that the trial makes views of, and nobody uses.
static SPECIMEN: AtomicU64 = AtomicU64::new(0);

/// # Safety
///
/// As for [`ready`].
unsafe fn try_block_of_node(env: sys::napi_env, functions: &Functions) -> Result<Class, Refusal> {
    let mut value = ptr::null_mut();
    let data = SPECIMEN.as_ptr().cast();
    // SAFETY: the bytes are there as long as anybody looks at them, which nobody does, and need no finalizer.
    let status = unsafe { sys::napi_create_external_arraybuffer(env, data, size_of_val(&SPECIMEN), None, ptr::null_mut(), &raw mut value) };
    if status == sys::Status::napi_no_external_buffers_allowed {
        return Err(Refusal::Sandbox);
    }
    answer(status)?;
    // SAFETY: the value is an ArrayBuffer, and it keeps alive what it points to while its handle is there.
    let (_, class) = unsafe { try_owners(functions, value, functions.class) }?;
    Ok(class)
}

/// # Safety
///
/// As for [`ready`], and blocks of Node must have been found to be as expected.
unsafe fn try_block_of_ours(env: sys::napi_env, maker: Maker) -> Result<(), Refusal> {
    let data = SPECIMEN.as_ptr().cast::<c_void>();
    // SAFETY: Node-API made an external ArrayBuffer before, so there is no sandbox; the bytes are there as long as anybody looks at them.
    let View { value, owned, rest } = unsafe { maker.view(data, size_of_val(&SPECIMEN), maker.functions.empty_deleter) }?;
    if rest != (SharedPointer { object: ptr::null_mut(), block: ptr::null_mut() }) {
        return Err(Refusal::WrongView);
    }
    let (mut seen, mut length) = (ptr::null_mut(), 0);
    // SAFETY: the caller vouches for `env`; V8 made the value.
    answer(unsafe { sys::napi_get_arraybuffer_info(env, value, &raw mut seen, &raw mut length) })?;
    // SAFETY: the value is an ArrayBuffer, and its handle is there.
    let (found, _) = unsafe { try_owners(maker.functions, value, Some(maker.class)) }?;
    if (seen, length, found) == (data, size_of_val(&SPECIMEN), owned) { Ok(()) } else { Err(Refusal::WrongView) }
}

/// Becomes an owner of an ArrayBuffer's backing store for a moment and watches the control block. Where its class is not known, it must be
/// one of the runtime's.
///
/// # Safety
///
/// `value` must be a handle of an ArrayBuffer that has a backing store and that nothing else owns.
unsafe fn try_owners(functions: &Functions, value: sys::napi_value, class: Option<Class>) -> Result<(SharedPointer, Class), Refusal> {
    // SAFETY: the caller vouches for the value.
    let pointer = unsafe { functions.get_backing_store.call(value) };
    if pointer.object.is_null() || pointer.block.is_null() {
        return Err(Refusal::ForeignBlock);
    }
    // SAFETY: a control block of any C++ library begins with a pointer to its functions, and this one has an owner in this frame.
    let found = unsafe { (&raw const (*pointer.block).functions).read() };
    let found = Class(found.expose_provenance());
    let is_right = class.map_or_else(|| symbols::is_runtime(found.0), |class| found == class);
    if !is_right {
        return Err(Refusal::ForeignBlock);
    }
    // SAFETY: it is of the class that `ControlBlock` mirrors, or of one that is no smaller: it has an object and a destructor to call.
    let block = unsafe { pointer.block.read() };
    if (block.owners, block.observers, block.object) != (2, 1, pointer.object) {
        return Err(Refusal::ForeignBlock);
    }
    // SAFETY: the field is an aligned integer which C++ changes atomically too, and the array buffer's own reference keeps it alive.
    let owners = unsafe { AtomicI32::from_ptr(&raw mut (*pointer.block).owners) };
    // Two owners, this frame's among them: taking one away cannot be what frees the object.
    owners.fetch_sub(1, Ordering::AcqRel);
    Ok((pointer, found))
}

fn answer(status: sys::napi_status) -> Result<(), Refusal> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Refusal::NodeApi(status)) }
}
