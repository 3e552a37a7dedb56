//! x86-64 instructions for a plan.

use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler, dynasm};

use super::linkage::{Linkage, PROBE_DISTANCE};
use crate::cell;
use crate::place::x64::{RAX, RBP, RSP};
use crate::place::{Base, Extend, Move, Place, Width};
use crate::plan::{Outcome, Plan, Resolver, Target};
use crate::types::Class;

/// `endbr64` (Intel SDM, volume 2): where indirect branch tracking is on, V8's call may only land on it.
const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

/// The register that holds an integral result, and the one that holds a floating-point one.
const RESULT: u8 = RAX;
const VECTOR_RESULT: u8 = 0;

/// A register and a displacement.
#[derive(Clone, Copy)]
struct Address {
    base: u8,
    displacement: i32,
}

/// One instruction that reads memory; with the short displacement where that is enough.
macro_rules! load {
    ($ops:expr, $operation:ident $bank:ident($number:expr), $size:ident $address:expr) => {{
        let Address { base, displacement } = $address;
        if let Ok(short) = i8::try_from(displacement) {
            dynasm!($ops; .arch x64; $operation $bank($number), $size [BYTE Rq(base) + short]);
        } else {
            dynasm!($ops; .arch x64; $operation $bank($number), $size [Rq(base) + displacement]);
        }
    }};
}

/// One instruction that writes memory.
macro_rules! store {
    ($ops:expr, $operation:ident $size:ident $address:expr, $($source:tt)+) => {{
        let Address { base, displacement } = $address;
        if let Ok(short) = i8::try_from(displacement) {
            dynasm!($ops; .arch x64; $operation $size [BYTE Rq(base) + short], $($source)+);
        } else {
            dynasm!($ops; .arch x64; $operation $size [Rq(base) + displacement], $($source)+);
        }
    }};
}

