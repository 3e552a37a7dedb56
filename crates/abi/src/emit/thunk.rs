//! The code of a thunk: a function of any signature that leads elsewhere, to what memory beside it says.

use super::walk::{Address, Instructions};
use crate::convention::Convention;
use crate::place::{Extend, Width};

/// Distance in bytes from a thunk's data to the context that it hands on.
pub const CONTEXT: usize = 0;

/// Distance in bytes from a thunk's data to the address that it jumps to.
pub const DESTINATION: usize = 8;

/// Size in bytes of a thunk's data.
pub const DATA_SIZE: usize = 16;

pub(super) fn thunk<I: Instructions>(mut instructions: I, convention: &Convention, data: u64) -> Vec<u8> {
    let scratch = convention.scratch(0);
    let context = convention.context();
    let at = |distance: usize| Address { base: context, displacement: distance as u32 };
    instructions.landing();
    instructions.constant(context, data);
    // The destination is read first: on x86-64, who sees a new one then sees its context, which is written before it. Elsewhere it takes
    // what every caller needs anyway: to have been given the address by whoever wrote them.
    instructions.load(at(DESTINATION), scratch.target, Width::Double, Extend::None);
    instructions.load(at(CONTEXT), context, Width::Double, Extend::None);
    instructions.jump(scratch.target);
    instructions.finish()
}
