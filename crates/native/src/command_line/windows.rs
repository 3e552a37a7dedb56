//! The command line on Windows.

use std::ffi::OsString;

/// What `GetCommandLineW` gives: Node never writes to it, and the title of a console is another thing.
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// The present value.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
