//! Callbacks: JavaScript functions that C calls.
//!
//! A registered callback is a closure (`ferrule_native`) whose target is a [`Callback`]. Three things own a part of it:
//!
//! * the [`Callbacks`] of its library own the closure while it is registered;
//! * its [`Live`] half owns the reference to the JavaScript function and keeps the library loaded: a circle, on purpose, because C
//!   holds an address into it. It is broken when the callback is unregistered, its library closed, its function collected (after
//!   `unrefCallback`), or its environment torn down;
//! * afterwards the closure is the process's [`QUARANTINE`]'s.
//!
//! Only the thread that registered a callback ever touches its live half. What any thread may read is atomic or never changes.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ferrule_abi::{Representation, Signature};
use ferrule_native::{Closure, EntryCode, Invocation, Slot, Target, thread};
use napi_sys as sys;

use crate::boundary::describe_panic;
use crate::convert::{self, Wide};
use crate::error::{Error, Result};
use crate::exchange::Alive;
use crate::incoming::{Held, Incoming, Outcome};
use crate::loaded::Loaded;
use crate::napi::{Env, Kind, Reference, Value};
use crate::process::{self, abort};
use crate::quarantine::Quarantine;
use crate::state::{Allowed, Ending, Endings, State, ask, ask_text};
use crate::v8;

static QUARANTINE: Quarantine<Callback> = Quarantine::new();

/// How many signatures of callbacks have compiled code, in the process.
const MAX_ENTRIES: usize = 4096;

/// By signature; `None` where nothing can be compiled.
type Entries = HashMap<Signature, Option<Arc<EntryCode<Callback>>>>;

/// What has become of a callback. The numbers are what the atomic holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Fate {
    /// It can be called.
    Live,
    /// Its function was collected after `unrefCallback`: calls do nothing.
    Collected,
    /// The main thread is ending, and with it the process: what the libraries' destructors still call does nothing.
    Exiting,
    /// `unregisterCallback` was called.
    Unregistered,
    /// Its library was closed.
    Closed,
    /// Its Worker is gone.
    Ended,
}

impl Fate {
    const ALL: [Self; 6] = [Self::Live, Self::Collected, Self::Exiting, Self::Unregistered, Self::Closed, Self::Ended];
}

/// What C calls.
pub struct Callback {
    fate: AtomicU8,
    /// How many calls are running, on the stack of the owning thread.
    running: AtomicUsize,
    thread: usize,
    signature: Signature,
    /// The JavaScript function's name.
    name: Box<str>,
    /// What the library was opened as.
    library: Arc<str>,
    /// `None` once retired or collected. Only the owning thread looks at it.
    live: RefCell<Option<Rc<Live>>>,
}

// SAFETY: `live` is the only field that is not `Sync`, and only the owning thread touches it: `enter` checks the thread before it does,
// and everything else runs in the environment of that thread.
unsafe impl Sync for Callback {}
// SAFETY: a callback is sent to the quarantine only, after `live` has been emptied (`retire`).
unsafe impl Send for Callback {}

/// What a callback needs to run JavaScript.
struct Live {
    env: sys::napi_env,
    address: Cell<usize>,
    incoming: Rc<Incoming>,
    function: RefCell<Held>,
    is_weak: Cell<bool>,
    /// Makes Node tell when the function has been collected; set with the first `unrefCallback`.
    watch: OnceCell<Reference>,
    /// Its number among the watched; 0 before.
    watched: Cell<usize>,
    /// Keeps the library loaded.
    callbacks: Rc<Callbacks>,
    /// Keeps the gate shut.
    _alive: Alive,
}

/// The callbacks of one library.
pub struct Callbacks {
    loaded: Rc<Loaded>,
    endings: Weak<Endings>,
    closures: RefCell<HashMap<usize, Closure<Callback>>>,
}

impl Callbacks {
    /// No callbacks yet.
    pub fn new(env: Env<'_>, loaded: &Rc<Loaded>) -> Rc<Self> {
        let endings = State::of(env).endings();
        Rc::new_cyclic(|this: &Weak<Self>| {
            endings.watch(this.as_ptr() as usize, this.clone());
            Self { loaded: Rc::clone(loaded), endings: Rc::downgrade(endings), closures: RefCell::default() }
        })
    }

