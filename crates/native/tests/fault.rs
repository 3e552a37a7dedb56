//! Faults in processes of their own: what is reported, and that what was there before decides how the process ends.
#![cfg(target_os = "linux")]

use std::ffi::c_int;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use ferrule_native::fault;

/// How the child is told what to do.
const TASK: &str = "FERRULE_FAULT_TASK";

/// What the handler that was there before ends the process with.
const ENDED_BEFORE: c_int = 42;

extern "C" fn ends(_: c_int) {
    // SAFETY: may be called from a signal handler.
    unsafe { libc::_exit(ENDED_BEFORE) };
}

extern "C" fn comes_back(_: c_int) {}

fn read_nowhere() {
    // SAFETY: none; that is what the child is for.
    let _never = unsafe { std::ptr::without_provenance::<u8>(0x2a).read_volatile() };
}

fn install_first(signal: c_int, handler: extern "C" fn(c_int)) {
    // SAFETY: the handlers above do what handlers may.
    unsafe { libc::signal(signal, handler as *const () as libc::sighandler_t) };
}

/// The child: does nothing unless it is told to.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    match task.as_str() {
        "handled before" | "handled before, outside" => install_first(libc::SIGSEGV, ends),
        "raised and handled before" => install_first(libc::SIGABRT, comes_back),
        // SAFETY: ignores the signal.
        "raised and ignored before" => drop(unsafe { libc::signal(libc::SIGABRT, libc::SIG_IGN) }),
        _ => {}
    }
    fault::install().expect("a handler");
    let details = "    details of the call\n";
    match task.as_str() {
        "outside" | "handled before, outside" => read_nowhere(),
        "in JavaScript" => fault::in_native("outer", details, || fault::in_javascript(read_nowhere)).expect("a stack"),
        "raised and handled before" | "raised and ignored before" => {
            // SAFETY: takes a number.
            fault::in_native("raiser", details, || unsafe { libc::raise(libc::SIGABRT) }).expect("a stack");
        }
        _ => fault::in_native("reader", details, read_nowhere).expect("a stack"),
    }
    std::process::exit(0);
}

fn run(task: &str) -> (Output, String) {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    let output = command.args(["--exact", "child", "--nocapture", "--test-threads=1"]).env(TASK, task).output().expect("a child");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, text)
}

#[test]
fn a_fault_is_reported_and_ends_the_process() {
    let (output, text) = run("inside");
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{text}");
    assert!(
        text.starts_with("SIGSEGV (memory that cannot be accessed) in the native function reader\n    address      0x2a lies in no"),
        "{text}"
    );
    assert!(text.ends_with("    details of the call\n"), "{text}");
}

#[test]
fn elsewhere_it_only_ends_the_process() {
    for task in ["outside", "in JavaScript"] {
        let (output, text) = run(task);
        assert_eq!((output.status.signal(), text.as_str()), (Some(libc::SIGSEGV), ""), "{task}");
    }
}

#[test]
fn a_handler_that_was_there_before_has_the_fault() {
    for (task, is_reported) in [("handled before", true), ("handled before, outside", false)] {
        let (output, text) = run(task);
        assert_eq!(output.status.code(), Some(ENDED_BEFORE), "{task}: {text}");
        assert_eq!(text.contains("in the native function reader"), is_reported, "{task}: {text}");
    }
}

#[test]
fn what_is_sent_goes_on_to_who_was_there_before() {
    for task in ["raised and handled before", "raised and ignored before"] {
        let (output, text) = run(task);
        assert_eq!(output.status.code(), Some(0), "{task}: {text}");
        assert!(
            text.starts_with("SIGABRT (the native code gave up) in the native function raiser\n    raised by this process\n"),
            "{text}"
        );
    }
}
