//! The slow tier: every call there is, through Node-API and libffi. It allocates nothing for up to sixteen arguments without long
//! strings.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Rc;

use ferrule_abi::{Signature, Type};
use ferrule_native::{Call, INLINE_ARGUMENTS, Slot};

use crate::boundary::{Arguments, Callee};
use crate::convert::{self, CallMemory, INLINE_STRINGS, InlineStrings};
use crate::error::{Error, Result};
use crate::guard::{Caution, Native};
use crate::loaded::Loaded;
use crate::napi::{Env, Value};

/// What stands behind one JavaScript function, which owns it.
pub struct Callable<C: Caution> {
    /// For messages.
    pub name: String,
    /// The address; 0 cannot be called.
    pub code: usize,
    /// The types of parameters and result.
    pub signature: Signature,
    /// The signature as libffi has prepared it.
    pub call: Call,
    /// The library that the code belongs to.
    pub loaded: Rc<Loaded>,
    /// What is done before a call.
    pub caution: PhantomData<C>,
}

impl<C: Caution> Callee for Callable<C> {
    /// Converts the arguments, calls, and converts the result.
    #[inline]
    fn call<'env>(self: Rc<Self>, env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
        // Held until the native function has returned: a callback of its may close the library.
        let library = match self.loaded.hold() {
            Ok(library) => library,
            Err(closed) => return Err(self.refusal(env, arguments).err().unwrap_or(closed)),
        };
        self.check_count(arguments)?;
        if self.code == 0 {
            return Err(Error::NullFunction(self.name.clone()));
        }
        let count = arguments.count();
        let result = match count {
            0..=4 => self.invoke(env, arguments, &mut [Slot::ZERO; 4][..count]),
            5..=INLINE_ARGUMENTS => self.invoke(env, arguments, &mut [Slot::ZERO; INLINE_ARGUMENTS][..count]),
            _ => self.invoke(env, arguments, &mut vec![Slot::ZERO; count]),
        };
        drop(library);
        convert::to_js(env, self.signature.result.representation(), &result?)
    }
}

impl<C: Caution> Callable<C> {
    fn invoke<'env>(&self, env: Env<'env>, arguments: Arguments<'_, 'env>, slots: &mut [Slot]) -> Result<Slot> {
        let mut inline: InlineStrings = [const { MaybeUninit::uninit() }; INLINE_STRINGS];
        let mut memory = CallMemory::new(&mut inline);
        let parameters = self.signature.parameters.iter();
        for (index, ((slot, value), ty)) in slots.iter_mut().zip(arguments.0).zip(parameters).enumerate() {
            *slot = convert::argument(env, ty.representation(), index, *value, &mut memory)?;
        }
        let code = ptr::with_exposed_provenance::<c_void>(self.code);
        let native = Native { name: &self.name, signature: &self.signature, library: self.loaded.path() };
        // SAFETY: the signature is the function's and its pointers are valid: the JavaScript caller answers for both
        // (`ferrule_native`'s list). The library is held by `call`, strings live in `memory` until after the call, and each slot was
        // converted to its parameter's representation above.
        C::calls(env, &native, arguments, slots, |slots| unsafe { self.call.invoke(code, slots) })
    }

    fn check_count(&self, arguments: Arguments<'_, '_>) -> Result<()> {
        let (expected, actual) = (self.signature.parameters.len(), arguments.count());
        if expected == actual { Ok(()) } else { Err(Error::ArgumentCount { expected, actual }) }
    }

    /// What is wrong with the arguments of a call on a closed library, for the signatures that say so first.
    fn refusal<'env>(&self, env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<()> {
        if !self.signature.reports_arguments_before_closing() {
            return Ok(());
        }
        self.check_count(arguments)?;
        let representations = self.signature.parameters.iter().copied().map(Type::representation);
        for (index, (representation, value)) in representations.zip(arguments.0).enumerate() {
            convert::closed_argument(env, representation, index, *value)?;
        }
        Ok(())
    }
}
