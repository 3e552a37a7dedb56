//! The instructions of x86-64.

use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler, dynasm};

use super::walk::{Address, Instructions};
use crate::place::x64::{RAX, RBP, RSP};
use crate::place::{Extend, Width};

/// `endbr64` (Intel SDM, volume 2): where indirect branch tracking is on, V8's call may only land on it.
const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

/// One instruction that reads memory; with the short displacement where that is enough.
macro_rules! load {
    ($ops:expr, $operation:ident $bank:ident($number:expr), $size:ident $address:expr) => {{
        let Address { base, displacement } = $address;
        if let Ok(short) = i8::try_from(displacement) {
            dynasm!($ops; .arch x64; $operation $bank($number), $size [BYTE Rq(base) + short]);
        } else {
            dynasm!($ops; .arch x64; $operation $bank($number), $size [Rq(base) + displacement.cast_signed()]);
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
            dynasm!($ops; .arch x64; $operation $size [Rq(base) + displacement.cast_signed()], $($source)+);
        }
    }};
}

pub(super) struct X64 {
    ops: VecAssembler<X64Relocation>,
}

impl X64 {
    pub(super) fn new() -> Self {
        Self { ops: VecAssembler::new(0) }
    }
}

impl Instructions for X64 {
    const STACK_POINTER: u8 = RSP;
    const FRAME_POINTER: u8 = RBP;
    const RETURN_ADDRESS: u32 = 8;
    const RESULT: u8 = RAX;

    fn landing(&mut self) {
        self.ops.extend(ENDBR64);
    }

    fn push_frame(&mut self) {
        dynasm!(self.ops; .arch x64; push rbp; mov rbp, rsp);
    }

    fn lower_stack(&mut self, bytes: u32) {
        if let Ok(short) = i8::try_from(bytes) {
            dynasm!(self.ops; .arch x64; sub rsp, BYTE short);
        } else {
            dynasm!(self.ops; .arch x64; sub rsp, bytes.cast_signed());
        }
    }

    fn touch_stack(&mut self) {
        dynasm!(self.ops; .arch x64; test DWORD [rsp], eax);
    }

    fn leave(&mut self, size: u32) {
        if size > 0 {
            dynasm!(self.ops; .arch x64; leave; ret);
        } else {
            dynasm!(self.ops; .arch x64; pop rbp; ret);
        }
    }

    fn constant(&mut self, to: u8, value: u64) {
        if let Ok(short) = i32::try_from(value) {
            dynasm!(self.ops; .arch x64; mov Rd(to), short);
        } else {
            dynasm!(self.ops; .arch x64; mov Rq(to), QWORD value.cast_signed());
        }
    }

    fn stack_address(&mut self, to: u8, offset: u32) {
        dynasm!(self.ops; .arch x64; lea Rq(to), [rsp + offset.cast_signed()]);
    }

    fn extend(&mut self, from: u8, to: u8, extend: Extend) {
        match extend {
            Extend::None => self.copy(from, to, Width::Double),
            Extend::Sign8 => dynasm!(self.ops; .arch x64; movsx Rd(to), Rb(from)),
            Extend::Zero8 => dynasm!(self.ops; .arch x64; movzx Rd(to), Rb(from)),
            Extend::Sign16 => dynasm!(self.ops; .arch x64; movsx Rd(to), Rw(from)),
            Extend::Zero16 => dynasm!(self.ops; .arch x64; movzx Rd(to), Rw(from)),
            Extend::Sign32 => dynasm!(self.ops; .arch x64; movsxd Rq(to), Rd(from)),
        }
    }

    fn copy(&mut self, from: u8, to: u8, width: Width) {
        if width == Width::Double {
            dynasm!(self.ops; .arch x64; mov Rq(to), Rq(from));
        } else {
            dynasm!(self.ops; .arch x64; mov Rd(to), Rd(from));
        }
    }

    fn copy_vector(&mut self, from: u8, to: u8) {
        dynasm!(self.ops; .arch x64; movaps Rx(to), Rx(from));
    }

    fn load(&mut self, from: Address, to: u8, width: Width, extend: Extend) {
        match (extend, width) {
            (Extend::Sign8, Width::Double) => load!(self.ops, movsx Rq(to), BYTE from),
            (Extend::Sign16, Width::Double) => load!(self.ops, movsx Rq(to), WORD from),
            (Extend::Sign32, _) => load!(self.ops, movsxd Rq(to), DWORD from),
            (Extend::Sign8, _) => load!(self.ops, movsx Rd(to), BYTE from),
            (Extend::Zero8, _) | (Extend::None, Width::Byte) => load!(self.ops, movzx Rd(to), BYTE from),
            (Extend::Sign16, _) => load!(self.ops, movsx Rd(to), WORD from),
            (Extend::Zero16, _) | (Extend::None, Width::Half) => load!(self.ops, movzx Rd(to), WORD from),
            (Extend::None, Width::Word) => load!(self.ops, mov Rd(to), DWORD from),
            (Extend::None, Width::Double) => load!(self.ops, mov Rq(to), QWORD from),
        }
    }

    fn load_vector(&mut self, from: Address, to: u8, width: Width) {
        if width == Width::Double {
            load!(self.ops, movsd Rx(to), QWORD from);
        } else {
            load!(self.ops, movss Rx(to), DWORD from);
        }
    }

    fn store(&mut self, from: u8, to: Address, width: Width) {
        match width {
            Width::Byte => store!(self.ops, mov BYTE to, Rb(from)),
            Width::Half => store!(self.ops, mov WORD to, Rw(from)),
            Width::Word => store!(self.ops, mov DWORD to, Rd(from)),
            Width::Double => store!(self.ops, mov QWORD to, Rq(from)),
        }
    }

    fn store_vector(&mut self, from: u8, to: Address, width: Width) {
        if width == Width::Double {
            store!(self.ops, movsd QWORD to, Rx(from));
        } else {
            store!(self.ops, movss DWORD to, Rx(from));
        }
    }

    fn store_zero(&mut self, to: Address, width: Width) {
        if width == Width::Double {
            store!(self.ops, mov QWORD to, 0);
        } else {
            store!(self.ops, mov DWORD to, 0);
        }
    }

    fn add(&mut self, to: Address, amount: i8, _temporary: u8) {
        store!(self.ops, add DWORD to, i32::from(amount));
    }

    fn number_to_address(&mut self, from: u8, to: u8) {
        dynasm!(self.ops; .arch x64; cvttsd2si Rq(to), Rx(from));
    }

    fn loaded_number_to_address(&mut self, from: Address, to: u8, _vector: u8) {
        load!(self.ops, cvttsd2si Rq(to), QWORD from);
    }

    fn zero_result(&mut self) {
        dynasm!(self.ops; .arch x64; xor eax, eax);
    }

    fn announce_vectors(&mut self, count: u8) {
        dynasm!(self.ops; .arch x64; mov eax, i32::from(count));
    }

    fn call(&mut self, target: u8) {
        dynasm!(self.ops; .arch x64; call Rq(target));
    }

    fn call_constant(&mut self, target: u64) {
        self.constant(RAX, target);
        dynasm!(self.ops; .arch x64; call rax);
    }

    fn jump(&mut self, target: u8) {
        dynasm!(self.ops; .arch x64; jmp Rq(target));
    }

    fn refuse_unless_zero(&mut self) {
        dynasm!(self.ops; .arch x64; test eax, eax; jnz >refused);
    }

    fn refused(&mut self) {
        dynasm!(self.ops; .arch x64; refused:);
    }

    fn finish(self) -> Vec<u8> {
        self.ops.finalize().expect("every jump has its label")
    }
}
