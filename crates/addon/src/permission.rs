//! Node's permission model (`--permission`): whether the functions of the module may be used.
//!
//! Node 26 has FFI among its permissions and is asked at every use, since a program can drop it. Other lines have not; there the `ferrule`
//! command allows it, by a mark on the command line of the process. The system keeps that where no JavaScript reaches, so nothing that runs
//! later (a changed `process.env`, a Worker, a second copy of the package) can allow what was not allowed at the start.

use std::cell::Cell;
use std::sync::OnceLock;

use ferrule_native::command_line;

use crate::error::{Error, Result};
use crate::napi::{Env, Kind, Reference, Value};

/// What `bin/options.js` puts before every other argument when it is given `--allow-ffi` and Node has no such option: an option without effect
/// that all lines of Node know. The first argument is Node's, whatever it is, and not the program's.
const MARK: &str = "--conditions=ferrule-allow-ffi";

/// Whether the command line allows FFI: the same in all threads, for good.
fn is_allowed_by_mark() -> bool {
    static ALLOWED: OnceLock<bool> = OnceLock::new();
    *ALLOWED.get_or_init(|| command_line::arguments().get(1).is_some_and(|argument| argument == MARK))
}

/// The options of Node's that the command line begins with. What follows the first argument that is none may be the program's.
fn leading_options() -> Vec<String> {
    let mut options = Vec::new();
    let mut arguments = command_line::arguments().into_iter().skip(1).map_while(|argument| argument.into_string().ok());
    while let Some(argument) = arguments.next().filter(|argument| argument.starts_with('-') && argument != "--") {
        // Those with values of their own that are likely to stand here.
        if ["-r", "--require", "--import"].contains(&argument.as_str()) {
            arguments.next();
        }
        options.push(argument);
    }
    options
}

/// Whether one of the options `on` is given, and no `off` behind it.
fn is_given(on: &[&str], off: &str) -> bool {
    leading_options().iter().fold(false, |is_on, option| (is_on && option != off) || on.contains(&option.as_str()))
}

/// Who says whether FFI is allowed.
enum Authority {
    /// Node's `process.permission.has`, which knows of FFI and tells diagnostics channels.
    Node(Reference),
    /// The mark, until the permission is dropped.
    Mark(Cell<bool>),
}

/// The permission model of an environment, where it is on.
pub struct Permission {
    authority: Authority,
    /// `--permission-audit` only reports.
    is_audit: bool,
}

impl Permission {
    /// The permission model of this environment; `None` where it is off, as always in runtimes that have none.
    pub fn find(env: Env<'_>) -> Result<Option<Self>> {
        let Some(process) = property(env, env.global()?, "process")? else { return Ok(None) };
        let Some(permission) = property(env, process, "permission")? else {
            // Somebody may have put another `process` in its place.
            let is_on = is_given(&["--permission", "--experimental-permission"], "--no-permission");
            return Ok(is_on.then(|| Self { authority: Authority::Mark(Cell::new(is_allowed_by_mark())), is_audit: false }));
        };
        let Some(has) = property(env, permission, "has")? else { return Ok(None) };
        let is_newer = env.node_major()? >= 26;
        let knows_ffi = is_newer && is_listed(env, process, "--allow-ffi")?;
        // Where permissions are enforced, this addon could not be loaded without that one.
        let should_be_here = !is_newer || env.is_truthy(env.call(has, &[env.create_string("addon")?])?)?;
        Ok(Some(Self {
            authority: if knows_ffi {
                Authority::Node(Reference::strong(env, has)?)
            } else {
                Authority::Mark(Cell::new(is_allowed_by_mark()))
            },
            is_audit: !should_be_here || is_given(&["--permission-audit"], "--permission"),
        }))
    }

    /// Whether FFI is allowed.
    pub fn is_granted(&self, env: Env<'_>) -> Result<bool> {
        match &self.authority {
            Authority::Mark(is_allowed) => Ok(is_allowed.get()),
            Authority::Node(has) => {
                let has = has.get(env)?.ok_or(Error::NotInitialized)?;
                Ok(env.is_truthy(env.call(has, &[env.create_string("ffi")?])?)?)
            }
        }
    }

    /// Whether a use that is not allowed is refused, or only reported (`--permission-audit`).
    pub fn is_enforced(&self) -> bool {
        !self.is_audit
    }

    /// Whether Node tells nobody about uses that are not allowed.
    pub fn is_ours_to_report(&self) -> bool {
        matches!(self.authority, Authority::Mark(_))
    }

    /// Whether the command line allowed FFI and nobody has dropped it; `None` where Node itself knows.
    pub fn is_granted_by_mark(&self) -> Option<bool> {
        match &self.authority {
            Authority::Mark(is_allowed) => Some(is_allowed.get()),
            Authority::Node(_) => None,
        }
    }

    /// Does without from now on, in this environment.
    pub fn drop_mark(&self) {
        if let Authority::Mark(is_allowed) = &self.authority {
            is_allowed.set(false);
        }
    }
}

/// Whether an option is among those that Node knows.
fn is_listed<'env>(env: Env<'env>, process: Value<'env>, option: &str) -> Result<bool> {
    let Some(flags) = property(env, process, "allowedNodeEnvironmentFlags")? else { return Ok(false) };
    let Some(has) = property(env, flags, "has")? else { return Ok(false) };
    Ok(env.is_truthy(env.call_on(flags, has, &[env.create_string(option)?])?)?)
}

/// A property that is an object or a function.
fn property<'env>(env: Env<'env>, object: Value<'env>, name: &str) -> Result<Option<Value<'env>>> {
    let value = env.get(object, env.create_string(name)?)?;
    Ok(matches!(env.kind(value)?, Kind::Object | Kind::Function).then_some(value))
}
