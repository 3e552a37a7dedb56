//! What JavaScript says about memory: pointers, offsets and lengths, checked before anything is touched.

use crate::convert::MAX_SAFE_INTEGER;
use crate::error::{Error, Quantity, Result};
use crate::napi::{Env, Value};

/// A pointer's errors, which depend on who asks.
pub struct PointerErrors {
    /// It is no bigint.
    pub kind: Error,
    /// It is negative or does not fit.
    pub range: Error,
}

impl PointerErrors {
    /// "The pointer must be …", for the accessors and the exports.
    pub fn pointer() -> Self {
        Self { kind: Error::PointerType, range: Error::PointerRange }
    }

    /// "The function address must be …"
    pub fn function_address() -> Self {
        Self { kind: Error::FunctionAddressType, range: Error::FunctionAddressRange }
    }

    /// "The first argument must be …", for everything else.
    pub fn first_argument() -> Self {
        Self { kind: Error::FirstArgumentBigint, range: Error::FirstArgumentRange }
    }
}

/// An address: a bigint from 0 to the end of the address space.
pub fn address<'env>(env: Env<'env>, value: Value<'env>, errors: PointerErrors) -> Result<usize> {
    let (integer, lossless) = env.bigint_u64(value).ok_or(errors.kind)?;
    usize::try_from(integer).ok().filter(|_| lossless).ok_or(errors.range)
}

/// An offset or a length: a number that is an integer from 0 to 2^53 - 1.
pub fn quantity<'env>(env: Env<'env>, value: Value<'env>, quantity: Quantity) -> Result<usize> {
    let number = env.number(value).ok_or(Error::QuantityType(quantity))?;
    if number < 0.0 || number.trunc() != number || !number.is_finite() {
        return Err(Error::QuantityRange(quantity));
    }
    if number > MAX_SAFE_INTEGER as f64 {
        return Err(Error::QuantityTooLarge(quantity));
    }
    usize::try_from(number as u64).map_err(|_| Error::QuantityTooLarge(quantity))
}
