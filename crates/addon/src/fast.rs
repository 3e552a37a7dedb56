//! The compiled tiers: what JavaScript's wrappers call instead of the slow tier.
//!
//! For each signature that is in use, an environment has compiled code and a few native functions that lead to it, whatever number of
//! native functions have that signature: the address to call comes with each call. V8 keeps the native functions as long as the
//! environment's context, so the code is kept as long as the environment, and [`MAX_SIGNATURES`] bounds both.
//!
//! | function | its arguments | how it reaches C |
//! |---|---|---|
//! | `fast` | scalars, the target | V8's fast call, only from optimised code and while the gate is open; otherwise it does nothing and gives `undefined` |
//! | `fastValues` | the same, and the values that have addresses | the same; [`resolve`](crate::resolve::resolve) asks for the addresses |
//! | `call` | none: all in the cells | an ordinary native function of the engine, whose callback is compiled |
//! | `callValues` | the values that have addresses | the same; [`resolve_call`](crate::resolve::resolve_call) asks for the addresses |
//!
//! Without V8's functions, `call` is a function of Node-API with the same compiled callback, `callValues` is a [`ValueCall`], and there are no
//! fast ones: `lib/wrap.js` asks the runtime's own FFI for something faster than Node-API that leads to the same code.

use std::ffi::c_void;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::rc::Rc;

use ferrule_abi::cell;
use ferrule_abi::convention::Convention;
use ferrule_abi::{Representation, Signature, Type};
use ferrule_native::{Code, Slot};

use crate::boundary::{self, Arguments, Callee};
use crate::convert::{self, CallMemory, INLINE_STRINGS, InlineStrings};
use crate::error::{Error, Result};
use crate::exchange::Exchange;
use crate::guard;
use crate::napi::{Env, Kind as ValueKind, Reference, Value};
use crate::resolve::{Descriptor, Parameter};
use crate::state::{Allowed, State, ask};
use crate::trampoline::{Compiled, Fast, Key, Kind, Reason, SlotCall, Tiers, Trampolines};
use crate::v8;

/// Something, or why there is none.
type Found<T> = std::result::Result<T, Reason>;

/// How many signatures of one environment have compiled code.
const MAX_SIGNATURES: usize = 4096;

/// The JavaScript object that the wrappers of functions of `signature` are made from; `None` where there is only the slow tier.
///
/// `may_reenter`: the function may call JavaScript without any callback of Ferrule's, so there is no fast tier for it.
pub fn shape<'env>(env: Env<'env>, signature: &Signature, may_reenter: bool) -> Result<Option<Value<'env>>> {
    let signatures = &State::of(env).compiler.signatures;
    let kinds: Box<[Kind]> = signature.parameters.iter().copied().map(Kind::of).collect();
    let key: Key = (kinds, signature.result.representation(), may_reenter);
    let known = signatures.borrow().get(&key).cloned();
    let compiled = match known {
        Some(compiled) => compiled,
        None if signatures.borrow().len() >= MAX_SIGNATURES => None,
        None => {
            let compiled = compile(env, signature, &key.0, may_reenter)?.ok().map(Rc::new);
            signatures.borrow_mut().insert(key, compiled.clone());
            compiled
        }
    };
    match compiled {
        Some(compiled) => Ok(compiled.shape.get(env)?),
        None => Ok(None),
    }
}

/// `tiers() => { cell, fast, callback }`: why functions have no such tier, and callbacks go through Node-API, in words; undefined where it is
/// not so.
pub fn reasons<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let tiers = tiers(env)?;
    let state = State::of(env);
    let callback = if state.allowed()? == Allowed::Fast {
        state.receiver.caller(env).as_ref().err().cloned().map(Reason::V8)
    } else {
        Some(switched_off())
    };
    let object = env.object()?;
    for (name, reason) in [("cell", tiers.cell.as_ref().err()), ("fast", tiers.fast.as_ref().err()), ("callback", callback.as_ref())] {
        let reason = match reason {
            Some(reason) => env.create_string(&reason.to_string())?,
            None => env.undefined()?,
        };
        env.define(object, env.create_string(name)?, reason)?;
    }
    Ok(Some(object))
}

fn tiers(env: Env<'_>) -> Result<&Tiers> {
    let known = &State::of(env).compiler.tiers;
    if let Some(tiers) = known.get() {
        return Ok(tiers);
    }
    let found = find_tiers(env)?;
    Ok(known.get_or_init(|| found))
}

