//! Native memory as JavaScript strings and buffers, and JavaScript's memory as addresses.

use ferrule_native::memory;

use crate::boundary::Arguments;
use crate::error::{Error, Quantity, Result};
use crate::guard::Caution;
use crate::napi::{Env, Failure, Kind, Memory, Value};
use crate::pointer::{self, PointerErrors};
use crate::state::ask;
use crate::v8;

/// The longest string V8 makes: 2^29 - 24 code units (`v8::String::kMaxLength` on 64-bit hosts since V8 6.2).
const MAX_STRING_LENGTH: usize = (1 << 29) - 24;

/// `toString(pointer)`
pub fn to_string<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let address = pointer::address(env, arguments.get(env, 0)?, PointerErrors::first_argument())?;
    if address == 0 {
        return Ok(Some(env.null()?));
    }
    C::reads_text(address)?;
    // SAFETY: JavaScript answers for the memory (`ferrule_native`'s list).
    let text = unsafe { memory::c_string(address) };
    match env.create_string_utf8(text) {
        Ok(string) => Ok(Some(string)),
        Err(Failure::Status(_)) => Err(Error::StringTooLong(MAX_STRING_LENGTH)),
        Err(Failure::Pending) => Err(Error::Pending),
    }
}

/// An ArrayBuffer, by who looks after its memory.
enum Backed<'env> {
    /// A copy.
    Copy(Value<'env>),
    /// A view that can be transferred.
    View(Value<'env>),
    /// A view that Node keeps from being transferred; to mark it as such again would end the process with Node 24 and later.
    NodeView(Value<'env>),
}

/// Foreign memory that JavaScript wants to see.
struct Foreign {
    address: usize,
    length: usize,
    copy: bool,
}

fn foreign<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>, null: Error) -> Result<Foreign> {
    let address = pointer::address(env, arguments.get(env, 0)?, PointerErrors::first_argument())?;
    let length = pointer::quantity(env, arguments.get(env, 1)?, Quantity::Length)?;
    let copy = arguments.get(env, 2)?;
    let copy = env.kind(copy)? == Kind::Undefined || env.is_truthy(copy)?;
    if address == 0 && length > 0 {
        return Err(null);
    }
    if !memory::spans(address, length) {
        return Err(Error::AddressRange(Quantity::Length));
    }
    Ok(Foreign { address, length, copy })
}

impl Foreign {
    fn array_buffer<'env, C: Caution>(&self, env: Env<'env>) -> Result<Backed<'env>> {
        if self.copy || self.address == 0 {
            return self.copied::<C>(env).map(Backed::Copy);
        }
        let address = std::ptr::with_exposed_provenance_mut(self.address);
        // SAFETY: JavaScript answers for the memory (`ferrule_native`'s list).
        if let Some(view) = unsafe { v8::external_array_buffer(env, address, self.length) } {
            return Ok(Backed::View(view));
        }
        // Not every engine keeps the address of nothing.
        if self.length == 0 {
            return self.copied::<C>(env).map(Backed::Copy);
        }
        // SAFETY: as above.
        match unsafe { env.external_array_buffer(address, self.length) } {
            Ok(view) => Ok(Backed::NodeView(view)),
            Err(failure) if failure.forbids_external_buffers() => Err(Error::NoExternalBuffers),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Before JavaScript sees the memory itself.
    fn shows<C: Caution>(&self) -> Result<()> {
        if self.copy { Ok(()) } else { C::reads(self.address, self.length) }
    }

    fn copied<'env, C: Caution>(&self, env: Env<'env>) -> Result<Value<'env>> {
        let length = env.create_f64(self.length as f64)?;
        let buffer = ask(env, |hooks| &hooks.allocate, &[length])?;
        let target = env.array_buffer_memory(buffer)?.ok_or(Error::Memory)?;
        if env.array_buffer_length(buffer)? != self.length {
            return Err(Error::Memory);
        }
        C::reads(self.address, self.length)?;
        // SAFETY: the buffer was just made, and has that length; JavaScript answers for the source (`ferrule_native`'s list).
        unsafe { memory::copy(std::ptr::with_exposed_provenance(self.address), target.address.cast(), self.length) };
        Ok(buffer)
    }
}

/// `toBuffer(pointer, length, copy = true)`
pub fn to_buffer<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let foreign = foreign(env, arguments, Error::NullBuffer)?;
    // As in Node, the memory of a zero-copy Buffer cannot be transferred away.
    let (buffer, keep) = match foreign.array_buffer::<C>(env)? {
        Backed::View(buffer) => (buffer, true),
        Backed::Copy(buffer) | Backed::NodeView(buffer) => (buffer, false),
    };
    let view = ask(env, |hooks| &hooks.buffer_over, &[buffer, env.boolean(keep)?])?;
    if env.kind(view)? == Kind::Undefined {
        return Err(Error::BufferTooLarge);
    }
    foreign.shows::<C>()?;
    Ok(Some(view))
}

/// `toArrayBuffer(pointer, length, copy = true)`
pub fn to_array_buffer<'env, C: Caution>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let foreign = foreign(env, arguments, Error::NullArrayBuffer)?;
    let buffer = match foreign.array_buffer::<C>(env)? {
        Backed::Copy(buffer) | Backed::View(buffer) | Backed::NodeView(buffer) => buffer,
    };
    foreign.shows::<C>()?;
    Ok(Some(buffer))
}

/// Where the bytes of a Buffer, a view, an ArrayBuffer or a SharedArrayBuffer are; `None` for anything else.
pub fn memory_of<'env>(env: Env<'env>, value: Value<'env>) -> Result<Option<Memory>> {
    if env.kind(value)? != Kind::Object {
        return Ok(None);
    }
    if let Some(memory) = env.view_memory(value)? {
        return if memory.detached { Err(Error::ViewDetached) } else { Ok(Some(memory)) };
    }
    if let Some(memory) = env.array_buffer_memory(value)? {
        return if memory.detached { Err(Error::Detached) } else { Ok(Some(memory)) };
    }
    // Node-API 8 knows nothing of a SharedArrayBuffer but the views over it.
    let bytes = ask(env, |hooks| &hooks.shared_bytes, &[value])?;
    if env.kind(bytes)? == Kind::Undefined { Ok(None) } else { Ok(env.view_memory(bytes)?) }
}

/// `getRawPointer(source)`
pub fn get_raw_pointer<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    let memory = memory_of(env, arguments.get(env, 0)?)?.ok_or(Error::RawPointerSource)?;
    Ok(Some(env.create_u64(memory.address as u64)?))
}

/// `getCurrentEventLoop()`
pub fn get_current_event_loop<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    Ok(Some(env.create_u64(env.event_loop()? as u64)?))
}
