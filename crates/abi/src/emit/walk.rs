//! The walk of a plan: its steps in their order, whatever the architecture.
//!
//! What differs between architectures is behind [`Instructions`]; the order of the steps, the choice of the instruction for a pair of
//! places and the register for the base of an address are here.

use super::linkage::Linkage;
use crate::cell;
use crate::place::{Base, Extend, Move, Place, Width};
use crate::plan::{Handler, Outcome, Plan, Resolver, Target};

/// A frame that is larger than this is touched half-way while it is made: systems that grow a stack by its guard page (4,096 bytes on
/// Windows and Linux) must not see that page skipped.
const PROBE_DISTANCE: u32 = 4000;

/// Size in bytes of what [`Instructions::push_frame`] leaves between the frame pointer and the incoming stack arguments: the caller's frame
/// pointer and the return address.
const FRAME_RECORD: u32 = 16;

/// Memory `displacement` bytes above what a general-purpose register holds.
#[derive(Clone, Copy)]
pub(super) struct Address {
    pub base: u8,
    pub displacement: u32,
}

/// What an architecture can do: each method appends the instructions for one small thing. Registers are hardware numbers.
pub(super) trait Instructions {
    /// The number by which an [`Address`] knows the stack pointer.
    const STACK_POINTER: u8;
    /// The frame pointer.
    const FRAME_POINTER: u8;
    /// Size in bytes of what a call leaves on the stack, above the stack pointer at entry.
    const RETURN_ADDRESS: u32;
    /// The register that holds a result, by the same number in either bank.
    const RESULT: u8;

    /// What an indirect call may land on.
    fn landing(&mut self);

    /// Keeps the caller's frame pointer and the return address on the stack and lets the frame pointer point at them.
    fn push_frame(&mut self);

    /// Makes the stack `bytes` longer.
    fn lower_stack(&mut self, bytes: u32);

    /// Accesses the lowest word of the stack.
    fn touch_stack(&mut self);

    /// Gives the stack back, of which `size` bytes are below the frame record, and returns.
    fn leave(&mut self, size: u32);

    /// Puts a constant into a general-purpose register.
    fn constant(&mut self, to: u8, value: u64);

    /// Puts the address `offset` bytes above the stack pointer into a general-purpose register.
    fn stack_address(&mut self, to: u8, offset: u32);

    /// Copies a general-purpose register and makes a narrow integer in it wider.
    fn extend(&mut self, from: u8, to: u8, extend: Extend);

    /// Copies a general-purpose register.
    fn copy(&mut self, from: u8, to: u8, width: Width);

    /// Copies a floating-point register.
    fn copy_vector(&mut self, from: u8, to: u8);

    /// Reads memory into a general-purpose register. Where `extend` widens, it says what is read, and `width` how wide that becomes;
    /// otherwise `width` says what is read.
    fn load(&mut self, from: Address, to: u8, width: Width, extend: Extend);

    /// Reads a `float` or a `double` into a floating-point register.
    fn load_vector(&mut self, from: Address, to: u8, width: Width);

    /// Writes a general-purpose register to memory.
    fn store(&mut self, from: u8, to: Address, width: Width);

    /// Writes a floating-point register to memory, as a `float` or a `double`.
    fn store_vector(&mut self, from: u8, to: Address, width: Width);

    /// Writes 0 to memory: an `int32`, or 64 bits.
    fn store_zero(&mut self, to: Address, width: Width);

    /// Adds to an `int32` in memory. The general-purpose register `temporary` may be overwritten.
    fn add(&mut self, to: Address, amount: i8, temporary: u8);

    /// Makes an address of a `double` in a floating-point register.
    fn number_to_address(&mut self, from: u8, to: u8);

    /// Makes an address of a `double` in memory. The floating-point register `vector` may be overwritten.
    fn loaded_number_to_address(&mut self, from: Address, to: u8, vector: u8);

