//! Calling conventions as data: how C places arguments, and how V8's fast calls do.
//!
//! V8 passes a fast call's arguments by its "simplified C linkage" (`src/compiler/c-linkage.cc` in V8's sources, the same in V8 11.2, 12.6,
//! 13.6 and 14.6): the registers of C's convention, and 8 bytes of stack for each argument that is left.

use crate::moves::Spare;
use crate::place::{Base, Place, Width, x64};
use crate::types::{Class, Representation};

/// A calling convention of a 64-bit, little-endian platform.
#[derive(Debug, PartialEq, Eq)]
pub struct Convention {
    /// What it is called, for people.
    pub name: &'static str,
    /// Whose instructions are needed.
    pub architecture: Architecture,
    /// The registers for integers and addresses, in order.
    pub general: &'static [u8],
    /// The registers for floating-point values, in order.
    pub vector: &'static [u8],
    /// Whether an argument uses up the register of its position in both banks.
    pub positional: bool,
    /// Bytes that the caller leaves below the stack arguments for the callee's use.
    pub shadow: u32,
    /// Whether C's stack arguments have their natural size and alignment instead of 8 bytes each.
    pub packed: bool,
    /// Whether `al` tells a variadic callee how many floating-point registers hold arguments. A function that is declared here with fixed
    /// parameters may be variadic in C, so the count is given always.
    pub announces_vectors: bool,
    /// Whether V8 makes no fast call with more arguments than this, the receiver counted.
    pub v8_arguments: Option<usize>,
    /// The registers that hold neither arguments nor a caller's values.
    scratch: Scratch,
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// x86-64 with SSE2.
    X64,
    /// Armv8-A in its 64-bit state.
    Aarch64,
}

/// Registers that compiled code may use between its own entry and the callee's: volatile, and no argument is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scratch {
    /// Holds the address to call.
    pub target: u8,
    /// Holds the address that [`Base::Cells`] or [`Base::Arguments`] stands for; before that, a value of a cycle.
    pub base: u8,
    /// Holds a value on its way from memory to memory.
    pub temporary: u8,
    /// Holds a floating-point value of a cycle.
    pub vector: u8,
}

/// Where the arguments of a call are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// One place per argument.
    pub places: Vec<Place>,
    /// Size in bytes of the area that holds the stack arguments, shadow space counted; not rounded up.
    pub stack: u32,
    /// How many floating-point registers hold arguments.
    pub vectors: u8,
}

/// System V ABI for x86-64, section 3.2.3: Linux, the BSDs and macOS.
pub static SYSV_X64: Convention = Convention {
    name: "System V x86-64",
    architecture: Architecture::X64,
    general: &[x64::RDI, x64::RSI, x64::RDX, x64::RCX, x64::R8, x64::R9],
    vector: &[0, 1, 2, 3, 4, 5, 6, 7],
    positional: false,
    shadow: 0,
    packed: false,
    announces_vectors: true,
    v8_arguments: None,
    scratch: Scratch { target: x64::RAX, base: x64::R10, temporary: x64::R11, vector: 15 },
};

/// Microsoft's x64 calling convention.
pub static WIN_X64: Convention = Convention {
    name: "Windows x64",
    architecture: Architecture::X64,
    general: &[x64::RCX, x64::RDX, x64::R8, x64::R9],
    vector: &[0, 1, 2, 3],
    positional: true,
    shadow: 32,
    packed: false,
    announces_vectors: false,
    v8_arguments: None,
    scratch: Scratch { target: x64::RAX, base: x64::R10, temporary: x64::R11, vector: 5 },
};

/// Procedure Call Standard for the Arm 64-bit Architecture, section 6.8: Linux and Windows.
pub static AAPCS64: Convention = Convention {
    name: "AAPCS64",
    architecture: Architecture::Aarch64,
    general: &[0, 1, 2, 3, 4, 5, 6, 7],
    vector: &[0, 1, 2, 3, 4, 5, 6, 7],
    positional: false,
    shadow: 0,
    packed: false,
    announces_vectors: false,
    v8_arguments: None,
    // A jump through x16 or x17 may land on `bti c`, a jump through another register may not.
    scratch: Scratch { target: 16, base: 9, temporary: 10, vector: 31 },
};

