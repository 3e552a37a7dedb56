//! The closures of libffi: any signature, on any platform that libffi knows.
//!
//! libffi gives the code (from pages it maps executable elsewhere than it writes them), and a pointer to each argument.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Once;

use ferrule_abi::{Representation, Signature};
use libffi::low::{self, CodePtr, ffi_arg, ffi_cif, ffi_closure};

use super::target::{Error, Invocation, Shared, Target};
use crate::call::INLINE_ARGUMENTS;
use crate::interface::CallInterface;
use crate::slot::{Scalar, Slot};

/// A closure of libffi's.
pub(super) struct Libffi<T> {
    /// Dropped before what it leads to.
    closure: Allocation,
    context: Shared<Context<T>>,
}

struct Context<T> {
    interface: CallInterface,
    parameters: Box<[Representation]>,
    result: Representation,
    target: T,
}

/// Memory of libffi's for a closure.
struct Allocation {
    closure: NonNull<ffi_closure>,
    code: CodePtr,
}

// SAFETY: any thread may free libffi's memory.
unsafe impl Send for Allocation {}

impl Allocation {
    fn new() -> Result<Self, Error> {
        let (closure, code) = low::try_closure_alloc().ok_or(Error::Memory)?;
        Ok(Self { closure: NonNull::new(closure).ok_or(Error::Memory)?, code })
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` and freed only here.
        unsafe { low::closure_free(self.closure.as_ptr()) };
    }
}

impl<T: Target> Libffi<T> {
    pub(super) fn new(signature: &Signature, target: T) -> Result<Self, Error> {
        let context = Shared::new(Context {
            interface: CallInterface::prepare(signature)?,
            parameters: signature.parameters.iter().map(|ty| ty.representation()).collect(),
            result: signature.result.representation(),
            target,
        });
        let closure = Allocation::new()?;
        let interface = context.get().interface.as_ptr();
        // SAFETY: the closure was just allocated, the interface is prepared and lives in the context, whose address does not change;
        // `enter` reads the user data as the `Context<T>` it is.
        unsafe { low::prep_closure(closure.closure.as_ptr(), interface, enter::<T>, context.as_ptr(), closure.code) }
            .map_err(|_| Error::Memory)?;
        Ok(Self { closure, context })
    }

    pub(super) fn address(&self) -> usize {
        self.closure.code.as_ptr() as usize
    }

    pub(super) fn target(&self) -> &T {
        &self.context.get().target
    }
}

/// Lets libffi find its own code in this process's binary, from the file of which it maps a copy for each page of closures. At the first
/// closure it would look for the file by its name, and by then the package can have been replaced by another version.
pub fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(Allocation::new()));
}

/// What libffi calls.
///
/// # Safety
///
/// * `context` is the context of a live closure, `result` has room for its result (at least an `ffi_arg` for integers), `arguments`
///   points at its arguments.
unsafe extern "C" fn enter<T: Target>(_: &ffi_cif, result: &mut c_void, arguments: *const *const c_void, context: &Context<T>) {
    let mut slot = Slot::ZERO;
    let count = context.parameters.len();
    // SAFETY: there is an argument for each parameter of the signature that the context was made with.
    unsafe {
        if count <= INLINE_ARGUMENTS {
            run(context, arguments, &mut [Slot::ZERO; INLINE_ARGUMENTS][..count], &mut slot);
        } else {
            run(context, arguments, &mut vec![Slot::ZERO; count], &mut slot);
        }
    }
    // SAFETY: libffi gives room for the result of the signature the context was made with.
    unsafe { write_result(context.result, slot, result) };
}

/// # Safety
///
/// * `arguments` points at one pointer per parameter of the context's, each to a value of the parameter's representation.
/// * `slots` has an element for each.
#[inline]
unsafe fn run<T: Target>(context: &Context<T>, arguments: *const *const c_void, slots: &mut [Slot], result: &mut Slot) {
    for (index, (slot, representation)) in slots.iter_mut().zip(&context.parameters).enumerate() {
        // SAFETY: the caller's list.
        *slot = unsafe { read_argument(*representation, *arguments.add(index)) };
    }
    context.target.call(&mut Invocation { arguments: slots, result });
}

/// # Safety
///
/// * `argument` points at a value of the representation.
unsafe fn read_argument(representation: Representation, argument: *const c_void) -> Slot {
    /// # Safety
    ///
    /// * `argument` points at a `T`, aligned or not.
    unsafe fn read<T: Scalar>(argument: *const c_void) -> T {
        // SAFETY: passed on to the caller.
        unsafe { argument.cast::<T>().read_unaligned() }
    }
    // SAFETY: each arm names the type of its representation.
    unsafe {
        match representation {
            Representation::Void => Slot::ZERO,
            Representation::Int8 => Slot::new(i32::from(read::<i8>(argument))),
            Representation::Uint8 => Slot::new(u32::from(read::<u8>(argument))),
            Representation::Int16 => Slot::new(i32::from(read::<i16>(argument))),
            Representation::Uint16 => Slot::new(u32::from(read::<u16>(argument))),
            Representation::Int32 | Representation::Uint32 => Slot::new(read::<u32>(argument)),
            Representation::Int64 | Representation::Uint64 => Slot::new(read::<u64>(argument)),
            Representation::Float32 => Slot::new(read::<f32>(argument)),
            Representation::Float64 => Slot::new(read::<f64>(argument)),
            Representation::Pointer => Slot::new(read::<usize>(argument)),
        }
    }
}

/// libffi wants integers narrower than a register widened to one (libffi manual, "The Closure API").
///
/// # Safety
///
/// * `result` may be written as the representation, widened to an `ffi_arg` when it is a narrower integer.
unsafe fn write_result(representation: Representation, slot: Slot, result: *mut c_void) {
    let widened = match representation {
        Representation::Void => return,
        Representation::Int8 => slot.get::<i8>() as ffi_arg,
        Representation::Uint8 => slot.get::<u8>() as ffi_arg,
        Representation::Int16 => slot.get::<i16>() as ffi_arg,
        Representation::Uint16 => slot.get::<u16>() as ffi_arg,
        Representation::Int32 => slot.get::<i32>() as ffi_arg,
        Representation::Uint32 => slot.get::<u32>() as ffi_arg,
        // SAFETY: the caller gives room for the representation itself.
        Representation::Int64 | Representation::Uint64 => return unsafe { result.cast::<u64>().write(slot.get()) },
        // SAFETY: as above.
        Representation::Float32 => return unsafe { result.cast::<f32>().write(slot.get()) },
        // SAFETY: as above.
        Representation::Float64 => return unsafe { result.cast::<f64>().write(slot.get()) },
        Representation::Pointer => slot.get::<usize>() as ffi_arg,
    };
    // SAFETY: the caller gives room for an `ffi_arg`.
    unsafe { result.cast::<ffi_arg>().write(widened) };
}
