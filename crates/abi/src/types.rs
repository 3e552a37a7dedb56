//! The type table: every fact about a type of the API stands here once.
//!
//! A [`Type`] is a type as a signature declares it; its [`Representation`] is what the machine sees. Several declared types share a
//! representation (`bool` and `u8`, all the pointer-like names), and two signatures are the same to a native function when their
//! representations are. Parsing, conversion, libffi's descriptions, `ffi.types` and the error labels all derive from `TABLE`.

use std::ffi::c_char;

/// A type as a signature names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the API's own type names")]
pub enum Type {
    Void,
    Int8,
    Uint8,
    Bool,
    Char,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float32,
    Float64,
    Pointer,
    String,
    Buffer,
    ArrayBuffer,
    Function,
}

/// How a value of a type is held in a register or in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the widths and kinds themselves")]
pub enum Representation {
    Void,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float32,
    Float64,
    Pointer,
}

/// The register class an argument of a representation belongs to (System V ABI for x86-64, section 3.2.3; AAPCS64, section 6.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No value at all.
    None,
    /// A general-purpose register: integers and addresses.
    Integer,
    /// A floating-point register.
    Float,
}

struct Row {
    ty: Type,
    /// The canonical name first, then the aliases.
    names: &'static [&'static str],
    representation: Representation,
}

/// C's `char` is signed on some platforms and not on others; the `char` of the API follows it.
const CHAR: Representation = if c_char::MIN == 0 { Representation::Uint8 } else { Representation::Int8 };

const fn row(ty: Type, names: &'static [&'static str], representation: Representation) -> Row {
    Row { ty, names, representation }
}

/// One row per [`Type`], in the order of its variants.
static TABLE: [Row; 18] = [
    row(Type::Void, &["void"], Representation::Void),
    row(Type::Int8, &["int8", "i8"], Representation::Int8),
    row(Type::Uint8, &["uint8", "u8"], Representation::Uint8),
    row(Type::Bool, &["bool"], Representation::Uint8),
    row(Type::Char, &["char"], CHAR),
    row(Type::Int16, &["int16", "i16"], Representation::Int16),
    row(Type::Uint16, &["uint16", "u16"], Representation::Uint16),
    row(Type::Int32, &["int32", "i32"], Representation::Int32),
    row(Type::Uint32, &["uint32", "u32"], Representation::Uint32),
    row(Type::Int64, &["int64", "i64"], Representation::Int64),
    row(Type::Uint64, &["uint64", "u64"], Representation::Uint64),
    row(Type::Float32, &["float32", "f32", "float"], Representation::Float32),
    row(Type::Float64, &["float64", "f64", "double"], Representation::Float64),
    row(Type::Pointer, &["pointer", "ptr"], Representation::Pointer),
    row(Type::String, &["string", "str"], Representation::Pointer),
    row(Type::Buffer, &["buffer"], Representation::Pointer),
    row(Type::ArrayBuffer, &["arraybuffer"], Representation::Pointer),
    row(Type::Function, &["function"], Representation::Pointer),
];

/// The members of `ffi.types` and the names they stand for, in the order JavaScript sees them.
pub static CONSTANTS: [(&str, &str); 20] = [
    ("VOID", "void"),
    ("POINTER", "pointer"),
    ("BUFFER", "buffer"),
    ("ARRAY_BUFFER", "arraybuffer"),
    ("FUNCTION", "function"),
    ("BOOL", "bool"),
    ("CHAR", "char"),
    ("STRING", "string"),
    ("FLOAT", "float"),
    ("DOUBLE", "double"),
    ("INT_8", "int8"),
    ("UINT_8", "uint8"),
    ("INT_16", "int16"),
    ("UINT_16", "uint16"),
    ("INT_32", "int32"),
    ("UINT_32", "uint32"),
    ("INT_64", "int64"),
    ("UINT_64", "uint64"),
    ("FLOAT_32", "float32"),
    ("FLOAT_64", "float64"),
];

