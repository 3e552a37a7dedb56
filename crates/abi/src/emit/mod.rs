//! Emission: a plan becomes machine code, for either architecture on any host.

#[expect(clippy::useless_conversion, reason = "`dynasm!` converts every register number that it is given")]
mod aarch64;
mod linkage;
pub mod thunk;
mod walk;
#[expect(clippy::useless_conversion, reason = "`dynasm!` converts every register number that it is given")]
mod x64;

use aarch64::Aarch64;
use walk::walk;
use x64::X64;

use crate::convention::{Architecture, Convention};
use crate::plan::Plan;

pub use linkage::Linkage;

/// The machine code of a plan. It does not depend on where it is placed.
///
/// # Panics
///
/// If the assembler finds a jump without its label, which is a fault of this crate.
#[must_use]
pub fn emit(plan: &Plan, linkage: &Linkage) -> Vec<u8> {
    match plan.convention.architecture {
        Architecture::X64 => walk(X64::new(), plan, linkage),
        Architecture::Aarch64 => walk(Aarch64::new(), plan, linkage),
    }
}

/// The machine code of a thunk: it loads the two addresses that `data` is the address of ([`thunk::CONTEXT`], [`thunk::DESTINATION`]), and
/// jumps to the destination with the context in [`Convention::context`] and all arguments as they are. It does not depend on where it is
/// placed, and it reads `data` at each call, so that another destination needs no other code.
///
/// # Panics
///
/// If the assembler fails, which is a fault of this crate.
#[must_use]
pub fn emit_thunk(convention: &Convention, data: u64) -> Vec<u8> {
    match convention.architecture {
        Architecture::X64 => thunk::thunk(X64::new(), convention, data),
        Architecture::Aarch64 => thunk::thunk(Aarch64::new(), convention, data),
    }
}
