//! JavaScript values to native slots and back. Nothing here runs the user's JavaScript.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use ferrule_abi::Representation;
use ferrule_native::Slot;

use crate::error::{Error, Result, Subject};
use crate::napi::{Env, Kind, Value};

/// The largest integer up to which every integer is a number of its own: 2^53 - 1.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Which values a 64-bit integer may come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    /// Only a bigint.
    Bigint,
    /// A bigint, or a number that is a safe integer.
    BigintOrNumber,
}

/// Converts a scalar. `None` when the value is of another type, out of range or fractional; never a coercion.
///
/// An `as` cast saturates, so a number that comes back unequal did not fit; -0 equals 0.
#[inline]
pub fn scalar<'env>(env: Env<'env>, representation: Representation, wide: Wide, value: Value<'env>) -> Option<Slot> {
    macro_rules! narrow {
        ($ty:ty) => {{
            let number = env.number(value)?;
            let integer = number as $ty;
            (f64::from(integer) == number).then(|| Slot::new(integer))
        }};
    }
    match representation {
        Representation::Void => None,
        Representation::Int8 => narrow!(i8),
        Representation::Uint8 => narrow!(u8),
        Representation::Int16 => narrow!(i16),
        Representation::Uint16 => narrow!(u16),
        Representation::Int32 => narrow!(i32),
        Representation::Uint32 => narrow!(u32),
        Representation::Int64 => match env.bigint_i64(value) {
            Some((integer, lossless)) => lossless.then(|| Slot::new(integer)),
            None => safe_integer(env, wide, value).map(Slot::new),
        },
        Representation::Uint64 => match env.bigint_u64(value) {
            Some((integer, lossless)) => lossless.then(|| Slot::new(integer)),
            None => safe_integer(env, wide, value).and_then(|integer| u64::try_from(integer).ok()).map(Slot::new),
        },
        Representation::Float32 => Some(Slot::new(env.number(value)? as f32)),
        Representation::Float64 => Some(Slot::new(env.number(value)?)),
        Representation::Pointer => match env.bigint_u64(value)? {
            (integer, true) => usize::try_from(integer).ok().map(Slot::new),
            (_, false) => None,
        },
    }
}

/// A number that is an integer of magnitude at most 2^53 - 1, where numbers are taken for 64-bit integers.
fn safe_integer<'env>(env: Env<'env>, wide: Wide, value: Value<'env>) -> Option<i64> {
    if wide == Wide::Bigint {
        return None;
    }
    let number = env.number(value)?;
    (number.trunc() == number && number.abs() <= MAX_SAFE_INTEGER as f64).then_some(number as i64)
}

/// Converts the argument at `index` of a call. Memory that it needs for the length of the call comes from `memory`.
#[inline]
pub fn argument<'env>(
    env: Env<'env>,
    representation: Representation,
    index: usize,
    value: Value<'env>,
    memory: &mut CallMemory<'_>,
) -> Result<Slot> {
    match scalar(env, representation, Wide::BigintOrNumber, value) {
        Some(slot) => Ok(slot),
        None if representation == Representation::Pointer => pointer_argument(env, index, value, memory),
        None => Err(Error::Argument { index, representation }),
    }
}

/// Converts what is no address itself.
fn pointer_argument<'env>(env: Env<'env>, index: usize, value: Value<'env>, memory: &mut CallMemory<'_>) -> Result<Slot> {
    match env.kind(value)? {
        Kind::Undefined | Kind::Null => Ok(Slot::ZERO),
        Kind::BigInt => Err(Error::ArgumentPointerRange(index)),
        Kind::String => memory.string(env, index, value).map(Slot::new),
        Kind::Object => buffer_argument(env, index, value).map(Slot::new),
        Kind::Boolean | Kind::Number | Kind::Symbol | Kind::Function | Kind::External => Err(Error::ArgumentPointer(index)),
    }
}

/// Converts an argument that has an address without being one; `None` for what has none: `undefined` and `null`.
#[inline]
pub fn value_argument<'env>(env: Env<'env>, index: usize, value: Value<'env>, memory: &mut CallMemory<'_>) -> Result<Option<Slot>> {
    if matches!(env.kind(value)?, Kind::Undefined | Kind::Null) { Ok(None) } else { pointer_argument(env, index, value, memory).map(Some) }
}

