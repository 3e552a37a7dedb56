//! Closures: addresses that C can call and that arrive in Rust with a value of ours.
//!
//! libffi gives the code (from pages it maps executable elsewhere than it writes them); the [`Closure`] owns that code, the call
//! interface that tells it how to read the arguments, and the value. All three live until the `Closure` is dropped: whoever drops it
//! must know that C will not call the address again.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Once;

use ferrule_abi::{Representation, Signature};
use libffi::low::{self, CodePtr, ffi_arg, ffi_cif, ffi_closure};

use crate::interface::{CallInterface, PrepareError};
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
    fn call(&self, invocation: Invocation<'_>);
}

/// One call from C: its arguments, and where its result goes.
pub struct Invocation<'call> {
    arguments: *mut *mut c_void,
    result: &'call mut Slot,
}

impl Invocation<'_> {
    /// The argument at `index`.
    ///
    /// # Safety
    ///
    /// * `index` is below the number of parameters of the closure's signature.
    /// * `T` is the type of that parameter's representation.
    #[inline]
    #[must_use]
    pub unsafe fn argument<T: Scalar>(&self, index: usize) -> T {
        // SAFETY: libffi hands one pointer per parameter, each to a value of the parameter's type; the caller names both rightly.
        unsafe { (*self.arguments.add(index)).cast::<T>().read_unaligned() }
    }

    /// The argument at `index` as a slot.
    ///
    /// # Safety
    ///
    /// * As for [`Invocation::argument`], with the representation in the place of the type.
    #[inline]
    #[must_use]
    pub unsafe fn slot(&self, index: usize, representation: Representation) -> Slot {
        // SAFETY: each arm names the type of its representation; the rest is the caller's list.
        unsafe {
            match representation {
                Representation::Void => Slot::ZERO,
                Representation::Int8 | Representation::Uint8 => Slot::new(self.argument::<u8>(index)),
                Representation::Int16 | Representation::Uint16 => Slot::new(self.argument::<u16>(index)),
                Representation::Int32 | Representation::Uint32 => Slot::new(self.argument::<u32>(index)),
                Representation::Int64 | Representation::Uint64 => Slot::new(self.argument::<u64>(index)),
                Representation::Float32 => Slot::new(self.argument::<f32>(index)),
                Representation::Float64 => Slot::new(self.argument::<f64>(index)),
                Representation::Pointer => Slot::new(self.argument::<usize>(index)),
            }
        }
    }

    /// Sets what C gets; a value of the representation of the signature's result.
    #[inline]
    pub fn set_result(&mut self, value: Slot) {
        *self.result = value;
    }
}

struct Context<T> {
    interface: CallInterface,
    result: Representation,
    target: T,
}

/// A function pointer for C, and what it leads to.
pub struct Closure<T: Target> {
    closure: NonNull<ffi_closure>,
    code: CodePtr,
    /// Held by raw pointer, as libffi holds it too: made by `Box::into_raw`, freed in `drop`.
    context: NonNull<Context<T>>,
}

// SAFETY: a closure is memory of libffi's, which any thread may free, and a context, which is `Send` when the target is (the call
// interface is).
unsafe impl<T: Target + Send> Send for Closure<T> {}

impl<T: Target> Closure<T> {
    /// Makes a function of `signature` for C that calls `target`.
    ///
    /// # Errors
    ///
    /// [`Error`] when libffi cannot describe the signature or has no executable memory left.
    pub fn new(signature: &Signature, target: T) -> Result<Self, Error> {
        let interface = CallInterface::prepare(signature)?;
        let (closure, code) = low::try_closure_alloc().ok_or(Error::Memory)?;
        let context = Box::into_raw(Box::new(Context { interface, result: signature.result.representation(), target }));
        // SAFETY: both come from calls that return no null pointer.
        let made = unsafe { Self { closure: NonNull::new_unchecked(closure), code, context: NonNull::new_unchecked(context) } };
        // SAFETY: the closure was just allocated, the interface is prepared and lives in the context, whose address does not change;
        // `enter` reads the user data as the `Context<T>` it is.
        unsafe { low::prep_closure(closure, (*context).interface.as_ptr(), enter::<T>, context, code) }.map_err(|_| Error::Memory)?;
        Ok(made)
    }

    /// The address that C calls.
    #[must_use]
    pub fn address(&self) -> usize {
        self.code.as_ptr() as usize
    }