struct Emitter<'a> {
    ops: VecAssembler<X64Relocation>,
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
        self.ops.extend(ENDBR64);
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
        if self.plan.vectors > 0 {
            dynasm!(self.ops; .arch x64; mov eax, i32::from(self.plan.vectors));
        }
        let target = self.plan.scratch.target;
        if let Some(size) = self.plan.frame {
            dynasm!(self.ops; .arch x64; call Rq(target));
            self.loaded = None;
            self.outcome();
            if self.plan.resolver.is_some() {
                dynasm!(self.ops; .arch x64; refused:);
            }
            self.leave(size);
        } else {
            dynasm!(self.ops; .arch x64; jmp Rq(target));
        }
    }

    fn enter(&mut self, size: u32) {
        dynasm!(self.ops; .arch x64; push rbp; mov rbp, rsp);
        let mut rest = size.cast_signed();
        if size > PROBE_DISTANCE {
            let half = (size / 2).next_multiple_of(16).cast_signed();
            dynasm!(self.ops; .arch x64; sub rsp, half; test DWORD [rsp], eax);
            rest -= half;
        }
        if let Ok(short) = i8::try_from(rest) {
            if short > 0 {
                dynasm!(self.ops; .arch x64; sub rsp, BYTE short);
            }
        } else {
            dynasm!(self.ops; .arch x64; sub rsp, rest);
        }
    }

    fn leave(&mut self, size: u32) {
        if size > 0 {
            dynasm!(self.ops; .arch x64; leave; ret);
        } else {
            dynasm!(self.ops; .arch x64; pop rbp; ret);
        }
    }

    /// Calls the resolver and goes on only if it returns 0; otherwise all that is left is to leave.
    fn resolve(&mut self, resolver: Resolver) {
        let registers = self.plan.convention.general;
        self.constant(registers[0], self.linkage.descriptor);
        for (&register, offset) in registers[1..].iter().zip([resolver.slots, resolver.values, resolver.text]) {
            dynasm!(self.ops; .arch x64; lea Rq(register), [rsp + offset.cast_signed()]);
        }
        self.constant(RAX, self.linkage.resolver);
        dynasm!(self.ops; .arch x64; call rax; test eax, eax; jnz >refused);
        self.loaded = None;
    }

    fn target(&mut self) {
        let target = self.plan.scratch.target;
        match self.plan.target {
            Target::Number(Place::Vector(number)) => dynasm!(self.ops; .arch x64; cvttsd2si Rq(target), Rx(number)),
            Target::Number(Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                load!(self.ops, cvttsd2si Rq(target), QWORD address);
            }
            Target::Address(Place::General(number)) => dynasm!(self.ops; .arch x64; mov Rq(target), Rq(number)),
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
            let address = self.address(Base::Cells, cell::offset(cell::REFUSED));
            store!(self.ops, mov DWORD address, 0);
        }
        if self.plan.returns_zero {
            dynasm!(self.ops; .arch x64; xor eax, eax);
        }
    }

    fn extend_result(&mut self, extend: Extend) {
        match extend {
            Extend::None => {}
            Extend::Sign8 => dynasm!(self.ops; .arch x64; movsx eax, al),
            Extend::Zero8 => dynasm!(self.ops; .arch x64; movzx eax, al),
            Extend::Sign16 => dynasm!(self.ops; .arch x64; movsx eax, ax),
            Extend::Zero16 => dynasm!(self.ops; .arch x64; movzx eax, ax),
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
                let address = self.address(base, offset);
                match it.width {
                    Width::Double => load!(self.ops, movsd Rx(to), QWORD address),
                    Width::Byte | Width::Half | Width::Word => load!(self.ops, movss Rx(to), DWORD address),
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
                    dynasm!(self.ops; .arch x64; mov Rq(to), Rq(from));
                } else {
                    dynasm!(self.ops; .arch x64; mov Rd(to), Rd(from));
                }
            }
            (Place::Vector(from), Place::Vector(to)) => dynasm!(self.ops; .arch x64; movaps Rx(to), Rx(from)),
            (Place::General(from), Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                self.store(from, address, it.width);
            }
            (Place::Vector(from), Place::Memory { base, offset }) => {
                let address = self.address(base, offset);
                if it.width == Width::Double {
                    store!(self.ops, movsd QWORD address, Rx(from));
                } else {
                    store!(self.ops, movss DWORD address, Rx(from));
                }
            }
            (Place::General(_), Place::Vector(_)) | (Place::Vector(_), Place::General(_)) => {
                unreachable!("a value never changes its register bank")
            }
        }
    }

    fn load(&mut self, address: Address, to: u8, width: Width, extend: Extend) {
        match (extend, width) {
            (Extend::Sign8, _) => load!(self.ops, movsx Rd(to), BYTE address),
            (Extend::Zero8, _) | (Extend::None, Width::Byte) => load!(self.ops, movzx Rd(to), BYTE address),
            (Extend::Sign16, _) => load!(self.ops, movsx Rd(to), WORD address),
            (Extend::Zero16, _) | (Extend::None, Width::Half) => load!(self.ops, movzx Rd(to), WORD address),
            (Extend::None, Width::Word) => load!(self.ops, mov Rd(to), DWORD address),
            (Extend::None, Width::Double) => load!(self.ops, mov Rq(to), QWORD address),
        }
    }

    fn store(&mut self, from: u8, address: Address, width: Width) {
        match width {
            Width::Byte => store!(self.ops, mov BYTE address, Rb(from)),
            Width::Half => store!(self.ops, mov WORD address, Rw(from)),
            Width::Word => store!(self.ops, mov DWORD address, Rd(from)),
            Width::Double => store!(self.ops, mov QWORD address, Rq(from)),
        }
    }

    /// The address `offset` bytes above a base, which is loaded if it is not in its register.
    fn address(&mut self, base: Base, offset: u32) -> Address {
        let offset = offset.cast_signed();
        match base {
            // Above the return address, and above the saved frame pointer when there is a frame.
            Base::Incoming if self.plan.frame.is_some() => Address { base: RBP, displacement: offset + 16 },
            Base::Incoming => Address { base: RSP, displacement: offset + 8 },
            Base::Outgoing | Base::Frame => Address { base: RSP, displacement: offset },
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
            Base::Arguments => dynasm!(self.ops; .arch x64; mov Rq(register), Rq(self.plan.convention.general[0])),
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

    fn constant(&mut self, register: u8, value: u64) {
        if let Ok(short) = i32::try_from(value) {
            dynasm!(self.ops; .arch x64; mov Rd(register), short);
        } else {
            dynasm!(self.ops; .arch x64; mov Rq(register), QWORD value.cast_signed());
        }
    }
}