fn buffer_argument<'env>(env: Env<'env>, index: usize, value: Value<'env>) -> Result<*mut c_void> {
    if let Some(memory) = env.view_memory(value)? {
        return if memory.detached { Err(Error::ArgumentViewDetached(index)) } else { Ok(memory.address) };
    }
    match env.array_buffer_memory(value)? {
        Some(memory) if memory.detached => Err(Error::ArgumentDetached(index)),
        Some(memory) => Ok(memory.address),
        None => Err(Error::ArgumentPointer(index)),
    }
}

/// What a call on a closed library says of an argument before it says that the library is closed: only what needs no memory.
pub fn closed_argument<'env>(env: Env<'env>, representation: Representation, index: usize, value: Value<'env>) -> Result<()> {
    let by_value = representation != Representation::Pointer || matches!(env.kind(value)?, Kind::Undefined | Kind::Null | Kind::BigInt);
    if !by_value {
        return Err(Error::LibraryClosed);
    }
    argument(env, representation, index, value, &mut CallMemory::new(&mut [MaybeUninit::uninit(); INLINE_STRINGS])).map(drop)
}

/// A native value for JavaScript; `None` is `undefined`.
#[inline]
pub fn to_js<'env>(env: Env<'env>, representation: Representation, slot: &Slot) -> Result<Option<Value<'env>>> {
    let value = match representation {
        Representation::Void => return Ok(None),
        Representation::Int8 => env.create_i32(slot.get::<i8>().into()),
        Representation::Uint8 => env.create_u32(slot.get::<u8>().into()),
        Representation::Int16 => env.create_i32(slot.get::<i16>().into()),
        Representation::Uint16 => env.create_u32(slot.get::<u16>().into()),
        Representation::Int32 => env.create_i32(slot.get()),
        Representation::Uint32 => env.create_u32(slot.get()),
        Representation::Int64 => env.create_i64(slot.get()),
        Representation::Uint64 => env.create_u64(slot.get()),
        Representation::Float32 => env.create_f64(slot.get::<f32>().into()),
        Representation::Float64 => env.create_f64(slot.get()),
        Representation::Pointer => env.create_u64(slot.get::<usize>() as u64),
    };
    Ok(Some(value?))
}

/// Room for the short strings of a call, in bytes.
pub const INLINE_STRINGS: usize = 512;

/// Room on the stack for the short strings of a call.
pub type InlineStrings = [MaybeUninit<u8>; INLINE_STRINGS];

/// Memory that lasts as long as one native call: copies of its string arguments, short ones on the stack.
pub struct CallMemory<'call> {
    inline: &'call mut [MaybeUninit<u8>],
    heap: Vec<Vec<u8>>,
}

impl<'call> CallMemory<'call> {
    /// Memory that takes short strings from `inline`.
    #[inline]
    pub fn new(inline: &'call mut InlineStrings) -> Self {
        Self { inline, heap: Vec::new() }
    }

    /// Copies a string argument as NUL-terminated UTF-8 and gives its address.
    fn string<'env>(&mut self, env: Env<'env>, index: usize, value: Value<'env>) -> Result<*mut c_void> {
        if let Some(length) = env.try_write_utf8(value, self.inline)? {
            let (text, free) = std::mem::take(&mut self.inline).split_at_mut(length + 1);
            self.inline = free;
            // SAFETY: Node-API has written the first `length` bytes.
            refuse_null_bytes(unsafe { std::slice::from_raw_parts(text.as_ptr().cast::<u8>(), length) }, index)?;
            return Ok(text.as_mut_ptr().cast());
        }
        let length = env.utf8_length(value)?.unwrap_or(0);
        let mut copy = Vec::<u8>::new();
        copy.try_reserve_exact(length + 1).map_err(|_| Error::Memory)?;
        // SAFETY: the vector has room for `length` bytes and the NUL, all of which Node-API writes.
        unsafe {
            let written = env.write_utf8(value, copy.as_mut_ptr(), length + 1)?;
            copy.set_len(written + 1);
        }
        refuse_null_bytes(&copy[..copy.len() - 1], index)?;
        let address = copy.as_mut_ptr().cast();
        self.heap.push(copy);
        Ok(address)
    }
}

fn refuse_null_bytes(text: &[u8], index: usize) -> Result<()> {
    if text.contains(&0) { Err(Error::NullBytes(Subject::Argument(index))) } else { Ok(()) }
}
