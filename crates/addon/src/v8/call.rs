//! Calls of JavaScript functions, for code that C calls: with V8's own `Function::Call`, and without what Node-API does around it.
//!
//! A handle is a pointer to a slot that V8 keeps up to date. V8 keeps those of its global handles up to date as well, so a [`Global`] is used
//! in the place of a local handle, as Node does itself (`PersistentToLocal::Strong` in Node's `src/util.h`): nothing has to be made for a call.

use std::ptr;
use std::sync::OnceLock;

use napi_sys as sys;

use super::abi::Method;
use super::layout::{HandleScope, HandleScopeData, HandleScopes};
use super::names;
use super::symbols::{self, Absence, Isolate};
use crate::napi::{Env, Value};

/// `MaybeLocal<Value> Function::Call(Local<Context>, Local<Value> receiver, int count, Local<Value> arguments[])`
type CallInContext = Method<fn(sys::napi_value, sys::napi_value, sys::napi_value, i32, *const sys::napi_value) -> sys::napi_value>;

/// The same, which is told the isolate.
type CallInIsolate =
    Method<fn(sys::napi_value, *mut Isolate, sys::napi_value, sys::napi_value, i32, *const sys::napi_value) -> sys::napi_value>;

/// How a function is called.
#[derive(Clone, Copy)]
enum FunctionCall {
    InContext(CallInContext),
    InIsolate(CallInIsolate),
}

/// V8's functions that calls take.
struct Functions {
    isolate_get_current: unsafe extern "C" fn() -> *mut Isolate,
    isolate_get_current_context: Method<fn(*mut Isolate) -> sys::napi_value>,
    isolate_is_execution_terminating: unsafe extern "C" fn(*mut Isolate) -> bool,
    call: FunctionCall,
    globalize: Globalize,
    dispose_global: unsafe extern "C" fn(sys::napi_value),
    scopes: Scopes,
}

/// `Address* api_internal::GlobalizeReference(internal::Isolate*, …)`, by what it takes.
#[derive(Clone, Copy)]
enum Globalize {
    Object(unsafe extern "C" fn(*mut Isolate, usize) -> sys::napi_value),
    Slot(unsafe extern "C" fn(*mut Isolate, sys::napi_value) -> sys::napi_value),
}

/// How a scope for handles is opened and closed.
#[derive(Clone, Copy)]
enum Scopes {
    Exported { open: unsafe extern "C" fn(*mut HandleScope, *mut Isolate), close: unsafe extern "C" fn(*mut HandleScope) },
    Inline { data: usize, delete_extensions: unsafe extern "C" fn(*mut HandleScope, *mut Isolate) },
}

/// V8's functions, looked up the first time somebody asks.
fn resolved() -> Result<&'static Functions, &'static Absence> {
    static FUNCTIONS: OnceLock<Result<Functions, Absence>> = OnceLock::new();
    FUNCTIONS.get_or_init(find).as_ref()
}

fn find() -> Result<Functions, Absence> {
    let v8 = symbols::tried().map_err(Clone::clone)?;
    let image = &v8.image;
    // SAFETY: the declarations in the headers of the versions that were tried, whose C++ `Local` is one pointer, as a `napi_value` is. A C++
    // method takes its object first: a `HandleScope`, or the slot of a handle.
    unsafe {
        Ok(Functions {
            isolate_get_current: image.function(names::ISOLATE_GET_CURRENT)?,
            isolate_get_current_context: image.function(names::ISOLATE_GET_CURRENT_CONTEXT)?,
            isolate_is_execution_terminating: image.function(names::ISOLATE_IS_EXECUTION_TERMINATING)?,
            call: if v8.layout.calls_in_isolate {
                FunctionCall::InIsolate(image.function(names::FUNCTION_CALL_IN_ISOLATE)?)
            } else {
                FunctionCall::InContext(image.function(names::FUNCTION_CALL)?)
            },
            globalize: if v8.layout.globalizes_objects {
                Globalize::Object(image.function(names::GLOBALIZE_OBJECT)?)
            } else {
                Globalize::Slot(image.function(names::GLOBALIZE_SLOT)?)
            },
            dispose_global: image.function(names::DISPOSE_GLOBAL)?,
            scopes: match v8.layout.handle_scopes {
                HandleScopes::Exported => {
                    Scopes::Exported { open: image.function(names::HANDLE_SCOPE_NEW)?, close: image.function(names::HANDLE_SCOPE_DROP)? }
                }
                HandleScopes::Inline(data) => {
                    Scopes::Inline { data, delete_extensions: image.function(names::HANDLE_SCOPE_DELETE_EXTENSIONS)? }
                }
            },
        })
    }
}

