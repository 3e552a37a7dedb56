//! What is mapped in this process, and whether an address may be read, written or executed.
//!
//! `line` and `nearest` know the system's list and what to make of it; they allocate nothing, because a signal handler looks for mappings
//! too. `linux` asks the system, and `elsewhere` stands for all others.

#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a list of mappings leads to all of it"))]
mod denied;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only a list of mappings leads to all of it"))]
mod line;
#[cfg(target_os = "linux")]
mod linux;
mod nearest;

pub use denied::{Denied, Unavailable};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{BUFFER, check, check_text, each_line, prepare};
pub use line::{Access, Mapping};
#[cfg(target_os = "linux")]
pub use linux::{BUFFER, check, check_text, each_line, prepare};
pub use nearest::{Bytes, Nearest};