/// The parameters that have values, and where they are among the arguments of a fast call with values.
fn values(kinds: &[Kind]) -> Box<[Parameter]> {
    let mut position = 0;
    let mut parameters = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let has_text = *kind == Kind::Text;
        if has_text || *kind == Kind::Address {
            parameters.push(Parameter { index, position, has_text });
        }
        position += match kind {
            Kind::Scalar(Representation::Int64 | Representation::Uint64) => 0,
            Kind::Scalar(_) | Kind::Address => 1,
            Kind::Text => 2,
        };
    }
    parameters.into()
}

fn compile<'env>(env: Env<'env>, signature: &Signature, kinds: &[Kind], may_reenter: bool) -> Result<Found<Compiled>> {
    let tiers = tiers(env)?;
    let convention = match &tiers.cell {
        Ok(convention) => convention,
        Err(reason) => return Ok(Err(reason.clone())),
    };
    let exchange = State::of(env).exchange()?;
    let is_fast = tiers.fast.is_ok() && !may_reenter;
    let values = values(kinds);
    let takes_values = !values.is_empty();
    let descriptor = if tiers.fast.is_ok() { Descriptor::new(env, values, exchange)? } else { None };
    let made = match Trampolines::new(signature, convention, exchange, is_fast, descriptor.as_deref()) {
        Ok(made) => made,
        Err(reason) => return Ok(Err(reason)),
    };
    let undefined = env.undefined()?;
    let call = made.call(env, tiers.fast.is_ok())?;
    let call_values = if let Some(function) = made.call_values(env) {
        function
    } else if takes_values {
        let call = ValueCall { kinds: kinds.into(), call: made.slot_call(), _code: Rc::clone(&made.code), exchange: Rc::clone(exchange) };
        boundary::function(env, c"ferrule", Rc::new(call))?
    } else {
        undefined
    };
    let fast = made.fast(env, Fast::Scalars).unwrap_or(undefined);
    let fast_values = made.fast(env, Fast::Values).unwrap_or(undefined);
    // Without V8's functions, the runtime's own FFI may know a faster way to the code.
    let entry = match (&tiers.fast, State::of(env).allowed()?) {
        (Err(_), Allowed::Fast) => env.create_f64(made.cell_entry().expose_provenance() as f64)?,
        _ => undefined,
    };
    let result = env.create_string(signature.result.representation().name())?;
    let mut arguments = vec![fast, fast_values, call, call_values, entry, env.boolean(may_reenter)?, result];
    for kind in kinds {
        arguments.push(env.create_string(kind.template())?);
    }
    let shape = ask(env, |hooks| &hooks.shape, &arguments)?;
    Ok(Ok(Compiled { shape: Reference::strong(env, shape)?, kept: (made.code, descriptor) }))
}

/// A call through the cells whose addresses have to be asked for.
struct ValueCall {
    kinds: Box<[Kind]>,
    call: SlotCall,
    _code: Rc<Code>,
    exchange: Rc<Exchange>,
}

impl Callee for ValueCall {
    /// Sets the cell [`cell::REFUSED`] to 0 when C has been called. Otherwise a value was refused, and the slow tier says why.
    #[inline]
    fn call<'env>(self: Rc<Self>, env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
        let count = self.kinds.len();
        let is_done = if count <= 8 {
            self.invoke(env, arguments, &mut [Slot::ZERO; 8][..count])
        } else {
            self.invoke(env, arguments, &mut [Slot::ZERO; cell::MAX_PARAMETERS][..count])
        };
        if is_done? {
            self.exchange.set_cell(cell::REFUSED, Slot::ZERO);
        }
        Ok(None)
    }
}

impl ValueCall {
    #[inline]
    fn invoke<'env>(&self, env: Env<'env>, arguments: Arguments<'_, 'env>, slots: &mut [Slot]) -> Result<bool> {
        let mut inline: InlineStrings = [const { MaybeUninit::uninit() }; INLINE_STRINGS];
        let mut memory = CallMemory::new(&mut inline);
        let mut values = arguments.0.iter();
        for (index, (slot, kind)) in slots.iter_mut().zip(&self.kinds).enumerate() {
            *slot = self.exchange.cell(cell::ARGUMENTS + index);
            if matches!(kind, Kind::Scalar(_)) {
                continue;
            }
            match values.next().map(|value| convert::value_argument(env, index, *value, &mut memory)) {
                Some(Ok(Some(address))) => *slot = address,
                Some(Ok(None)) => {}
                Some(Err(Error::Pending)) => return Err(Error::Pending),
                Some(Err(_)) | None => return Ok(false),
            }
        }
        let target = ptr::with_exposed_provenance(self.exchange.cell(cell::TARGET).get::<f64>() as usize);
        let mut result = Slot::ZERO;
        let inside = self.exchange.count_call();
        // SAFETY: `_code` holds the call, which was compiled for this signature. The signature is the function's and its pointers are valid:
        // the JavaScript caller answers for both (`ferrule_native`'s list). The library stays loaded while this call is
        // counted; strings live in `memory` until after the call.
        unsafe { (self.call)(slots.as_ptr(), &raw mut result, target) };
        drop(inside);
        self.exchange.set_cell(cell::RESULT, result);
        Ok(true)
    }
}

