//! The end of the process at once, with nothing run any more: for what cannot be reported to anybody.

/// Ends the process as `abort` of C does: by SIGABRT.
#[cfg(not(windows))]
pub fn abort() -> ! {
    std::process::abort();
}

/// Ends the process as Node's `process.abort()` does on Windows: with exit code 134. No other thread runs any more, and no DLL hears of it.
#[cfg(windows)]
pub fn abort() -> ! {
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};

    /// 128 and the number of SIGABRT.
    const ABORTED: u32 = 134;
    // SAFETY: the handle stands for this process and need not be closed; nothing here is used afterwards.
    unsafe { TerminateProcess(GetCurrentProcess(), ABORTED) };
    // Not reached.
    std::process::abort();
}
