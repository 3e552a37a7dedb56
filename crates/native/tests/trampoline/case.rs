//! Random calls: a signature, values, and what happens on the way.

use ferrule_abi::{Class, Representation, Type, cell};
use proptest::prelude::*;
use proptest::sample::select;

const TYPES: [Type; 17] = [
    Type::Int8,
    Type::Uint8,
    Type::Bool,
    Type::Char,
    Type::Int16,
    Type::Uint16,
    Type::Int32,
    Type::Uint32,
    Type::Int64,
    Type::Uint64,
    Type::Float32,
    Type::Float64,
    Type::Pointer,
    Type::String,
    Type::Buffer,
    Type::ArrayBuffer,
    Type::Function,
];

/// The ends of the ranges, the numbers beside them, and what floating-point arithmetic would change.
const EXTREMES: [u64; 18] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7f80_0001,           // a signalling NaN, as `float`
    0x7ff0_0000_0000_0001, // the same, as `double`
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_ff80,
    u64::MAX,
];

/// A call of a function. A value is the low bytes of its bits; the others lie beside it, wherever it is, and mean nothing.
#[derive(Clone, Debug)]
pub struct Case {
    pub parameters: Vec<(Type, u64)>,
    pub result: (Type, u64),
    /// For each parameter, what the resolver makes of it, if it is an address.
    pub resolved: Vec<Option<u64>>,
    /// What the resolver answers.
    pub answer: u32,
    /// Where bits that mean nothing come from.
    pub noise: u64,
}

impl Case {
    /// The indices of the parameters that are addresses.
    pub fn addresses(&self) -> Vec<usize> {
        (0..self.parameters.len()).filter(|&index| self.parameters[index].0.representation() == Representation::Pointer).collect()
    }
}

fn bits() -> impl Strategy<Value = u64> {
    prop_oneof![select(&EXTREMES[..]), any::<u64>()]
}

pub fn case() -> impl Strategy<Value = Case> {
    let length = prop_oneof![8 => 0_usize..=12, 8 => 0_usize..=24, 1 => 0_usize..=cell::MAX_PARAMETERS];
    // With few types, one bank of registers is used up and the other is not.
    let types = prop_oneof![2 => Just(TYPES.to_vec()), 1 => prop::collection::vec(select(&TYPES[..]), 1..=3)];
    let parameters = (length, types).prop_flat_map(|(length, types)| prop::collection::vec((select(types), bits()), length));
    let result = (prop_oneof![1 => Just(Type::Void), 7 => select(&TYPES[..])], bits());
    let resolved = prop::collection::vec(prop::option::of(any::<u64>()), cell::MAX_PARAMETERS);
    let answer = prop_oneof![4 => Just(0), 1 => 1..=u32::MAX];
    (parameters, result, resolved, answer, any::<u64>()).prop_map(|(parameters, result, resolved, answer, noise)| Case {
        parameters,
        result,
        resolved,
        answer,
        noise,
    })
}

/// Bits that mean nothing (SplitMix64).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ mixed >> 27
    }

    /// The value with noise above it, as far as it does not fill 64 bits.
    pub fn above(&mut self, representation: Representation, bits: u64) -> u64 {
        value(representation, bits) | self.next() & !mask(representation)
    }
}

/// The value that bits are as a representation, a narrow one widened to 32 bits.
pub fn value(representation: Representation, bits: u64) -> u64 {
    let bits = match representation {
        Representation::Int8 => bits as i8 as u64,
        Representation::Uint8 => bits as u8 as u64,
        Representation::Int16 => bits as i16 as u64,
        Representation::Uint16 => bits as u16 as u64,
        Representation::Void
        | Representation::Int32
        | Representation::Uint32
        | Representation::Float32
        | Representation::Int64
        | Representation::Uint64
        | Representation::Float64
        | Representation::Pointer => bits,
    };
    bits & mask(representation)
}

/// The bits of a register that have a meaning.
pub fn mask(representation: Representation) -> u64 {
    match representation.size() {
        0 => 0,
        1..=4 => u64::from(u32::MAX),
        _ => u64::MAX,
    }
}

/// The type that fills the whole register which a representation is passed in, so that a caller can say all its bits, and a callee see
/// them.
pub fn whole(representation: Representation) -> Type {
    match representation.class() {
        Class::None => Type::Void,
        Class::Integer => Type::Uint64,
        Class::Float => Type::Float64,
    }
}
