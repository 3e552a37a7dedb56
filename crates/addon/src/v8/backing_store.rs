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
//!   what is handed to V8            control block (operator new)                        v8::BackingStore (by V8)
//!   shared_ptr                      std::_Sp_counted_deleter<BackingStore*, ...>
//!   +--------+                      +-----------------------------+
//!   | object | -------------------- | ----------------------------|------------------->  +----------------+
//!   | block  | -------------------> | functions -> Node's vtable  |                  ->  | data, length   |
//!   +--------+                      | owners = 1 | observers = 1  |                 |    | EmptyDeleter   |
//!                                   | object ---------------------|-----------------     +----------------+
//!                                   +-----------------------------+
//! ```
//!
//! An ArrayBuffer that owns a copy is V8's own where V8 allocates without clearing. Elsewhere it is made in the same way as a view, of memory
//! that `malloc` gave, with the C library's `free` as its deleter.
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
//! That the class is the right one is in its name, and `symbols` has let only known versions of V8 pass. Before the first view is
//! given out, [`ready`] still makes sure of the rest by looking at a block which Node itself made: it must use this very class, have its
//! counters and its object at the places drawn above, and count one more owner when there is one more. Then a first view of our own must
//! behave alike. What does not come out as drawn makes [`external_array_buffer`] answer with a [`Refusal`], always, and Node-API has to do.

use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use napi_sys as sys;

use super::layout::UNINITIALIZED;
use super::symbols::{self, Absence, ControlBlock, Deleter, Isolate, SharedPointer, Symbols, UniquePointer};

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
    let symbols = unsafe { ready(env) }?;
    // SAFETY: `ready` has found V8 as it should be; the caller's second promise.
    unsafe { array_buffer(symbols, data, length) }
}

/// The same from inside a callback of V8 that has no environment.
///
/// # Safety
///
/// * The thread is inside a callback of V8, with a handle scope open, and [`ready`] has found V8 as it should be.
/// * As for [`external_array_buffer`].
pub unsafe fn tried_array_buffer(data: *mut c_void, length: usize) -> Result<sys::napi_value, Refusal> {
    // SAFETY: the caller's list.
    unsafe { array_buffer(symbols::resolved().map_err(Refusal::Absent)?, data, length) }
}

/// V8's own allocation of an ArrayBuffer whose bytes are not cleared.
struct Allocation {
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    /// `static MaybeLocal<ArrayBuffer> ArrayBuffer::MaybeNew(Isolate*, size_t byte_length, BackingStoreInitializationMode)`
    maybe_new: unsafe extern "C" fn(*mut Isolate, usize, i32) -> sys::napi_value,
    /// `void* ArrayBuffer::Data() const`
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
                isolate_get_current: v8.image.function(c"_ZN2v87Isolate10GetCurrentEv").ok()?,
                maybe_new: v8.image.function(c"_ZN2v811ArrayBuffer8MaybeNewEPNS_7IsolateEmNS_30BackingStoreInitializationModeE").ok()?,
                data: v8.image.function(c"_ZNK2v811ArrayBuffer4DataEv").ok()?,
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
        let buffer = (allocation.maybe_new)((allocation.isolate_get_current)(), length, UNINITIALIZED);
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
    let symbols = symbols::resolved().map_err(Refusal::Absent)?;
    // SAFETY: `malloc` takes any size.
    let copy = unsafe { libc::malloc(length) };
    if copy.is_null() {
        return Err(Refusal::Memory);
    }
    // SAFETY: the caller's list; `malloc` gave room for as much. `free` does not look at what a deleter is given besides, which the calling
    // conventions of the platforms that were tried leave in registers.
    unsafe {
        ptr::copy_nonoverlapping(data.cast::<u8>(), copy.cast::<u8>(), length);
        let free = mem::transmute::<unsafe extern "C" fn(*mut c_void), Deleter>(libc::free);
        view(symbols, copy, length, free).map(|view| view.value).inspect_err(|_| libc::free(copy))
    }
}

