//! The command line on systems that are not known to tell it: none.

use std::ffi::OsString;

pub fn arguments() -> Vec<OsString> {
    Vec::new()
}

/// The present value.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
