//! The instructions of AArch64.

use dynasmrt::aarch64::Aarch64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler, dynasm};

use super::walk::{Address, Instructions};
use crate::cell;
use crate::place::{Extend, Width};

/// The largest immediate of `add` and `sub` without a shift.
const LARGEST_IMMEDIATE: u32 = 0xfff;

/// Memory is read and written by the instructions with a scaled, unsigned displacement. They reach below 4,096 for bytes, and further for
/// wider values, so every displacement in a frame or in the cells is within their reach.
pub(super) struct Aarch64 {
    ops: VecAssembler<Aarch64Relocation>,
}

impl Aarch64 {
    pub(super) fn new() -> Self {
        Self { ops: VecAssembler::new(0) }
    }
}

fn assert_immediate(bytes: u32) {
    assert!(bytes <= LARGEST_IMMEDIATE, "a frame for {} parameters is smaller", cell::MAX_PARAMETERS);
}

impl Instructions for Aarch64 {
    const STACK_POINTER: u8 = 31;
    const FRAME_POINTER: u8 = 29;
    // A call leaves the return address in the link register.
    const RETURN_ADDRESS: u32 = 0;
    const RESULT: u8 = 0;

    /// `bti c`: where branch target identification is on, a call may only land on it.
    fn landing(&mut self) {
        dynasm!(self.ops; .arch aarch64; hint 34);
    }

    fn push_frame(&mut self) {
        dynasm!(self.ops; .arch aarch64; stp x29, x30, [sp, -16]!; mov x29, sp);
    }

    fn lower_stack(&mut self, bytes: u32) {
        assert_immediate(bytes);
        dynasm!(self.ops; .arch aarch64; sub sp, sp, bytes);
    }

    fn touch_stack(&mut self) {
        dynasm!(self.ops; .arch aarch64; str xzr, [sp]);
    }

    fn leave(&mut self, size: u32) {
        if size > 0 {
            dynasm!(self.ops; .arch aarch64; mov sp, x29);
        }
        dynasm!(self.ops; .arch aarch64; ldp x29, x30, [sp], 16; ret);
    }

    /// `movz` for the lowest halfword that is not 0, `movk` for the others.
    fn constant(&mut self, to: u8, value: u64) {
        let halfword = |index: u32| (value >> (16 * index)) as u16;
        let mut rest = (0..4_u32).filter(|&index| halfword(index) != 0);
        let first = rest.next().unwrap_or(0);
        dynasm!(self.ops; .arch aarch64; movz X(to), u32::from(halfword(first)), lsl 16 * first);
        for index in rest {
            dynasm!(self.ops; .arch aarch64; movk X(to), u32::from(halfword(index)), lsl 16 * index);
        }
    }

    fn stack_address(&mut self, to: u8, offset: u32) {
        assert_immediate(offset);
        dynasm!(self.ops; .arch aarch64; add XSP(to), sp, offset);
    }

    fn extend(&mut self, from: u8, to: u8, extend: Extend) {
        match extend {
            Extend::None => self.copy(from, to, Width::Double),
            Extend::Sign8 => dynasm!(self.ops; .arch aarch64; sxtb W(to), W(from)),
            Extend::Zero8 => dynasm!(self.ops; .arch aarch64; uxtb W(to), W(from)),
            Extend::Sign16 => dynasm!(self.ops; .arch aarch64; sxth W(to), W(from)),
            Extend::Zero16 => dynasm!(self.ops; .arch aarch64; uxth W(to), W(from)),
            Extend::Sign32 => dynasm!(self.ops; .arch aarch64; sxtw X(to), W(from)),
        }
    }

    fn copy(&mut self, from: u8, to: u8, width: Width) {
        if width == Width::Double {
            dynasm!(self.ops; .arch aarch64; mov X(to), X(from));
        } else {
            dynasm!(self.ops; .arch aarch64; mov W(to), W(from));
        }
    }

    fn copy_vector(&mut self, from: u8, to: u8) {
        dynasm!(self.ops; .arch aarch64; fmov D(to), D(from));
    }

