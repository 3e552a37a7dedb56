//! The names C gives to scalar types, which the legacy API takes. Their widths are the platform's own.

use std::ffi::{c_char, c_int, c_long, c_longlong, c_short, c_uint, c_ulong};

use crate::types::Type;

const fn signed(size: usize) -> Type {
    match size {
        1 => Type::Int8,
        2 => Type::Int16,
        4 => Type::Int32,
        _ => Type::Int64,
    }
}

const fn unsigned(size: usize) -> Type {
    match size {
        1 => Type::Uint8,
        2 => Type::Uint16,
        4 => Type::Uint32,
        _ => Type::Uint64,
    }
}

const SHORT: usize = size_of::<c_short>();
const INT: usize = size_of::<c_int>();
const LONG: usize = size_of::<c_long>();
const LONG_LONG: usize = size_of::<c_longlong>();

const _: () = assert!(size_of::<c_char>() == 1 && size_of::<c_uint>() == INT && size_of::<c_ulong>() == LONG);

static NAMES: [(&str, Type); 37] = [
    ("char", Type::Char),
    ("signed char", Type::Int8),
    ("unsigned char", Type::Uint8),
    ("short", signed(SHORT)),
    ("short int", signed(SHORT)),
    ("signed short", signed(SHORT)),
    ("signed short int", signed(SHORT)),
    ("unsigned short", unsigned(SHORT)),
    ("unsigned short int", unsigned(SHORT)),
    ("int", signed(INT)),
    ("signed", signed(INT)),
    ("signed int", signed(INT)),
    ("unsigned", unsigned(INT)),
    ("unsigned int", unsigned(INT)),
    ("long", signed(LONG)),
    ("long int", signed(LONG)),
    ("signed long", signed(LONG)),
    ("signed long int", signed(LONG)),
    ("unsigned long", unsigned(LONG)),
    ("unsigned long int", unsigned(LONG)),
    ("long long", signed(LONG_LONG)),
    ("long long int", signed(LONG_LONG)),
    ("signed long long", signed(LONG_LONG)),
    ("signed long long int", signed(LONG_LONG)),
    ("unsigned long long", unsigned(LONG_LONG)),
    ("unsigned long long int", unsigned(LONG_LONG)),
    ("float", Type::Float32),
    ("double", Type::Float64),
    ("uint8_t", Type::Uint8),
    ("int8_t", Type::Int8),
    ("uint16_t", Type::Uint16),
    ("int16_t", Type::Int16),
    ("uint32_t", Type::Uint32),
    ("int32_t", Type::Int32),
    ("uint64_t", Type::Uint64),
    ("int64_t", Type::Int64),
    ("pointer", Type::Pointer),
];

/// The type of a C name: a scalar's, or [`Type::Pointer`] for any name with an asterisk. `void` is not among them: it has no size.
#[must_use]
pub fn from_c_name(name: &str) -> Option<Type> {
    if name.contains('*') {
        return Some(Type::Pointer);
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, ty)| *ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(name: &str) -> Option<usize> {
        from_c_name(name).map(|ty| ty.representation().size())
    }

    #[test]
    fn sizes_are_the_platform_s() {
        assert_eq!(size("char"), Some(1));
        assert_eq!(size("unsigned short int"), Some(2));
        assert_eq!(size("signed"), Some(4));
        assert_eq!(size("long"), Some(size_of::<c_long>()));
        assert_eq!(size("unsigned long long int"), Some(8));
        assert_eq!(size("float"), Some(4));
        assert_eq!(size("struct whatever **"), Some(size_of::<usize>()));
        assert_eq!(size("pointer"), Some(size_of::<usize>()));
        assert_eq!(size("void"), None);
        assert_eq!(size("i32"), None);
    }

    #[test]
    fn signs_are_those_of_the_words() {
        for (name, ty) in NAMES {
            let representation = format!("{:?}", ty.representation());
            if name.starts_with('u') {
                assert!(representation.starts_with("Uint"), "{name}");
            } else if name.contains("int") || name.starts_with("signed") {
                assert!(representation.starts_with("Int") || ty == Type::Pointer, "{name}");
            }
        }
    }

    #[test]
    fn names_are_unique() {
        for (index, (name, _)) in NAMES.iter().enumerate() {
            assert!(NAMES[index + 1..].iter().all(|(other, _)| other != name), "{name}");
        }
    }
}
