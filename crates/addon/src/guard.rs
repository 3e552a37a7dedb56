//! Guarded mode (`FERRULE_GUARD=1`): what JavaScript is otherwise trusted for is looked up before it is done, and a fault inside a native
//! call is reported.
//!
//! Whether it is on is decided once in the process, when the addon is loaded first, by the environment that the process has then. Code
//! that is made for one of the two ways never asks: functions of the module and callables have the [`Caution`] in their type.

use std::fmt::Write;
use std::sync::OnceLock;

use ferrule_abi::{Representation, Signature, Type};
use ferrule_native::mapping::{self, Access};
use ferrule_native::{Slot, fault};

use crate::boundary::Arguments;
use crate::error::{Error, Extent, Result};
use crate::napi::{Env, Kind, Value};
use crate::state::{State, ask_text};

/// The environment variable.
const VARIABLE: &str = "FERRULE_GUARD";

static IS_ON: OnceLock<bool> = OnceLock::new();

/// Reads the environment variable and, the first time in the process, prepares what it asks for. Whether guarded mode is on.
///
/// # Errors
///
/// * [`Error::GuardValue`] when it is neither `0` nor `1`.
/// * [`Error::Guard`] when it is `1` and the system does not offer what is needed.
pub fn prepare() -> Result<bool> {
    if let Some(is_on) = IS_ON.get() {
        return Ok(*is_on);
    }
    let value = std::env::var_os(VARIABLE).unwrap_or_default();
    let is_on = match value.to_str() {
        Some("" | "0") => false,
        Some("1") => true,
        _ => return Err(Error::GuardValue(value.to_string_lossy().into_owned())),
    };
    if is_on {
        mapping::prepare()?;
        fault::install()?;
    }
    Ok(*IS_ON.get_or_init(|| is_on))
}

/// `initialize(hooks)`, where what is wrong with the environment variable is thrown.
pub fn initialize<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    prepare()?;
    State::initialize(env, arguments)
}

/// Whether guarded mode is on.
pub fn is_on() -> bool {
    IS_ON.get().is_some_and(|is_on| *is_on)
}

/// Refuses the address of the function `name` if it cannot be executed, in guarded mode.
pub fn function(name: &str, code: usize) -> Result<()> {
    if !is_on() {
        return Ok(());
    }
    let denied = |denied: mapping::Denied| Error::FunctionMemory { name: name.to_owned(), place: denied.of_address() };
    mapping::check(code, 1, Access::Execute).map_err(denied)
}

/// A native function that is about to be called.
pub struct Native<'call> {
    /// Its name; empty for one that was made of an address.
    pub name: &'call str,
    /// Its types.
    pub signature: &'call Signature,
    /// What its library was opened as; empty for the process itself.
    pub library: &'call str,
}

/// What is done before memory is touched and native code is called.
pub trait Caution: 'static {
    /// Before `length` bytes are read.
    fn reads(address: usize, length: usize) -> Result<()>;

    /// Before `length` bytes are written.
    fn writes(address: usize, length: usize) -> Result<()>;

    /// Before a text is read up to its NUL.
    fn reads_text(address: usize) -> Result<()>;

    /// Around `call`, which passes `slots`, converted from `arguments`.
    fn calls<'env, T>(
        env: Env<'env>,
        native: &Native<'_>,
        arguments: Arguments<'_, 'env>,
        slots: &mut [Slot],
        call: impl FnOnce(&mut [Slot]) -> T,
    ) -> Result<T>;
}

/// JavaScript is trusted: nothing is done.
pub struct Trusting;

impl Caution for Trusting {
    #[inline]
    fn reads(_: usize, _: usize) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn writes(_: usize, _: usize) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn reads_text(_: usize) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn calls<'env, T>(
        _: Env<'env>,
        _: &Native<'_>,
        _: Arguments<'_, 'env>,
        slots: &mut [Slot],
        call: impl FnOnce(&mut [Slot]) -> T,
    ) -> Result<T> {
        Ok(call(slots))
    }
}

/// Guarded mode.
pub struct Guarded;

impl Caution for Guarded {
    fn reads(address: usize, length: usize) -> Result<()> {
        let denied = |denied| Error::InaccessibleMemory { verb: "read", extent: Extent::Bytes(length), address, denied };
        mapping::check(address, length, Access::Read).map_err(denied)
    }