    fn load(&mut self, Address { base, displacement }: Address, to: u8, width: Width, extend: Extend) {
        match (extend, width) {
            (Extend::Sign8, Width::Double) => dynasm!(self.ops; .arch aarch64; ldrsb X(to), [XSP(base), displacement]),
            (Extend::Sign16, Width::Double) => dynasm!(self.ops; .arch aarch64; ldrsh X(to), [XSP(base), displacement]),
            (Extend::Sign32, _) => dynasm!(self.ops; .arch aarch64; ldrsw X(to), [XSP(base), displacement]),
            (Extend::Sign8, _) => dynasm!(self.ops; .arch aarch64; ldrsb W(to), [XSP(base), displacement]),
            (Extend::Zero8, _) | (Extend::None, Width::Byte) => dynasm!(self.ops; .arch aarch64; ldrb W(to), [XSP(base), displacement]),
            (Extend::Sign16, _) => dynasm!(self.ops; .arch aarch64; ldrsh W(to), [XSP(base), displacement]),
            (Extend::Zero16, _) | (Extend::None, Width::Half) => dynasm!(self.ops; .arch aarch64; ldrh W(to), [XSP(base), displacement]),
            (Extend::None, Width::Word) => dynasm!(self.ops; .arch aarch64; ldr W(to), [XSP(base), displacement]),
            (Extend::None, Width::Double) => dynasm!(self.ops; .arch aarch64; ldr X(to), [XSP(base), displacement]),
        }
    }

    fn load_vector(&mut self, Address { base, displacement }: Address, to: u8, width: Width) {
        if width == Width::Double {
            dynasm!(self.ops; .arch aarch64; ldr D(to), [XSP(base), displacement]);
        } else {
            dynasm!(self.ops; .arch aarch64; ldr S(to), [XSP(base), displacement]);
        }
    }

    fn store(&mut self, from: u8, Address { base, displacement }: Address, width: Width) {
        match width {
            Width::Byte => dynasm!(self.ops; .arch aarch64; strb W(from), [XSP(base), displacement]),
            Width::Half => dynasm!(self.ops; .arch aarch64; strh W(from), [XSP(base), displacement]),
            Width::Word => dynasm!(self.ops; .arch aarch64; str W(from), [XSP(base), displacement]),
            Width::Double => dynasm!(self.ops; .arch aarch64; str X(from), [XSP(base), displacement]),
        }
    }

    fn store_vector(&mut self, from: u8, Address { base, displacement }: Address, width: Width) {
        if width == Width::Double {
            dynasm!(self.ops; .arch aarch64; str D(from), [XSP(base), displacement]);
        } else {
            dynasm!(self.ops; .arch aarch64; str S(from), [XSP(base), displacement]);
        }
    }

    fn store_zero(&mut self, Address { base, displacement }: Address, width: Width) {
        if width == Width::Double {
            dynasm!(self.ops; .arch aarch64; str xzr, [XSP(base), displacement]);
        } else {
            dynasm!(self.ops; .arch aarch64; str wzr, [XSP(base), displacement]);
        }
    }

    fn add(&mut self, Address { base, displacement }: Address, amount: i8, temporary: u8) {
        dynasm!(self.ops; .arch aarch64; ldr W(temporary), [XSP(base), displacement]);
        let size = u32::from(amount.unsigned_abs());
        if amount < 0 {
            dynasm!(self.ops; .arch aarch64; sub WSP(temporary), WSP(temporary), size);
        } else {
            dynasm!(self.ops; .arch aarch64; add WSP(temporary), WSP(temporary), size);
        }
        dynasm!(self.ops; .arch aarch64; str W(temporary), [XSP(base), displacement]);
    }

    fn number_to_address(&mut self, from: u8, to: u8) {
        dynasm!(self.ops; .arch aarch64; fcvtzs X(to), D(from));
    }

    fn loaded_number_to_address(&mut self, from: Address, to: u8, vector: u8) {
        self.load_vector(from, vector, Width::Double);
        self.number_to_address(vector, to);
    }

    fn zero_result(&mut self) {
        dynasm!(self.ops; .arch aarch64; mov x0, xzr);
    }

    fn announce_vectors(&mut self, _count: u8) {
        unreachable!("no convention of AArch64 announces them")
    }

    fn call(&mut self, target: u8) {
        dynasm!(self.ops; .arch aarch64; blr X(target));
    }

    fn call_constant(&mut self, target: u64) {
        // AAPCS64, section 6.1.1: x16 is free between a call and its callee.
        self.constant(16, target);
        self.call(16);
    }

    fn jump(&mut self, target: u8) {
        dynasm!(self.ops; .arch aarch64; br X(target));
    }

    fn refuse_unless_zero(&mut self) {
        dynasm!(self.ops; .arch aarch64; cbnz w0, >refused);
    }

    fn refused(&mut self) {
        dynasm!(self.ops; .arch aarch64; refused:);
    }

    fn finish(self) -> Vec<u8> {
        self.ops.finalize().expect("every jump has its label")
    }
}
