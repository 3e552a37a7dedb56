//! The way in: how a JavaScript function is called for C.
//!
//! Where V8's functions are to be had, no value is made here. The arguments go into the cells, and V8 calls a JavaScript function of ours
//! (`lib/template.js`) that takes them from there, calls the user's function, checks the result, and leaves it in a cell. There is one such
//! function for each signature in an environment, so what a callback has of its own is a handle.
//!
//! Everywhere else the arguments become values, and Node-API makes the call.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use ferrule_abi::{Signature, Type, cell};
use ferrule_native::{INLINE_ARGUMENTS, Invocation, Slot, fault};

use crate::convert;
use crate::error::Result;
use crate::exchange::{Exchange, INCOMING_OUTCOME, INCOMING_RESULT};
use crate::napi::{Env, Reference, Value};
use crate::process;
use crate::v8::{self, Absence, Caller, Global};

/// How many signatures of one environment have a JavaScript function; callbacks of others are called through Node-API.
const MAX_SIGNATURES: usize = 4096;

/// How a call of a JavaScript function ended that gave no plain result.
pub enum Outcome<'env> {
    /// It gave a value that has to be looked at.
    Value(Value<'env>),
    /// It threw.
    Exception(Value<'env>),
    /// It did not return, and V8 does not say why: its thread is being stopped, or there was no stack left for it.
    Nothing,
}

/// What an environment keeps for calls from C.
#[derive(Default)]
pub struct Receiver {
    caller: OnceCell<std::result::Result<Rc<Caller>, Absence>>,
    signatures: RefCell<HashMap<Signature, Rc<Incoming>>>,
}

/// How callbacks of one signature are called.
pub struct Incoming {
    signature: Signature,
    exchange: Rc<Exchange>,
    wrapper: Option<Wrapper>,
}

struct Wrapper {
    caller: Rc<Caller>,
    /// `callback => undefined`, or the value that it left unconverted.
    function: Global,
}

/// A JavaScript function that C may call.
pub enum Held {
    /// By V8, for its own calls.
    Kept(Global),
    /// Through Node-API, strongly or weakly.
    Referenced(Reference),
}

/// In the cell of the outcome: the result is in its cell.
pub const RESULT: i32 = 0;
/// In the cell of the outcome: the wrapper returned what the function did.
pub const VALUE: i32 = 1;
/// In the cell of the outcome: the wrapper returned what the function threw.
pub const EXCEPTION: i32 = 2;

impl Incoming {
    /// Holds `function` for calls.
    pub fn hold(&self, env: Env<'_>, function: Value<'_>) -> Result<Held> {
        Ok(match &self.wrapper {
            Some(wrapper) => Held::Kept(wrapper.caller.keep(function)),
            None => Held::Referenced(Reference::strong(env, function)?),
        })
    }

    /// Calls what is held, in a handle scope of its own, and sets the result. Whatever is not a plain result is given to `otherwise`.
    ///
    /// The plain way moves eight bytes at a time: a larger load of what was just stored in parts waits for the cache.
    ///
    /// # Safety
    ///
    /// * `env` is the environment in which `self` and `held` were made; it has not ended, and this is its thread.
    /// * The invocation is that of a closure of the signature.
    #[inline]
    pub unsafe fn call<'env>(
        &self,
        env: Env<'env>,
        held: &RefCell<Held>,
        invocation: &mut Invocation<'_>,
        otherwise: impl FnOnce(Outcome<'env>) -> Option<Slot>,
    ) {
        let Some(wrapper) = &self.wrapper else {
            let slots = invocation.arguments();
            // Guarded mode makes no other calls: a fault in JavaScript is not one of the native call around it.
            let call = || self.by_node_api(env, held, slots).and_then(otherwise);
            if let Ok(Some(slot)) = fault::in_javascript(|| env.in_scope(call)) {
                invocation.set_result(slot);
            }
            return;
        };
        let call = |invocation: &mut Invocation<'_>| {
            // The borrow is over when JavaScript runs, which may change what is held.
            let function = held.borrow().get(env);
            // C gets zeros when the function has been collected, and when the process exits.
            let Some(function) = function.filter(|_| process::SEES_EXIT || env.may_run_javascript()) else { return };
            // SAFETY: the caller's list, with a scope open. V8 reads the function from its handle before any JavaScript runs.
            let returned = unsafe { wrapper.caller.call(&wrapper.function, function) };
            let outcome = match (returned, self.exchange.cell(INCOMING_OUTCOME).get::<i32>()) {
                (Some(_), RESULT) => return invocation.set_result(self.exchange.cell(INCOMING_RESULT)),
                (Some(exception), EXCEPTION) => Outcome::Exception(exception),
                (Some(value), _) => Outcome::Value(value),
                (None, _) => Outcome::Nothing,
            };
            if let Some(slot) = otherwise(outcome) {
                invocation.set_result(slot);
            }
        };
        // SAFETY: the caller's list.
        self.exchange.with_incoming(invocation, |invocation| unsafe { wrapper.caller.in_scope(|| call(invocation)) });
    }

    /// `None` where C gets zeros: the function has been collected, or its thread is being stopped.
    fn by_node_api<'env>(&self, env: Env<'env>, held: &RefCell<Held>, slots: &[Slot]) -> Option<Outcome<'env>> {
        if v8::is_terminating() == Some(true) {
            return None;
        }
        let function = held.borrow().get(env)?;
        let parameters = &self.signature.parameters;
        let value = |(ty, slot): (&Type, &Slot)| convert::to_js(env, ty.representation().extended(), slot).ok().flatten();
        let values = parameters.iter().zip(slots).map(value);
        let result = if parameters.len() <= INLINE_ARGUMENTS {
            let mut arguments = [env.undefined().ok()?; INLINE_ARGUMENTS];
            for (argument, value) in arguments.iter_mut().zip(values) {
                *argument = value?;
            }
            env.call(function, &arguments[..parameters.len()])
        } else {
            env.call(function, &values.collect::<Option<Vec<_>>>()?)
        };
        match result {
            Ok(value) => Some(Outcome::Value(value)),
            // Node refuses calls from the moment it decides to stop a thread.
            Err(_) if !env.is_exception_pending() => None,
            // V8 stops them only at its next check; what it has stopped, Node-API takes for `null` thrown.
            Err(_) => {
                let exception = env.take_exception().ok();
                if v8::is_terminating() == Some(true) { None } else { exception.map(Outcome::Exception) }
            }
        }
    }
}

