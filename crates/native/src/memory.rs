//! Addresses that JavaScript names: arithmetic that cannot wrap, and access that needs no alignment.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::slot::Scalar;

/// `address + offset`, or `None` beyond the end of the address space.
#[inline]
#[must_use]
pub fn offset(address: usize, offset: usize) -> Option<usize> {
    address.checked_add(offset)
}

/// Whether the `length` bytes from `address` on all have an address. The last byte may be the very last of the address space.
#[inline]
#[must_use]
pub fn spans(address: usize, length: usize) -> bool {
    length == 0 || address.checked_add(length - 1).is_some()
}

/// Reads a value, aligned or not.
///
/// # Safety
///
/// * `size_of::<T>()` bytes from `address` on are readable.
#[inline]
#[must_use]
pub unsafe fn read<T: Scalar>(address: usize) -> T {
    // SAFETY: the caller answers for the bytes; every bit pattern is a `Scalar`.
    unsafe { ptr::with_exposed_provenance::<T>(address).read_unaligned() }
}

/// Writes a value, aligned or not.
///
/// # Safety
///
/// * `size_of::<T>()` bytes from `address` on are writable.
#[inline]
pub unsafe fn write<T: Scalar>(address: usize, value: T) {
    // SAFETY: the caller answers for the bytes.
    unsafe { ptr::with_exposed_provenance_mut::<T>(address).write_unaligned(value) };
}

/// Copies `length` bytes, which may overlap.
///
/// # Safety
///
/// * `length` bytes are readable at `source` and writable at `target`.
#[inline]
pub unsafe fn copy(source: *const u8, target: *mut u8, length: usize) {
    if length > 0 {
        // SAFETY: the caller answers for both ranges; `ptr::copy` allows overlap, and bytes have no alignment.
        unsafe { ptr::copy(source, target, length) };
    }
}

/// The bytes of the NUL-terminated string at `address`, without the NUL.
///
/// # Safety
///
/// * The string is readable up to and including its NUL, and does not change while the result is in use.
#[inline]
#[must_use]
pub unsafe fn c_string<'memory>(address: usize) -> &'memory [u8] {
    // SAFETY: passed on to the caller.
    unsafe { CStr::from_ptr(ptr::with_exposed_provenance::<c_char>(address)) }.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_byte_of_the_address_space_can_be_spanned() {
        assert!(spans(usize::MAX, 0));
        assert!(spans(usize::MAX, 1));
        assert!(!spans(usize::MAX, 2));
        assert!(spans(0, usize::MAX));
        assert_eq!(offset(usize::MAX, 0), Some(usize::MAX));
        assert_eq!(offset(usize::MAX, 1), None);
    }

    #[test]
    fn a_c_string_ends_at_its_nul() {
        // SAFETY: the literal is terminated and constant.
        assert_eq!(unsafe { c_string(c"abc\xff".as_ptr() as usize) }, b"abc\xff");
    }

    proptest! {
        #[test]
        fn values_survive_any_alignment(shift in 0_usize..8, value: u64, float: f64) {
            let mut bytes = [0_u8; 16];
            let address = bytes.as_mut_ptr().expose_provenance() + shift;
            // SAFETY: sixteen bytes hold eight at any shift below eight.
            unsafe {
                write(address, value);
                prop_assert_eq!(read::<u64>(address), value);
                write(address, float);
                prop_assert_eq!(read::<u64>(address), float.to_bits());
            }
        }
    }
}