    /// What the address leads to.
    #[must_use]
    pub fn target(&self) -> &T {
        // SAFETY: the context lives as long as the closure, and only shared references to it are ever made.
        unsafe { &self.context.as_ref().target }
    }
}

impl<T: Target> Drop for Closure<T> {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` and freed only here.
        unsafe { low::closure_free(self.closure.as_ptr()) };
        // SAFETY: made by `Box::into_raw` in `new`, and taken back only here.
        drop(unsafe { Box::from_raw(self.context.as_ptr()) });
    }
}

/// Lets libffi find its own code in this process's binary, from the file of which it maps a copy for each page of closures. At the first
/// closure it would look for the file by its name, and by then the package can have been replaced by another version.
pub fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Some((closure, _)) = low::try_closure_alloc() {
            // SAFETY: it was just allocated, and nobody has it.
            unsafe { low::closure_free(closure) };
        }
    });
}

/// What libffi calls.
///
/// # Safety
///
/// * `context` is the context of a live closure, `result` has room for its result (at least an `ffi_arg` for integers), `arguments`
///   points at its arguments.
unsafe extern "C" fn enter<T: Target>(_: &ffi_cif, result: &mut c_void, arguments: *const *const c_void, context: &Context<T>) {
    let mut slot = Slot::ZERO;
    context.target.call(Invocation { arguments: arguments.cast_mut().cast(), result: &mut slot });
    // SAFETY: libffi gives room for the result of the signature the context was made with.
    unsafe { write_result(context.result, slot, result) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use ferrule_abi::Type;
    use std::cell::RefCell;

    /// Answers every call with its own arguments' sum, and remembers them.
    struct Sum(RefCell<Vec<i64>>);

    impl Target for Sum {
        fn call(&self, mut invocation: Invocation<'_>) {
            // SAFETY: the signature below is (int8, int64, uint16) -> int16.
            let arguments =
                unsafe { [i64::from(invocation.argument::<i8>(0)), invocation.argument(1), i64::from(invocation.argument::<u16>(2))] };
            self.0.borrow_mut().extend(arguments);
            invocation.set_result(Slot::new(arguments.iter().sum::<i64>() as i16));
        }
    }

    #[test]
    fn arguments_arrive_and_the_result_returns() {
        let signature = Signature::new(Type::Int16, [Type::Int8, Type::Int64, Type::Uint16]);
        let closure = Closure::new(&signature, Sum(RefCell::default())).expect("a closure");
        let call = Call::prepare(&signature).expect("a plain signature");
        let mut arguments = [Slot::new(-5_i8), Slot::new(-1000_i64), Slot::new(7_u16)];
        // SAFETY: the closure was made with the signature of the call, and so were the arguments.
        let result = unsafe { call.invoke(closure.address() as *const c_void, &mut arguments) };
        assert_eq!(result.get::<i16>(), -998);
        assert_eq!(*closure.target().0.borrow(), [-5, -1000, 7]);
    }

    #[test]
    fn a_closure_answers_any_number_of_calls_from_c() {
        struct Compare;
        impl Target for Compare {
            fn call(&self, mut invocation: Invocation<'_>) {
                // SAFETY: qsort passes two pointers to elements of the array, which are i32.
                let [a, b] = unsafe { [invocation.argument::<*mut c_void>(0), invocation.argument(1)].map(|it| it.cast::<i32>().read()) };
                invocation.set_result(Slot::new(a.cmp(&b) as i32));
            }
        }
        unsafe extern "C" {
            fn qsort(base: *mut i32, count: usize, size: usize, compare: *const c_void);
        }
        let closure = Closure::new(&Signature::new(Type::Int32, [Type::Pointer, Type::Pointer]), Compare).expect("a closure");
        let mut numbers: Vec<i32> = (0..1000).map(|index| (index * 7919) % 1000).collect();
        // SAFETY: the array has the length and element size said, the closure the comparator's signature.
        unsafe { qsort(numbers.as_mut_ptr(), numbers.len(), 4, closure.address() as *const c_void) };
        assert!(numbers.is_sorted());
    }

    #[test]
    fn thousands_of_closures_live_side_by_side() {
        let signature = Signature::new(Type::Int16, [Type::Int8, Type::Int64, Type::Uint16]);
        let closures: Vec<_> = (0..5000).map(|_| Closure::new(&signature, Sum(RefCell::default())).expect("a closure")).collect();
        let mut addresses: Vec<_> = closures.iter().map(Closure::address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), closures.len());
    }
}