impl Type {
    /// The type that `name` (canonical or alias, case-sensitive) stands for.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.names.contains(&name)).map(|row| row.ty)
    }

    /// Every name, canonical or alias, with the type it stands for.
    pub fn all_names() -> impl Iterator<Item = (&'static str, Self)> {
        TABLE.iter().flat_map(|row| row.names.iter().map(|name| (*name, row.ty)))
    }

    /// The type with this number: its place in the table.
    #[must_use]
    pub fn from_number(number: usize) -> Option<Self> {
        TABLE.get(number).map(|row| row.ty)
    }

    /// The canonical name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().names[0]
    }

    /// What the machine sees of a value of this type.
    #[must_use]
    pub fn representation(self) -> Representation {
        self.row().representation
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl Representation {
    /// Size in bytes, which is also the alignment; 0 for void.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Void => 0,
            Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 => 2,
            Self::Int32 | Self::Uint32 | Self::Float32 => 4,
            Self::Int64 | Self::Uint64 | Self::Float64 => 8,
            Self::Pointer => size_of::<*const ()>(),
        }
    }

    /// The canonical name of the first type that is held so.
    #[must_use]
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.representation == self).expect("every representation is a type's").names[0]
    }

    /// The register class of a value.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Void => Class::None,
            Self::Float32 | Self::Float64 => Class::Float,
            Self::Int8
            | Self::Uint8
            | Self::Int16
            | Self::Uint16
            | Self::Int32
            | Self::Uint32
            | Self::Int64
            | Self::Uint64
            | Self::Pointer => Class::Integer,
        }
    }

    /// What holds a value after its extension to 32 bits, by its sign or with zeros, as the arguments of callbacks are extended.
    #[must_use]
    pub const fn extended(self) -> Self {
        match self {
            Self::Int8 | Self::Int16 => Self::Int32,
            Self::Uint8 | Self::Uint16 => Self::Uint32,
            Self::Void | Self::Int32 | Self::Uint32 | Self::Int64 | Self::Uint64 | Self::Float32 | Self::Float64 | Self::Pointer => self,
        }
    }

    /// What an error message calls a value of this representation: "must be an int8".
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Void => "undefined",
            Self::Int8 => "an int8",
            Self::Uint8 => "a uint8",
            Self::Int16 => "an int16",
            Self::Uint16 => "a uint16",
            Self::Int32 => "an int32",
            Self::Uint32 => "a uint32",
            Self::Int64 => "an int64",
            Self::Uint64 => "a uint64",
            Self::Float32 => "a float",
            Self::Float64 => "a double",
            Self::Pointer => "a pointer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_variants() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.ty as usize, index, "{}", row.names[0]);
            assert_eq!(Type::from_number(index), Some(row.ty));
        }
    }

    #[test]
    fn every_name_is_unique_and_finds_its_row() {
        let mut names: Vec<_> = TABLE.iter().flat_map(|row| row.names).collect();
        for row in &TABLE {
            for name in row.names {
                assert_eq!(Type::from_name(name), Some(row.ty), "{name}");
            }
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.iter().map(|row| row.names.len()).sum::<usize>());
    }

    #[test]
    fn the_reference_names_exist() {
        let reference = "void i8 int8 u8 uint8 bool char i16 int16 u16 uint16 i32 int32 u32 uint32 i64 int64 u64 uint64 f32 float \
                         f64 double float32 float64 pointer ptr string str buffer arraybuffer function";
        for name in reference.split(' ') {
            assert!(Type::from_name(name).is_some(), "{name}");
        }
        for name in ["", "I32", " i32", "int", "size_t", "Pointer"] {
            assert_eq!(Type::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_constant_names_a_type() {
        for (constant, name) in CONSTANTS {
            assert!(Type::from_name(name).is_some(), "{constant}");
        }
    }

    #[test]
    fn sizes_are_those_of_c() {
        assert_eq!(Type::Pointer.representation().size(), size_of::<usize>());
        assert_eq!(Type::Float64.representation().size(), 8);
        assert_eq!(Type::Bool.representation().size(), 1);
        assert_eq!(Type::Char.representation().size(), size_of::<c_char>());
    }
}
