//! Emission: a plan becomes machine code, for either architecture on any host.

#[expect(clippy::useless_conversion, reason = "`dynasm!` converts every register number that it is given")]
mod aarch64;
#[expect(clippy::useless_conversion, reason = "`dynasm!` converts every register number that it is given")]
mod x64;

use crate::convention::Architecture;
use crate::plan::Plan;

/// The addresses that compiled code has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linkage {
    /// The environment's first [cell](crate::cell).
    pub cells: u64,
    /// The function that a [`Resolver`](crate::plan::Resolver) stands for; unused by plans without one.
    pub resolver: u64,
    /// What that function is given first.
    pub descriptor: u64,
}

/// A frame that is larger than this is touched half-way while it is made: systems that grow a stack by its guard page (4,096 bytes on
/// Windows and Linux) must not see that page skipped.
const PROBE_DISTANCE: u32 = 4000;

/// The machine code of a plan. It does not depend on where it is placed.
///
/// # Panics
///
/// If the assembler finds a jump without its label, which is a fault of this crate.
#[must_use]
pub fn emit(plan: &Plan, linkage: &Linkage) -> Vec<u8> {
    match plan.convention.architecture {
        Architecture::X64 => x64::emit(plan, linkage),
        Architecture::Aarch64 => aarch64::emit(plan, linkage),
    }
}