/// A value that V8 keeps for us, until it is dropped.
pub struct Global(sys::napi_value);

impl Global {
    /// The value.
    #[inline]
    pub fn value(&self) -> Value<'_> {
        // SAFETY: the global handle is there as long as `self`.
        unsafe { Value::from_raw(self.0) }
    }
}

impl Drop for Global {
    fn drop(&mut self) {
        if let Ok(functions) = resolved() {
            // SAFETY: it was made by `globalize` and is disposed of once, in its isolate's thread: it is not `Send`, and its owners are gone
            // before the isolate is.
            unsafe { (functions.dispose_global)(self.0) };
        }
    }
}

/// What makes calls into one environment's context.
pub struct Caller {
    functions: &'static Functions,
    isolate: *mut Isolate,
    context: Global,
    /// V8's `undefined`, as it lies in the slot of a handle: it is one object, which never moves.
    undefined: Box<usize>,
}

impl Caller {
    /// For the context of the native function that is running.
    ///
    /// # Errors
    ///
    /// [`Absence`] where V8's functions are not to be had, or its scopes are not what they should be.
    pub fn new(env: Env<'_>) -> Result<Self, Absence> {
        let functions = resolved().map_err(Clone::clone)?;
        // SAFETY: an `Env` is that of a callback that is running on this thread, so there is an isolate, and in it a context.
        let (isolate, context) = unsafe {
            let isolate = (functions.isolate_get_current)();
            (isolate, functions.isolate_get_current_context.call(isolate))
        };
        let undefined = env.undefined().map_err(|_| Absence::Scopes)?;
        // SAFETY: a handle is the address of a slot, which is valid while its scope is open.
        let word = unsafe { undefined.raw().cast::<usize>().read() };
        // SAFETY: V8 has just given the handle of the context, in a scope that is open.
        let context = unsafe { functions.globalize(isolate, context) };
        let caller = Self { functions, isolate, context, undefined: Box::new(word) };
        if caller.are_scopes_right(env) { Ok(caller) } else { Err(Absence::Scopes) }
    }

    /// Whether a scope of ours does to the isolate what one of Node-API does.
    fn are_scopes_right(&self, env: Env<'_>) -> bool {
        let Scopes::Inline { data, .. } = self.functions.scopes else { return true };
        // SAFETY: the layout says where the data is, in an isolate that is much larger.
        let look = || unsafe {
            let data = self.isolate.byte_add(data).cast::<HandleScopeData>();
            ((*data).level, (*data).next)
        };
        let (level, next) = look();
        let inside = env.in_scope(|| env.create_f64(0.5).map(|_| look()));
        // The number has taken a slot. At the end of a block of slots, the next one is somewhere else.
        let Ok(Ok((level_inside, next_inside))) = inside else { return false };
        level_inside == level + 1 && next_inside != next && look() == (level, next)
    }

    /// Makes V8 keep a value.
    pub fn keep(&self, value: Value<'_>) -> Global {
        // SAFETY: a `Value` is a handle of a scope that is open.
        unsafe { self.functions.globalize(self.isolate, value.raw()) }
    }

