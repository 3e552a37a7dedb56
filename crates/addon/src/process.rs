//! The end of the process: on purpose, for what cannot be reported to anybody, because C is below and cannot be unwound; and whether it is
//! at hand anyway.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ferrule_native::ending;

static EXITING: AtomicBool = AtomicBool::new(false);

/// Set by what runs before every exit handler.
static HAS_CALLED_EXIT: AtomicBool = AtomicBool::new(false);

/// Writes `line` and then `details` to standard error, and ends the process as `process.abort()` does.
pub fn abort(line: &str, details: &str) -> ! {
    write_line(line);
    if !details.is_empty() {
        write_line(details);
    }
    ending::abort();
}

/// The same, with details that JavaScript is asked for.
///
/// That can run code of the user's, so the line comes first, and the end does not depend on it: when the code calls `exit`, or does not come
/// back for [`DESCRIBING_MAX`], the process ends all the same.
pub fn abort_described(line: &str, describe: impl FnOnce() -> String) -> ! {
    write_line(line);
    // SAFETY: the handler takes nothing, and the addon is never unloaded (`build.rs`).
    let _only_for_want_of_memory = unsafe { libc::atexit(abort_at_exit) };
    let _only_for_want_of_threads = thread::Builder::new().spawn(|| {
        thread::sleep(DESCRIBING_MAX);
        ending::abort();
    });
    write_line(&describe());
    ending::abort();
}

/// How long JavaScript may take to say what went wrong.
const DESCRIBING_MAX: Duration = Duration::from_secs(5);

extern "C" fn abort_at_exit() {
    ending::abort();
}

fn write_line(text: &str) {
    // Nobody is left to hear that standard error is closed.
    let _unheard = writeln!(std::io::stderr(), "{text}");
}

/// Whether the process is exiting. What runs then are the destructors and exit handlers of libraries, and what they call must not spoil the
/// exit code, whichever thread registered it.
pub fn is_exiting() -> bool {
    EXITING.load(Ordering::Acquire) || exit::has_begun()
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

pub use exit::{SEES_EXIT, watch_exit, worker_ends};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod exit {
    //! The exit of the process, which `process.exit` does not tell an environment of.

    use std::sync::atomic::Ordering;

    use ferrule_native::thread;

    pub use super::at_exit::{has_begun, worker_ends};

    /// Whether it is known from the moment the main thread calls `exit`, whatever makes it do so.
    pub const SEES_EXIT: bool = true;

    struct Watch;

    impl Drop for Watch {
        fn drop(&mut self) {
            if thread::is_main() {
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

#[cfg(not(any(windows, all(target_os = "linux", target_env = "gnu"))))]
mod exit {
    //! Where nothing runs before the exit handlers of libraries.

    use std::sync::Once;

    pub use super::at_exit::{has_begun, worker_ends};

    /// Node-API has to be asked, which runs no JavaScript any more when the process exits.
    pub const SEES_EXIT: bool = false;

    /// Sees to it that the exit is noticed before what runs after exit handlers (the destructors of libraries), and before the exit
    /// handlers that were registered earlier. To be called on the main thread.
    pub fn watch_exit() {
        static WATCH: Once = Once::new();
        WATCH.call_once(super::at_exit::register);
    }
}

#[cfg(windows)]
mod exit {
    //! The system itself tells that the process is exiting: from the moment it has stopped all threads but one, and before the first DLL hears
    //! of it.

    /// Node-API has to be asked, which runs no JavaScript any more when the process exits.
    pub const SEES_EXIT: bool = false;

    pub const fn watch_exit() {}

    /// Whether DLLs are being told that the process exits.
    pub fn has_begun() -> bool {
        windows_link::link!("ntdll.dll" "system" fn RtlDllShutdownInProgress() -> u8);
        // SAFETY: it takes nothing and reads one variable of the loader.
        unsafe { RtlDllShutdownInProgress() != 0 }
    }

    /// Nothing has to be prepared for the end of the process.
    pub const fn worker_ends() {}
}

#[cfg(not(windows))]
mod at_exit {
    //! Exit handlers.

    /// Nothing but the handler tells.
    pub const fn has_begun() -> bool {
        false
    }

    /// A Worker has ended, and its libraries stay. The process may exit without telling the main thread's environment (`process.exit`), but it
    /// runs exit handlers, the latest first: this one before those that the Worker's libraries have registered.
    pub fn worker_ends() {
        register();
    }

    /// What is registered later runs earlier.
    pub fn register() {
        // SAFETY: the handler takes nothing, and the addon is never unloaded (`build.rs`).
        let _only_for_want_of_memory = unsafe { libc::atexit(super::exits) };
    }
}
