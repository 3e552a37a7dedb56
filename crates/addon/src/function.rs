//! Makes the JavaScript function that calls a native one.

use std::rc::Rc;

use ferrule_abi::Signature;
use ferrule_native::Call;

use crate::boundary;
use crate::error::Result;
use crate::loaded::Loaded;
use crate::napi::{Env, Value};
use crate::slow::Callable;
use crate::state::ask;

/// A JavaScript function that calls the native one at `code`. It keeps `owner` alive as long as it lives itself.
pub fn create<'env>(
    env: Env<'env>,
    loaded: &Rc<Loaded>,
    name: &str,
    code: usize,
    signature: &Signature,
    owner: Value<'env>,
) -> Result<Value<'env>> {
    let function =
        Callable { name: name.to_owned(), code, signature: signature.clone(), call: Call::prepare(signature)?, loaded: Rc::clone(loaded) };
    let raw = boundary::function(env, c"ferrule", Rc::new(function))?;
    let length = env.create_f64(signature.parameters.len() as f64)?;
    let address = env.create_u64(code as u64)?;
    ask(env, |hooks| &hooks.wrap, &[raw, env.create_string(name)?, length, address, owner])
}
