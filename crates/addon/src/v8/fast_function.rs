//! JavaScript functions that V8 calls through compiled code: from optimised code straight by a [`CFunction`], from anywhere else by an
//! ordinary callback.
//!
//! A function made here is never freed by V8 before its context is: `FunctionTemplate::GetFunction` remembers what it made. The callers
//! make a few for each signature, not one for each function, and keep the code mapped until the environment is gone. Who else may look at
//! what V8 was given: optimised code, and jobs of the optimising compiler on other threads, which can outlive any JavaScript function by a
//! moment. They read the description of the arguments, so those are interned for the life of the process; the code itself runs on the
//! environment's own thread only.

use std::collections::HashMap;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

use napi_sys as sys;

use super::abi::{Method, Static};
use super::layout::{
    CFunction, CFunctionInfoStorage, CType, ConstructorBehavior, FLOATING_ARGUMENTS_MAX, GENERAL_ARGUMENTS_MAX, Int64Representation,
    Layout, SideEffectType,
};
use super::names;
use super::symbols::{self, Absence, Isolate};

/// `void (*)(const v8::FunctionCallbackInfo<v8::Value>&)`
pub type OrdinaryCallback = unsafe extern "C" fn(*const c_void);

type TemplateNew = Static<
    fn(*mut Isolate, OrdinaryCallback, sys::napi_value, sys::napi_value, i32, i32, i32, *const CFunction, u16, u16, u16) -> sys::napi_value,
>;

/// The constructor of `v8::CFunctionInfo`, which takes the representation of 64-bit integers since there is one.
#[derive(Clone, Copy)]
enum InfoConstructor {
    Plain(unsafe extern "C" fn(*mut CFunctionInfoStorage, *const u8, u32, *const u8)),
    WithRepresentation(unsafe extern "C" fn(*mut CFunctionInfoStorage, *const u8, u32, *const u8, u8)),
}

/// V8's functions that make fast functions.
pub struct FastFunctions {
    layout: &'static Layout,
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    isolate_get_current_context: Method<fn(*mut Isolate) -> sys::napi_value>,
    template_new: TemplateNew,
    template_get_function: Method<fn(sys::napi_value, sys::napi_value) -> sys::napi_value>,
    construct_info: InfoConstructor,
}

/// V8's functions, looked up the first time somebody asks.
pub fn resolved() -> Result<&'static FastFunctions, &'static Absence> {
    static FUNCTIONS: OnceLock<Result<FastFunctions, Absence>> = OnceLock::new();
    FUNCTIONS.get_or_init(find).as_ref()
}

fn find() -> Result<FastFunctions, Absence> {
    let v8 = symbols::tried().map_err(Clone::clone)?;
    let layout = v8.layout;
    let image = &v8.image;
    // SAFETY: the declarations in the headers of the versions that were tried, whose C++ `Local` is one pointer, as a `napi_value` is.
    unsafe {
        Ok(FastFunctions {
            layout,
            isolate_get_current: image.function(names::ISOLATE_GET_CURRENT)?,
            isolate_get_current_context: image.function(names::ISOLATE_GET_CURRENT_CONTEXT)?,
            template_new: image.function(names::FUNCTION_TEMPLATE_NEW)?,
            template_get_function: image.function(names::FUNCTION_TEMPLATE_GET_FUNCTION)?,
            construct_info: if layout.function_info.representation.is_some() {
                InfoConstructor::WithRepresentation(image.function(names::FUNCTION_INFO_NEW_WITH_REPRESENTATION)?)
            } else {
                InfoConstructor::Plain(image.function(names::FUNCTION_INFO_NEW)?)
            },
        })
    }
}

/// What code that is not optimised calls in a fast function's place. It leaves the result as it is, `undefined`, which no fast call gives.
unsafe extern "C" fn not_optimised(_: *const c_void) {}

/// Whether V8 can pass so many arguments in a fast call, the receiver being one of the `general` ones.
///
/// On AArch64, every version that was tried takes room on the stack for the arguments that have no register all together, and gives it back
/// for the two kinds apart, each rounded up to an even number (`MacroAssembler::CallCFunction` in
/// `src/codegen/arm64/macro-assembler-arm64.cc`): where both numbers are odd, the stack pointer is wrong after the call.
fn can_pass(general: usize, floating: usize) -> bool {
    const REGISTERS: usize = 8;
    let is_odd = |count: usize| count.saturating_sub(REGISTERS) % 2 == 1;
    let loses_stack = cfg!(target_arch = "aarch64") && is_odd(general) && is_odd(floating);
    general <= GENERAL_ARGUMENTS_MAX && floating <= FLOATING_ARGUMENTS_MAX && !loses_stack
}

