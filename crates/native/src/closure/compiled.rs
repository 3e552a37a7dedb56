//! Compiled closures: a thunk of their own, and code that all closures of a signature share.

use std::ffi::c_void;
use std::io;
use std::marker::PhantomData;
use std::slice;
use std::sync::Arc;

use ferrule_abi::{Convention, Entry, Linkage, Plan, Signature, Unsupported, emit};

use super::target::{Invocation, Shared, Target};
use crate::code::Code;
use crate::slot::Slot;
use crate::thunk::Thunk;

/// Why there is no compiled code for closures of a signature. [`Closure::new`](super::Closure::new) does without.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// We know no convention of this platform.
    #[error("closures are not compiled on this platform")]
    Platform,
    /// We cannot compile the signature.
    #[error(transparent)]
    Signature(#[from] Unsupported),
    /// There is no memory for code.
    #[error("no executable memory: {0}")]
    Memory(#[from] io::Error),
}

/// What C runs when it calls a closure of one signature with a target of type `T`: it stores the arguments as slots and enters Rust. Closures
/// of the signature share it, and keep it.
pub struct EntryCode<T> {
    code: Code,
    parameters: usize,
    _calls: PhantomData<fn(&T)>,
}

impl<T: Target> EntryCode<T> {
    /// Compiles it.
    ///
    /// # Errors
    ///
    /// [`CompileError`] where that cannot be done here or now.
    pub fn compile(signature: &Signature) -> Result<Self, CompileError> {
        let convention = Convention::host().ok_or(CompileError::Platform)?;
        let plan = Plan::new(signature, convention, Entry::Closure)?;
        let handler = enter::<T> as *const c_void;
        let linkage = Linkage { cells: 0, resolver: handler.expose_provenance() as u64, descriptor: 0 };
        let code = Code::seal(&[&emit(&plan, &linkage)])?;
        Ok(Self { code, parameters: signature.parameters.len(), _calls: PhantomData })
    }
}

/// A compiled closure.
pub(super) struct Compiled<T> {
    /// Dropped before what it leads to.
    thunk: Thunk,
    context: Shared<Context<T>>,
    _entry: Arc<EntryCode<T>>,
}

struct Context<T> {
    parameters: usize,
    target: T,
}

impl<T: Target> Compiled<T> {
    pub(super) fn new(entry: &Arc<EntryCode<T>>, target: T) -> Result<Self, T> {
        let Ok(thunk) = Thunk::take() else { return Err(target) };
        let context = Shared::new(Context { parameters: entry.parameters, target });
        thunk.lead(context.as_ptr().cast(), entry.code.entry(0));
        Ok(Self { thunk, context, _entry: Arc::clone(entry) })
    }

    pub(super) fn address(&self) -> usize {
        self.thunk.address()
    }

    pub(super) fn target(&self) -> &T {
        &self.context.get().target
    }
}

/// What compiled code calls: the handler of [`Entry::Closure`].
///
/// # Safety
///
/// * `context` is the context of a live closure, and there is a slot for each of its parameters at `arguments`.
unsafe extern "C" fn enter<T: Target>(context: &Context<T>, arguments: *const Slot, result: &mut Slot) {
    // SAFETY: the caller's list; compiled code has written all of every slot, and they live in its frame.
    let arguments = unsafe { slice::from_raw_parts(arguments, context.parameters) };
    context.target.call(&mut Invocation { arguments, result });
}
