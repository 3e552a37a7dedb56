//! The command line on Linux.

use std::ffi::OsString;

use super::block::split;

/// What the kernel shows of the process's argument strings (proc_pid_cmdline(5)); none where /proc is not mounted.
pub fn arguments() -> Vec<OsString> {
    std::fs::read("/proc/self/cmdline").map(|block| split(&block)).unwrap_or_default()
}
