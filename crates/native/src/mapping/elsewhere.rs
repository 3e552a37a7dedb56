//! An operating system that nobody has written this for: [`prepare`] says so, and nothing else is reached.

use super::denied::{Denied, Obstacle, Unavailable};
use super::line::{Access, Mapping};
use super::nearest::Nearest;

/// Room for the longest line there is, in bytes.
pub const BUFFER: usize = 1;

/// Whether mappings can be looked up.
///
/// # Errors
///
/// [`Unavailable::System`], always.
pub fn prepare() -> Result<(), Unavailable> {
    Err(Unavailable::System)
}

/// Whether `length` bytes from `address` on can be accessed: never known here.
///
/// # Errors
///
/// [`Denied`], always.
pub fn check(address: usize, _: usize, _: Access) -> Result<(), Denied> {
    check_text(address)
}

/// Whether the text at `address` can be read up to its NUL: never known here.
///
/// # Errors
///
/// [`Denied`], always.
pub fn check_text(address: usize) -> Result<(), Denied> {
    let error = std::io::ErrorKind::Unsupported.into();
    Err(Denied::new(address, address, &Nearest::new(address), &Obstacle::Unknown(error)))
}

/// Hands the mappings of the process to `step`, in order: there are none to be had.
///
/// # Errors
///
/// Always.
pub fn each_line(_: &mut [u8], _: impl FnMut(&Mapping<'_>) -> bool) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