    /// Puts 0 into the general-purpose result register.
    fn zero_result(&mut self);

    /// Tells a variadic callee how many floating-point registers hold arguments.
    fn announce_vectors(&mut self, count: u8);

    /// Calls what a general-purpose register holds the address of.
    fn call(&mut self, target: u8);

    /// Calls a known address, through a register that holds no argument.
    fn call_constant(&mut self, target: u64);

    /// Jumps to what a general-purpose register holds the address of.
    fn jump(&mut self, target: u8);

    /// Goes on at [`Instructions::refused`] unless the `uint32_t` in the general-purpose result register is 0.
    fn refuse_unless_zero(&mut self);

    /// Where a refused call goes on.
    fn refused(&mut self);

    /// The machine code.
    fn finish(self) -> Vec<u8>;
}

/// The machine code of a plan, in an architecture's instructions.
pub(super) fn walk<I: Instructions>(instructions: I, plan: &Plan, linkage: &Linkage) -> Vec<u8> {
    let mut walk = Walk { instructions, plan, linkage, loaded: None };
    walk.whole();
    walk.instructions.finish()
}

struct Walk<'a, I> {
    instructions: I,
    plan: &'a Plan,
    linkage: &'a Linkage,
    /// What the scratch register for bases holds.
    loaded: Option<Base>,
}