/// Why nothing but the slow tier may be taken, when that is so.
fn switched_off() -> Reason {
    if guard::is_on() { Reason::Guarded } else { Reason::Off }
}

fn find_tiers(env: Env<'_>) -> Result<Tiers> {
    let allowed = State::of(env).allowed()?;
    let off = |reason: Reason| Tiers { cell: Err(reason.clone()), fast: Err(reason) };
    if allowed == Allowed::Slow {
        return Ok(off(switched_off()));
    }
    let Some(convention) = Convention::host() else { return Ok(off(Reason::Convention)) };
    let fast = match v8::fast_calls() {
        _ if allowed == Allowed::Cell => Err(Reason::Off),
        Ok(()) => Ok(()),
        Err(absence) => Err(Reason::V8(absence.clone())),
    };
    match self_test(env, convention, fast.is_ok())? {
        Ok(()) => Ok(Tiers { cell: Ok(convention), fast }),
        Err(reason) => Ok(off(reason)),
    }
}

extern "C" fn tested(a: i32, b: f64, c: i8, d: u64) -> f64 {
    f64::from(a) * 1000.0 + b + f64::from(c) / 10.0 + d as f64 * 1e6
}

/// Compiles a signature and calls a function of ours in each way that the host has.
fn self_test(env: Env<'_>, convention: &'static Convention, is_fast: bool) -> Result<Found<()>> {
    let signature = Signature::new(Type::Float64, [Type::Int32, Type::Float64, Type::Int8, Type::Uint64]);
    let exchange = State::of(env).exchange()?;
    let made = match Trampolines::new(&signature, convention, exchange, is_fast, None) {
        Ok(made) => made,
        Err(reason) => return Ok(Err(reason)),
    };
    let target = tested as *const c_void;
    let arguments = [Slot::new(-7_i32), Slot::new(0.5), Slot::new(-2_i8), Slot::new(3_u64)];
    let expected = tested(-7, 0.5, -2, 3);

    let mut result = Slot::ZERO;
    // SAFETY: the code was compiled for the signature of `tested`, and the arguments are of its types.
    unsafe { made.slot_call()(arguments.as_ptr(), &raw mut result, target) };
    let mut is_right = result.get::<f64>() == expected;

    exchange.set_cell(cell::TARGET, Slot::new(target.expose_provenance() as f64));
    for (index, argument) in arguments.iter().enumerate() {
        exchange.set_cell(cell::ARGUMENTS + index, *argument);
    }
    let returned = env.call(made.call(env, is_fast)?, &[])?;
    is_right &= env.kind(returned)? == ValueKind::Undefined && exchange.cell(cell::RESULT).get::<f64>() == expected;

    if is_fast {
        let Some(entry) = made.fast_entry(Fast::Scalars) else { return Ok(Err(Reason::SelfTest)) };
        type FastCall = extern "C" fn(*const c_void, i32, f64, i32, f64) -> f64;
        // SAFETY: this is how V8 calls the code: the receiver, what is not in the cells, the target.
        let fast = unsafe { mem::transmute::<*const c_void, FastCall>(entry) };
        is_right &= fast(ptr::null(), -7, 0.5, -2, target.expose_provenance() as f64) == expected;
        let Some(function) = made.fast(env, Fast::Scalars) else { return Ok(Err(Reason::SelfTest)) };
        is_right &= env.kind(env.call(function, &[])?)? == ValueKind::Undefined;
    }
    // V8 keeps the functions that were made here, though nobody has them any more: their code stays.
    let _first = State::of(env).compiler.tested.set(made.code);
    Ok(if is_right { Ok(()) } else { Err(Reason::SelfTest) })
}
