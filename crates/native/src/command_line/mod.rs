//! The command line that the process was started with, as the system keeps it: what JavaScript makes of `process.argv` and
//! `process.execArgv` does not change it, and `process.title` can only erase it. The environment that it was started with, likewise.

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

/// A variable of the environment that the process was started with. Where the system does not keep that: of the present one.
pub fn variable(name: &str) -> Option<OsString> {
    system::variable(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(target_os = "linux", windows, target_vendor = "apple", target_os = "freebsd"))]
    fn is_that_of_this_process() {
        assert_eq!(arguments(), std::env::args_os().collect::<Vec<_>>());
    }

    #[test]
    fn knows_the_environment() {
        assert_eq!(variable("PATH"), std::env::var_os("PATH"));
        assert_eq!(variable("FERRULE_HAS_NO_SUCH_VARIABLE"), None);
    }
}
