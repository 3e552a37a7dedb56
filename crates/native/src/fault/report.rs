//! What is written to standard error about a fault.

use std::ffi::{c_int, c_void};
use std::fmt::{self, Write};

use libc::siginfo_t;

use crate::mapping::{self, Mapping, Nearest};

const STANDARD_ERROR: c_int = 2;

/// `si_code` of what the processor has detected without an address (`SI_KERNEL`, asm-generic/siginfo.h): on x86, an address that is none.
const WITHOUT_ADDRESS: c_int = 0x80;

/// Whether the thread did it itself, by the instruction that it will execute again: `si_code` is positive then (sigaction(2)).
pub fn is_fault(information: &siginfo_t) -> bool {
    information.si_code > 0
}

/// Writes the report. For the signal handler.
///
/// # Safety
///
/// * The first three are what the system passed to the handler.
pub unsafe fn write(signal: c_int, information: &siginfo_t, context: *mut c_void, name: &str, details: &str) {
    let mut text = Text { buffer: [0; 1024], length: 0 };
    // SAFETY: the caller's list.
    let registers = unsafe { registers(context) };
    // Writing to `text` never fails: nobody could be told.
    let _written = describe(&mut text, signal, information, registers, name).and_then(|()| text.write_str(details));
    text.flush();
}

fn describe(text: &mut Text, signal: c_int, information: &siginfo_t, registers: Option<Registers>, name: &str) -> fmt::Result {
    let (short, long) = in_words(signal);
    writeln!(text, "{short} ({long}) in the native function {name}")?;
    if !is_fault(information) {
        // SAFETY: what is sent tells who sent it, but for timers and the like, where it is some other number.
        let sender = unsafe { information.si_pid() };
        // SAFETY: takes nothing.
        let is_own = sender == unsafe { libc::getpid() };
        return if is_own { writeln!(text, "    raised by this process") } else { writeln!(text, "    sent by process {sender}") };
    }
    if matches!(signal, libc::SIGSEGV | libc::SIGBUS) {
        if information.si_code == WITHOUT_ADDRESS {
            writeln!(text, "    address      not known: no address of this processor's, or an instruction that is not allowed")?;
        } else {
            // SAFETY: faults of these kinds have an address.
            let address = unsafe { information.si_addr() }.addr();
            writeln!(text, "    address      {address:#x} {}", Located { address, is_code: false })?;
            if registers.is_some_and(|registers| address.abs_diff(registers.stack_pointer) < NEAR_STACK) {
                writeln!(text, "    stack        the address is where the stack pointer is: the stack may be full")?;
            }
        }
    }
    if let Some(Registers { instruction, .. }) = registers {
        writeln!(text, "    instruction  {instruction:#x} {}", Located { address: instruction, is_code: true })?;
    }
    Ok(())
}

/// An address that is closer to the stack pointer than this is the stack's, in bytes. A function's frame is rarely larger.
const NEAR_STACK: usize = 16 * 1024;

fn in_words(signal: c_int) -> (&'static str, &'static str) {
    match signal {
        libc::SIGSEGV => ("SIGSEGV", "memory that cannot be accessed"),
        libc::SIGBUS => ("SIGBUS", "memory that is not there"),
        libc::SIGILL => ("SIGILL", "an illegal instruction"),
        libc::SIGFPE => ("SIGFPE", "impossible arithmetic, as a division by zero"),
        libc::SIGTRAP => ("SIGTRAP", "a trap"),
        _ => ("SIGABRT", "the native code gave up"),
    }
}

/// Where an address lies; in a file of code, also at which place of the file, for tools that look up lines.
struct Located {
    address: usize,
    is_code: bool,
}

impl fmt::Display for Located {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut nearest = Nearest::new(self.address);
        if mapping::each_line(&mut [0; mapping::BUFFER], |mapping: &Mapping<'_>| nearest.step(mapping)).is_err() {
            return formatter.write_str("(the mappings cannot be read)");
        }
        write!(formatter, "{nearest}")?;
        match nearest.inside() {
            Some(mapping) if self.is_code && mapping.has_file => {
                write!(formatter, ", at {:#x} of the file", (self.address - mapping.start) as u64 + mapping.offset)
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[derive(Clone, Copy)]
struct Registers {
    instruction: usize,
    stack_pointer: usize,
}

/// What the interrupted thread had in them (`ucontext_t`); `None` for processors whose context is not known here.
///
/// # Safety
///
/// * `context` is what the system passed to the handler.
#[cfg(target_arch = "x86_64")]
unsafe fn registers(context: *mut c_void) -> Option<Registers> {
    // SAFETY: the caller's list.
    let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    Some(Registers { instruction: registers[libc::REG_RIP as usize] as usize, stack_pointer: registers[libc::REG_RSP as usize] as usize })
}

/// # Safety
///
/// * `context` is what the system passed to the handler.
#[cfg(target_arch = "aarch64")]
unsafe fn registers(context: *mut c_void) -> Option<Registers> {
    // SAFETY: the caller's list.
    let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
    Some(Registers { instruction: registers.pc as usize, stack_pointer: registers.sp as usize })
}

/// # Safety
///
/// * None.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn registers(_: *mut c_void) -> Option<Registers> {
    None
}

/// Text on its way to standard error, which may be closed, or a pipe that is full for a while.
struct Text {
    buffer: [u8; 1024],
    length: usize,
}

impl Text {
    fn flush(&mut self) {
        let mut rest = &self.buffer[..self.length];
        while !rest.is_empty() {
            // SAFETY: the text is readable for its length.
            let written = unsafe { libc::write(STANDARD_ERROR, rest.as_ptr().cast(), rest.len()) };
            match usize::try_from(written) {
                Ok(written) => rest = &rest[written..],
                Err(_) if !can_be_written_later() => break,
                Err(_) => {}
            }
        }
        self.length = 0;
    }
}

/// Whether writing failed for now only; waits then, for a second at most.
fn can_be_written_later() -> bool {
    // SAFETY: every thread has one.
    match unsafe { libc::__errno_location().read() } {
        libc::EINTR => true,
        libc::EAGAIN => {
            let mut file = libc::pollfd { fd: STANDARD_ERROR, events: libc::POLLOUT, revents: 0 };
            // SAFETY: one file, whose description is ours.
            unsafe { libc::poll(&raw mut file, 1, 1000) > 0 }
        }
        _ => false,
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            if self.length == self.buffer.len() {
                self.flush();
            }
            let (now, later) = rest.split_at(rest.len().min(self.buffer.len() - self.length));
            self.buffer[self.length..self.length + now.len()].copy_from_slice(now);
            self.length += now.len();
            rest = later;
        }
        Ok(())
    }
}
