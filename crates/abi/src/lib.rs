//! What a native call is, said without touching memory: types, signatures and the names they go by, and how a call is compiled.
//!
//! A signature arrives as text. Here it becomes a [`Signature`], and from there on nothing depends on spelling:
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
//!
//! For a call that is compiled, the signature and a [`Convention`] give a [`Plan`], and [`emit()`] gives its machine code:
//!
//! ```
//! use ferrule_abi::{Entry, Linkage, Plan, Signature, Type, convention, emit};
//!
//! let add = Signature::new(Type::Int32, [Type::Int32, Type::Int32]);
//! let plan = Plan::new(&add, &convention::AAPCS64, Entry::Fast)?;
//! let code = emit(&plan, &Linkage { cells: 0x1000, resolver: 0, descriptor: 0 });
//! assert_eq!(code.len(), 5 * 4);
//! # Ok::<(), ferrule_abi::Unsupported>(())
//! ```

#![forbid(unsafe_code)]

pub mod c_names;
pub mod cell;
pub mod convention;
pub mod emit;
pub mod moves;
pub mod place;
pub mod plan;
pub mod signature;
pub mod types;

pub use c_names::from_c_name;
pub use convention::Convention;
pub use emit::{Linkage, emit, emit_thunk, thunk};
pub use plan::{Entry, Plan, Unsupported, V8Signature, V8Type};
pub use signature::Signature;
pub use types::{CONSTANTS, Class, Representation, Type};
