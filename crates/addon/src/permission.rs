//! Node's permission model (`--permission`): whether the functions of the module may be used.
//!
//! Node 26 has FFI among its permissions and is asked at every use, since a program can drop it. Other lines have not; there the `ferrule`
//! command allows it, by a mark on the command line of the process. The system keeps that where no JavaScript reaches, so nothing that runs
//! later (a changed `process.env`, a Worker, a second copy of the package) can allow what was not allowed at the start.

use std::cell::Cell;
use std::ffi::OsString;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use ferrule_native::{command_line, thread};

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

/// Whether the permission model has been on in any thread of this process.
///
/// A Worker that replaces the options of its process (`execArgv`, `NODE_OPTIONS` in `env`) has no permission model in Node. It is still in
/// the process.
static HAS_BEEN_ON: AtomicBool = AtomicBool::new(false);

/// Node's options that take the next argument for their value, of every line, as JSON.
const WITH_VALUE: &str = include_str!("../../../lib/options-with-value.json");

fn takes_value(option: &str) -> bool {
    WITH_VALUE.split('"').skip(1).step_by(2).any(|name| name == option)
}

/// The options of Node's that a command line begins with, behind the program's own name. What follows the first argument that is none, and no
/// value of one, is the program's.
fn leading_options(arguments: Vec<OsString>) -> Vec<String> {
    let mut options = Vec::new();
    let mut arguments = arguments.into_iter().skip(1).map(|argument| argument.to_string_lossy().into_owned()).peekable();
    while let Some(option) = arguments.next_if(|argument| argument.starts_with('-') && argument != "-" && argument != "--") {
        // Node takes both spellings.
        let option = option.split_once('=').map_or(option.replace('_', "-"), |(name, value)| format!("{}={value}", name.replace('_', "-")));
        if takes_value(&option) {
            arguments.next_if(|argument| !argument.starts_with('-'));
        }
        options.push(option);
    }
    options
}

/// Whether the command line is as the process was started with: `process.title` is written over it, with nothing behind it.
fn is_intact(arguments: &[OsString]) -> bool {
    !arguments.is_empty() && !arguments.iter().any(|argument| argument.is_empty())
}

/// The command line as Node keeps it for reports, which takes it milliseconds: `None` where it does not.
fn reported_arguments<'env>(env: Env<'env>, process: Value<'env>) -> Result<Option<Vec<OsString>>> {
    let Some(report) = property(env, process, "report")? else { return Ok(None) };
    let Some(get_report) = property(env, report, "getReport")? else { return Ok(None) };
    let Some(header) = property(env, env.call_on(report, get_report, &[])?, "header")? else { return Ok(None) };
    let Some(list) = property(env, header, "commandLine")? else { return Ok(None) };
    if !env.is_array(list)? {
        return Ok(None);
    }
    let texts = (0..env.array_length(list)?).map(|index| Ok(env.text(env.element(list, index)?)?.unwrap_or_default().into()));
    texts.collect::<Result<_>>().map(Some)
}

/// The command line of the process, as whatever knows it has it. A main thread shows its permission model itself, so only what may be another
/// thread is worth a report.
fn command_line_of<'env>(env: Env<'env>, process: Option<Value<'env>>) -> Result<Vec<OsString>> {
    let arguments = command_line::arguments();
    if is_intact(&arguments) || thread::is_main() {
        return Ok(arguments);
    }
    let reported = process.map(|process| reported_arguments(env, process)).transpose()?.flatten();
    Ok(reported.unwrap_or(arguments))
}

/// Takes `NODE_OPTIONS` apart as Node does: at spaces, but not at those between double quotes, where a backslash stands before a character
/// that is meant as it is.
fn split_options(text: &str) -> Vec<String> {
    let mut options = Vec::new();
    let (mut is_quoted, mut is_new) = (false, true);
    let mut characters = text.chars();
    while let Some(mut character) = characters.next() {
        match character {
            ' ' if !is_quoted => {
                is_new = true;
                continue;
            }
            '"' => {
                is_quoted = !is_quoted;
                continue;
            }
            '\\' if is_quoted => character = characters.next().unwrap_or(character),
            _ => {}
        }
        if is_new {
            options.push(String::new());
            is_new = false;
        }
        if let Some(option) = options.last_mut() {
            option.push(character);
        }
    }
    options
}

/// The options that the process was started with: those of the command line come after those of `NODE_OPTIONS`.
fn options(arguments: Vec<OsString>) -> Vec<String> {
    let environment = command_line::variable("NODE_OPTIONS").and_then(|text| text.into_string().ok());
    let mut options = environment.map(|text| split_options(&text)).unwrap_or_default();
    options.extend(leading_options(arguments));
    options
}

/// The options that turn the model on.
const MODEL: [&str; 2] = ["--permission", "--experimental-permission"];

fn turns_model_on(options: &[String]) -> bool {
    is_given(options, &MODEL, "--no-permission")
}

fn allows_ffi(options: &[String]) -> bool {
    is_given(options, &["--allow-ffi"], "--no-allow-ffi")
}

/// Whether one of the options `on` is among `options`, and no `off` behind it.
fn is_given(options: &[String], on: &[&str], off: &str) -> bool {
    options.iter().fold(false, |is_on, option| (is_on && option != off) || on.contains(&option.as_str()))
}

