//! The command line on macOS and FreeBSD, which answer by `sysctl`.

use std::ffi::{OsString, c_int};
use std::ptr;

use super::block::split;

/// What the kernel shows of the process's argument strings; none where it refuses.
pub fn arguments() -> Vec<OsString> {
    strings().map(|block| split(&block)).unwrap_or_default()
}

/// The present value.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// `KERN_PROCARGS2` (XNU's bsd/kern/kern_sysctl.c): the number of arguments, the path of the executable, NULs up to a multiple of the word's
/// size, the arguments, the environment.
#[cfg(target_vendor = "apple")]
fn strings() -> Option<Vec<u8>> {
    // SAFETY: it takes nothing and cannot fail.
    let process = unsafe { libc::getpid() };
    let block = query([libc::CTL_KERN, libc::KERN_PROCARGS2, process])?;
    let (count, rest) = block.split_first_chunk::<{ size_of::<c_int>() }>()?;
    let path = rest.iter().position(|byte| *byte == 0)?;
    let start = path + rest[path..].iter().position(|byte| *byte != 0)?;
    let mut ends = rest.iter().enumerate().skip(start).filter(|(_, byte)| **byte == 0).map(|(index, _)| index);
    let last = usize::try_from(c_int::from_ne_bytes(*count)).ok()?.checked_sub(1)?;
    Some(rest[start..=ends.nth(last)?].to_vec())
}

/// `KERN_PROC_ARGS` (FreeBSD's sysctl(3)): the arguments, each with its NUL.
#[cfg(target_os = "freebsd")]
fn strings() -> Option<Vec<u8>> {
    // SAFETY: it takes nothing and cannot fail.
    let process = unsafe { libc::getpid() };
    query([libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_ARGS, process])
}

/// The value under a name of the kernel's, `None` where it has none.
fn query<const N: usize>(mut name: [c_int; N]) -> Option<Vec<u8>> {
    let length = u32::try_from(N).ok()?;
    let mut size = 0;
    // SAFETY: the name has `N` parts; without room only the size is written, to a local variable.
    if unsafe { libc::sysctl(name.as_mut_ptr(), length, ptr::null_mut(), &raw mut size, ptr::null_mut(), 0) } != 0 {
        return None;
    }
    let mut value = vec![0_u8; size];
    // SAFETY: the same, with room for `size` bytes.
    if unsafe { libc::sysctl(name.as_mut_ptr(), length, value.as_mut_ptr().cast(), &raw mut size, ptr::null_mut(), 0) } != 0 {
        return None;
    }
    value.truncate(size);
    Some(value)
}
