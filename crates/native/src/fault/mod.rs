//! Faults inside native calls, reported before they end the process as they would have anyway.
//!
//! `frames` knows what each thread is doing: in which native call it is, or in which JavaScript that such a call has called back. `handler`
//! is what the system runs when a thread faults, and `report` what it writes then. `elsewhere` stands for the systems that have none of it.
//!
//! What the handler runs, the thread was interrupted in: it takes no lock, allocates nothing, and looks at nothing that the interrupted code
//! may be changing. It is on a stack of its own, because the thread's may be what is full.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod handler;
#[cfg(target_os = "linux")]
mod report;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{in_javascript, in_native, install};
#[cfg(target_os = "linux")]
pub use frames::{in_javascript, in_native};
#[cfg(target_os = "linux")]
pub use handler::install;
