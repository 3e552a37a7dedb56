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
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use ferrule_abi::{Representation, Signature};
use ferrule_native::{Closure, INLINE_ARGUMENTS, Invocation, Slot, Target};
use napi_sys as sys;

use crate::boundary::describe_panic;
use crate::convert::{self, Wide};
use crate::error::{Error, Result};
use crate::exchange::Alive;
use crate::loaded::Loaded;
use crate::napi::{Env, Kind, Reference, Value};
use crate::process::{self, abort};
use crate::quarantine::Quarantine;
use crate::state::{Ending, Endings, State, ask, ask_text};
use crate::v8;

static QUARANTINE: Quarantine<Callback> = Quarantine::new();

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
    function: Reference,
    is_weak: Cell<bool>,
    /// Makes Node tell when the function has been collected; set with the first `unrefCallback`.
    watch: OnceCell<Reference>,
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

    /// Makes `function` callable for C, and gives the address.
    pub fn register<'env>(self: &Rc<Self>, env: Env<'env>, signature: Signature, function: Value<'env>) -> Result<usize> {
        let name = ask_text(env, |hooks| &hooks.name_of, &[function])?;
        let live = Rc::new(Live {
            env: env.raw(),
            address: Cell::new(0),
            function: Reference::strong(env, function)?,
            is_weak: Cell::new(false),
            watch: OnceCell::new(),
            callbacks: Rc::clone(self),
            _alive: self.loaded.exchange().callback(),
        });
        let callback = Callback {
            fate: AtomicU8::new(Fate::Live as u8),
            running: AtomicUsize::new(0),
            thread: this_thread(),
            signature: signature.clone(),
            name: name.into(),
            library: Arc::clone(self.loaded.path()),
            live: RefCell::new(Some(Rc::clone(&live))),
        };
        let closure = Closure::new(&signature, callback)?;
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
        let live = self.live(env, address)?;
        if live.is_weak.replace(false) {
            live.function.make_strong(env)?;
        }
        Ok(())
    }

    /// Lets the function of the callback at `address` be collected.
    pub fn make_weak(&self, env: Env<'_>, address: usize) -> Result<()> {
        let live = self.live(env, address)?;
        if live.watch.get().is_none()
            && let Some(function) = live.function.get(env)?
        {
            // SAFETY: `collected` expects the address of a `Live`, and the `Live` itself holds the watch: it is gone before.
            let watch = unsafe { env.watch(function, Rc::as_ptr(&live).cast_mut().cast(), Some(collected)) }?;
            live.watch.set(watch).ok();
        }
        if !live.is_weak.replace(true) {
            live.function.make_weak(env)?;
        }
        Ok(())
    }

    /// Gives up all callbacks, because the library is closed.
    pub fn close(&self) {
        self.retire_all(Fate::Closed);
    }

    /// The live half of the callback at `address`, if its function is still there.
    fn live(&self, env: Env<'_>, address: usize) -> Result<Rc<Live>> {
        let closures = self.closures.borrow();
        let live = closures.get(&address).and_then(|closure| closure.target().live.borrow().clone());
        let live = live.ok_or(Error::CallbackNotFound)?;
        if live.function.get(env)?.is_some() { Ok(live) } else { Err(Error::CallbackNotFound) }
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

/// # Safety
///
/// * `data` is the address of a `Live` that is alive, on its thread.
unsafe extern "C" fn collected(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    let data = data.cast::<Live>();
    // SAFETY: the caller's list; the count made here keeps it alive until the end.
    let live = unsafe {
        Rc::increment_strong_count(data);
        Rc::from_raw(data)
    };
    live.callbacks.forget_function(live.address.get());
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.with(|mark| std::ptr::from_ref(mark) as usize)
}

impl Target for Callback {
    fn call(&self, invocation: Invocation<'_>) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.enter(invocation))) {
            abort(&format!("Ferrule failed internally in a {}", self.description()), &describe_panic(panic.as_ref()));
        }
    }
}

impl Callback {
    fn fate(&self) -> Fate {
        Fate::ALL[usize::from(self.fate.load(Ordering::Acquire))]
    }

    fn enter(&self, mut invocation: Invocation<'_>) {
        match self.fate() {
            Fate::Live => {}
            Fate::Collected | Fate::Exiting => return,
            Fate::Ended if process::is_exiting() => return,
            Fate::Unregistered => self.abort_retired("it was unregistered"),
            Fate::Closed => self.abort_retired("its library was closed"),
            Fate::Ended => self.abort_retired("the thread that registered it had ended"),
        }
        if self.thread != this_thread() {
            self.abort("Callbacks can only be invoked on the system thread they were created on", "");
        }
        let Some(live) = self.live.borrow().clone() else { return };
        let running = Running::of(self);
        // SAFETY: the environment is alive, because the first thing it does at its end is to retire the callback, and this is its
        // thread; the scope is open for as long as the values are used.
        let env = unsafe { Env::from_raw(live.env) };
        let result = env.in_scope(|| self.run(env, &live, &invocation));
        drop(running);
        if let Ok(Some(slot)) = result {
            invocation.set_result(slot);
        }
    }

    /// Runs the JavaScript function. `None` is a result of zeros.
    fn run(&self, env: Env<'_>, live: &Live, invocation: &Invocation<'_>) -> Option<Slot> {
        if v8::is_terminating() == Some(true) {
            return None;
        }
        let function = live.function.get(env).ok().flatten()?;
        let parameters = &self.signature.parameters;
        let arguments = parameters.iter().enumerate().map(|(index, ty)| {
            let representation = ty.representation();
            // SAFETY: the index and the representation are those of the signature that the closure was made with.
            let slot = unsafe { invocation.slot(index, representation) };
            convert::to_js(env, representation, &slot).ok().flatten()
        });
        let result = if parameters.len() <= INLINE_ARGUMENTS {
            let mut values = [env.undefined().ok()?; INLINE_ARGUMENTS];
            for (value, argument) in values.iter_mut().zip(arguments) {
                *value = argument?;
            }
            env.call(function, &values[..parameters.len()])
        } else {
            env.call(function, &arguments.collect::<Option<Vec<_>>>()?)
        };
        match result {
            Ok(value) => Some(self.result(env, value)),
            Err(_) => self.failed(env),
        }
    }

    fn result(&self, env: Env<'_>, value: Value<'_>) -> Slot {
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
            None => {
                let received = ask_text(env, |hooks| &hooks.received, &[value]).ok();
                let returned = format!("it returned {}", received.unwrap_or_default());
                self.abort("Callback returned invalid value for declared FFI type", &returned);
            }
        }
    }

    /// JavaScript did not return. Either it threw, which ends the process, or its thread is being stopped: then C gets zeros and runs
    /// on until it comes back to JavaScript, where V8 goes on stopping.
    fn failed(&self, env: Env<'_>) -> Option<Slot> {
        // Node refuses calls from the moment it decides to stop a thread, V8 stops them only at its next check; what V8 has stopped,
        // Node-API takes for `null` thrown.
        if !env.is_exception_pending() {
            return None;
        }
        let exception = env.take_exception().ok();
        if v8::is_terminating().unwrap_or_else(|| cannot_run(env)) {
            return None;
        }
        let described = exception.and_then(|exception| describe(env, exception));
        self.abort("Callbacks cannot throw an exception", &described.unwrap_or_else(|| "(the exception cannot be shown)".to_owned()));
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
        callback.running.fetch_add(1, Ordering::AcqRel);
        Self(callback)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}
