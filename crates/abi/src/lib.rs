//! What a native call is, said without touching memory: types, signatures and the names they go by.
//!
//! A signature arrives as text. Here it becomes a [`Signature`](signature::Signature), and from there on nothing depends on spelling:
//!
//! ```
//! use ferrule_abi::{Signature, Type};
//!
//! // int32_t add(int32_t, int32_t);
//! let i32 = Type::from_name("i32").unwrap();
//! let add = Signature::new(i32, [i32, i32]);
//! assert_eq!(add.to_string(), "(int32, int32) -> int32");
//!
//! // Two spellings, one native signature.
//! let spelled = Signature::new(Type::from_name("int32").unwrap(), [Type::Int32, Type::Int32]);
//! assert!(add.is_equivalent(&spelled));
//! ```

#![forbid(unsafe_code)]

pub mod c_names;
pub mod signature;
pub mod types;

pub use c_names::from_c_name;
pub use signature::Signature;
pub use types::{CONSTANTS, Class, Representation, Type};
