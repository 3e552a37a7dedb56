//! An operating system that nobody has written this for: [`install`] says so.

use crate::mapping::Unavailable;

/// Makes faults inside native calls be reported.
///
/// # Errors
///
/// [`Unavailable::System`], always.
pub fn install() -> Result<(), Unavailable> {
    Err(Unavailable::System)
}

/// Runs `call`; nothing is reported.
///
/// # Errors
///
/// Never.
pub fn in_native<T>(_: &str, _: &str, call: impl FnOnce() -> T) -> std::io::Result<T> {
    Ok(call())
}

/// Runs `body`.
pub fn in_javascript<T>(body: impl FnOnce() -> T) -> T {
    body()
}
