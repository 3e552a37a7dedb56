//! The addresses of values, asked for by compiled code from inside a fast call.
//!
//! Nothing here runs JavaScript, allocates in V8's heap or panics. What takes more than a look is refused, and then the wrapper goes on to
//! a tier where it is no matter.

use std::ffi::c_void;
use std::ptr;

use ferrule_abi::plan::TEXT_SIZE;
use ferrule_native::Slot;

use crate::error::Result;
use crate::napi::{Env, Value};
use crate::v8;

/// What [`resolve`] has to know of a signature.
pub struct Descriptor {
    contents: &'static v8::Contents,
    /// V8's `undefined`, as it lies in the slot of a handle: it is one object, which never moves.
    undefined: usize,
    /// V8's `null`.
    null: usize,
    /// The parameters that have values: their index, and whether a text stands before the value.
    parameters: Box<[(usize, bool)]>,
}

impl Descriptor {
    /// For the parameters that have values: their index, and whether they are texts. `None` where there are none, or no V8 to ask.
    pub fn new(env: Env<'_>, parameters: Box<[(usize, bool)]>) -> Result<Option<Box<Self>>> {
        let Ok(contents) = v8::contents() else { return Ok(None) };
        if parameters.is_empty() {
            return Ok(None);
        }
        // SAFETY: a handle is the address of a slot, which is valid while its scope is open.
        let word = |value: Value<'_>| unsafe { value.raw().cast::<usize>().read() };
        let (undefined, null) = (word(env.undefined()?), word(env.null()?));
        Ok(Some(Box::new(Self { contents, undefined, null, parameters })))
    }

    /// # Safety
    ///
    /// * As for [`resolve`].
    unsafe fn resolve(&self, slots: *mut Slot, mut values: *const *const c_void, text: *mut u8) -> Option<()> {
        let mut room = TEXT_SIZE as usize;
        for (index, has_text) in &self.parameters {
            // SAFETY: there is one value for each of these parameters, after its text where it has one.
            let (string, value) = unsafe {
                let string = if *has_text { values.read().cast::<v8::FastOneByteString>() } else { ptr::null() };
                let value = values.add(usize::from(*has_text)).read();
                values = values.add(usize::from(*has_text) + 1);
                (string, value)
            };
            // SAFETY: a value is the address of the slot of a handle.
            let word = unsafe { value.cast::<usize>().read() };
            if word == self.undefined {
                // The slot has the content of the cell: an address.
                continue;
            }
            let address = if word == self.null && *has_text {
                // SAFETY: V8 passes the string's description, whose bytes stay where they are: nothing here allocates in V8's heap.
                let bytes = unsafe { std::slice::from_raw_parts((*string).data, (*string).length as usize) };
                let place = text.wrapping_add(TEXT_SIZE as usize - room);
                // SAFETY: there are `room` bytes left at `place`.
                room -= unsafe { copy_text(bytes, place, room) }?;
                place.cast()
            } else {
                // SAFETY: the value is a handle of this isolate.
                unsafe { self.contents.address(value) }?
            };
            // SAFETY: there is a slot for each parameter.
            unsafe { slots.add(*index).write(Slot::new(address)) };
        }
        Some(())
    }
}

/// What compiled code asks for the addresses of values, from inside a fast call: nothing here runs JavaScript or allocates in V8's heap. Not
/// 0 when it refuses: then C is not called, and the wrapper goes on to another tier.
///
/// # Safety
///
/// * `descriptor` is that of the signature, `slots` has one slot for each parameter, `values` V8's arguments that are values or texts, in
///   order, and `text` has room for [`TEXT_SIZE`] bytes.
pub unsafe extern "C" fn resolve(descriptor: *const Descriptor, slots: *mut Slot, values: *const *const c_void, text: *mut u8) -> u32 {
    // SAFETY: the caller's list.
    let descriptor = unsafe { &*descriptor };
    // SAFETY: the caller's list.
    u32::from(unsafe { descriptor.resolve(slots, values, text) }.is_none())
}

/// Copies Latin-1 `bytes` to `place` as UTF-8 with a NUL behind them, and gives the number of bytes written; `None` where there is not
/// enough room or a NUL among them.
///
/// # Safety
///
/// * `room` bytes can be written at `place`.
#[inline]
unsafe fn copy_text(bytes: &[u8], place: *mut u8, room: usize) -> Option<usize> {
    if bytes.len() >= room {
        return None;
    }
    // SAFETY: the caller's list; the bytes and one more fit.
    unsafe {
        if is_plain(bytes) {
            ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
            place.add(bytes.len()).write(0);
            return Some(bytes.len() + 1);
        }
    }
    let mut written = 0;
    for &byte in bytes {
        // The longest character has two bytes, and the NUL needs one.
        if byte == 0 || written + 3 > room {
            return None;
        }
        let mut encoded = [0; 2];
        for part in char::from(byte).encode_utf8(&mut encoded).bytes() {
            // SAFETY: `written` is less than `room`, as has been seen.
            unsafe { place.add(written).write(part) };
            written += 1;
        }
    }
    // SAFETY: as above.
    unsafe { place.add(written).write(0) };
    Some(written + 1)
}

/// Whether all bytes are ASCII, and none is NUL.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    const LOW: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    // Subtracting one sets the highest bit of a byte that is 0, and leaves it in all that are above 0x80.
    let is_odd = |word: u64| (word.wrapping_sub(LOW) | word) & HIGH != 0;
    !words.iter().any(|word| is_odd(u64::from_ne_bytes(*word))) && !rest.iter().any(|byte| !(1..0x80).contains(byte))
}
