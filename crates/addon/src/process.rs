//! The end of the process: on purpose, for what cannot be reported to anybody, because C is below and cannot be unwound; and whether it is
//! at hand anyway.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static EXITING: AtomicBool = AtomicBool::new(false);

/// Set by what runs before every exit handler.
static HAS_CALLED_EXIT: AtomicBool = AtomicBool::new(false);

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

/// Whether the main thread has called `exit`: no JavaScript is to run any more, in whatever environment. Where [`SEES_EXIT`] is not true,
/// this never is.
#[inline]
pub fn has_called_exit() -> bool {
    HAS_CALLED_EXIT.load(Ordering::Relaxed)
}

/// The main thread has ended: the process is exiting.
pub extern "C" fn exits() {
    EXITING.store(true, Ordering::Release);
}

pub use exit::{SEES_EXIT, watch_exit};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod exit {
    //! The exit of the process, which `process.exit` does not tell an environment of.

    use std::sync::atomic::Ordering;

    /// Whether it is known from the moment the main thread calls `exit`, whatever makes it do so.
    pub const SEES_EXIT: bool = true;

    struct Watch;

    impl Drop for Watch {
        fn drop(&mut self) {
            // SAFETY: both calls take nothing and cannot fail.
            if unsafe { libc::gettid() == libc::getpid() } {
                super::HAS_CALLED_EXIT.store(true, Ordering::Release);
                super::exits();
            }
        }
    }

    /// Sees to it that the exit is noticed. To be called on the main thread.
    ///
    /// The GNU C library destroys the thread-local variables of a thread that calls `exit` before it runs the first exit handler
    /// (`__run_exit_handlers` in its `stdlib/exit.c`), so nothing that a library has registered runs earlier.
    pub fn watch_exit() {
        thread_local!(static WATCH: Watch = const { Watch });
        WATCH.with(|_| ());
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod exit {
    //! Where nothing runs before the exit handlers of libraries.

    /// Node-API has to be asked, which runs no JavaScript any more when the process exits.
    pub const SEES_EXIT: bool = false;

    pub const fn watch_exit() {}
}

/// A Worker has ended, and its libraries stay. The process may exit without telling the main thread's environment (`process.exit`), but it
/// runs exit handlers, the latest first: this one before those that the Worker's libraries have registered.
pub fn worker_ends() {
    // SAFETY: the handler takes nothing, and the addon is never unloaded (`build.rs`).
    let _only_for_want_of_memory = unsafe { libc::atexit(exits) };
}
