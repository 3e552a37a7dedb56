//! Makes the JavaScript function that calls a native one.

use std::marker::PhantomData;
use std::rc::Rc;

use ferrule_abi::Signature;
use ferrule_native::Call;

use crate::boundary;
use crate::convert::MAX_SAFE_INTEGER;
use crate::error::Result;
use crate::fast;
use crate::guard::{self, Caution, Guarded, Trusting};
use crate::loaded::Loaded;
use crate::napi::{Env, Value};
use crate::slow::Callable;
use crate::state::ask;
use crate::v8;

/// A JavaScript function that calls the native one at `code`. It keeps `owner` alive as long as it lives itself.
pub fn create<'env>(
    env: Env<'env>,
    loaded: &Rc<Loaded>,
    name: &str,
    code: usize,
    signature: &Signature,
    owner: Value<'env>,
) -> Result<Value<'env>> {
    let raw = if guard::is_on() {
        callable::<Guarded>(env, loaded, name, code, signature)
    } else {
        callable::<Trusting>(env, loaded, name, code, signature)
    }?;
    let length = env.create_f64(signature.parameters.len() as f64)?;
    let address = env.create_u64(code as u64)?;
    let name = env.create_string(name)?;
    let mut arguments = vec![raw, name, length, address, owner];
    if let Some(place) = loaded.place()
        && (1..=MAX_TARGET).contains(&code)
        && let Some(shape) = fast::shape(env, signature, signature.reentrant || v8::is_runtime(code))?
    {
        arguments.extend([shape, env.create_f64(code as f64)?, env.create_f64(place.index() as f64)?]);
    }
    ask(env, |hooks| &hooks.wrap, &arguments)
}

/// The native function of the slow tier.
fn callable<'env, C: Caution>(env: Env<'env>, loaded: &Rc<Loaded>, name: &str, code: usize, signature: &Signature) -> Result<Value<'env>> {
    let (name, loaded, call) = (name.to_owned(), Rc::clone(loaded), Call::prepare(signature)?);
    let callable = Callable::<C> { name, code, signature: signature.clone(), call, loaded, caution: PhantomData };
    boundary::function(env, c"ferrule", Rc::new(callable))
}

/// The largest address that compiled code can be given: it travels as a number.
const MAX_TARGET: usize = if usize::BITS == 64 { MAX_SAFE_INTEGER as usize } else { usize::MAX };
