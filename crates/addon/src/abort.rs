//! The end of the process, for what cannot be reported to anybody: C is below, and it cannot be unwound.

use std::io::Write;

/// Writes `line` and then `details` to standard error, and aborts (SIGABRT).
pub fn abort(line: &str, details: &str) -> ! {
    let mut error = std::io::stderr().lock();
    // Nobody is left to hear that standard error is closed.
    let _unheard = writeln!(error, "{line}").and_then(|()| if details.is_empty() { Ok(()) } else { writeln!(error, "{details}") });
    std::process::abort();
}
