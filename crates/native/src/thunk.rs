//! Thunks: addresses for C that lead to one piece of code with a context of their own each.
//!
//! A thunk's code is written and sealed together with that of its [group](GROUP) and never changes. What it leads to is data beside it, in
//! memory that stays writable: making a closure changes no code and no protection of memory.
//!
//! C may hold an address for ever. So a thunk is never unmapped, and one that is given back leads to [`abandoned`], which ends the process
//! with a line that says so; it is given out again after [`REST`] others at the earliest.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::io::{self, Write};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use ferrule_abi::{Convention, emit_thunk};

use crate::code::Code;
use crate::ending;

/// How many thunks are made at a time: on AArch64 16 KiB of code, a whole number of pages of 4 KiB and of 16 KiB.
const GROUP: usize = 512;

/// How many thunks are given back after one before that is given out again: 48 bytes of memory each.
const REST: usize = 16_384;

static POOL: Mutex<Pool> = Mutex::new(Pool { fresh: Vec::new(), resting: VecDeque::new(), code: Vec::new() });

/// What a thunk leads to. Its code reads both at every call.
#[repr(C)]
struct Data {
    context: AtomicPtr<c_void>,
    destination: AtomicPtr<c_void>,
}

// No code is compiled for processors with other addresses.
#[cfg(target_pointer_width = "64")]
const _: () = {
    use ferrule_abi::thunk;
    use std::mem::offset_of;
    assert!(offset_of!(Data, context) == thunk::CONTEXT && offset_of!(Data, destination) == thunk::DESTINATION);
    assert!(size_of::<Data>() == thunk::DATA_SIZE);
};

/// A thunk in use; dropping it gives it back.
pub struct Thunk(Place);

/// A thunk, whoever has it.
#[derive(Clone, Copy)]
struct Place {
    code: usize,
    data: &'static Data,
}

struct Pool {
    /// Never given out.
    fresh: Vec<Place>,
    /// Given back, the oldest first.
    resting: VecDeque<Place>,
    /// Of all groups. A static is never dropped, so it stays mapped.
    code: Vec<Code>,
}

impl Thunk {
    /// One that leads nowhere yet: [`lead`](Self::lead) says where.
    ///
    /// # Errors
    ///
    /// The operating system's, where there is no memory for code, and [`io::ErrorKind::Unsupported`] on a processor that we have no code for.
    pub fn take() -> io::Result<Self> {
        Ok(Self(lock().take()?))
    }

    /// Makes it a function of any signature that jumps to `destination`, with its arguments as they are and `context` in the register
    /// [`Convention::context`].
    pub fn lead(&self, context: *const c_void, destination: *const c_void) {
        self.0.data.context.store(context.cast_mut(), Ordering::Relaxed);
        // Whoever calls the thunk has been given its address after this.
        self.0.data.destination.store(destination.cast_mut(), Ordering::Release);
    }

    /// The address that C calls.
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.code
    }
}

impl Drop for Thunk {
    /// The context is left as it is: a call that has read the destination just before finds what belongs to it.
    fn drop(&mut self) {
        self.0.data.destination.store(abandoned_address(), Ordering::Release);
        lock().resting.push_back(self.0);
    }
}

impl Pool {
    fn take(&mut self) -> io::Result<Place> {
        if self.resting.len() <= REST {
            if self.fresh.is_empty()
                && let Err(error) = self.grow()
            {
                return self.resting.pop_front().ok_or(error);
            }
            if let Some(place) = self.fresh.pop() {
                return Ok(place);
            }
        }
        self.resting.pop_front().ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    fn grow(&mut self) -> io::Result<()> {
        let convention = Convention::host().ok_or(io::ErrorKind::Unsupported)?;
        let data: Box<[Data]> = (0..GROUP).map(|_| Data::abandoned()).collect();
        let pieces: Vec<Vec<u8>> = data.iter().map(|data| emit_thunk(convention, ptr::from_ref(data).expose_provenance() as u64)).collect();
        let code = Code::seal(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        // The code has its address, and is as eternal.
        let data: &'static [Data] = Box::leak(data);
        self.fresh.extend(data.iter().enumerate().rev().map(|(index, data)| Place { code: code.entry(index).expose_provenance(), data }));
        self.code.push(code);
        Ok(())
    }
}

impl Data {
    fn abandoned() -> Self {
        Self { context: AtomicPtr::default(), destination: AtomicPtr::new(abandoned_address()) }
    }
}

/// No operation on the pool panics half-way, so what a panic has left is whole.
fn lock() -> std::sync::MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn abandoned_address() -> *mut c_void {
    (abandoned as *const c_void).cast_mut()
}

/// What thunks lead to that nobody has. It can be called as any function, because it looks at no argument and does not return.
extern "C" fn abandoned() -> ! {
    // Nobody is left to hear that standard error is closed.
    let _unheard = writeln!(io::stderr().lock(), "A callback was called that had been released long ago");
    ending::abort();
}

#[cfg(test)]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod tests {
    use super::*;
    use std::mem;

    extern "C" fn seven() -> u32 {
        7
    }

    extern "C" fn eight() -> u32 {
        8
    }

    fn call(address: usize) -> u32 {
        let code: *const c_void = ptr::with_exposed_provenance(address);
        // SAFETY: every thunk of these tests that is called leads to a function of this type.
        let function = unsafe { mem::transmute::<*const c_void, extern "C" fn() -> u32>(code) };
        function()
    }

    fn thunk(destination: extern "C" fn() -> u32) -> Thunk {
        let thunk = Thunk::take().expect("a thunk");
        thunk.lead(ptr::null(), destination as *const c_void);
        thunk
    }

    #[test]
    fn a_thunk_leads_where_it_is_told() {
        let thunks = [thunk(seven), thunk(eight)];
        assert_eq!(thunks.each_ref().map(|it| call(it.address())), [7, 8]);
    }

    #[test]
    fn groups_are_added_as_they_are_needed_and_no_two_thunks_are_one() {
        let thunks: Vec<Thunk> = (0..3 * GROUP).map(|_| thunk(seven)).collect();
        let mut addresses: Vec<usize> = thunks.iter().map(Thunk::address).collect();
        assert!(addresses.iter().all(|&address| call(address) == 7));
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), thunks.len());
    }

    #[test]
    fn a_thunk_rests_before_it_is_given_out_again() {
        let mut pool = Pool { fresh: Vec::new(), resting: VecDeque::new(), code: Vec::new() };
        let first = pool.take().expect("a thunk");
        pool.resting.push_back(first);
        for _ in 0..REST {
            let other = pool.take().expect("a thunk");
            assert_ne!(other.code, first.code);
            pool.resting.push_back(other);
        }
        assert_eq!(pool.take().expect("a thunk").code, first.code);
        assert_eq!(pool.code.len(), (REST + 1).div_ceil(GROUP), "what rests is not replaced for ever");
        let entries = [0, 1].map(|index| pool.code[0].entry(index).addr());
        assert_eq!(entries[1] - entries[0], 32, "the size of a thunk");
    }
}
