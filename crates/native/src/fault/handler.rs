//! The signal handler: what is inside a native call of ours is reported; then, and for everything else, what was there before decides.
//!
//! Others have handlers, too. Node's, which comes before ours, makes exceptions of WebAssembly's out-of-bounds accesses; a library may
//! install one later, and call ours or not. So ours never decides how the process goes on.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::io;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::{sigaction, siginfo_t};

use super::frames::{self, Place};
use super::report;
use crate::mapping::Unavailable;

/// What ends a process that made a mistake: bad memory, bad instructions, bad arithmetic, a trap, and the C library's own despair.
const SIGNALS: [c_int; 6] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGABRT];

/// The handlers that were there before, in the order of [`SIGNALS`].
struct Previous(UnsafeCell<MaybeUninit<[sigaction; SIGNALS.len()]>>);

// SAFETY: written once, before the handler that reads it is installed.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(UnsafeCell::new(MaybeUninit::zeroed()));

/// Makes faults inside native calls be reported: installs the handler, once in the process.
///
/// # Errors
///
/// [`Unavailable::Signal`] when the system refuses.
pub fn install() -> Result<(), Unavailable> {
    static INSTALLED: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| install_once().map_err(|error| error.kind()));
    installed.map_err(|kind| Unavailable::Signal(kind.into()))
}

fn install_once() -> io::Result<()> {
    for (index, signal) in SIGNALS.into_iter().enumerate() {
        // SAFETY: asks for the present action; the place is inside the static, and nobody reads it yet.
        if unsafe { libc::sigaction(signal, ptr::null(), PREVIOUS.0.get().cast::<sigaction>().add(index)) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: all zeros are a value of it.
    let mut action: sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handle as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the set is ours.
    unsafe { libc::sigfillset(&raw mut action.sa_mask) };
    for signal in SIGNALS {
        // SAFETY: the handler does only what a signal handler may.
        if unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    frames::watch();
    Ok(())
}

/// What was there before ours.
fn previous(signal: c_int) -> sigaction {
    let index = SIGNALS.iter().position(|known| *known == signal).unwrap_or(0);
    // SAFETY: all of it was written before the handler was installed.
    unsafe { PREVIOUS.0.get().cast::<sigaction>().add(index).read() }
}

/// # Safety
///
/// * The system calls it, or another handler that it was given to, with what the system passes to handlers with `SA_SIGINFO`.
unsafe extern "C" fn handle(signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: every thread has one.
    let error = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let kept = unsafe { error.read() };
    match frames::interrupted() {
        Some(Place::Native { name, details }) => {
            // SAFETY: the caller's list.
            one_at_a_time(|| unsafe { report::write(signal, &*information, context, name, details) });
            let action = previous(signal);
            // SAFETY: the action was there before; the rest is the caller's list.
            unsafe { give_back(signal, &action, &*information) };
        }
        // SAFETY: the caller's list.
        Some(Place::JavaScript) | None => unsafe { pass_on(signal, information, context) },
    }
    // SAFETY: as above.
    unsafe { error.write(kept) };
}

/// Threads that fault at the same time report one after the other.
fn one_at_a_time(report: impl FnOnce()) {
    static IS_REPORTING: AtomicBool = AtomicBool::new(false);
    while IS_REPORTING.swap(true, Ordering::Acquire) {
        // SAFETY: gives the processor to somebody else.
        unsafe { libc::sched_yield() };
    }
    report();
    IS_REPORTING.store(false, Ordering::Release);
}

/// Lets `action` have the signal as if ours had not been there: a fault happens again as soon as the handler returns; a signal that
/// somebody sent does not, so it is sent again.
///
/// # Safety
///
/// * `action` is one that the process had.
unsafe fn give_back(signal: c_int, action: &sigaction, information: &siginfo_t) {
    // SAFETY: the caller's list.
    unsafe { libc::sigaction(signal, action, ptr::null_mut()) };
    if !report::is_fault(information) {
        let information: *const siginfo_t = information;
        // SAFETY: the arguments are those of rt_tgsigqueueinfo(2). It waits, blocked, until the handler returns.
        unsafe { libc::syscall(libc::SYS_rt_tgsigqueueinfo, libc::getpid(), libc::syscall(libc::SYS_gettid), signal, information) };
    }
}

/// Calls what was there before ours, which stays.
///
/// # Safety
///
/// * As for [`handle`].
unsafe fn pass_on(signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    let action = previous(signal);
    // SAFETY: the caller's list.
    let is_fault = report::is_fault(unsafe { &*information });
    match action.sa_sigaction {
        libc::SIG_IGN if !is_fault => {}
        libc::SIG_IGN | libc::SIG_DFL => {
            // SAFETY: all zeros are the default action: `SIG_DFL` is 0.
            let default: sigaction = unsafe { mem::zeroed() };
            // SAFETY: the default action is always there; the rest is the caller's list.
            unsafe { give_back(signal, &default, &*information) };
        }
        handler if action.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the flag says that the address is that of such a function.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = unsafe { mem::transmute(handler) };
            handler(signal, information, context);
        }
        handler => {
            // SAFETY: without the flag, the address is that of such a function.
            let handler: extern "C" fn(c_int) = unsafe { mem::transmute(handler) };
            handler(signal);
        }
    }
}