    fn writes(address: usize, length: usize) -> Result<()> {
        let denied = |denied| Error::InaccessibleMemory { verb: "write", extent: Extent::Bytes(length), address, denied };
        mapping::check(address, length, Access::Write).map_err(denied)
    }

    fn reads_text(address: usize) -> Result<()> {
        mapping::check_text(address).map_err(|denied| Error::InaccessibleMemory { verb: "read", extent: Extent::Text, address, denied })
    }

    fn calls<'env, T>(
        env: Env<'env>,
        native: &Native<'_>,
        arguments: Arguments<'_, 'env>,
        slots: &mut [Slot],
        call: impl FnOnce(&mut [Slot]) -> T,
    ) -> Result<T> {
        refuse_data(env, native.signature, arguments, slots)?;
        let details = describe(env, native, arguments, slots)?;
        let name = if native.name.is_empty() { "without a name" } else { native.name };
        fault::in_native(name, &details, || call(slots)).map_err(|_| Error::Memory)
    }
}

/// What C's interfaces take in the place of a function, besides NULL: `SIG_IGN`, and `SIG_ERR` or `SQLITE_TRANSIENT`.
const MARKS: [usize; 2] = [1, usize::MAX];

/// Refuses addresses that are passed as functions and cannot be executed.
fn refuse_data<'env>(env: Env<'env>, signature: &Signature, arguments: Arguments<'_, 'env>, slots: &[Slot]) -> Result<()> {
    for (index, ((ty, value), slot)) in signature.parameters.iter().zip(arguments.0).zip(slots).enumerate() {
        let code = slot.get::<usize>();
        let is_address = *ty == Type::Function && code != 0 && !MARKS.contains(&code);
        if is_address && env.kind(*value)? == Kind::BigInt {
            mapping::check(code, 1, Access::Execute).map_err(|denied| Error::ArgumentMemory { index, place: denied.of_address() })?;
        }
    }
    Ok(())
}

/// What a report says of a call: whole lines.
fn describe<'env>(env: Env<'env>, native: &Native<'_>, arguments: Arguments<'_, 'env>, slots: &[Slot]) -> Result<String> {
    let mut values = String::new();
    for (index, ((ty, value), slot)) in native.signature.parameters.iter().zip(arguments.0).zip(slots).enumerate() {
        if index > 0 {
            values.push_str(", ");
        }
        describe_argument(&mut values, env, ty.representation(), *value, slot)?;
    }
    let library = if native.library.is_empty() { "the process" } else { native.library };
    let stack = ask_text(env, |hooks| &hooks.call_stack, &[])?;
    Ok(format!(
        "    declared as  {}\n    called with  ({values})\n    library      {library}\n    called from  JavaScript:\n{stack}",
        native.signature
    ))
}

/// Texts are shown up to this many characters.
const SHOWN: usize = 60;

fn describe_argument<'env>(
    text: &mut String,
    env: Env<'env>,
    representation: Representation,
    value: Value<'env>,
    slot: &Slot,
) -> Result<()> {
    // Writing to a `String` never fails.
    let _written = match representation {
        Representation::Void => Ok(()),
        Representation::Int8 => write!(text, "{}", slot.get::<i8>()),
        Representation::Uint8 => write!(text, "{}", slot.get::<u8>()),
        Representation::Int16 => write!(text, "{}", slot.get::<i16>()),
        Representation::Uint16 => write!(text, "{}", slot.get::<u16>()),
        Representation::Int32 => write!(text, "{}", slot.get::<i32>()),
        Representation::Uint32 => write!(text, "{}", slot.get::<u32>()),
        Representation::Int64 => write!(text, "{}", slot.get::<i64>()),
        Representation::Uint64 => write!(text, "{}", slot.get::<u64>()),
        Representation::Float32 => write!(text, "{}", slot.get::<f32>()),
        Representation::Float64 => write!(text, "{}", slot.get::<f64>()),
        Representation::Pointer => write!(text, "{:#x}", slot.get::<usize>()),
    };
    if representation == Representation::Pointer
        && let Some(string) = env.text(value)?
    {
        let (shown, rest) = string.split_at(string.char_indices().nth(SHOWN).map_or(string.len(), |(end, _)| end));
        let _written = write!(text, " {shown:?}{}", if rest.is_empty() { "" } else { "..." });
    }
    Ok(())
}
