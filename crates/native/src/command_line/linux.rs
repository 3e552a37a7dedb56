//! The command line on Linux.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::block::split;

/// What the kernel shows of the process's argument strings (proc_pid_cmdline(5)); none where /proc is not mounted.
pub fn arguments() -> Vec<OsString> {
    std::fs::read("/proc/self/cmdline").map(|block| split(&block)).unwrap_or_default()
}

/// What the kernel shows of the environment strings (proc_pid_environ(5)): setting a variable later puts it elsewhere. Without /proc, the
/// present value.
pub fn variable(name: &str) -> Option<OsString> {
    let Ok(block) = std::fs::read("/proc/self/environ") else { return std::env::var_os(name) };
    split(&block).iter().find_map(|variable| {
        let value = variable.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        Some(OsString::from_vec(value.to_vec()))
    })
}
