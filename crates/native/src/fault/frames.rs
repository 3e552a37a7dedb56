//! What each thread is doing, in a form that a signal handler can read.
//!
//! A thread has a [`Record`] from its first native call on, until it ends. Records are linked to each other, never freed, and used again by
//! later threads; the handler finds its own by the system's number of the thread. A record leads to the [`Frame`]s of that thread, the
//! innermost first. They are on its stack, and nobody but the thread, and the handler that interrupts it, looks at them.

use std::io;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering, compiler_fence};

use libc::c_void;

/// What a thread has entered.
#[derive(Clone, Copy)]
pub enum Place<'text> {
    /// A native function.
    Native {
        /// Its name.
        name: &'text str,
        /// The lines that follow in a report, ending with a line break.
        details: &'text str,
    },
    /// JavaScript again, from inside a native function.
    JavaScript,
}

struct Frame<'text>(Place<'text>);

/// One thread, or a free place for one.
struct Record {
    /// The system's number of the thread; 0 for none.
    thread: AtomicI32,
    innermost: AtomicPtr<Frame<'static>>,
    next: AtomicPtr<Record>,
}

static RECORDS: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());
static IS_WATCHING: AtomicBool = AtomicBool::new(false);

/// The handler has been installed: from now on, JavaScript that C calls is told apart from C.
pub fn watch() {
    IS_WATCHING.store(true, Ordering::Release);
}

thread_local!(static THREAD: Thread = Thread::begin());

/// The record that a thread holds, and the stack for its signal handlers.
struct Thread {
    record: &'static Record,
    stack: io::Result<AlternateStack>,
}

impl Thread {
    fn begin() -> Self {
        Self { record: Record::claim(), stack: AlternateStack::new() }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.record.innermost.store(ptr::null_mut(), Ordering::Release);
        self.record.thread.store(0, Ordering::Release);
    }
}

impl Record {
    /// A record for this thread.
    fn claim() -> &'static Self {
        let thread = this_thread();
        let free = |record: &&Self| record.thread.compare_exchange(0, thread, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if let Some(record) = all().find(free) {
            return record;
        }
        let record =
            Box::leak(Box::new(Self { thread: AtomicI32::new(thread), innermost: AtomicPtr::default(), next: AtomicPtr::default() }));
        let mut first = RECORDS.load(Ordering::Acquire);
        loop {
            record.next.store(first, Ordering::Relaxed);
            match RECORDS.compare_exchange_weak(first, record, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return record,
                Err(now) => first = now,
            }
        }
    }

    /// Runs `body` inside `place`.
    fn enter<T>(&self, place: Place<'_>, body: impl FnOnce() -> T) -> T {
        let outer = self.innermost.load(Ordering::Relaxed);
        let frame = Frame(place);
        let _inside = Inside { record: self, outer, frame: PhantomData };
        // The lifetime ends with `_inside`, which takes the frame out before it is gone.
        self.innermost.store(ptr::from_ref(&frame).cast_mut().cast(), Ordering::Release);
        compiler_fence(Ordering::SeqCst);
        let result = body();
        compiler_fence(Ordering::SeqCst);
        result
    }
}

/// Takes a frame out when it is left, by whatever way.
struct Inside<'frame> {
    record: &'frame Record,
    outer: *mut Frame<'static>,
    frame: PhantomData<&'frame ()>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.record.innermost.store(self.outer, Ordering::Release);
    }
}

fn all() -> impl Iterator<Item = &'static Record> {
    // SAFETY: records are never freed, and what is published does not change but for its atomics.
    let at = |pointer: &AtomicPtr<Record>| unsafe { pointer.load(Ordering::Acquire).as_ref() };
    std::iter::successors(at(&RECORDS), move |record| at(&record.next))
}

/// The system's number of this thread. In a signal handler, too.
fn this_thread() -> i32 {
    // SAFETY: takes nothing and changes nothing.
    (unsafe { libc::syscall(libc::SYS_gettid) }) as i32
}

/// Runs `call`, which is a call of the native function `name`. Should it fault, `details` is what the report says of it: whole lines.
///
/// # Errors
///
/// When there is no memory for a stack on which a fault could be handled: then `call` has not run.
pub fn in_native<T>(name: &str, details: &str, call: impl FnOnce() -> T) -> io::Result<T> {
    THREAD.with(|thread| match &thread.stack {
        Ok(_) => Ok(thread.record.enter(Place::Native { name, details }, call)),
        Err(error) => Err(error.kind().into()),
    })
}

