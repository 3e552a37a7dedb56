//! Compiled code for a signature, and the native functions that lead to it.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::rc::Rc;

use ferrule_abi::convention::Convention;
use ferrule_abi::emit::{Linkage, emit};
use ferrule_abi::plan::{Entry, Plan, Unsupported, V8Type};
use ferrule_abi::{Representation, Signature, Type};
use ferrule_native::{Code, Slot};

use crate::exchange::Exchange;
use crate::napi::{self, Env, Reference, Value};
use crate::resolve::{Descriptor, resolve, resolve_call, resolve_fallback};
use crate::v8;

/// Why a tier is not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Reason {
    /// A flag of the process, or the environment variable.
    #[error("flags or FERRULE_TIERS turn it off")]
    Off,
    /// Guarded mode has the slow tier only.
    #[error("guarded mode is on")]
    Guarded,
    /// Plans know other calling conventions.
    #[error("there is no compiled code for this processor and operating system")]
    Convention,
    /// The signature has no plan.
    #[error(transparent)]
    Signature(#[from] Unsupported),
    /// The operating system does not give executable memory.
    #[error("no executable memory: {0}")]
    Memory(String),
    /// V8's functions are not to be had.
    #[error(transparent)]
    V8(#[from] v8::Absence),
    /// The first call did not do what it should.
    #[error("the self-test failed")]
    SelfTest,
}

/// `fn(arguments, result, target)`, compiled for [`Entry::Slots`].
pub type SlotCall = unsafe extern "C" fn(*const Slot, *mut Slot, *const c_void);

/// What one signature has in one environment, which keeps it to its end.
pub struct Compiled {
    /// The JavaScript object that wrappers are made from.
    pub shape: Reference,
    /// The code that its functions lead to, and what that code hands to `resolve`.
    #[expect(dead_code, reason = "it is kept, not read")]
    pub kept: (Rc<Code>, Option<Box<Descriptor>>),
}

/// What compiled code depends on in a signature: the parameters, the result, and whether the function may call JavaScript by itself.
pub type Key = (Box<[Kind]>, Representation, bool);

/// The compiled code of an environment.
#[derive(Default)]
pub struct Compiler {
    /// Found when the first function is made.
    pub tiers: OnceCell<Tiers>,
    /// By signature; `None` where there is only the slow tier.
    pub signatures: RefCell<HashMap<Key, Option<Rc<Compiled>>>>,
    /// The code of the self-test.
    pub tested: OnceCell<Rc<Code>>,
}

/// Which tiers there are besides the slow one, or why not.
pub struct Tiers {
    /// Calls through the cells.
    pub cell: Result<&'static Convention, Reason>,
    /// V8's fast calls.
    pub fast: Result<(), Reason>,
}

/// What a wrapper has to know of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Passed by value.
    Scalar(Representation),
    /// An address, or a value that has one.
    Address,
    /// The same, and texts are expected.
    Text,
}

impl Kind {
    /// That of a type.
    pub fn of(ty: Type) -> Self {
        match (ty, ty.representation()) {
            (Type::String, _) => Self::Text,
            (_, Representation::Pointer) => Self::Address,
            (_, representation) => Self::Scalar(representation),
        }
    }

    /// The name of its template in `lib/template.js`.
    pub fn template(self) -> &'static str {
        match self {
            Self::Scalar(representation) => representation.name(),
            Self::Address => Representation::Pointer.name(),
            Self::Text => Type::String.name(),
        }
    }
}

/// The code of a signature.
pub struct Trampolines {
    /// All of it.
    pub code: Rc<Code>,
    /// What V8 has to know of the fast ones; `None` where a signature has none.
    fast: [Option<FastPiece>; 2],
    /// The pieces that ordinary callbacks of V8 with values enter: of a call through the cells, and in the place of a fast call.
    cell_values: Option<[usize; 2]>,
}

struct FastPiece {
    piece: usize,
    parameters: Box<[V8Type]>,
    result: V8Type,
}

/// The pieces of the code that every signature has.
const SLOTS: usize = 0;
const CELL: usize = 1;

/// The ways in that V8 makes functions of.
#[derive(Clone, Copy)]
pub enum Fast {
    /// With scalars and the contents of the cells.
    Scalars,
    /// With values besides.
    Values,
}

