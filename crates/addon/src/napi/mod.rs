//! Node-API, and nothing of Ferrule: the only part that calls `napi_*`. One file per area.
//!
//! # Safety
//!
//! An [`Env`] and a [`Value`] are what Node hands to a native callback, bound to the lifetime `'env` of that callback: `boundary.rs`
//! and `callback.rs` make the only ones. They are neither `Send` nor `Sync`, so they stay on Node's thread, and no `Value` leaves the
//! handle scope in which Node (or [`Env::in_scope`]) opened it. Under that rule every call below is sound: the environment is alive,
//! the values are handles of open scopes, and out-parameters are local variables of the type the header (`js_native_api.h`) asks for.
//! The `// SAFETY:` comments of this folder say "the module's rule" for it and name only what comes on top.

mod buffer;
mod external;
mod function;
mod host;
mod number;
mod object;
mod reference;
mod string;

use std::marker::PhantomData;

use napi_sys as sys;

pub use buffer::Memory;
pub use function::CallInfo;
pub use host::connect;
pub use reference::Reference;

/// A Node-API environment: one instance of the addon in one thread's isolate.
#[derive(Clone, Copy)]
pub struct Env<'env>(sys::napi_env, PhantomData<&'env *mut ()>);

/// A JavaScript value, held by a handle of an open scope.
#[derive(Clone, Copy)]
pub struct Value<'env>(sys::napi_value, PhantomData<&'env *mut ()>);

/// Why a Node-API call did not give what was asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// JavaScript threw, and the exception is still pending.
    Pending,
    /// A status of `napi_status` other than that.
    Status(sys::napi_status),
}

impl Failure {
    /// Whether the runtime lets no ArrayBuffer be made over memory that is not its own.
    pub fn forbids_external_buffers(&self) -> bool {
        *self == Self::Status(sys::Status::napi_no_external_buffers_allowed)
    }
}

/// The result of a Node-API call.
pub type Result<T> = std::result::Result<T, Failure>;

/// What `typeof` says of a value, with `null` apart from the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Symbol,
    Object,
    Function,
    External,
    BigInt,
}

fn check(status: sys::napi_status) -> Result<()> {
    match status {
        sys::Status::napi_ok => Ok(()),
        sys::Status::napi_pending_exception => Err(Failure::Pending),
        status => Err(Failure::Status(status)),
    }
}

/// Calls a Node-API function whose last parameter is an out-parameter of type `$ty`, and gives its value.
macro_rules! get {
    ($env:expr, $function:ident($($argument:expr),*) -> $ty:ty) => {{
        let mut out = std::mem::MaybeUninit::<$ty>::uninit();
        // SAFETY: the module's rule.
        let status = unsafe { sys::$function($env.0, $($argument,)* out.as_mut_ptr()) };
        // SAFETY: Node-API writes the out-parameter whenever the status is `napi_ok`.
        $crate::napi::check(status).map(|()| unsafe { out.assume_init() })
    }};
}
use get;

impl<'env> Env<'env> {
    /// The environment that Node passed.
    ///
    /// # Safety
    ///
    /// * Node passed `raw` to the native callback that is running on this thread, and `'env` ends with that callback; or `raw` is the
    ///   environment of this thread, not yet torn down, and a handle scope is open until `'env` ends.
    pub unsafe fn from_raw(raw: sys::napi_env) -> Self {
        Self(raw, PhantomData)
    }

    /// The handle that Node-API takes.
    pub fn raw(self) -> sys::napi_env {
        self.0
    }

