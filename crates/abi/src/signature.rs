//! A signature: the types of a function's result and parameters. Names and aliases have ended before a [`Signature`] exists.

use std::fmt;

use crate::types::{Class, Representation, Type};

/// The result and parameter types of a native function or a callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// The result type.
    pub result: Type,
    /// The parameter types, in order; never [`Type::Void`].
    pub parameters: Box<[Type]>,
    /// Whether the function may enter JavaScript by another way than a callback that was registered with us.
    pub reentrant: bool,
}

impl Signature {
    /// A signature with this result and these parameters.
    #[must_use]
    pub fn new(result: Type, parameters: impl Into<Box<[Type]>>) -> Self {
        Self { result, parameters: parameters.into(), reentrant: false }
    }

    /// `void ()`, which a callback has when none is given.
    #[must_use]
    pub fn void() -> Self {
        Self::new(Type::Void, [])
    }

    /// Whether the same call does for both: every type has the same representation, and both say the same of JavaScript.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.reentrant == other.reentrant
            && self.result.representation() == other.result.representation()
            && self.parameters.len() == other.parameters.len()
            && self.representations().eq(other.representations())
    }

    /// Whether a call on a closed library reports a wrong argument before it reports the library.
    ///
    /// Node 26.10 does so for the signatures that it cannot hand to V8's fast calls with all arguments in registers
    /// (System V x86-64: six general-purpose registers, eight arguments in all) or that take a `function`; everything else finds the
    /// library closed first. The rule is the same here on every platform.
    #[must_use]
    pub fn reports_arguments_before_closing(&self) -> bool {
        let integers = self.representations().filter(|it| it.class() == Class::Integer).count();
        integers > 6 || self.parameters.len() > 8 || self.parameters.contains(&Type::Function)
    }

    fn representations(&self) -> impl Iterator<Item = Representation> {
        self.parameters.iter().map(|ty| ty.representation())
    }
}

impl fmt::Display for Signature {
    /// `(int32, pointer) -> void`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(")?;
        for (index, ty) in self.parameters.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            formatter.write_str(ty.name())?;
        }
        write!(formatter, ") -> {}", self.result.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signature(result: &str, parameters: &[&str]) -> Signature {
        let ty = |name: &&str| Type::from_name(name).expect("a type name");
        Signature::new(ty(&result), parameters.iter().map(ty).collect::<Vec<_>>())
    }

    #[test]
    fn aliases_and_pointer_like_names_are_equivalent() {
        assert!(signature("i32", &["bool", "string"]).is_equivalent(&signature("int32", &["u8", "function"])));
        assert!(!signature("i32", &["i8"]).is_equivalent(&signature("i32", &["u8"])));
        assert!(!signature("i32", &[]).is_equivalent(&signature("i32", &["i32"])));
        assert!(!signature("i32", &["i32"]).is_equivalent(&signature("u32", &["i32"])));
    }

    #[test]
    fn argument_errors_come_first_only_where_the_built_in_reports_them_first() {
        for (parameters, first) in [
            (vec!["i32"; 6], false),
            (vec!["i32"; 7], true),
            (vec!["f64"; 8], false),
            (vec!["f64"; 9], true),
            (vec!["function"], true),
            (vec!["pointer", "f64", "i8"], false),
        ] {
            assert_eq!(signature("void", &parameters).reports_arguments_before_closing(), first, "{parameters:?}");
        }
    }

    #[test]
    fn prints_canonical_names() {
        assert_eq!(signature("ptr", &["i32", "str"]).to_string(), "(int32, string) -> pointer");
        assert_eq!(Signature::void().to_string(), "() -> void");
    }

    proptest! {
        #[test]
        fn equivalence_is_reflexive_and_symmetric(a in prop::collection::vec(1_usize..18, 0..12), b in prop::collection::vec(1_usize..18, 0..12)) {
            let names = ["void", "i8", "u8", "bool", "char", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "pointer", "string",
                "buffer", "arraybuffer", "function"];
            let of = |indices: &[usize]| signature("void", &indices.iter().map(|index| names[*index]).collect::<Vec<_>>());
            prop_assert!(of(&a).is_equivalent(&of(&a)));
            prop_assert_eq!(of(&a).is_equivalent(&of(&b)), of(&b).is_equivalent(&of(&a)));
        }
    }
}