impl FastFunctions {
    /// A function that optimised code calls at `address`, and all other code by `otherwise`, without which it gives `undefined` there.
    /// `None` where V8 fails to make it, or cannot pass so many arguments.
    ///
    /// # Safety
    ///
    /// * The thread is inside a native callback of its environment, and a handle scope is open.
    /// * The code at `address` takes the receiver and `parameters`, gives `result`, and stays mapped until the environment is gone, as does
    ///   `otherwise`.
    pub unsafe fn fast(
        &self,
        address: *const c_void,
        otherwise: Option<OrdinaryCallback>,
        result: CType,
        parameters: &[CType],
    ) -> Option<sys::napi_value> {
        let floating = parameters.iter().filter(|kind| matches!(kind, CType::Float32 | CType::Float64)).count();
        // The receiver is one of the others.
        let general = parameters.len() - floating + 1;
        if !can_pass(general, floating) {
            return None;
        }
        let function = CFunction { address, info: self.info(result, parameters) };
        // SAFETY: the caller's list. V8 copies the pointers; the description is kept for ever.
        unsafe { self.function(otherwise.unwrap_or(not_optimised), &raw const function) }
    }

    /// A function that any code calls by `callback`. `None` where V8 fails to make it.
    ///
    /// # Safety
    ///
    /// * The thread is inside a native callback of its environment, and a handle scope is open.
    /// * `callback` stays mapped until the environment is gone.
    pub unsafe fn ordinary(&self, callback: OrdinaryCallback) -> Option<sys::napi_value> {
        // SAFETY: the caller's list.
        unsafe { self.function(callback, ptr::null()) }
    }

    /// # Safety
    ///
    /// * As for the two above.
    unsafe fn function(&self, callback: OrdinaryCallback, function: *const CFunction) -> Option<sys::napi_value> {
        let none = ptr::null_mut();
        // SAFETY: the caller's list; V8 takes null for no data, no signature and no fast function.
        let made = unsafe {
            let isolate = (self.isolate_get_current)();
            let behavior = ConstructorBehavior::Throw as i32;
            let side_effect = SideEffectType::HasSideEffect as i32;
            let template = self.template_new.call(isolate, callback, none, none, 0, behavior, side_effect, function, 0, 0, 0);
            self.template_get_function.call(template, self.isolate_get_current_context.call(isolate))
        };
        (!made.is_null()).then_some(made)
    }

    /// The `CFunctionInfo` of a signature, made once per process and never freed: any thread of V8's may be reading it.
    fn info(&self, result: CType, parameters: &[CType]) -> *const CFunctionInfoStorage {
        static INFOS: Mutex<Option<HashMap<Vec<u8>, usize>>> = Mutex::new(None);
        let types: Vec<CType> = [result, CType::V8Value].iter().chain(parameters).copied().collect();
        let key: Vec<u8> = types.iter().map(|kind| *kind as u8).collect();
        let mut infos = INFOS.lock().unwrap_or_else(PoisonError::into_inner);
        let address = *infos.get_or_insert_default().entry(key).or_insert_with(|| self.construct(&types).expose_provenance());
        ptr::with_exposed_provenance(address)
    }

    fn construct(&self, types: &[CType]) -> *const CFunctionInfoStorage {
        let infos = Box::leak(self.layout.type_infos(types));
        let (result, arguments) = infos.split_at(self.layout.type_info.size());
        let count = u32::try_from(types.len() - 1).expect("a signature has at most 64 parameters");
        let storage: &'static mut MaybeUninit<CFunctionInfoStorage> = Box::leak(Box::new(MaybeUninit::uninit()));
        let storage = storage.as_mut_ptr();
        // SAFETY: `storage` has the size and alignment of a `CFunctionInfo`, and the descriptions that it will point to are never freed.
        unsafe {
            match self.construct_info {
                InfoConstructor::Plain(construct) => construct(storage, result.as_ptr(), count, arguments.as_ptr()),
                InfoConstructor::WithRepresentation(construct) => {
                    construct(storage, result.as_ptr(), count, arguments.as_ptr(), Int64Representation::BigInt as u8);
                }
            }
        }
        storage
    }
}
