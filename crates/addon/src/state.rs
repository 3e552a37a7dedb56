//! What one environment (a thread's instance of the addon) keeps, and the JavaScript functions that Rust asks.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use crate::boundary::Arguments;
use crate::error::{Error, Result};
use crate::exchange::Exchange;
use crate::incoming::Receiver;
use crate::loaded::Loaded;
use crate::napi::{Env, Keeper, Reference, Value};
use crate::permission::Permission;
use crate::process;
use crate::trampoline::Compiler;

/// Something that has to stop before its environment goes away.
pub trait Ending {
    /// The environment is about to be torn down; JavaScript will not run in it again.
    fn environment_ends(&self, is_main_thread: bool);
}

/// Everything that has to stop before the environment goes away, by an address of its own.
#[derive(Default)]
pub struct Endings(RefCell<HashMap<usize, Weak<dyn Ending>>>);

impl Endings {
    /// Remembers `ending` until it is forgotten or the environment ends.
    pub fn watch(&self, key: usize, ending: Weak<dyn Ending>) {
        self.0.borrow_mut().insert(key, ending);
    }

    /// Forgets what was remembered under `key`.
    pub fn forget(&self, key: usize) {
        self.0.borrow_mut().remove(&key);
    }
}

/// The fastest tier that may be taken, whatever else there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Full conversion through Node-API, and libffi.
    Slow,
    /// Calls through the cells.
    Cell,
    /// V8's fast calls.
    Fast,
}

impl Allowed {
    fn named(name: Option<&str>) -> Self {
        match name {
            Some("fast") => Self::Fast,
            Some("cell") => Self::Cell,
            _ => Self::Slow,
        }
    }
}

/// The state of one environment.
#[derive(Default)]
pub struct State {
    hooks: OnceCell<Hooks>,
    permission: Option<Permission>,
    /// Unknown until a library is opened.
    is_main_thread: OnceCell<bool>,
    endings: Rc<Endings>,
    /// Compiled code.
    pub compiler: Compiler,
    /// What calls from C take.
    pub receiver: Receiver,
    /// Libraries that the legacy API has opened, by path; it never closes them.
    pub legacy: RefCell<HashMap<Option<String>, Rc<Loaded>>>,
}

macro_rules! hooks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What only JavaScript can do, or does better; `lib/hooks.js` has the other side, under the same names.
        pub struct Hooks {
            allowed: Allowed,
            exchange: Rc<Exchange>,
            $($(#[$doc])* pub $name: Reference,)*
        }

        impl Hooks {
            fn read<'env>(env: Env<'env>, object: Value<'env>) -> Result<Self> {
                let property = |name| env.get(object, env.create_string(name)?);
                Ok(Self {
                    allowed: Allowed::named(env.text(property("tiers")?)?.as_deref()),
                    exchange: Exchange::attach(env, property("cells")?, property("gate")?)?.ok_or(Error::NotInitialized)?,
                    $($name: Reference::strong(env, property(stringify!($name))?)?,)*
                })
            }
        }
    };
}

hooks! {
    /// `() => boolean`
    is_main_thread,
    /// `(slow, name, length, address, owner, shape, target, place) => wrapper`: the function that JavaScript calls.
    wrap,
    /// `(fast, fastValues, call, callValues, entry, mayReenter, result, ...types) => shape`: what the wrappers of a signature have in common.
    shape,
    /// `(result, ...types) => wrapper`: the function that V8 calls for C, with the user's function.
    receive,
    /// `(object, isCallback) => string`: a signature, read; or `[what, value, index]`, what is wrong with it. `signature.rs` knows both.
    signature_of,
    /// `() => object` without a prototype.
    record,
    /// `value => string`: what Node's argument errors say they received.
    received,
    /// `number => string`: what Node's range errors say they received.
    received_number,
    /// `error => string`: the error with its stack.
    inspect,
    /// `() => string`: the lines of the JavaScript stack, each with a line break.
    call_stack,
    /// `() => {}`: tells diagnostics channels that the module was used without permission.
    report_denial,
    /// `() => {}`
    nothing,
    /// `value => boolean`
    is_buffer,
    /// `(view, asBuffer) => number`: the byte length of a typed array or DataView, read with the language's own getters.
    byte_length,
    /// `value => Uint8Array` over a SharedArrayBuffer, `undefined` for anything else.
    shared_bytes,
    /// `length => ArrayBuffer`, `undefined` when the engine cannot.
    allocate,
    /// `(arrayBuffer, keep) => Buffer` over all of it, `undefined` when the engine cannot. To be kept is not to be transferred away.
    buffer_over,
    /// `(string, encoding) => Buffer`
    encode,
}

