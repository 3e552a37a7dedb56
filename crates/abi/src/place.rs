//! Where a value is: a register, or memory reached from a base.

use crate::types::{Class, Representation};

/// General-purpose registers of x86-64 by hardware number (Intel SDM, volume 2, table 2-2).
#[expect(missing_docs, reason = "the constants are the registers' own names")]
pub mod x64 {
    pub const RAX: u8 = 0;
    pub const RCX: u8 = 1;
    pub const RDX: u8 = 2;
    pub const RSP: u8 = 4;
    pub const RBP: u8 = 5;
    pub const RSI: u8 = 6;
    pub const RDI: u8 = 7;
    pub const R8: u8 = 8;
    pub const R9: u8 = 9;
    pub const R10: u8 = 10;
    pub const R11: u8 = 11;
}

/// What an address is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// The stack arguments this code was called with: the lowest address of the caller's argument area, which on Windows begins with the
    /// shadow space. On x86-64 that is just above the return address.
    Incoming,
    /// The stack arguments of a call that this code makes: the stack pointer at the call.
    Outgoing,
    /// This code's own frame, counted from the stack pointer, too; it lies above the outgoing arguments.
    Frame,
    /// The environment's [cells](crate::cell).
    Cells,
    /// The array of arguments whose address is the first parameter of [`Entry::Slots`](crate::plan::Entry::Slots).
    Arguments,
    /// The memory for the result whose address is the second parameter of [`Entry::Slots`](crate::plan::Entry::Slots).
    Result,
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A general-purpose register, by hardware number.
    General(u8),
    /// A floating-point register, by hardware number.
    Vector(u8),
    /// `offset` bytes above a base.
    Memory {
        /// What the offset is counted from.
        base: Base,
        /// The distance in bytes.
        offset: u32,
    },
}

/// How a narrow value becomes wider while it moves: 32 bits wide, unless it is said to become 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extend {
    /// It does not: the value is as wide as it has to be.
    None,
    /// From 8 bits, with the sign.
    Sign8,
    /// From 8 bits, with zeros.
    Zero8,
    /// From 16 bits, with the sign.
    Sign16,
    /// From 16 bits, with zeros.
    Zero16,
    /// From 32 bits to 64, with the sign.
    Sign32,
}

/// The part of a register that a value uses, or the bytes that it fills in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// 1 byte; only in memory.
    Byte,
    /// 2 bytes; only in memory.
    Half,
    /// 4 bytes: integers up to 32 bits, and `float`.
    Word,
    /// 8 bytes: 64-bit integers, addresses and `double`.
    Double,
}

/// One value on its way from a place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Move {
    /// Where the value is.
    pub from: Place,
    /// Where it has to be.
    pub to: Place,
    /// How much of it is moved.
    pub width: Width,
    /// How it is widened on the way; then `to` is a general-purpose register, or both are memory.
    pub extend: Extend,
}

impl Width {
    /// Size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
            Self::Double => 8,
        }
    }

    /// How wide a value is in a register and in an 8-byte stack slot; `None` for void.
    #[must_use]
    pub const fn of(representation: Representation) -> Option<Self> {
        match representation {
            Representation::Void => None,
            Representation::Int8
            | Representation::Uint8
            | Representation::Int16
            | Representation::Uint16
            | Representation::Int32
            | Representation::Uint32
            | Representation::Float32 => Some(Self::Word),
            Representation::Int64 | Representation::Uint64 | Representation::Float64 | Representation::Pointer => Some(Self::Double),
        }
    }

    /// How many bytes a value fills where stack arguments are packed; `None` for void.
    #[must_use]
    pub const fn packed(representation: Representation) -> Option<Self> {
        match narrow(representation) {
            Some((width, _)) => Some(width),
            None => Self::of(representation),
        }
    }
}

impl Extend {
    /// How a value of a representation becomes 32 bits wide.
    #[must_use]
    pub const fn of(representation: Representation) -> Self {
        match narrow(representation) {
            Some((_, extend)) => extend,
            None => Self::None,
        }
    }
}

/// The size of an integer below 32 bits, and how it becomes 32 bits wide; `None` for every other value.
const fn narrow(representation: Representation) -> Option<(Width, Extend)> {
    match representation {
        Representation::Int8 => Some((Width::Byte, Extend::Sign8)),
        Representation::Uint8 => Some((Width::Byte, Extend::Zero8)),
        Representation::Int16 => Some((Width::Half, Extend::Sign16)),
        Representation::Uint16 => Some((Width::Half, Extend::Zero16)),
        Representation::Void
        | Representation::Int32
        | Representation::Uint32
        | Representation::Int64
        | Representation::Uint64
        | Representation::Float32
        | Representation::Float64
        | Representation::Pointer => None,
    }
}

impl Place {
    /// Memory `offset` bytes above `base`.
    #[must_use]
    pub const fn memory(base: Base, offset: u32) -> Self {
        Self::Memory { base, offset }
    }

    /// The register `number` of the bank that holds values of `class`; `None` for no value.
    #[must_use]
    pub const fn register(class: Class, number: u8) -> Option<Self> {
        match class {
            Class::None => None,
            Class::Integer => Some(Self::General(number)),
            Class::Float => Some(Self::Vector(number)),
        }
    }

    /// Whether writing `bytes` here changes what is read from `other`, of which `other_bytes` are used.
    #[must_use]
    pub fn overlaps(self, bytes: u32, other: Self, other_bytes: u32) -> bool {
        match (self, other) {
            (Self::General(a), Self::General(b)) | (Self::Vector(a), Self::Vector(b)) => a == b,
            (Self::Memory { base: a, offset: at }, Self::Memory { base: b, offset: other_at }) => {
                a == b && at < other_at + other_bytes && other_at < at + bytes
            }
            (Self::General(_) | Self::Vector(_) | Self::Memory { .. }, Self::General(_) | Self::Vector(_) | Self::Memory { .. }) => false,
        }
    }
}

impl Move {
    /// A move that widens nothing.
    #[must_use]
    pub const fn new(from: Place, to: Place, width: Width) -> Self {
        Self { from, to, width, extend: Extend::None }
    }

    /// Whether nothing has to be done.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.from == self.to && self.extend == Extend::None
    }
}
