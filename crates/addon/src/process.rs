//! The end of the process: on purpose, for what cannot be reported to anybody, because C is below and cannot be unwound; and whether it is
//! at hand anyway.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static EXITING: AtomicBool = AtomicBool::new(false);

/// Writes `line` and then `details` to standard error, and aborts (SIGABRT).
pub fn abort(line: &str, details: &str) -> ! {
    let mut error = std::io::stderr().lock();
    // Nobody is left to hear that standard error is closed.
    let _unheard = writeln!(error, "{line}").and_then(|()| if details.is_empty() { Ok(()) } else { writeln!(error, "{details}") });
    std::process::abort();
}

/// Whether the process is exiting. What runs then are the destructors and exit handlers of libraries, and what they call must not spoil the
/// exit code, whichever thread registered it.
pub fn is_exiting() -> bool {
    EXITING.load(Ordering::Acquire)
}

/// The main thread has ended: the process is exiting.
pub extern "C" fn exits() {
    EXITING.store(true, Ordering::Release);
}

/// A Worker has ended, and its libraries stay. The process may exit without telling the main thread's environment (`process.exit`), but it
/// runs exit handlers, the latest first: this one before those that the Worker's libraries have registered.
pub fn worker_ends() {
    // SAFETY: the handler takes nothing, and the addon is never unloaded (`build.rs`).
    let _only_for_want_of_memory = unsafe { libc::atexit(exits) };
}