impl State {
    /// That of an environment with this permission model.
    pub fn new(permission: Option<Permission>) -> Self {
        Self { permission, ..Self::default() }
    }

    /// The permission model, where it is on.
    pub fn permission(&self) -> Option<&Permission> {
        self.permission.as_ref()
    }

    /// The state of this environment.
    pub fn of(env: Env<'_>) -> &State {
        // SAFETY: `lib.rs` sets a `State` before it makes any function, and nothing else sets one.
        unsafe { env.state() }
    }

    /// `initialize(hooks)`, called once by the JavaScript part when it has loaded the addon.
    pub fn initialize<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
        let hooks = Hooks::read(env, arguments.get(env, 0)?)?;
        // The JavaScript part can be loaded again (a cleared module cache): the first hooks serve as well as the second.
        let _first = Self::of(env).hooks.set(hooks);
        Ok(None)
    }

    /// `leave()`: the last call through the cells has left.
    pub fn leave<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
        Self::of(env).exchange()?.leave();
        Ok(None)
    }

    /// Whether the JavaScript part has given its functions.
    pub fn is_initialized(&self) -> bool {
        self.hooks.get().is_some()
    }

    /// The JavaScript functions that Rust asks. `lib/index.js` gives them before it exports anything.
    fn hooks(&self) -> Result<&Hooks> {
        self.hooks.get().ok_or(Error::NotInitialized)
    }

    /// The memory that is shared with JavaScript.
    pub fn exchange(&self) -> Result<&Rc<Exchange>> {
        Ok(&self.hooks()?.exchange)
    }

    /// The fastest tier that may be taken.
    pub fn allowed(&self) -> Result<Allowed> {
        Ok(self.hooks()?.allowed)
    }

    /// Finds out, once, what the end of this environment will be the end of. To be called before there is anything in it that has to stop.
    pub fn expect_end(&self, env: Env<'_>) -> Result<()> {
        if self.is_main_thread.get().is_none() {
            let is_main_thread = env.is_truthy(ask(env, |hooks| &hooks.is_main_thread, &[])?)?;
            if is_main_thread {
                process::watch_exit();
            }
            let _first = self.is_main_thread.set(is_main_thread);
        }
        Ok(())
    }

    /// What has to stop before the environment goes away.
    pub fn endings(&self) -> &Rc<Endings> {
        &self.endings
    }
}

impl Keeper for State {
    fn environment_ends(&self) {
        // Where no library was opened, nobody knows, and nothing has been made that has to stop.
        let is_main_thread = self.is_main_thread.get().is_some_and(|is_main_thread| *is_main_thread);
        let endings = std::mem::take(&mut *self.endings.0.borrow_mut());
        if is_main_thread {
            process::exits();
        } else if !endings.is_empty() {
            process::worker_ends();
        }
        for ending in endings.into_values().filter_map(|ending| ending.upgrade()) {
            ending.environment_ends(is_main_thread);
        }
        for library in self.legacy.borrow().values() {
            library.abandon();
        }
        if let Some(hooks) = self.hooks.get() {
            hooks.exchange.end();
        }
    }
}

/// Calls a hook.
pub fn ask<'env>(env: Env<'env>, hook: impl FnOnce(&Hooks) -> &Reference, arguments: &[Value<'env>]) -> Result<Value<'env>> {
    let hook = hook(State::of(env).hooks()?);
    let function = hook.get(env)?.ok_or(Error::NotInitialized)?;
    Ok(env.call(function, arguments)?)
}

/// Calls a hook that answers with a string.
pub fn ask_text<'env>(env: Env<'env>, hook: impl FnOnce(&Hooks) -> &Reference, arguments: &[Value<'env>]) -> Result<String> {
    let text = ask(env, hook, arguments)?;
    Ok(env.text(text)?.unwrap_or_default())
}