    /// Makes `function` callable for C, and gives the address. Messages call it `name`.
    pub fn register<'env>(self: &Rc<Self>, env: Env<'env>, signature: Signature, function: Value<'env>, name: String) -> Result<usize> {
        let incoming = incoming(env, &signature)?;
        let live = Rc::new(Live {
            env: env.raw(),
            address: Cell::new(0),
            function: RefCell::new(incoming.hold(env, function)?),
            incoming,
            is_weak: Cell::new(false),
            watch: OnceCell::new(),
            watched: Cell::new(0),
            callbacks: Rc::clone(self),
            _alive: self.loaded.exchange().callback(),
        });
        let callback = Callback {
            fate: AtomicU8::new(Fate::Live as u8),
            running: AtomicUsize::new(0),
            thread: thread::current(),
            signature: signature.clone(),
            name: name.into(),
            library: Arc::clone(self.loaded.path()),
            live: RefCell::new(Some(Rc::clone(&live))),
        };
        let entry = if State::of(env).allowed()? == Allowed::Slow { None } else { entry(&signature) };
        let compiled = match entry {
            Some(entry) => Closure::compiled(&entry, callback),
            None => Err(callback),
        };
        let closure = match compiled {
            Ok(closure) => closure,
            Err(callback) => Closure::new(&signature, callback)?,
        };
        let address = closure.address();
        live.address.set(address);
        self.closures.borrow_mut().insert(address, closure);
        Ok(address)
    }

    /// Gives up the callback at `address`.
    pub fn unregister(&self, address: usize) -> Result<()> {
        let closure = self.closures.borrow_mut().remove(&address).ok_or(Error::CallbackNotFound)?;
        retire(closure, Fate::Unregistered);
        Ok(())
    }

    /// Keeps the function of the callback at `address` alive.
    pub fn make_strong(&self, env: Env<'_>, address: usize) -> Result<()> {
        let (live, function) = self.live(env, address)?;
        if live.is_weak.replace(false) {
            live.function.replace(live.incoming.hold(env, function)?);
        }
        Ok(())
    }

    /// Lets the function of the callback at `address` be collected.
    pub fn make_weak(&self, env: Env<'_>, address: usize) -> Result<()> {
        let (live, function) = self.live(env, address)?;
        if live.watch.get().is_none() {
            let number = watched::add(&live);
            live.watched.set(number);
            // SAFETY: `collected` takes any number.
            let watch = unsafe { env.watch(function, std::ptr::without_provenance_mut(number), Some(collected)) }?;
            live.watch.set(watch).ok();
        }
        if !live.is_weak.replace(true) {
            live.function.replace(Held::Referenced(Reference::weak(env, function)?));
        }
        Ok(())
    }

    /// Gives up all callbacks, because the library is closed.
    pub fn close(&self) {
        self.retire_all(Fate::Closed);
    }

    /// The live half of the callback at `address`, and its function if that is still there.
    fn live<'env>(&self, env: Env<'env>, address: usize) -> Result<(Rc<Live>, Value<'env>)> {
        let closures = self.closures.borrow();
        let live = closures.get(&address).and_then(|closure| closure.target().live.borrow().clone());
        let live = live.ok_or(Error::CallbackNotFound)?;
        let function = live.function.borrow().get(env).ok_or(Error::CallbackNotFound)?;
        Ok((live, function))
    }

    /// The function of the callback at `address` has been collected.
    fn forget_function(&self, address: usize) {
        let live = self.closures.borrow().get(&address).and_then(|closure| {
            closure.target().fate.store(Fate::Collected as u8, Ordering::Release);
            closure.target().live.take()
        });
        // The live half may hold the last count of `self`: no borrow may be open.
        drop(live);
    }

    fn retire_all(&self, fate: Fate) {
        let closures = std::mem::take(&mut *self.closures.borrow_mut());
        for closure in closures.into_values() {
            retire(closure, fate);
        }
    }
}

impl Ending for Callbacks {
    fn environment_ends(&self, is_main_thread: bool) {
        self.loaded.abandon();
        self.retire_all(if is_main_thread { Fate::Exiting } else { Fate::Ended });
    }
}

impl Drop for Callbacks {
    /// Live callbacks hold a count of `self`, so the ones that are left have lost their function.
    fn drop(&mut self) {
        self.retire_all(Fate::Collected);
        if let Some(endings) = self.endings.upgrade() {
            endings.forget(std::ptr::from_ref(self) as usize);
        }
    }
}

fn retire(closure: Closure<Callback>, fate: Fate) {
    let callback = closure.target();
    // What lost its function stays a no-op, unless somebody has said that it must not be called.
    let stays = callback.fate() == Fate::Collected && !matches!(fate, Fate::Unregistered | Fate::Closed);
    if !stays {
        callback.fate.store(fate as u8, Ordering::Release);
    }
    let live = callback.live.take();
    QUARANTINE.retire(closure, |callback| callback.running.load(Ordering::Acquire) == 0);
    drop(live);
}

