//! Calls into C through libffi.

use std::ffi::c_void;
use std::ptr;

use ferrule_abi::Signature;
use libffi::low::{self, CodePtr};

use crate::interface::{CallInterface, PrepareError};
use crate::slot::Slot;

/// Calls with up to this many arguments touch no heap.
pub const INLINE_ARGUMENTS: usize = 16;

/// A signature prepared for calling; any function of that signature can be called with it.
pub struct Call {
    interface: CallInterface,
    parameters: usize,
}

impl Call {
    /// Prepares calls of `signature`.
    ///
    /// # Errors
    ///
    /// [`PrepareError`] when libffi cannot describe it.
    pub fn prepare(signature: &Signature) -> Result<Self, PrepareError> {
        Ok(Self { interface: CallInterface::prepare(signature)?, parameters: signature.parameters.len() })
    }

    /// Calls `code` with `arguments` and returns what it returned, or zeros for `void`.
    ///
    /// # Safety
    ///
    /// * `code` is the address of a function of the prepared signature, which stays loaded until it returns.
    /// * `arguments` holds one value per parameter, each of the parameter's representation.
    /// * Whatever the pointers among them must be valid for, they are: the function decides.
    #[inline]
    pub unsafe fn invoke(&self, code: *const c_void, arguments: &mut [Slot]) -> Slot {
        assert_eq!(arguments.len(), self.parameters, "one argument per parameter");
        // SAFETY: passed on to the caller.
        unsafe {
            match arguments.len() {
                0..=4 => self.invoke_with(code, arguments, &mut [ptr::null_mut(); 4]),
                5..=INLINE_ARGUMENTS => self.invoke_with(code, arguments, &mut [ptr::null_mut(); INLINE_ARGUMENTS]),
                count => self.invoke_with(code, arguments, &mut vec![ptr::null_mut(); count]),
            }
        }
    }

    /// # Safety
    ///
    /// * As for [`Call::invoke`].
    /// * `places` has at least as many elements as `arguments`.
    #[inline]
    unsafe fn invoke_with(&self, code: *const c_void, arguments: &mut [Slot], places: &mut [*mut c_void]) -> Slot {
        for (place, argument) in places.iter_mut().zip(arguments) {
            *place = argument.as_mut_ptr();
        }
        let mut result = Slot::ZERO;
        // SAFETY: the interface was prepared for the function's signature; `places` points at one value per parameter (`invoke`
        // asserts the count, the caller answers for the kinds); a slot has room for any result.
        unsafe { low::call_return_into(self.interface.as_ptr(), CodePtr::from_ptr(code), places.as_mut_ptr(), result.as_mut_ptr()) };
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ferrule_abi::Type;
    use proptest::prelude::*;

    extern "C" fn mixed(a: i8, b: f64, c: u16, d: f32, e: i64, f: u8, g: f32, h: i32, i: *const c_void) -> f64 {
        f64::from(a) + b + f64::from(c) + f64::from(d) + e as f64 + f64::from(f) + f64::from(g) + f64::from(h) + (i as usize as f64)
    }

    extern "C" fn dirty() -> u64 {
        0xffff_ffff_1234_5680
    }

    fn call(signature: &Signature, code: *const c_void, arguments: &mut [Slot]) -> Slot {
        let call = Call::prepare(signature).expect("a plain signature");
        // SAFETY: each test passes a function of the signature it names, and values of its types.
        unsafe { call.invoke(code, arguments) }
    }

    #[test]
    fn a_narrow_result_is_the_low_part_of_the_register() {
        let result = |ty| call(&Signature::new(ty, []), dirty as *const c_void, &mut []).get::<u64>();
        // All bytes of the slot: there is nothing behind the value, whichever of them comes first.
        for (ty, expected) in [
            (Type::Uint8, Slot::new(0x80_u8)),
            (Type::Bool, Slot::new(0x80_u8)),
            (Type::Int8, Slot::new(-128_i8)),
            (Type::Uint16, Slot::new(0x5680_u16)),
            (Type::Int16, Slot::new(0x5680_i16)),
            (Type::Uint32, Slot::new(0x1234_5680_u32)),
            (Type::Int32, Slot::new(0x1234_5680_i32)),
        ] {
            assert_eq!(result(ty), expected.get::<u64>(), "{ty:?}");
        }
    }

    #[test]
    fn many_arguments_arrive_in_order() {
        let count = 40;
        let signature = Signature::new(Type::Int64, vec![Type::Int64; count]);
        let mut arguments: Vec<_> = (0..count as i64).map(Slot::new).collect();
        #[rustfmt::skip]
        extern "C" fn weigh(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64, j: i64) -> i64 {
            a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j
        }
        // The callee reads only the first ten; the caller cleans the stack in every convention libffi uses by default here.
        let result = call(&signature, weigh as *const c_void, &mut arguments);
        assert_eq!(result.get::<i64>(), (0..10).map(|index| index * (index + 1)).sum::<i64>());
    }

    proptest! {
        #[test]
        fn mixed_arguments_arrive(a: i8, b in -1e6..1e6, c: u16, d in -1e3_f32..1e3, e in -1_000_000_i64..1_000_000, f: u8, g in -1e3_f32..1e3, h: i32, i in 0_usize..1_000_000) {
            let signature = Signature::new(Type::Float64, [Type::Int8, Type::Float64, Type::Uint16, Type::Float32, Type::Int64, Type::Uint8,
                Type::Float32, Type::Int32, Type::Pointer]);
            let mut arguments = [Slot::new(a), Slot::new(b), Slot::new(c), Slot::new(d), Slot::new(e), Slot::new(f), Slot::new(g),
                Slot::new(h), Slot::new(i)];
            let result = call(&signature, mixed as *const c_void, &mut arguments).get::<f64>();
            prop_assert_eq!(result, mixed(a, b, c, d, e, f, g, h, i as *const c_void));
        }
    }
}
