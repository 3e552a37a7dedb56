//! `get*` and `set*`: one value in native memory.

use ferrule_abi::Representation;
use ferrule_native::{Scalar, Slot, memory};

use crate::boundary::Arguments;
use crate::convert::{self, Wide};
use crate::error::{Error, Quantity, Result};
use crate::guard::Caution;
use crate::napi::{Env, Kind, Value};
use crate::pointer::{self, PointerErrors};

/// A type that has accessors.
pub trait Element: Scalar {
    /// How it lies in memory.
    const REPRESENTATION: Representation;
}

macro_rules! elements {
    ($($ty:ty => $representation:ident,)*) => { $(
        impl Element for $ty {
            const REPRESENTATION: Representation = Representation::$representation;
        }
    )* };
}

elements! {
    i8 => Int8,
    u8 => Uint8,
    i16 => Int16,
    u16 => Uint16,
    i32 => Int32,
    u32 => Uint32,
    i64 => Int64,
    u64 => Uint64,
    f32 => Float32,
    f64 => Float64,
}

/// `get(pointer, offset = 0)`
pub fn get<'env, T: Element, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let base = base(env, arguments)?;
    let offset = arguments.get(env, 1)?;
    let offset = if env.kind(offset)? == Kind::Undefined { 0 } else { pointer::quantity(env, offset, Quantity::Offset)? };
    let address = element::<T>(at(base, offset)?)?;
    C::reads(address, size_of::<T>())?;
    // SAFETY: JavaScript answers for the memory (`ferrule_native`'s list).
    let value = unsafe { memory::read::<T>(address) };
    convert::to_js(env, T::REPRESENTATION, &Slot::new(value))
}

/// `set(pointer, offset, value)`
pub fn set<'env, T: Element, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let base = base(env, arguments)?;
    let (offset, value) = (arguments.get(env, 1)?, arguments.get(env, 2)?);
    if env.kind(offset)? == Kind::Undefined {
        return Err(Error::OffsetMissing);
    }
    let address = at(base, pointer::quantity(env, offset, Quantity::Offset)?)?;
    if env.kind(value)? == Kind::Undefined {
        return Err(Error::ValueMissing);
    }
    let address = element::<T>(address)?;
    let value = match convert::scalar(env, T::REPRESENTATION, Wide::BigintOrNumber, value) {
        Some(slot) => slot.get::<T>(),
        None => return Err(refused(env, T::REPRESENTATION, value)?),
    };
    C::writes(address, size_of::<T>())?;
    // SAFETY: JavaScript answers for the memory (`ferrule_native`'s list).
    unsafe { memory::write(address, value) };
    Ok(None)
}

fn base<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<usize> {
    match pointer::address(env, arguments.get(env, 0)?, PointerErrors::pointer())? {
        0 => Err(Error::NullDereference),
        address => Ok(address),
    }
}

fn at(base: usize, offset: usize) -> Result<usize> {
    memory::offset(base, offset).ok_or(Error::AddressRange(Quantity::Offset))
}

fn element<T>(address: usize) -> Result<usize> {
    if memory::spans(address, size_of::<T>()) { Ok(address) } else { Err(Error::AccessedRange) }
}

/// A 64-bit element tells a wrong type from a wrong value; the others do not.
fn refused<'env>(env: Env<'env>, representation: Representation, value: Value<'env>) -> Result<Error> {
    let wide = matches!(representation, Representation::Int64 | Representation::Uint64);
    if wide && !matches!(env.kind(value)?, Kind::BigInt | Kind::Number) {
        return Ok(Error::ValueType);
    }
    Ok(Error::Value(representation))
}
