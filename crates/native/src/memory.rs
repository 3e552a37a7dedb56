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

/// Writes Latin-1 `text` to `target` as UTF-8 with a NUL behind it, and gives the number of bytes written; `None` where `room` is less.
///
/// # Safety
///
/// * `room` bytes are writable at `target`, none of them `text`'s.
pub unsafe fn write_utf8(text: &[u8], target: *mut u8, room: usize) -> Option<usize> {
    // What is not ASCII becomes two bytes.
    let length = text.len() + text.iter().filter(|byte| !byte.is_ascii()).count();
    if length >= room {
        return None;
    }
    let mut end = target;
    for &byte in text {
        // SAFETY: the caller's list; all of them and the NUL fit.
        unsafe {
            if byte.is_ascii() {
                end.write(byte);
                end = end.add(1);
            } else {
                end.write(0xc0 | byte >> 6);
                end.add(1).write(0x80 | byte & 0x3f);
                end = end.add(2);
            }
        }
    }
    // SAFETY: as above.
    unsafe { end.write(0) };
    Some(length + 1)
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

    #[test]
    fn latin1_becomes_utf8_where_there_is_room() {
        let text: Vec<u8> = (0..=255).collect();
        let expected: String = text.iter().map(|byte| char::from(*byte)).collect();
        let mut room = vec![0xaa; expected.len() + 2];
        for (size, written) in [(expected.len(), None), (expected.len() + 1, Some(expected.len() + 1))] {
            // SAFETY: there are two bytes more than the text takes.
            assert_eq!(unsafe { write_utf8(&text, room.as_mut_ptr(), size) }, written);
        }
        assert_eq!(room, [expected.as_bytes(), &[0, 0xaa]].concat());
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