/// # Safety
///
/// * As for [`tried_array_buffer`].
unsafe fn array_buffer(symbols: &Symbols, data: *mut c_void, length: usize) -> Result<sys::napi_value, Refusal> {
    if length as u64 > LENGTH_MAX || (data.is_null() && length != 0) {
        return Err(Refusal::Impossible);
    }
    // SAFETY: the line above checked what V8 would abort for, and the caller vouches for the rest.
    unsafe { view(symbols, data, length, symbols.backing_store_empty_deleter) }.map(|view| view.value)
}

/// Finds out whether [`external_array_buffer`] works here. The first call of the process tries it; later calls only read the answer.
///
/// # Safety
///
/// `env` is the environment of a callback that is running on this thread, outside of a finalizer, with a handle scope open.
pub unsafe fn ready(env: sys::napi_env) -> Result<&'static Symbols, Refusal> {
    // Threads may try at the same time and find the same. `get_or_init` would make one wait for the other, and a trial that is entered
    // again, by a finalizer that a collection runs, wait for itself.
    static VERDICT: OnceLock<Result<(), Refusal>> = OnceLock::new();

    let symbols = symbols::resolved().map_err(Refusal::Absent)?;
    match VERDICT.get() {
        Some(verdict) => verdict.map(|()| symbols),
        None => {
            // SAFETY: the caller's promise.
            let verdict = unsafe { trial(env, symbols) };
            if !matches!(verdict, Err(Refusal::NodeApi(_) | Refusal::Memory)) {
                let _ = VERDICT.set(verdict);
            }
            verdict.map(|()| symbols)
        }
    }
}

/// What V8 made, and who counts its owners.
struct View {
    value: sys::napi_value,
    owned: SharedPointer,
    /// What V8 left of the pointer it was given: nothing, or the owner would still be there and the block never freed.
    rest: SharedPointer,
}

/// # Safety
///
/// `symbols` must be of this process, an isolate entered with a handle scope open, `length` at most [`LENGTH_MAX`] and zero for a null
/// pointer, and this V8 must have no sandbox. The `deleter` may be given the data on any thread.
unsafe fn view(symbols: &Symbols, data: *mut c_void, length: usize, deleter: Deleter) -> Result<View, Refusal> {
    // The second argument only chooses the kind of `new`: a reference to an object without content.
    // SAFETY: `operator new` takes any size, and the reference is to something.
    let block = unsafe { (symbols.operator_new)(size_of::<ControlBlock>(), ptr::from_ref(&()).cast()) }.cast::<ControlBlock>();
    if block.is_null() {
        return Err(Refusal::Memory);
    }
    // SAFETY: V8 takes the deleter's address; it accepts the length, as the caller checked.
    let UniquePointer { object } = unsafe { (symbols.array_buffer_new_backing_store)(data, length, deleter, ptr::null_mut()) }.value;
    let functions = &raw const symbols.backing_store_counted_deleter.functions;
    // SAFETY: `operator new` gave room for it, aligned for anything.
    unsafe { block.write(ControlBlock { functions, owners: 1, observers: 1, object }) };

    let owned = SharedPointer { object, block };
    let mut given = owned;
    // SAFETY: an isolate is entered, so there is a current one; `given` is a shared pointer as its class would have made it.
    let value = unsafe { (symbols.array_buffer_new)((symbols.isolate_get_current)(), &raw mut given) };
    Ok(View { value, owned, rest: given })
}

/// Makes a view of a few bytes in Node's way and one in ours, and looks at both.
///
/// # Safety
///
/// As for [`ready`].
unsafe fn trial(env: sys::napi_env, symbols: &Symbols) -> Result<(), Refusal> {
    let mut scope = ptr::null_mut();
    // SAFETY: the caller vouches for `env`.
    answer(unsafe { sys::napi_open_handle_scope(env, &raw mut scope) })?;
    // SAFETY: the caller vouches for `env`, and there is a handle scope.
    let verdict = unsafe { try_block_of_node(env, symbols).and_then(|()| try_block_of_ours(env, symbols)) };
    // SAFETY: the scope was opened above, and no handle of it is used below.
    answer(unsafe { sys::napi_close_handle_scope(env, scope) })?;
    verdict
}

