//! A slot: room for one native value, in the form in which it lies in memory.
//!
//! The value stands at the slot's first byte whatever the byte order is, so a pointer to the slot is a pointer to the value.

use std::ffi::c_void;

mod sealed {
    pub trait Sealed {}
}

/// A type a slot can hold: plain bits of at most eight bytes.
pub trait Scalar: sealed::Sealed + Copy {}

macro_rules! scalars {
    ($($ty:ty)*) => { $(
        impl sealed::Sealed for $ty {}
        impl Scalar for $ty {}
    )* };
}

scalars!(i8 u8 i16 u16 i32 u32 i64 u64 isize usize f32 f64 *mut c_void);

/// Eight bytes, aligned to eight.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(8))]
pub struct Slot([u8; 8]);

impl Slot {
    /// All bytes zero: the value 0, or NULL.
    pub const ZERO: Self = Self([0; 8]);

    /// A slot that holds `value`.
    #[inline]
    #[must_use]
    pub fn new<T: Scalar>(value: T) -> Self {
        let mut slot = Self::ZERO;
        // SAFETY: a `Scalar` has at most eight bytes and an alignment of at most eight (`scalars!` lists them all), and so has the slot.
        unsafe { slot.as_mut_ptr().cast::<T>().write(value) };
        slot
    }

    /// The value, read as `T`.
    #[inline]
    #[must_use]
    pub fn get<T: Scalar>(&self) -> T {
        // SAFETY: as in `new`; every bit pattern is a value of a `Scalar`, and all eight bytes are initialised.
        unsafe { self.0.as_ptr().cast::<T>().read() }
    }

    /// Where the value stands.
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_went_in() {
        assert_eq!(Slot::new(-1_i8).get::<i8>(), -1);
        assert_eq!(Slot::new(0x1234_u16).get::<u16>(), 0x1234);
        assert_eq!(Slot::new(f64::MIN_POSITIVE).get::<f64>(), f64::MIN_POSITIVE);
        assert_eq!(Slot::ZERO.get::<u64>(), 0);
    }
}