/// Whether the options turn the model on without FFI, which no Worker's own can change. A configuration file can allow it, too.
fn refuses_ffi(options: &[String]) -> bool {
    let has_file =
        options.iter().any(|option| option.starts_with("--experimental-config-file") || option == "--experimental-default-config-file");
    turns_model_on(options) && !allows_ffi(options) && !has_file
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
    /// The options of the process say that FFI is not allowed: a Worker may have been given others.
    is_refused: bool,
    /// `--permission-audit` only reports.
    is_audit: bool,
}

impl Permission {
    /// The permission model of this environment; `None` where it is off, as always in runtimes that have none.
    pub fn find(env: Env<'_>) -> Result<Option<Self>> {
        let process = property(env, env.global()?, "process")?;
        let Some((process, permission)) = process.map(|process| permission_of(env, process)).transpose()?.flatten() else {
            return Self::find_without_node(env, process);
        };
        let Some(has) = property(env, permission, "has")? else { return Ok(None) };
        HAS_BEEN_ON.store(true, Ordering::Relaxed);
        let is_newer = env.node_major()? >= 26;
        let knows_ffi = is_newer && is_listed(env, process, "--allow-ffi")?;
        // Where permissions are enforced, this addon could not be loaded without that one.
        let should_be_here = !is_newer || env.is_truthy(env.call(has, &[env.create_string("addon")?])?)?;
        let options = options(command_line::arguments());
        Ok(Some(Self {
            is_refused: knows_ffi && refuses_ffi(&options),
            authority: if knows_ffi {
                Authority::Node(Reference::strong(env, has)?)
            } else {
                Authority::Mark(Cell::new(is_allowed_by_mark()))
            },
            is_audit: !should_be_here || is_given(&options, &["--permission-audit"], "--permission"),
        }))
    }

    /// That of an environment in which Node shows none. Somebody may have put another `process` in its place, or it is a Worker with options of
    /// its own.
    fn find_without_node<'env>(env: Env<'env>, process: Option<Value<'env>>) -> Result<Option<Self>> {
        let arguments = command_line_of(env, process)?;
        let mut options = options(arguments.clone());
        let has_been_on = HAS_BEEN_ON.load(Ordering::Relaxed);
        if !has_been_on && !turns_model_on(&options) {
            return Ok(None);
        }
        // Other runtimes are started with the same environment, and ignore this variable.
        if !has_been_on && !process.map_or(Ok(true), |process| is_any_listed(env, process, &MODEL))? {
            options = leading_options(arguments);
        }
        let is_on = has_been_on || turns_model_on(&options);
        // Only a Node that has this option starts with it.
        let is_allowed = is_allowed_by_mark() || allows_ffi(&options);
        Ok(is_on.then(|| Self {
            authority: Authority::Mark(Cell::new(is_allowed)),
            is_refused: false,
            is_audit: is_given(&options, &["--permission-audit"], "--permission"),
        }))
    }

    /// Whether FFI is allowed.
    pub fn is_granted(&self, env: Env<'_>) -> Result<bool> {
        match &self.authority {
            Authority::Mark(is_allowed) => Ok(is_allowed.get()),
            Authority::Node(has) => {
                let has = has.get(env)?.ok_or(Error::NotInitialized)?;
                let is_granted = env.is_truthy(env.call(has, &[env.create_string("ffi")?])?)?;
                Ok(is_granted && !self.is_refused)
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

/// Whether one of several options is.
fn is_any_listed<'env>(env: Env<'env>, process: Value<'env>, options: &[&str]) -> Result<bool> {
    options.iter().try_fold(false, |is_any, option| Ok(is_any || is_listed(env, process, option)?))
}

/// `process.permission`, with `process`.
fn permission_of<'env>(env: Env<'env>, process: Value<'env>) -> Result<Option<(Value<'env>, Value<'env>)>> {
    Ok(property(env, process, "permission")?.map(|permission| (process, permission)))
}

/// A property that is an object or a function.
fn property<'env>(env: Env<'env>, object: Value<'env>, name: &str) -> Result<Option<Value<'env>>> {
    let value = env.get(object, env.create_string(name)?)?;
    Ok(matches!(env.kind(value)?, Kind::Object | Kind::Function).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_options_before_the_program() {
        let options = |arguments: &[&str]| leading_options(arguments.iter().map(OsString::from).collect());
        assert_eq!(options(&["node", "--title", "x", "--allow_addons", "app.js", "--permission"]), ["--title", "--allow-addons"]);
        assert_eq!(
            options(&["node", "-e", "code", "--unhandled-rejections", "strict", "--permission"]),
            ["-e", "--unhandled-rejections", "--permission"]
        );
        assert_eq!(
            options(&["node", "--require=a_b", "--require", "--permission", "--", "--x"]),
            ["--require=a_b", "--require", "--permission"]
        );
        assert_eq!(options(&["node", "-", "--permission"]), [""; 0]);
    }

    #[test]
    fn knows_a_command_line_that_was_written_over() {
        assert!(is_intact(&["node".into(), "app.js".into()]));
        assert!(!is_intact(&["title".into(), "".into(), "".into()]));
        assert!(!is_intact(&[]));
    }

    #[test]
    fn takes_options_apart_as_node_does() {
        assert_eq!(split_options("  --a=1 --b  "), ["--a=1", "--b"]);
        assert_eq!(split_options(r#"--title "a --permission b\"\\" "--c""#), ["--title", r#"a --permission b"\"#, "--c"]);
        assert_eq!(split_options(""), [""; 0]);
    }
}