    /// Runs `body` with a handle scope of its own: handles made in it must not outlive it.
    ///
    /// # Safety
    ///
    /// * The thread is that of the isolate, and the environment has not ended.
    #[inline]
    pub unsafe fn in_scope<T>(&self, body: impl FnOnce() -> T) -> T {
        let mut scope = HandleScope::UNINIT;
        // SAFETY: the caller's list; the scope stays where it is until it is closed. `body` does not unwind past it: what it runs that could
        // is JavaScript's, whose exceptions are values, and Rust's panics end the process in callbacks.
        unsafe {
            self.functions.scopes.open(&raw mut scope, self.isolate);
            let result = body();
            self.functions.scopes.close(&raw mut scope, self.isolate);
            result
        }
    }

    /// Calls `function` with one argument and without a receiver; `None` where JavaScript did not return.
    ///
    /// # Safety
    ///
    /// * As for [`Caller::in_scope`], and a scope is open until the result's lifetime ends.
    /// * `function` is a function.
    #[inline]
    pub unsafe fn call<'env>(&self, function: &Global, argument: Value<'env>) -> Option<Value<'env>> {
        let receiver = ptr::from_ref(&*self.undefined).cast_mut().cast();
        let argument = argument.raw();
        // SAFETY: the caller's list; a global handle serves for a local one. From 13.6 on, V8 would run what it has begun to stop.
        let returned = unsafe {
            if (self.functions.isolate_is_execution_terminating)(self.isolate) {
                return None;
            }
            match self.functions.call {
                FunctionCall::InContext(call) => call.call(function.0, self.context.0, receiver, 1, &raw const argument),
                FunctionCall::InIsolate(call) => call.call(function.0, self.isolate, self.context.0, receiver, 1, &raw const argument),
            }
        };
        // SAFETY: V8 made the handle in the scope that is open.
        (!returned.is_null()).then(|| unsafe { Value::from_raw(returned) })
    }
}

impl Functions {
    /// # Safety
    ///
    /// * `handle` is a handle of a scope that is open in `isolate`, on its thread.
    unsafe fn globalize(&self, isolate: *mut Isolate, handle: sys::napi_value) -> Global {
        // SAFETY: the caller's list.
        Global(unsafe {
            match self.globalize {
                Globalize::Object(globalize) => globalize(isolate, handle.cast::<usize>().read()),
                Globalize::Slot(globalize) => globalize(isolate, handle),
            }
        })
    }
}

impl Scopes {
    /// # Safety
    ///
    /// * The thread is that of `isolate`, and `scope` does not move until it is closed.
    #[inline]
    unsafe fn open(self, scope: *mut HandleScope, isolate: *mut Isolate) {
        // SAFETY: the caller's list, and the layout of the version.
        unsafe {
            match self {
                Self::Exported { open, .. } => open(scope, isolate),
                Self::Inline { data, .. } => {
                    let data = isolate.byte_add(data).cast::<HandleScopeData>();
                    (*scope).isolate.write(isolate.cast());
                    (*scope).previous_next.write((*data).next);
                    (*scope).previous_limit.write((*data).limit);
                    (*data).level += 1;
                }
            }
        }
    }

    /// # Safety
    ///
    /// * `scope` was opened by [`Scopes::open`] in `isolate` and is the innermost one.
    #[inline]
    unsafe fn close(self, scope: *mut HandleScope, isolate: *mut Isolate) {
        // SAFETY: the caller's list, and the layout of the version.
        unsafe {
            match self {
                Self::Exported { close, .. } => close(scope),
                Self::Inline { data, delete_extensions } => {
                    let data = isolate.byte_add(data).cast::<HandleScopeData>();
                    (*data).next = (*scope).previous_next.assume_init();
                    (*data).level -= 1;
                    let limit = (*scope).previous_limit.assume_init();
                    if (*data).limit != limit {
                        (*data).limit = limit;
                        delete_extensions(scope, isolate);
                    }
                }
            }
        }
    }
}
