//! AArch64 instructions for a plan.

use dynasmrt::aarch64::Aarch64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler, dynasm};

use super::linkage::{Linkage, PROBE_DISTANCE};
use crate::cell;
use crate::place::{Base, Extend, Move, Place, Width};
use crate::plan::{Outcome, Plan, Resolver, Target};
use crate::types::Class;

/// The registers that hold an integral and a floating-point result.
const RESULT: u8 = 0;
const VECTOR_RESULT: u8 = 0;

/// The frame pointer, and the number that stands for the stack pointer as a base.
const X29: u8 = 29;
const SP: u8 = 31;

/// The largest immediate of `add` and `sub` without a shift.
const LARGEST_IMMEDIATE: u32 = 0xfff;

/// A register and an unsigned displacement. Every displacement in a frame or in the cells is within reach of the scaled load and store
/// instructions: below 4,096 for bytes, and more for wider values.
#[derive(Clone, Copy)]
struct Address {
    base: u8,
    displacement: u32,
}

struct Emitter<'a> {
    ops: VecAssembler<Aarch64Relocation>,
    plan: &'a Plan,
    linkage: &'a Linkage,
    /// What the scratch register for bases holds.
    loaded: Option<Base>,
}

pub(super) fn emit(plan: &Plan, linkage: &Linkage) -> Vec<u8> {
    let mut emitter = Emitter { ops: VecAssembler::new(0), plan, linkage, loaded: None };
    emitter.whole();
    emitter.ops.finalize().expect("every jump has its label")
}