impl Drop for Live {
    fn drop(&mut self) {
        watched::remove(self.watched.get());
    }
}

/// The live halves whose functions are watched, by numbers that are never used again. Deno runs a finalizer that it has queued even when the
/// watch has been taken back meanwhile, so what a finalizer is given must be safe to look up at any time.
mod watched {
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;
    use std::rc::{Rc, Weak};

    use super::Live;

    thread_local! {
        static LAST: Cell<usize> = const { Cell::new(0) };
        static WATCHED: RefCell<HashMap<usize, Weak<Live>>> = RefCell::default();
    }

    pub fn add(live: &Rc<Live>) -> usize {
        let number = LAST.get() + 1;
        LAST.set(number);
        WATCHED.with_borrow_mut(|all| all.insert(number, Rc::downgrade(live)));
        number
    }

    /// `None` when it is gone, or the thread is ending.
    pub fn find(number: usize) -> Option<Rc<Live>> {
        WATCHED.try_with(|all| all.borrow().get(&number).and_then(Weak::upgrade)).ok().flatten()
    }

    pub fn remove(number: usize) {
        let _thread_ends = WATCHED.try_with(|all| all.borrow_mut().remove(&number));
    }
}

/// What the finalizer of a watched function does; `data` is its number.
extern "C" fn collected(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    if let Some(live) = watched::find(data.addr()) {
        live.callbacks.forget_function(live.address.get());
    }
}

/// The code with which C enters callbacks of `signature`, made once per process; `None` where there is none, and libffi has its own.
fn entry(signature: &Signature) -> Option<Arc<EntryCode<Callback>>> {
    static ENTRIES: Mutex<Option<Entries>> = Mutex::new(None);
    let mut entries = ENTRIES.lock().unwrap_or_else(PoisonError::into_inner);
    let entries = entries.get_or_insert_default();
    if let Some(known) = entries.get(signature) {
        return known.clone();
    }
    if entries.len() >= MAX_ENTRIES {
        return None;
    }
    let entry = EntryCode::compile(signature).ok().map(Arc::new);
    entries.insert(signature.clone(), entry.clone());
    entry
}

/// How callbacks of `signature` are called in this environment.
fn incoming<'env>(env: Env<'env>, signature: &Signature) -> Result<Rc<Incoming>> {
    let state = State::of(env);
    let make = |types: &[Value<'env>]| ask(env, |hooks| &hooks.receive, types);
    state.receiver.incoming(env, state.exchange()?, signature, (state.allowed()? == Allowed::Fast).then_some(make))
}

impl Target for Callback {
    fn call(&self, invocation: &mut Invocation<'_>) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.enter(invocation))) {
            abort(&format!("Ferrule failed internally in a {}", self.description()), &describe_panic(panic.as_ref()));
        }
    }
}

impl Callback {
    fn fate(&self) -> Fate {
        Fate::ALL[usize::from(self.fate.load(Ordering::Acquire))]
    }

    #[inline]
    fn enter(&self, invocation: &mut Invocation<'_>) {
        if self.fate.load(Ordering::Acquire) != Fate::Live as u8 || process::has_called_exit() {
            return self.enter_late();
        }
        if self.thread != thread::current() {
            self.abort("Callbacks can only be invoked on the system thread they were created on", "");
        }
        let Some(live) = self.live.borrow().clone() else { return };
        let running = Running::of(self);
        // SAFETY: the environment is alive, because the first thing it does at its end is to retire the callback, and this is its
        // thread; a scope is open for as long as the values are used.
        let env = unsafe { Env::from_raw(live.env) };
        // SAFETY: as above, and the closure was made with the signature of `incoming`.
        unsafe { live.incoming.call(env, &live.function, invocation, |outcome| self.result(env, outcome)) };
        drop(running);
    }

    /// C calls what is no longer to be called: that does nothing, or ends the process. Closing a library need not unload it (musl never
    /// does), so its destructors may well call when the process exits.
    #[cold]
    fn enter_late(&self) {
        match self.fate() {
            Fate::Live | Fate::Collected | Fate::Exiting => {}
            Fate::Ended | Fate::Closed if process::is_exiting() => {}
            Fate::Unregistered => self.abort_retired("it was unregistered"),
            Fate::Closed => self.abort_retired("its library was closed"),
            Fate::Ended => self.abort_retired("the thread that registered it had ended"),
        }
    }