/// The bytes that the trial makes views of, and nobody uses.
static SPECIMEN: AtomicU64 = AtomicU64::new(0);

/// # Safety
///
/// As for [`ready`].
unsafe fn try_block_of_node(env: sys::napi_env, symbols: &Symbols) -> Result<(), Refusal> {
    let mut value = ptr::null_mut();
    let data = SPECIMEN.as_ptr().cast();
    // SAFETY: the bytes are there as long as anybody looks at them, which nobody does, and need no finalizer.
    let status = unsafe { sys::napi_create_external_arraybuffer(env, data, size_of_val(&SPECIMEN), None, ptr::null_mut(), &raw mut value) };
    if status == sys::Status::napi_no_external_buffers_allowed {
        return Err(Refusal::Sandbox);
    }
    answer(status)?;
    // SAFETY: the value is an ArrayBuffer, and it keeps alive what it points to while its handle is there.
    unsafe { try_owners(symbols, value) }.map(drop)
}

/// # Safety
///
/// As for [`ready`], and blocks of Node must have been found to be as expected.
unsafe fn try_block_of_ours(env: sys::napi_env, symbols: &Symbols) -> Result<(), Refusal> {
    let data = SPECIMEN.as_ptr().cast::<c_void>();
    // SAFETY: Node-API made an external ArrayBuffer before, so there is no sandbox; the bytes are there as long as anybody looks at them.
    let View { value, owned, rest } = unsafe { view(symbols, data, size_of_val(&SPECIMEN), symbols.backing_store_empty_deleter) }?;
    if rest != (SharedPointer { object: ptr::null_mut(), block: ptr::null_mut() }) {
        return Err(Refusal::WrongView);
    }
    let (mut seen, mut length) = (ptr::null_mut(), 0);
    // SAFETY: the caller vouches for `env`; V8 made the value.
    answer(unsafe { sys::napi_get_arraybuffer_info(env, value, &raw mut seen, &raw mut length) })?;
    // SAFETY: the value is an ArrayBuffer, and its handle is there.
    let found = unsafe { try_owners(symbols, value) }?;
    if (seen, length, found) == (data, size_of_val(&SPECIMEN), owned) { Ok(()) } else { Err(Refusal::WrongView) }
}

/// Becomes an owner of an ArrayBuffer's backing store for a moment and watches the control block.
///
/// # Safety
///
/// `value` must be a handle of an ArrayBuffer that has a backing store and that nothing else owns.
unsafe fn try_owners(symbols: &Symbols, value: sys::napi_value) -> Result<SharedPointer, Refusal> {
    // SAFETY: the caller vouches for the value.
    let pointer = unsafe { (symbols.array_buffer_get_backing_store)(value) }.value;
    if pointer.object.is_null() || pointer.block.is_null() {
        return Err(Refusal::ForeignBlock);
    }
    // SAFETY: a control block of any C++ library begins with a pointer to its functions, and this one has an owner in this frame.
    let functions = unsafe { (&raw const (*pointer.block).functions).read() };
    if functions != &raw const symbols.backing_store_counted_deleter.functions {
        return Err(Refusal::ForeignBlock);
    }
    // SAFETY: it is of the class that `ControlBlock` mirrors.
    let block = unsafe { pointer.block.read() };
    if (block.owners, block.observers, block.object) != (2, 1, pointer.object) {
        return Err(Refusal::ForeignBlock);
    }
    // SAFETY: the field is an aligned integer which C++ changes atomically too, and the array buffer's own reference keeps it alive.
    let owners = unsafe { AtomicI32::from_ptr(&raw mut (*pointer.block).owners) };
    // Two owners, this frame's among them: taking one away cannot be what frees the object.
    owners.fetch_sub(1, Ordering::AcqRel);
    Ok(pointer)
}

fn answer(status: sys::napi_status) -> Result<(), Refusal> {
    if status == sys::Status::napi_ok { Ok(()) } else { Err(Refusal::NodeApi(status)) }
}
