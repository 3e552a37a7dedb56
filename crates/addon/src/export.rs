//! `exportString`, `exportBuffer`, `exportArrayBuffer`, `exportArrayBufferView`: JavaScript's bytes into native memory.

use std::ptr;

use ferrule_native::memory;

use crate::boundary::Arguments;
use crate::convert::MAX_SAFE_INTEGER;
use crate::error::{Error, Quantity, Result};
use crate::guard::Caution;
use crate::napi::{Env, Kind, Memory, Value};
use crate::pointer::{self, PointerErrors};
use crate::state::{ask, ask_text};

type Returned<'env> = Result<Option<Value<'env>>>;

/// The encodings of `Buffer`, by how they get into native memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    /// One byte per code unit.
    Latin1,
    /// Two bytes per code unit, and two for the terminator.
    Utf16,
    /// The string spells bytes: Node decodes it.
    Spelled,
}

impl Encoding {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "" | "utf8" | "utf-8" => Self::Utf8,
            "latin1" | "binary" | "ascii" => Self::Latin1,
            "ucs2" | "ucs-2" | "utf16le" | "utf-16le" => Self::Utf16,
            "hex" | "base64" | "base64url" => Self::Spelled,
            _ => return None,
        })
    }

    fn terminator(self) -> usize {
        if self == Self::Utf16 { 2 } else { 1 }
    }
}

/// The error for an argument of the wrong type.
pub fn wrong_type<'env>(env: Env<'env>, name: &'static str, expected: &'static str, value: Value<'env>) -> Result<Error> {
    Ok(Error::ArgumentType { name, expected, received: ask_text(env, |hooks| &hooks.received, &[value])? })
}

/// The `length` argument, which the messages call `len`.
fn length<'env>(env: Env<'env>, value: Value<'env>) -> Result<usize> {
    let Some(number) = env.number(value) else { return Err(wrong_type(env, "len", "of type number", value)?) };
    if number.trunc() != number || !number.is_finite() {
        return Err(out_of_range(env, "an integer".to_owned(), value)?);
    }
    if number < 0.0 || number > MAX_SAFE_INTEGER as f64 {
        return Err(out_of_range(env, format!(">= 0 && <= {MAX_SAFE_INTEGER}"), value)?);
    }
    usize::try_from(number as u64).map_err(|_| Error::QuantityTooLarge(Quantity::Length))
}

/// Refuses the `length` argument when it is less than what is to be written.
fn refuse_less<'env>(env: Env<'env>, length: usize, required: usize, value: Value<'env>) -> Result<()> {
    if length < required { Err(out_of_range(env, format!(">= {required}"), value)?) } else { Ok(()) }
}

fn out_of_range<'env>(env: Env<'env>, range: String, value: Value<'env>) -> Result<Error> {
    Ok(Error::OutOfRange { name: "len", range, received: ask_text(env, |hooks| &hooks.received_number, &[value])? })
}

/// The address to write `length` bytes to, unless there is nothing to write.
fn target<'env>(env: Env<'env>, pointer: Value<'env>, length: usize, is_empty: bool) -> Result<*mut u8> {
    let address = pointer::address(env, pointer, PointerErrors::pointer())?;
    if address == 0 && !is_empty {
        return Err(Error::NullBuffer);
    }
    if !memory::spans(address, length) {
        return Err(Error::AddressRange(Quantity::Length));
    }
    Ok(ptr::with_exposed_provenance_mut(address))
}

