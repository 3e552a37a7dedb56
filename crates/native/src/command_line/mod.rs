//! The command line that the process was started with, as the system keeps it: what JavaScript makes of `process.argv`,
//! `process.execArgv` and `process.title` does not change it.

use std::ffi::OsString;

#[cfg(unix)]
mod block;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
mod bsd;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
use bsd as system;

#[cfg(not(any(target_os = "linux", windows, target_vendor = "apple", target_os = "freebsd")))]
mod elsewhere;
#[cfg(not(any(target_os = "linux", windows, target_vendor = "apple", target_os = "freebsd")))]
use elsewhere as system;

/// The arguments of the process, its own name first; none where the system does not tell.
pub fn arguments() -> Vec<OsString> {
    system::arguments()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(target_os = "linux", windows, target_vendor = "apple", target_os = "freebsd"))]
    fn is_that_of_this_process() {
        assert_eq!(arguments(), std::env::args_os().collect::<Vec<_>>());
    }
}
