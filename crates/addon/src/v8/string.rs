//! JavaScript strings of native text, and the text of JavaScript strings, by V8 itself.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

use napi_sys as sys;

use super::abi::Static;
use super::layout::{NEW_STRING_NORMAL, NO_NULL_TERMINATION, WRITE_FLAGS_NONE};
use super::names;
use super::symbols::{self, Absence, Isolate};

/// What makes a string of units that lie in memory: it takes the isolate, the units, how the string is made, and the number of units.
type NewString<Unit> = Static<fn(*mut Isolate, *const Unit, i32, i32) -> sys::napi_value>;

/// V8's functions that make strings, and that read them.
pub struct Strings {
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    new_from_one_byte: NewString<u8>,
    new_from_utf8: NewString<u8>,
    new_from_two_byte: NewString<u16>,
    is_one_byte: unsafe extern "C" fn(*const c_void) -> bool,
    length: unsafe extern "C" fn(*const c_void) -> i32,
    write_one_byte: WriteOneByte,
}

/// How the characters of a string are written, one byte each.
#[derive(Clone, Copy)]
enum WriteOneByte {
    /// `int String::WriteOneByte(Isolate*, uint8_t* buffer, int start, int length, int options) const`
    First(unsafe extern "C" fn(*const c_void, *mut Isolate, *mut u8, i32, i32, i32) -> i32),
    /// `void String::WriteOneByteV2(Isolate*, uint32_t offset, uint32_t length, uint8_t* buffer, int flags) const`
    Second(unsafe extern "C" fn(*const c_void, *mut Isolate, u32, u32, *mut u8, i32)),
}

/// V8's functions, looked up the first time somebody asks.
pub fn resolved() -> Result<&'static Strings, &'static Absence> {
    static STRINGS: OnceLock<Result<Strings, Absence>> = OnceLock::new();
    STRINGS.get_or_init(find).as_ref()
}

fn find() -> Result<Strings, Absence> {
    let v8 = symbols::tried().map_err(Clone::clone)?;
    // SAFETY: the declarations in the headers of the versions that were tried, whose C++ `MaybeLocal` is one pointer, as a `napi_value` is.
    unsafe {
        Ok(Strings {
            isolate_get_current: v8.image.function(names::ISOLATE_GET_CURRENT)?,
            new_from_one_byte: v8.image.function(names::STRING_NEW_FROM_ONE_BYTE)?,
            new_from_utf8: v8.image.function(names::STRING_NEW_FROM_UTF8)?,
            new_from_two_byte: v8.image.function(names::STRING_NEW_FROM_TWO_BYTE)?,
            is_one_byte: v8.image.function(names::STRING_IS_ONE_BYTE)?,
            length: v8.image.function(names::STRING_LENGTH)?,
            write_one_byte: if v8.layout.write_one_byte_v2 {
                WriteOneByte::Second(v8.image.function(names::STRING_WRITE_ONE_BYTE_V2)?)
            } else {
                WriteOneByte::First(v8.image.function(names::STRING_WRITE_ONE_BYTE)?)
            },
        })
    }
}

/// How many bytes of UTF-8 are decoded here. V8 goes over a text three times, which costs a short one more than what is made of it.
const DECODED_MAX: usize = 1024;

/// The code units of a text, if it is not too long and all of it is UTF-8: what is not, V8 replaces.
fn decode<'units>(text: &[u8], units: &'units mut [MaybeUninit<u16>; DECODED_MAX]) -> Option<&'units [u16]> {
    // No text has more code units than bytes.
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= DECODED_MAX)?;
    let mut count = 0;
    for unit in text.encode_utf16() {
        units[count].write(unit);
        count += 1;
    }
    // SAFETY: the loop has written so many.
    Some(unsafe { std::slice::from_raw_parts(units.as_ptr().cast(), count) })
}

impl Strings {
    /// A string of UTF-8, with U+FFFD for what is none; null where it would be too long for a string.
    ///
    /// # Safety
    ///
    /// * The thread is inside a callback of V8, with a handle scope open.
    pub unsafe fn of_utf8(&self, text: &[u8]) -> sys::napi_value {
        let Ok(length) = i32::try_from(text.len()) else { return ptr::null_mut() };
        // SAFETY: the caller's list: there is a current isolate; each text has the length that is said, and V8 copies it.
        unsafe {
            let isolate = (self.isolate_get_current)();
            // ASCII is the same in both encodings, and V8 need not look for the length of what it makes.
            if text.is_ascii() {
                return self.new_from_one_byte.call(isolate, text.as_ptr(), NEW_STRING_NORMAL, length);
            }
            let mut units = [const { MaybeUninit::uninit() }; DECODED_MAX];
            match decode(text, &mut units) {
                Some(units) => self.new_from_two_byte.call(isolate, units.as_ptr(), NEW_STRING_NORMAL, units.len() as i32),
                None => self.new_from_utf8.call(isolate, text.as_ptr(), NEW_STRING_NORMAL, length),
            }
        }
    }

    /// The characters of a string that V8 keeps one byte each of, copied to `room`; `None` for other strings, and longer ones.
    ///
    /// # Safety
    ///
    /// * The thread is inside a callback of V8, and `string` is a handle of a string.
    pub unsafe fn one_byte<'room>(&self, string: *const c_void, room: &'room mut [MaybeUninit<u8>]) -> Option<&'room [u8]> {
        // SAFETY: the caller's list.
        let (is_one_byte, length) = unsafe { ((self.is_one_byte)(string), (self.length)(string)) };
        let size = usize::try_from(length).ok().filter(|size| is_one_byte && *size <= room.len())?;
        let target = room.as_mut_ptr().cast::<u8>();
        // SAFETY: the caller's list; so many bytes fit, and with these options no more are written.
        unsafe {
            let isolate = (self.isolate_get_current)();
            match self.write_one_byte {
                WriteOneByte::First(write) if write(string, isolate, target, 0, length, NO_NULL_TERMINATION) != length => return None,
                WriteOneByte::First(_) => {}
                WriteOneByte::Second(write) => write(string, isolate, 0, length.cast_unsigned(), target, WRITE_FLAGS_NONE),
            }
            Some(std::slice::from_raw_parts(target, size))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DECODED_MAX, decode};
    use std::mem::MaybeUninit;

    #[test]
    fn what_is_utf8_and_short_is_decoded() {
        let mut units = [const { MaybeUninit::uninit() }; DECODED_MAX];
        let text = "Gr\u{fc}\u{df}e, \u{65e5}\u{672c}, \u{1f980}";
        assert_eq!(decode(text.as_bytes(), &mut units), Some(text.encode_utf16().collect::<Vec<_>>().as_slice()));
        assert_eq!(decode(&[b'x'; DECODED_MAX], &mut units).map(<[u16]>::len), Some(DECODED_MAX));
        assert_eq!(decode(&[b'x'; DECODED_MAX + 1], &mut units), None);
        assert_eq!(decode(b"\xed\xa0\x80", &mut units), None);
        assert_eq!(decode(b"\xff", &mut units), None);
    }
}
