//! What the operating system and libffi give, with no JavaScript in sight: libraries, memory, calls into C and closures for C.
//!
//! # Safety
//!
//! Nothing here can check what JavaScript says about native code. The JavaScript caller is trusted for exactly this:
//!
//! * a signature is the one the native function or the callback's caller was compiled with;
//! * a pointer that is dereferenced, here or by the native function, is valid for the access while it lasts;
//! * a library that is loaded is safe to load.
//!
//! Every `# Safety` list below that ends in "the caller" of the addon ends in this list.

pub mod call;
pub mod closure;
pub mod code;
pub mod command_line;
pub mod ending;
pub mod fault;
mod interface;
pub mod library;
pub mod mapping;
pub mod memory;
pub mod slot;
pub mod thread;
mod thunk;

pub use call::{Call, INLINE_ARGUMENTS};
pub use closure::{Closure, EntryCode, Invocation, Target};
pub use code::Code;
pub use interface::PrepareError;
pub use library::Library;
pub use slot::{Scalar, Slot};