impl Trampolines {
    /// Compiles a signature, for fast calls only if `is_fast`, and for V8's functions with values only if there is a `descriptor`.
    pub fn new(
        signature: &Signature,
        convention: &'static Convention,
        exchange: &Exchange,
        is_fast: bool,
        descriptor: Option<&Descriptor>,
    ) -> Result<Self, Reason> {
        let linkage = Linkage {
            cells: exchange.address() as u64,
            resolver: (resolve as *const c_void).expose_provenance() as u64,
            descriptor: descriptor.map_or(0, |descriptor| ptr::from_ref(descriptor).expose_provenance() as u64),
        };
        let mut pieces = vec![
            emit(&Plan::new(signature, convention, Entry::Slots)?, &linkage),
            emit(&Plan::new(signature, convention, Entry::Cell)?, &linkage),
        ];
        let mut fast = [None, None];
        let entries = [is_fast.then_some(Entry::Fast), (is_fast && descriptor.is_some()).then_some(Entry::FastValues)];
        for (made, entry) in fast.iter_mut().zip(entries) {
            // What V8 cannot pass on this platform, the cells can.
            if let Some(Ok(plan)) = entry.map(|entry| Plan::new(signature, convention, entry))
                && let Some(v8) = &plan.v8
            {
                *made = Some(FastPiece { piece: pieces.len(), parameters: v8.parameters.clone(), result: v8.result });
                pieces.push(emit(&plan, &linkage));
            }
        }
        let cell_values = descriptor.map(|_| [pieces.len(), pieces.len() + 1]);
        if descriptor.is_some() {
            let plan = Plan::new(signature, convention, Entry::CellValues)?;
            for resolver in [resolve_call as *const c_void, resolve_fallback as *const c_void] {
                pieces.push(emit(&plan, &Linkage { resolver: resolver.expose_provenance() as u64, ..linkage }));
            }
        }
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let code = Code::seal(&pieces).map_err(|error| Reason::Memory(error.to_string()))?;
        Ok(Self { code: Rc::new(code), fast, cell_values })
    }

    /// The code that Rust calls.
    pub fn slot_call(&self) -> SlotCall {
        // SAFETY: the piece was emitted for `Entry::Slots`, whose type this is.
        unsafe { mem::transmute::<*const c_void, SlotCall>(self.code.entry(SLOTS)) }
    }

    /// The code that calls C with what is in the cells.
    pub fn cell_entry(&self) -> *const c_void {
        self.code.entry(CELL)
    }

    /// The native function that calls C with what is in the cells: one of V8's own if `by_v8`, otherwise one of Node-API.
    pub fn call<'env>(&self, env: Env<'env>, by_v8: bool) -> napi::Result<Value<'env>> {
        let callback = self.cell_entry();
        if by_v8 {
            // SAFETY: the code ignores what it is called with, so it is a callback of either kind; `Compiled` keeps it until the
            // environment is gone.
            if let Some(function) = unsafe { v8::ordinary_function(env, callback) } {
                return Ok(function);
            }
        }
        // SAFETY: as above. It looks at no data.
        unsafe { env.compiled_function(c"ferrule", callback) }
    }

    /// The native function that does the same with values besides; `None` where V8's functions are not to be had.
    pub fn call_values<'env>(&self, env: Env<'env>) -> Option<Value<'env>> {
        // SAFETY: the code was emitted as a callback of V8; `Compiled` keeps it until the environment is gone.
        unsafe { v8::ordinary_function(env, self.code.entry(self.cell_values?[0])) }
    }

    /// A function for V8's fast calls, where there is one.
    pub fn fast<'env>(&self, env: Env<'env>, which: Fast) -> Option<Value<'env>> {
        let FastPiece { piece, parameters, result } = self.fast[which as usize].as_ref()?;
        // The code was emitted for this signature, and `Compiled` keeps it until the environment is gone.
        let otherwise = match which {
            Fast::Scalars => None,
            Fast::Values => self.cell_values.map(|[_, fallback]| self.code.entry(fallback)),
        };
        // SAFETY: as above.
        unsafe { v8::fast_function(env, self.code.entry(*piece), otherwise, *result, parameters) }
    }

    /// Where V8 would enter it, where there is such a way in.
    pub fn fast_entry(&self, which: Fast) -> Option<*const c_void> {
        self.fast[which as usize].as_ref().map(|it| self.code.entry(it.piece))
    }
}
