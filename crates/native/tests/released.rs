//! What happens when C calls a compiled closure that is gone: the process ends, so it is another process.

#![cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]

use std::env;
use std::mem;
use std::process::Command;
use std::sync::Arc;

use ferrule_abi::{Signature, Type};
use ferrule_native::{Closure, EntryCode, Invocation, Target};

struct Gone;

impl Target for Gone {
    fn call(&self, _: &mut Invocation<'_>) {
        unreachable!("it is gone");
    }
}

const CHILD: &str = "FERRULE_RELEASED";

#[test]
fn a_released_closure_ends_the_process_with_a_line() {
    if env::var_os(CHILD).is_some() {
        let entry = Arc::new(EntryCode::compile(&Signature::new(Type::Void, [Type::Int32])).expect("code"));
        let closure = Closure::compiled(&entry, Gone).ok().expect("a closure");
        let address = closure.address();
        drop((closure, entry));
        // SAFETY: it is a function of this type no longer, but the address of a thunk stays one of code that can be called.
        let function: extern "C" fn(i32) = unsafe { mem::transmute(address) };
        function(1);
        return;
    }
    let tests = env::current_exe().expect("this program");
    let output = Command::new(tests)
        .args(["--exact", "--nocapture", "a_released_closure_ends_the_process_with_a_line"])
        .env(CHILD, "1")
        .output()
        .expect("the program runs");
    assert!(!output.status.success(), "{output:?}");
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("A callback was called that had been released long ago\n"), "{output:?}");
}