    fn value(self, raw: sys::napi_value) -> Value<'env> {
        Value(raw, PhantomData)
    }

    /// `undefined`.
    pub fn undefined(self) -> Result<Value<'env>> {
        get!(self, napi_get_undefined() -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `null`.
    pub fn null(self) -> Result<Value<'env>> {
        get!(self, napi_get_null() -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// `true` or `false`.
    pub fn boolean(self, value: bool) -> Result<Value<'env>> {
        get!(self, napi_get_boolean(value) -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// What kind of value it is.
    #[inline]
    pub fn kind(self, value: Value<'env>) -> Result<Kind> {
        get!(self, napi_typeof(value.0) -> sys::napi_valuetype).map(|kind| match kind {
            sys::ValueType::napi_undefined => Kind::Undefined,
            sys::ValueType::napi_null => Kind::Null,
            sys::ValueType::napi_boolean => Kind::Boolean,
            sys::ValueType::napi_number => Kind::Number,
            sys::ValueType::napi_string => Kind::String,
            sys::ValueType::napi_symbol => Kind::Symbol,
            sys::ValueType::napi_function => Kind::Function,
            sys::ValueType::napi_external => Kind::External,
            sys::ValueType::napi_bigint => Kind::BigInt,
            _ => Kind::Object,
        })
    }

    /// Whether the value is truthy.
    pub fn is_truthy(self, value: Value<'env>) -> Result<bool> {
        let boolean = get!(self, napi_coerce_to_bool(value.0) -> sys::napi_value)?;
        get!(self, napi_get_value_bool(boolean) -> bool)
    }

    /// Whether the value is a promise.
    pub fn is_promise(self, value: Value<'env>) -> Result<bool> {
        get!(self, napi_is_promise(value.0) -> bool)
    }

    /// Whether the value is an error object.
    pub fn is_error(self, value: Value<'env>) -> Result<bool> {
        get!(self, napi_is_error(value.0) -> bool)
    }

    /// The exception that is pending, which no longer is afterwards.
    pub fn take_exception(self) -> Result<Value<'env>> {
        get!(self, napi_get_and_clear_last_exception() -> sys::napi_value).map(|raw| self.value(raw))
    }

    /// Whether an exception is pending. Node-API also reports one, without having any, when it refuses to run JavaScript in a thread
    /// that is being stopped.
    pub fn is_exception_pending(self) -> bool {
        get!(self, napi_is_exception_pending() -> bool) == Ok(true)
    }

    /// Makes `error` the pending exception.
    pub fn throw(self, error: Value<'env>) -> Result<()> {
        // SAFETY: the module's rule.
        check(unsafe { sys::napi_throw(self.0, error.0) })
    }

    /// Runs `body` with a handle scope of its own: handles made in it do not outlive it.
    pub fn in_scope<T>(self, body: impl FnOnce() -> T) -> Result<T> {
        let scope = get!(self, napi_open_handle_scope() -> sys::napi_handle_scope)?;
        let result = body();
        // SAFETY: the module's rule; the scope is the innermost one, as scopes opened by `body` have been closed by it.
        check(unsafe { sys::napi_close_handle_scope(self.0, scope) })?;
        Ok(result)
    }

    /// The address of the thread's `uv_loop_t`.
    pub fn event_loop(self) -> Result<usize> {
        get!(self, napi_get_uv_event_loop() -> *mut sys::uv_loop_s).map(|it| it as usize)
    }

    /// The first number of the version of Node that the runtime is, or says that it is like.
    pub fn node_major(self) -> Result<u32> {
        let version = get!(self, napi_get_node_version() -> *const sys::napi_node_version)?;
        // SAFETY: it points to a constant of the runtime's.
        Ok(unsafe { (*version).major })
    }

    /// Gives the environment `state` to keep until it is torn down, and to tell before anything of it is.
    pub fn set_state<T: Keeper>(self, state: Box<T>) -> Result<()> {
        let state = Box::into_raw(state);
        // SAFETY: the module's rule; the data is a box, which `drop_state` takes back once, at the end of the environment.
        let status = unsafe { sys::napi_set_instance_data(self.0, state.cast(), Some(drop_state::<T>), std::ptr::null_mut()) };
        check(status).inspect_err(|_| {
            // SAFETY: Node did not take it.
            drop(unsafe { Box::from_raw(state) });
        })?;
        // SAFETY: the module's rule; the environment keeps the state until after its cleanup hooks have run.
        check(unsafe { sys::napi_add_env_cleanup_hook(self.0, Some(end_state::<T>), state.cast()) })
    }

    /// What [`Env::set_state`] was given.
    ///
    /// # Safety
    ///
    /// * `T` is the type that the environment's state was set with, and it was set.
    pub unsafe fn state<T: Keeper>(self) -> &'env T {
        let state = get!(self, napi_get_instance_data() -> *mut std::ffi::c_void);
        let state = state.expect("instance data can be read at any time").cast::<T>();
        assert!(!state.is_null(), "the environment has been torn down");
        // SAFETY: the caller names the type. The environment drops its state last of all, when no callback runs in it any more.
        unsafe { &*state }
    }
}

impl Value<'_> {
    /// A handle that Node passed.
    ///
    /// # Safety
    ///
    /// * `raw` is a handle of a scope that stays open until the value's lifetime ends.
    pub unsafe fn from_raw(raw: sys::napi_value) -> Self {
        Self(raw, PhantomData)
    }

    /// The handle that Node-API takes.
    pub fn raw(self) -> sys::napi_value {
        self.0
    }
}

/// What an environment keeps for the addon.
pub trait Keeper: 'static {
    /// The environment is about to be torn down: JavaScript will not run in it again, and finalizers have not run yet.
    fn environment_ends(&self);
}

/// # Safety
///
/// * `state` is the box that `set_state::<T>` gave away, not dropped yet.
unsafe extern "C" fn end_state<T: Keeper>(state: *mut std::ffi::c_void) {
    // SAFETY: the caller's list.
    unsafe { &*state.cast::<T>() }.environment_ends();
}

/// # Safety
///
/// * `state` is the box that `set_state::<T>` gave away; Node calls this once.
unsafe extern "C" fn drop_state<T>(_: sys::napi_env, state: *mut std::ffi::c_void, _: *mut std::ffi::c_void) {
    // SAFETY: the caller's list.
    drop(unsafe { Box::from_raw(state.cast::<T>()) });
}
