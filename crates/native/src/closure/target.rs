//! What closures of either kind lead to, and what they have in common.

use std::ptr::{self, NonNull};

use crate::interface::PrepareError;
use crate::slot::{Scalar, Slot};

/// Why there is no closure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// libffi cannot describe the signature.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// No executable memory could be had.
    #[error("no executable memory for a callback")]
    Memory,
}

/// What a closure does when C calls it. It must not unwind.
pub trait Target {
    /// Takes the call. The result slot holds zeros until it is set.
    fn call(&self, invocation: &mut Invocation<'_>);
}

/// One call from C: its arguments, and where its result goes.
pub struct Invocation<'call> {
    pub(super) arguments: &'call [Slot],
    pub(super) result: &'call mut Slot,
}

impl<'call> Invocation<'call> {
    /// The arguments, in order. An integer of 8 or 16 bits is extended to 32, by its sign or with zeros; the bytes of a slot that a value
    /// does not fill hold anything.
    #[inline]
    #[must_use]
    pub fn arguments(&self) -> &'call [Slot] {
        self.arguments
    }

    /// Copies the arguments to `to` on, as [`Invocation::arguments`] has them.
    ///
    /// It does so slot by slot: compiled code has just stored each by an instruction of its own, and a load that spans several such stores
    /// waits until they have reached the cache, which takes as long as all the rest of a call ("Store Forwarding" in Intel's and Arm's
    /// optimisation manuals). The volatile reads keep the compiler from making one load of several.
    ///
    /// # Safety
    ///
    /// * `to` is aligned to 8, and 8 bytes for each parameter are writable from there on.
    #[inline]
    pub unsafe fn copy_arguments(&self, to: *mut Slot) {
        for (index, slot) in self.arguments.iter().enumerate() {
            // SAFETY: a slot is eight bytes, aligned to eight, that may be read as an integer; the caller answers for the target.
            unsafe { to.add(index).cast::<u64>().write(ptr::from_ref(slot).cast::<u64>().read_volatile()) };
        }
    }

    /// The argument at `index`, read as `T`.
    ///
    /// # Panics
    ///
    /// If the signature has no such parameter.
    #[inline]
    #[must_use]
    pub fn argument<T: Scalar>(&self, index: usize) -> T {
        self.arguments[index].get()
    }

    /// Sets what C gets; a value of the representation of the signature's result.
    #[inline]
    pub fn set_result(&mut self, value: Slot) {
        *self.result = value;
    }
}

/// A value on the heap that C's calls read too, wherever its owner is moved: held by raw pointer, because a `Box` may be the only one that
/// leads to its content.
pub(super) struct Shared<T>(NonNull<T>);

// SAFETY: it owns the value, and gives nothing but shared references to whoever has it.
unsafe impl<T: Send> Send for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Self(NonNull::from(Box::leak(Box::new(value))))
    }

    pub(super) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    pub(super) fn get(&self) -> &T {
        // SAFETY: the value lives as long as this, and only shared references to it are ever made.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: `new` took it out of a `Box`, and it is put back only here.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