/// `exportString(string, pointer, length, encoding = 'utf8')`
pub fn string<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let (string, pointer, room) = (arguments.get(env, 0)?, arguments.get(env, 1)?, arguments.get(env, 2)?);
    if env.kind(string)? != Kind::String {
        return Err(wrong_type(env, "string", "of type string", string)?);
    }
    let name = arguments.get(env, 3)?;
    let text = match env.text(name)? {
        Some(text) => text,
        None if env.kind(name)? == Kind::Undefined => String::new(),
        None => return Err(wrong_type(env, "encoding", "of type string", name)?),
    };
    let length = length(env, room)?;
    let Some(encoding) = Encoding::from_name(&text) else { return Err(Error::UnknownEncoding(text)) };
    // Node encodes what is more than a copy.
    let encoded = match encoding {
        Encoding::Utf8 | Encoding::Latin1 => None,
        Encoding::Utf16 | Encoding::Spelled => {
            let buffer = ask(env, |hooks| &hooks.encode, &[string, name])?;
            Some((source(env, buffer)?, byte_length(env, buffer, true)?))
        }
    };
    let bytes = match encoded {
        Some((_, bytes)) => bytes,
        None if encoding == Encoding::Utf8 => env.utf8_length(string)?.unwrap_or(0),
        None => env.utf16_length(string)?.unwrap_or(0),
    };
    let required = bytes + encoding.terminator();
    refuse_less(env, length, required, room)?;
    let target = target(env, pointer, length, false)?;
    C::writes(target.addr(), required)?;
    // SAFETY: `required` is at most `length`, and JavaScript answers for `length` bytes there (`ferrule_native`'s list). Node-API
    // writes at most the capacity it is given, NUL included.
    unsafe {
        match encoded {
            Some((memory, bytes)) => {
                memory::copy(memory.address.cast(), target, bytes);
                target.add(bytes).write_bytes(0, encoding.terminator());
            }
            None if encoding == Encoding::Utf8 => drop(env.write_utf8(string, target, required)?),
            None => drop(env.write_latin1(string, target, required)?),
        }
    }
    Ok(None)
}

/// The byte length of a Buffer or a view, by the language's own getters: Node-API 8 tells none of a Float16Array, and every object can
/// have a property of that name.
fn byte_length<'env>(env: Env<'env>, view: Value<'env>, is_buffer: bool) -> Result<usize> {
    let length = ask(env, |hooks| &hooks.byte_length, &[view, env.boolean(is_buffer)?])?;
    Ok(env.number(length).unwrap_or(0.0) as usize)
}

/// The memory of a view or an ArrayBuffer.
fn source<'env>(env: Env<'env>, value: Value<'env>) -> Result<Memory> {
    let memory = match env.view_memory(value)? {
        Some(memory) => Some(memory),
        None => env.array_buffer_memory(value)?,
    };
    memory.filter(|memory| !memory.detached).ok_or(Error::Detached)
}

/// Exports all bytes of the first argument. How many these are, `measure` says, after the length has been looked at.
fn export<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>, measure: impl FnOnce() -> Result<usize>) -> Returned<'env> {
    let (value, pointer, room) = (arguments.get(env, 0)?, arguments.get(env, 1)?, arguments.get(env, 2)?);
    let length = length(env, room)?;
    let bytes = measure()?;
    refuse_less(env, length, bytes, room)?;
    let source = source(env, value)?;
    let target = target(env, pointer, length, bytes == 0)?;
    C::writes(target.addr(), bytes)?;
    // SAFETY: the source has `bytes` bytes, and JavaScript answers for `length`, at least as many, at the target
    // (`ferrule_native`'s list).
    unsafe { memory::copy(source.address.cast(), target, bytes) };
    Ok(None)
}

/// `exportBuffer(buffer, pointer, length)`
pub fn buffer<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let value = arguments.get(env, 0)?;
    let is_buffer = ask(env, |hooks| &hooks.is_buffer, &[value])?;
    if !env.is_truthy(is_buffer)? {
        return Err(wrong_type(env, "buffer", "an instance of Buffer", value)?);
    }
    export::<C>(env, arguments, || byte_length(env, value, true))
}

/// `exportArrayBuffer(arrayBuffer, pointer, length)`
pub fn array_buffer<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let value = arguments.get(env, 0)?;
    match env.array_buffer_memory(value)? {
        Some(_) => export::<C>(env, arguments, || Ok(env.array_buffer_length(value)?)),
        None => Err(wrong_type(env, "arrayBuffer", "an instance of ArrayBuffer", value)?),
    }
}

/// `exportArrayBufferView(view, pointer, length)`
pub fn array_buffer_view<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Returned<'env> {
    let value = arguments.get(env, 0)?;
    match env.view_memory(value)? {
        // A DataView whose buffer is gone has no length to ask for.
        Some(memory) => export::<C>(env, arguments, || if memory.detached { Err(Error::Detached) } else { byte_length(env, value, false) }),
        None => Err(wrong_type(env, "arrayBufferView", "an instance of ArrayBufferView", value)?),
    }
}