impl Receiver {
    /// How callbacks of `signature` are called in this environment. `make` makes the JavaScript function, from the names of the result and
    /// the parameters; without it, Node-API makes the calls.
    pub fn incoming<'env>(
        &self,
        env: Env<'env>,
        exchange: &Rc<Exchange>,
        signature: &Signature,
        make: Option<impl FnOnce(&[Value<'env>]) -> Result<Value<'env>>>,
    ) -> Result<Rc<Incoming>> {
        let known = self.signatures.borrow().get(signature).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let is_full = self.signatures.borrow().len() >= MAX_SIGNATURES;
        let make = make.filter(|_| !is_full && signature.parameters.len() <= cell::MAX_PARAMETERS);
        let wrapper = match (make, self.caller(env)) {
            (Some(make), Ok(caller)) => Some(Wrapper::new(env, Rc::clone(caller), signature, make)?),
            (Some(_) | None, _) => None,
        };
        let incoming = Rc::new(Incoming { signature: signature.clone(), exchange: Rc::clone(exchange), wrapper });
        if !is_full {
            self.signatures.borrow_mut().insert(signature.clone(), Rc::clone(&incoming));
        }
        Ok(incoming)
    }

    /// What calls JavaScript, or why Node-API has to.
    pub fn caller(&self, env: Env<'_>) -> &std::result::Result<Rc<Caller>, Absence> {
        self.caller.get_or_init(|| Caller::new(env).map(Rc::new))
    }
}

impl Wrapper {
    fn new<'env>(
        env: Env<'env>,
        caller: Rc<Caller>,
        signature: &Signature,
        make: impl FnOnce(&[Value<'env>]) -> Result<Value<'env>>,
    ) -> Result<Self> {
        let mut types = vec![env.create_string(signature.result.representation().name())?];
        for ty in &signature.parameters {
            types.push(env.create_string(ty.representation().name())?);
        }
        let function = caller.keep(make(&types)?);
        Ok(Self { caller, function })
    }
}

impl Held {
    /// The function, unless it has been collected.
    #[inline]
    pub fn get<'env>(&self, env: Env<'env>) -> Option<Value<'env>> {
        match self {
            // SAFETY: the handle is there when V8 takes it for a call, and nothing else is done with it.
            Self::Kept(global) => Some(unsafe { Value::from_raw(global.value().raw()) }),
            Self::Referenced(reference) => reference.get(env).ok().flatten(),
        }
    }
}