impl Emitter<'_> {
    fn whole(&mut self) {
        // `bti c`: where branch target identification is on, a call may only land on it.
        dynasm!(self.ops; .arch aarch64; hint 34);
        if let Some(size) = self.plan.frame {
            self.enter(size);
        }
        if let Some(resolver) = self.plan.resolver {
            self.moves(&self.plan.saves);
            self.resolve(resolver);
            self.target();
        } else {
            self.target();
            self.moves(&self.plan.saves);
        }
        self.moves(&self.plan.arguments);
        let target = self.plan.scratch.target;
        if let Some(size) = self.plan.frame {
            dynasm!(self.ops; .arch aarch64; blr X(target));
            self.loaded = None;
            self.outcome();
            if self.plan.resolver.is_some() {
                dynasm!(self.ops; .arch aarch64; refused:);
            }
            self.leave(size);
        } else {
            dynasm!(self.ops; .arch aarch64; br X(target));
        }
    }

    fn enter(&mut self, size: u32) {
        dynasm!(self.ops; .arch aarch64; stp x29, x30, [sp, -16]!; mov x29, sp);
        let mut rest = size;
        if size > PROBE_DISTANCE {
            let half = (size / 2).next_multiple_of(16);
            dynasm!(self.ops; .arch aarch64; sub sp, sp, half; str xzr, [sp]);
            rest -= half;
        }
        assert!(rest <= LARGEST_IMMEDIATE, "a frame for {} parameters is smaller", cell::MAX_PARAMETERS);
        if rest > 0 {
            dynasm!(self.ops; .arch aarch64; sub sp, sp, rest);
        }
    }

    fn leave(&mut self, size: u32) {
        if size > 0 {
            dynasm!(self.ops; .arch aarch64; mov sp, x29);
        }
        dynasm!(self.ops; .arch aarch64; ldp x29, x30, [sp], 16; ret);
    }

    /// Calls the resolver and goes on only if it returns 0; otherwise all that is left is to leave.
    fn resolve(&mut self, resolver: Resolver) {
        let registers = self.plan.convention.general;
        self.constant(registers[0], self.linkage.descriptor);
        for (&register, offset) in registers[1..].iter().zip([resolver.slots, resolver.values, resolver.text]) {
            assert!(offset <= LARGEST_IMMEDIATE, "a frame for {} parameters is smaller", cell::MAX_PARAMETERS);
            dynasm!(self.ops; .arch aarch64; add XSP(register), sp, offset);
        }
        let target = self.plan.scratch.target;
        self.constant(target, self.linkage.resolver);
        dynasm!(self.ops; .arch aarch64; blr X(target); cbnz w0, >refused);
        self.loaded = None;
    }

    fn target(&mut self) {
        let target = self.plan.scratch.target;
        match self.plan.target {
            Target::Number(Place::Vector(number)) => dynasm!(self.ops; .arch aarch64; fcvtzs X(target), D(number)),
            Target::Number(Place::Memory { base, offset }) => {
                let vector = self.plan.scratch.vector;
                let Address { base, displacement } = self.address(base, offset);
                dynasm!(self.ops; .arch aarch64; ldr D(vector), [XSP(base), displacement]; fcvtzs X(target), D(vector));
            }
            Target::Address(Place::General(number)) => dynasm!(self.ops; .arch aarch64; mov X(target), X(number)),
            Target::Number(Place::General(_)) | Target::Address(Place::Vector(_) | Place::Memory { .. }) => {
                unreachable!("a number is in a floating-point register or in memory, an address is passed in a register")
            }
        }
    }

    fn outcome(&mut self) {
        match self.plan.outcome {
            Outcome::Kept => {}
            Outcome::Extended(extend) => self.extend_result(extend),
            Outcome::Stored { class, width, extend, to } => {
                self.extend_result(extend);
                let from = match class {
                    Class::None => None,
                    Class::Integer => Some(Place::General(RESULT)),
                    Class::Float => Some(Place::Vector(VECTOR_RESULT)),
                };
                if let Some(from) = from {
                    self.move_one(&Move::new(from, to, width));
                }
            }
        }
        if self.plan.resolver.is_some() {
            let Address { base, displacement } = self.address(Base::Cells, cell::offset(cell::REFUSED));
            dynasm!(self.ops; .arch aarch64; str wzr, [XSP(base), displacement]);
        }
        if self.plan.returns_zero {
            dynasm!(self.ops; .arch aarch64; mov x0, xzr);
        }
    }

    fn extend_result(&mut self, extend: Extend) {
        match extend {
            Extend::None => {}
            Extend::Sign8 => dynasm!(self.ops; .arch aarch64; sxtb w0, w0),
            Extend::Zero8 => dynasm!(self.ops; .arch aarch64; uxtb w0, w0),
            Extend::Sign16 => dynasm!(self.ops; .arch aarch64; sxth w0, w0),
            Extend::Zero16 => dynasm!(self.ops; .arch aarch64; uxth w0, w0),
        }
    }

    fn moves(&mut self, moves: &[Move]) {
        for it in moves {
            self.move_one(it);
        }
    }

    fn move_one(&mut self, it: &Move) {
        match (it.from, it.to) {
            (Place::Memory { base, offset }, Place::General(to)) => {
                let address = self.address(base, offset);
                self.load(address, to, it.width, it.extend);
            }
            (Place::Memory { base, offset }, Place::Vector(to)) => {
                let Address { base, displacement } = self.address(base, offset);
                if it.width == Width::Double {
                    dynasm!(self.ops; .arch aarch64; ldr D(to), [XSP(base), displacement]);
                } else {
                    dynasm!(self.ops; .arch aarch64; ldr S(to), [XSP(base), displacement]);
                }
            }
            (Place::Memory { base, offset }, Place::Memory { base: to_base, offset: to_offset }) => {
                let temporary = self.plan.scratch.temporary;
                let address = self.address(base, offset);
                self.load(address, temporary, it.width, it.extend);
                let address = self.address(to_base, to_offset);
                self.store(temporary, address, it.width);
            }
            (Place::General(from), Place::General(to)) => {
                if it.width == Width::Double {
                    dynasm!(self.ops; .arch aarch64; mov X(to), X(from));
                } else {
                    dynasm!(self.ops; .arch aarch64; mov W(to), W(from));
                }
            }
            (Place::Vector(from), Place::Vector(to)) => dynasm!(self.ops; .arch aarch64; fmov D(to), D(from)),
            (Place::General(from), Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                self.store(from, address, it.width);
            }
            (Place::Vector(from), Place::Memory { base, offset }) => {
                let Address { base, displacement } = self.address(base, offset);
                if it.width == Width::Double {
                    dynasm!(self.ops; .arch aarch64; str D(from), [XSP(base), displacement]);
                } else {
                    dynasm!(self.ops; .arch aarch64; str S(from), [XSP(base), displacement]);
                }
            }
            (Place::General(_), Place::Vector(_)) | (Place::Vector(_), Place::General(_)) => {
                unreachable!("a value never changes its register bank")
            }
        }
    }

    fn load(&mut self, Address { base, displacement }: Address, to: u8, width: Width, extend: Extend) {
        match (extend, width) {
            (Extend::Sign8, _) => dynasm!(self.ops; .arch aarch64; ldrsb W(to), [XSP(base), displacement]),
            (Extend::Zero8, _) | (Extend::None, Width::Byte) => dynasm!(self.ops; .arch aarch64; ldrb W(to), [XSP(base), displacement]),
            (Extend::Sign16, _) => dynasm!(self.ops; .arch aarch64; ldrsh W(to), [XSP(base), displacement]),
            (Extend::Zero16, _) | (Extend::None, Width::Half) => dynasm!(self.ops; .arch aarch64; ldrh W(to), [XSP(base), displacement]),
            (Extend::None, Width::Word) => dynasm!(self.ops; .arch aarch64; ldr W(to), [XSP(base), displacement]),
            (Extend::None, Width::Double) => dynasm!(self.ops; .arch aarch64; ldr X(to), [XSP(base), displacement]),
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

    /// The address `offset` bytes above a base, which is loaded if it is not in its register.
    fn address(&mut self, base: Base, offset: u32) -> Address {
        match base {
            // Above the saved frame pointer and link register when there is a frame.
            Base::Incoming if self.plan.frame.is_some() => Address { base: X29, displacement: offset + 16 },
            Base::Incoming | Base::Outgoing | Base::Frame => Address { base: SP, displacement: offset },
            Base::Cells | Base::Arguments | Base::Result => {
                let register = self.plan.scratch.base;
                if self.loaded != Some(base) {
                    self.load_base(base, register);
                    self.loaded = Some(base);
                }
                Address { base: register, displacement: offset }
            }
        }
    }

    fn load_base(&mut self, base: Base, register: u8) {
        match base {
            Base::Cells => self.constant(register, self.linkage.cells),
            Base::Arguments => dynasm!(self.ops; .arch aarch64; mov X(register), X(self.plan.convention.general[0])),
            Base::Result => {
                let Some(Place::Memory { base: Base::Frame, offset }) = self.plan.result_address else {
                    unreachable!("a plan that stores through an address keeps it in its frame")
                };
                let address = self.address(Base::Frame, offset);
                self.load(address, register, Width::Double, Extend::None);
            }
            Base::Incoming | Base::Outgoing | Base::Frame => unreachable!("the stack is always within reach"),
        }
    }

    /// `movz` for the lowest halfword that is not 0, `movk` for the others.
    fn constant(&mut self, register: u8, value: u64) {
        let halfword = |index: u32| (value >> (16 * index)) as u16;
        let mut rest = (0..4_u32).filter(|&index| halfword(index) != 0);
        let first = rest.next().unwrap_or(0);
        dynasm!(self.ops; .arch aarch64; movz X(register), u32::from(halfword(first)), lsl 16 * first);
        for index in rest {
            dynasm!(self.ops; .arch aarch64; movk X(register), u32::from(halfword(index)), lsl 16 * index);
        }
    }
}