/// AAPCS64 as Apple has changed it ("Writing ARM64 code for Apple platforms"): stack arguments are packed.
///
/// V8 makes no fast call there that needs the stack: `CanOptimizeFastSignature` in `src/compiler/fast-api-calls.cc` refuses more than
/// eight arguments.
pub static AAPCS64_APPLE: Convention = Convention { name: "AAPCS64 (Apple)", packed: true, v8_arguments: Some(8), ..AAPCS64 };

/// All conventions.
pub static ALL: [&Convention; 4] = [&SYSV_X64, &WIN_X64, &AAPCS64, &AAPCS64_APPLE];

impl Convention {
    /// The convention of the platform this was compiled for; `None` where there is no compiled path.
    #[must_use]
    pub fn host() -> Option<&'static Self> {
        if cfg!(any(target_endian = "big", not(target_pointer_width = "64"))) {
            None
        } else if cfg!(all(target_arch = "x86_64", windows)) {
            Some(&WIN_X64)
        } else if cfg!(target_arch = "x86_64") {
            Some(&SYSV_X64)
        } else if cfg!(all(target_arch = "aarch64", target_vendor = "apple")) {
            Some(&AAPCS64_APPLE)
        } else if cfg!(target_arch = "aarch64") {
            Some(&AAPCS64)
        } else {
            None
        }
    }

    /// Where C passes arguments of these representations, stack arguments counted from `base`. There is no place for void.
    #[must_use]
    pub fn c_placement(&self, arguments: impl IntoIterator<Item = Representation>, base: Base) -> Placement {
        let mut allocator = Allocator::new(self, base, self.packed);
        for argument in arguments {
            allocator.add(argument);
        }
        allocator.placement
    }

    /// Where V8 passes a fast call's arguments of these representations, the receiver first.
    #[must_use]
    pub fn v8_placement(&self, arguments: impl IntoIterator<Item = Representation>) -> Placement {
        let mut allocator = Allocator::new(self, Base::Incoming, false);
        for argument in arguments {
            allocator.add(argument);
        }
        allocator.placement
    }

    /// The general-purpose register in which a thunk hands a context to the code of a closure. No argument is in it, nothing that links
    /// code changes it, and on x86-64 it is the one that System V names for a static chain (section 3.2.3), which is what a context is.
    #[must_use]
    pub const fn context(&self) -> u8 {
        self.scratch.base
    }

    /// The registers free for compiled code when `vectors` floating-point registers hold arguments.
    #[must_use]
    pub fn scratch(&self, vectors: u8) -> Scratch {
        let Scratch { target, temporary, .. } = self.scratch;
        if self.announces_vectors && vectors > 0 {
            // `al` holds the count at the call, so the address has to be elsewhere.
            Scratch { target: temporary, temporary: target, ..self.scratch }
        } else {
            self.scratch
        }
    }
}

impl Scratch {
    /// What the ordering of moves may use. The base is loaded when all moves that could form a cycle are done.
    #[must_use]
    pub fn spare(self) -> Spare {
        Spare { general: self.base, vector: self.vector }
    }
}

/// Hands out registers, then stack, in the order of the arguments.
struct Allocator<'a> {
    convention: &'a Convention,
    base: Base,
    packed: bool,
    generals: usize,
    vectors: usize,
    placement: Placement,
}

impl<'a> Allocator<'a> {
    fn new(convention: &'a Convention, base: Base, packed: bool) -> Self {
        let placement = Placement { places: Vec::new(), stack: convention.shadow, vectors: 0 };
        Self { convention, base, packed, generals: 0, vectors: 0, placement }
    }

    fn add(&mut self, argument: Representation) {
        let class = argument.class();
        let (bank, next) = match class {
            Class::None => return,
            Class::Integer => (self.convention.general, self.generals),
            Class::Float => (self.convention.vector, self.vectors),
        };
        let register = bank.get(next).and_then(|&number| Place::register(class, number));
        if register.is_some() {
            self.generals += usize::from(class == Class::Integer || self.convention.positional);
            self.vectors += usize::from(class == Class::Float || self.convention.positional);
            self.placement.vectors += u8::from(class == Class::Float);
        }
        let place = register.unwrap_or_else(|| self.push(argument));
        self.placement.places.push(place);
    }

    fn push(&mut self, argument: Representation) -> Place {
        let size = if self.packed { Width::packed(argument).map_or(8, Width::bytes) } else { 8 };
        let offset = self.placement.stack.next_multiple_of(size);
        self.placement.stack = offset + size;
        Place::memory(self.base, offset)
    }
}
