//! Callbacks that JavaScript has given up, and that C may still call.
//!
//! C was given an address and nobody can take it back. So the memory behind a retired callback is neither freed nor given to another
//! callback at once: it stays here, still a valid function, whose call says which callback it was and ends the process
//! (`callback.rs`). The quarantine belongs to the process, not to a thread, because C may call long after a Worker has ended. It is
//! bounded: beyond [`CAPACITY`] retired callbacks the oldest is freed, and its address may then be used again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ferrule_native::{Closure, Target};

/// How many retired callbacks are kept, in the process: about 2 MiB.
pub const CAPACITY: usize = 8192;

/// Retired closures, oldest first.
pub struct Quarantine<T: Target>(Mutex<VecDeque<Closure<T>>>);

impl<T: Target> Quarantine<T> {
    /// An empty quarantine.
    pub const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// Takes a closure in, and lets go of the oldest that is over the capacity and `is_idle`: not being executed by any thread.
    pub fn retire(&self, closure: Closure<T>, is_idle: impl Fn(&T) -> bool) {
        let released = {
            let mut closures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            closures.push_back(closure);
            let over = closures.len() > CAPACITY;
            let idle = over.then(|| closures.iter().position(|closure| is_idle(closure.target()))).flatten();
            idle.and_then(|index| closures.remove(index))
        };
        // Freed outside the lock.
        drop(released);
    }
}
