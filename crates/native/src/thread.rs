//! Which thread this is.

/// A number that no other living thread has. A thread that begins after this one has ended may have it again.
///
/// It is where the system keeps a thread's own data, as the thread pointer gives it:
///
/// * x86-64 ELF systems: the word at `fs:0` is the thread pointer itself ("ELF Handling For Thread-Local Storage", on x86-64).
/// * AArch64 ELF systems: `TPIDR_EL0` ("ELF for the Arm 64-bit Architecture", on thread-local storage).
/// * Windows: the address of the thread environment block, which on x86-64 stands at `gs:0x30` (`NtCurrentTeb` in `winnt.h`, the member
///   `Self` of `NT_TIB`) and on AArch64 is in `x18` ("Overview of ARM64 ABI conventions").
/// * Elsewhere: the address of a thread-local variable.
#[inline]
#[must_use]
pub fn current() -> usize {
    imp::current()
}

/// Whether this thread is known to be the one that the process began with. Only Linux tells: there the number of that thread is the
/// process's (gettid(2)).
#[must_use]
pub fn is_main() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: both calls take nothing and cannot fail.
    return unsafe { libc::gettid() == libc::getpid() };
    #[cfg(not(target_os = "linux"))]
    return false;
}

#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
mod imp {
    use std::arch::asm;

    #[inline]
    pub fn current() -> usize {
        let pointer;
        // SAFETY: every thread has its thread pointer set up, by which it reads the word that says where that is.
        unsafe { asm!("mov {}, qword ptr fs:[0]", out(reg) pointer, options(pure, readonly, nostack, preserves_flags)) };
        pointer
    }
}

#[cfg(all(target_arch = "aarch64", any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
mod imp {
    use std::arch::asm;

    #[inline]
    pub fn current() -> usize {
        let pointer;
        // SAFETY: any program may read the register.
        unsafe { asm!("mrs {}, tpidr_el0", out(reg) pointer, options(pure, nomem, nostack, preserves_flags)) };
        pointer
    }
}

#[cfg(all(target_arch = "x86_64", windows))]
mod imp {
    use std::arch::asm;

    #[inline]
    pub fn current() -> usize {
        let block;
        // SAFETY: every thread has its block, in which it reads the member that says where that is.
        unsafe { asm!("mov {}, qword ptr gs:[0x30]", out(reg) block, options(pure, readonly, nostack, preserves_flags)) };
        block
    }
}

#[cfg(all(target_arch = "aarch64", windows))]
mod imp {
    use std::arch::asm;

    #[inline]
    pub fn current() -> usize {
        let block;
        // SAFETY: the register is reserved for this.
        unsafe { asm!("mov {}, x18", out(reg) block, options(pure, nomem, nostack, preserves_flags)) };
        block
    }
}

#[cfg(not(any(
    all(
        any(all(target_arch = "x86_64", target_pointer_width = "64"), target_arch = "aarch64"),
        any(target_os = "linux", target_os = "android", target_os = "freebsd")
    ),
    all(any(target_arch = "x86_64", target_arch = "aarch64"), windows)
)))]
mod imp {
    use std::ptr;

    #[inline]
    pub fn current() -> usize {
        thread_local!(static MARK: u8 = const { 0 });
        MARK.with(|mark| ptr::from_ref(mark).addr())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::thread;

    use super::current;

    #[test]
    fn a_thread_keeps_its_number_and_shares_it_with_no_other() {
        let here = current();
        let barrier = Barrier::new(8);
        let numbers: Vec<usize> = thread::scope(|scope| {
            let number = || {
                let first = current();
                // All are alive at once.
                barrier.wait();
                assert_eq!(current(), first);
                first
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(number)).collect();
            threads.into_iter().map(|it| it.join().expect("the thread ends")).collect()
        });
        assert_eq!(current(), here);
        assert_eq!(numbers.iter().copied().chain([here]).collect::<HashSet<_>>().len(), 9);
    }
}
