//! References that outlive a handle scope.

use napi_sys as sys;

use super::{Env, Result, Value, get};

/// A strong or weak reference to an object or a function, deleted when dropped.
pub struct Reference {
    env: sys::napi_env,
    raw: sys::napi_ref,
}

impl Reference {
    /// A reference that keeps `value` alive.
    pub fn strong(env: Env<'_>, value: Value<'_>) -> Result<Self> {
        Self::new(env, value, 1)
    }

    /// A reference that lets `value` be collected.
    pub fn weak(env: Env<'_>, value: Value<'_>) -> Result<Self> {
        Self::new(env, value, 0)
    }

    /// A reference that Node-API made, and gave away.
    pub(super) fn from_raw(env: Env<'_>, raw: sys::napi_ref) -> Self {
        Self { env: env.0, raw }
    }

    fn new(env: Env<'_>, value: Value<'_>, count: u32) -> Result<Self> {
        get!(env, napi_create_reference(value.0, count) -> sys::napi_ref).map(|raw| Self { env: env.0, raw })
    }

    /// The value, or `None` once a weakly held one has been collected.
    #[inline]
    pub fn get<'env>(&self, env: Env<'env>) -> Result<Option<Value<'env>>> {
        get!(env, napi_get_reference_value(self.raw) -> sys::napi_value).map(|raw| (!raw.is_null()).then(|| env.value(raw)))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: the reference was made in this environment and is deleted once. The environment is still there: whatever owns a
        // reference is owned by the environment's state, by an object with a finalizer, or by a callback that is running in it.
        let _gone_either_way = unsafe { sys::napi_delete_reference(self.env, self.raw) };
    }
}