impl<I: Instructions> Walk<'_, I> {
    fn whole(&mut self) {
        self.instructions.landing();
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
        self.count(1);
        self.moves(&self.plan.arguments);
        if let Target::Handler(handler) = self.plan.target {
            self.handler_arguments(handler);
        }
        if self.plan.vectors > 0 {
            self.instructions.announce_vectors(self.plan.vectors);
        }
        let target = self.plan.scratch.target;
        if let Some(size) = self.plan.frame {
            self.instructions.call(target);
            self.loaded = None;
            self.outcome();
            if self.plan.resolver.is_some() {
                self.instructions.refused();
            }
            self.instructions.leave(size);
        } else {
            self.instructions.jump(target);
        }
    }

    fn enter(&mut self, size: u32) {
        self.instructions.push_frame();
        let mut rest = size;
        if size > PROBE_DISTANCE {
            let half = (size / 2).next_multiple_of(16);
            self.instructions.lower_stack(half);
            self.instructions.touch_stack();
            rest -= half;
        }
        if rest > 0 {
            self.instructions.lower_stack(rest);
        }
    }

    /// Calls the resolver and goes on only if it returns 0; otherwise all that is left is to leave.
    fn resolve(&mut self, resolver: Resolver) {
        let registers = self.plan.convention.general;
        self.instructions.constant(registers[0], self.linkage.descriptor);
        for (&register, offset) in registers[1..].iter().zip([resolver.slots, resolver.values, resolver.text]) {
            self.instructions.stack_address(register, offset);
        }
        self.instructions.call_constant(self.linkage.resolver);
        self.instructions.refuse_unless_zero();
        self.loaded = None;
    }

    fn target(&mut self) {
        let target = self.plan.scratch.target;
        match self.plan.target {
            Target::Number(Place::Vector(number)) => self.instructions.number_to_address(number, target),
            Target::Number(Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                self.instructions.loaded_number_to_address(address, target, self.plan.scratch.vector);
            }
            Target::Address(Place::General(number)) => self.instructions.copy(number, target, Width::Double),
            Target::Handler(_) => self.instructions.constant(target, self.linkage.resolver),
            Target::Number(Place::General(_)) | Target::Address(Place::Vector(_) | Place::Memory { .. }) => {
                unreachable!("a number is in a floating-point register or in memory, an address is passed in a register")
            }
        }
    }

    /// What a handler is given after its context, which is a move like others.
    fn handler_arguments(&mut self, Handler { slots, result }: Handler) {
        let registers = self.plan.convention.general;
        self.instructions.stack_address(registers[1], slots);
        self.instructions.stack_address(registers[2], result);
        let address = self.address(Base::Frame, result);
        self.instructions.store_zero(address, Width::Double);
    }

    fn outcome(&mut self) {
        match self.plan.outcome {
            Outcome::Kept => {}
            Outcome::Extended(extend) => self.extend_result(extend),
            Outcome::Loaded { class, width, extend, from } => {
                if let Some(to) = Place::register(class, I::RESULT) {
                    self.move_one(&Move { from, to, width, extend });
                }
            }
            Outcome::Stored { class, width, extend, to } => {
                self.extend_result(extend);
                if let Some(from) = Place::register(class, I::RESULT) {
                    self.move_one(&Move::new(from, to, width));
                }
            }
        }
        if self.plan.resolver.is_some() {
            let address = self.address(Base::Cells, cell::offset(cell::REFUSED));
            self.instructions.store_zero(address, Width::Word);
        }
        self.count(-1);
        if self.plan.returns_zero {
            self.instructions.zero_result();
        }
    }

    /// Makes the narrow integer in the result register 32 bits wide.
    fn extend_result(&mut self, extend: Extend) {
        if extend != Extend::None {
            self.instructions.extend(I::RESULT, I::RESULT, extend);
        }
    }

    fn count(&mut self, change: i8) {
        if self.plan.is_counted {
            let address = self.address(Base::Cells, cell::offset(cell::DEPTH));
            self.instructions.add(address, change, self.plan.scratch.temporary);
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
                self.instructions.load(address, to, it.width, it.extend);
            }
            (Place::Memory { base, offset }, Place::Vector(to)) => {
                let address = self.address(base, offset);
                self.instructions.load_vector(address, to, it.width);
            }
            (Place::Memory { base, offset }, Place::Memory { base: to_base, offset: to_offset }) => {
                let temporary = self.plan.scratch.temporary;
                let address = self.address(base, offset);
                self.instructions.load(address, temporary, it.width, it.extend);
                let address = self.address(to_base, to_offset);
                self.instructions.store(temporary, address, it.width);
            }
            (Place::General(from), Place::General(to)) if it.extend == Extend::None => self.instructions.copy(from, to, it.width),
            (Place::General(from), Place::General(to)) => self.instructions.extend(from, to, it.extend),
            (Place::Vector(from), Place::Vector(to)) => self.instructions.copy_vector(from, to),
            (Place::General(from), Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                self.instructions.store(from, address, it.width);
            }
            (Place::Vector(from), Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                self.instructions.store_vector(from, address, it.width);
            }
            (Place::General(_), Place::Vector(_)) | (Place::Vector(_), Place::General(_)) => {
                unreachable!("a value never changes its register bank")
            }
        }
    }

    /// The address `offset` bytes above a base, which is loaded if it is not in its register.
    fn address(&mut self, base: Base, offset: u32) -> Address {
        match base {
            Base::Incoming if self.plan.frame.is_some() => Address { base: I::FRAME_POINTER, displacement: offset + FRAME_RECORD },
            Base::Incoming => Address { base: I::STACK_POINTER, displacement: offset + I::RETURN_ADDRESS },
            Base::Outgoing | Base::Frame => Address { base: I::STACK_POINTER, displacement: offset },
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
            Base::Cells => self.instructions.constant(register, self.linkage.cells),
            Base::Arguments => self.instructions.copy(self.plan.convention.general[0], register, Width::Double),
            Base::Result => {
                let Some(Place::Memory { base: Base::Frame, offset }) = self.plan.result_address else {
                    unreachable!("a plan that stores through an address keeps it in its frame")
                };
                let address = self.address(Base::Frame, offset);
                self.instructions.load(address, register, Width::Double, Extend::None);
            }
            Base::Incoming | Base::Outgoing | Base::Frame => unreachable!("the stack is always within reach"),
        }
    }
}