    /// What C gets when the result is not there already; `None` is zeros.
    fn result(&self, env: Env<'_>, outcome: Outcome<'_>) -> Option<Slot> {
        match outcome {
            Outcome::Value(value) => Some(self.converted(env, value)),
            // Where V8 cannot be asked, a thread that is being stopped shows by this.
            Outcome::Exception(_) if v8::is_terminating().is_none() && cannot_run(env) => None,
            Outcome::Exception(exception) => self.threw(env, exception),
            Outcome::Nothing => self.did_not_return(env),
        }
    }

    fn converted(&self, env: Env<'_>, value: Value<'_>) -> Slot {
        if env.is_promise(value).unwrap_or(false) {
            self.abort("Callbacks cannot return promises", "");
        }
        let representation = self.signature.result.representation();
        if representation == Representation::Void {
            return Slot::ZERO;
        }
        let kind = env.kind(value).unwrap_or(Kind::Undefined);
        if representation == Representation::Pointer && matches!(kind, Kind::Undefined | Kind::Null) {
            return Slot::ZERO;
        }
        match convert::scalar(env, representation, Wide::Bigint, value) {
            Some(slot) => slot,
            None => self.abort_described("Callback returned invalid value for declared FFI type", || {
                let received = ask_text(env, |hooks| &hooks.received, &[value]).ok();
                format!("it returned {}", received.unwrap_or_default())
            }),
        }
    }

    /// Counts calls. Only the owning thread does so; others look, before they free.
    #[inline]
    fn count(&self, change: isize) {
        let running = self.running.load(Ordering::Relaxed).wrapping_add_signed(change);
        self.running.store(running, Ordering::Release);
    }

    /// JavaScript did not return. If its thread is being stopped, C gets zeros and runs on until it comes back to JavaScript, where V8 goes
    /// on stopping.
    #[cold]
    fn did_not_return(&self, env: Env<'_>) -> Option<Slot> {
        if v8::is_terminating() == Some(true) || cannot_run(env) {
            return None;
        }
        // This is all that V8 throws before a function of ours catches.
        self.abort("Callbacks cannot throw an exception", "RangeError: Maximum call stack size exceeded");
    }

    #[cold]
    fn threw(&self, env: Env<'_>, exception: Value<'_>) -> ! {
        self.abort_described("Callbacks cannot throw an exception", || {
            describe(env, exception).unwrap_or_else(|| "(the exception cannot be shown)".to_owned())
        });
    }

    fn abort_retired(&self, event: &str) -> ! {
        let mut line = format!("{} was called after {event}", self.description());
        line[..1].make_ascii_uppercase();
        abort(&line, "");
    }

    fn abort(&self, line: &str, details: &str) -> ! {
        let separator = if details.is_empty() { "" } else { "\n" };
        abort(line, &format!("{details}{separator}    in {}", self.description()));
    }

    fn abort_described(&self, line: &str, describe: impl FnOnce() -> String) -> ! {
        process::abort_described(line, || format!("{}\n    in {}", describe(), self.description()));
    }

    /// What messages call it: its name, signature and library.
    fn description(&self) -> String {
        let name = if self.name.is_empty() { "anonymous callback".to_owned() } else { format!("callback \"{}\"", self.name) };
        let library = if self.library.is_empty() { "the process" } else { &self.library };
        format!("{name} {} of {library}", self.signature)
    }
}

/// Whether nothing runs any more, which shows a thread that is being stopped where V8 cannot be asked. A call that fails with an exception
/// of its own, for want of stack, shows the opposite.
fn cannot_run(env: Env<'_>) -> bool {
    if ask(env, |hooks| &hooks.nothing, &[]).is_ok() {
        return false;
    }
    let exception = env.take_exception().and_then(|exception| env.kind(exception));
    matches!(exception, Ok(Kind::Undefined | Kind::Null) | Err(_))
}

/// The exception with its stack; or, where there is no stack left to run `inspect` in, its name and message.
fn describe<'env>(env: Env<'env>, exception: Value<'env>) -> Option<String> {
    if let Ok(text) = ask_text(env, |hooks| &hooks.inspect, &[exception]) {
        return Some(text);
    }
    let _of_inspect = env.take_exception();
    if env.is_error(exception) != Ok(true) {
        return None;
    }
    let property = |name| env.get(exception, env.create_string(name)?).and_then(|value| env.text(value));
    let (name, message) = (property("name").ok()??, property("message").ok()??);
    Some(format!("{name}: {message}"))
}

/// Counts a call in while it runs.
struct Running<'callback>(&'callback Callback);

impl<'callback> Running<'callback> {
    fn of(callback: &'callback Callback) -> Self {
        callback.count(1);
        Self(callback)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.count(-1);
    }
}