/// Runs `body`, which enters JavaScript because C has called back: what faults there is the engine's, and may be no mistake at all.
pub fn in_javascript<T>(body: impl FnOnce() -> T) -> T {
    if !IS_WATCHING.load(Ordering::Relaxed) {
        return body();
    }
    let mut body = Some(body);
    let inside = THREAD.try_with(|thread| body.take().map(|body| thread.record.enter(Place::JavaScript, body))).ok().flatten();
    // A thread that is ending has no record any more, and no native call that could be taken for the culprit.
    inside.unwrap_or_else(|| body.take().expect("it has not run")())
}

/// Where the interrupted thread is; `None` outside all native calls of ours. For the signal handler.
pub fn interrupted<'text>() -> Option<Place<'text>> {
    let thread = this_thread();
    let record = all().find(|record| record.thread.load(Ordering::Acquire) == thread)?;
    // SAFETY: the frames are on the stack of this thread, which is interrupted inside the innermost one.
    unsafe { record.innermost.load(Ordering::Acquire).as_ref() }.map(|frame| frame.0)
}

/// A stack for the signal handlers of one thread, in the place of what it had.
struct AlternateStack {
    memory: *mut c_void,
    before: libc::stack_t,
}

impl AlternateStack {
    /// Its size in bytes: the report's buffers, and a context with the largest registers there are.
    const SIZE: usize = 128 * 1024;

    fn new() -> io::Result<Self> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK);
        // SAFETY: the system chooses the address.
        let memory = unsafe { libc::mmap(ptr::null_mut(), Self::SIZE, protection, flags, -1, 0) };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: all zeros are a value of it.
        let mut made = Self { memory, before: unsafe { std::mem::zeroed() } };
        made.before.ss_flags = libc::SS_DISABLE;
        let stack = libc::stack_t { ss_sp: memory, ss_flags: 0, ss_size: Self::SIZE };
        // SAFETY: the memory is ours, until the thread has no such stack any more (`drop`).
        if unsafe { libc::sigaltstack(&raw const stack, &raw mut made.before) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(made)
    }
}

impl Drop for AlternateStack {
    fn drop(&mut self) {
        // SAFETY: all zeros are a value of it.
        let mut present: libc::stack_t = unsafe { std::mem::zeroed() };
        // SAFETY: the first call asks, the second gives back what was there before ours; then nothing uses the memory.
        unsafe {
            if libc::sigaltstack(ptr::null(), &raw mut present) == 0 && present.ss_sp == self.memory {
                libc::sigaltstack(&raw const self.before, ptr::null_mut());
            }
            libc::munmap(self.memory, Self::SIZE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Option<String> {
        interrupted().map(|place| match place {
            Place::Native { name, .. } => name.to_owned(),
            Place::JavaScript => "JavaScript".to_owned(),
        })
    }

    #[test]
    fn a_thread_is_where_it_went() {
        watch();
        assert_eq!(name(), None);
        in_native("outer", "", || {
            assert_eq!(name().as_deref(), Some("outer"));
            in_javascript(|| {
                assert_eq!(name().as_deref(), Some("JavaScript"));
                in_native("inner", "", || assert_eq!(name().as_deref(), Some("inner"))).expect("a stack");
                assert_eq!(name().as_deref(), Some("JavaScript"));
                std::thread::spawn(|| assert_eq!(name(), None)).join().expect("another thread is elsewhere");
            });
            assert_eq!(name().as_deref(), Some("outer"));
        })
        .expect("a stack");
        assert_eq!(name(), None);
    }

    #[test]
    fn a_panic_leaves_the_frame() {
        let caught = std::panic::catch_unwind(|| in_native("panics", "", || panic!("on purpose")));
        assert!(caught.is_err());
        assert_eq!(name(), None);
    }

    #[test]
    fn records_are_used_again() {
        for _ in 0..50 {
            std::thread::spawn(|| in_native("short", "", || ()).expect("a stack")).join().expect("joined");
        }
        assert!(all().count() < 50, "{}", all().count());
    }
}
