//! The native functions of `lib/memory.js`: V8 calls them without Node-API, from optimised code by a fast call and from any other by an
//! ordinary one that does the same.
//!
//! Their callers make sure of the arguments, as the wrappers of native functions do: an address is two `int32`, low half first, is not null
//! and has its highest bit clear, so that an offset or a length of 32 bits cannot take it out of the address space. Whatever is not as
//! expected here leaves `undefined` (or 0, where a function answers whether it has done something), and then JavaScript goes to the function
//! of Node-API that does the same, or says what is wrong. Nothing here runs JavaScript, and nothing here throws.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;

use ferrule_abi::plan::V8Type::{self, Float32, Float64, Int32, OneByteString, Uint32, Value as AnyValue, Void};
use ferrule_native::{Scalar, memory};

use crate::boundary::Arguments;
use crate::error::Result;
use crate::napi::{Env, Value};
use crate::state::{Allowed, State};
use crate::v8::{self, Contents, FastOneByteString, Kind, OrdinaryCall};

/// A function that JavaScript can be given.
struct Direct {
    name: &'static str,
    /// What optimised code calls, with the receiver and `parameters`, for `result`.
    fast: Option<*const c_void>,
    parameters: &'static [V8Type],
    result: V8Type,
    /// What all other code calls; without it, that gets `undefined`.
    ordinary: Option<Ordinary>,
}

/// An ordinary callback of V8.
type Ordinary = unsafe extern "C" fn(*const c_void);

impl Direct {
    fn make<'env>(&self, env: Env<'env>) -> Option<Value<'env>> {
        let ordinary = self.ordinary.map(|callback| callback as *const c_void);
        // SAFETY: the functions below have the parameters that their rows say, and are as long in the process as the addon, which stays
        // until its last environment is gone.
        unsafe {
            match self.fast {
                Some(fast) => v8::fast_function(env, fast, ordinary, self.result, self.parameters),
                None => v8::ordinary_function(env, ordinary?),
            }
        }
    }
}

/// `low`, `high`, `offset`
const PLACE: &[V8Type] = &[Int32, Int32, Uint32];
/// The same, and an `int32`
const PLACE_VALUE: &[V8Type] = &[Int32, Int32, Uint32, Int32];
/// The same, and two halves
const PLACE_HALVES: &[V8Type] = &[Int32, Int32, Uint32, Int32, Int32];
/// A string, `low`, `high`, the room in bytes, and the halves of a cell
const TEXT: &[V8Type] = &[OneByteString, Int32, Int32, Uint32, Int32, Int32];

/// The functions, by the names that `lib/memory.js` knows.
fn functions() -> [Direct; 16] {
    let row = |name, fast: *const c_void, parameters, result, ordinary| Direct { name, fast: Some(fast), parameters, result, ordinary };
    [
        row("readUint8", read_integer::<u8> as _, PLACE, Int32, Some(ordinary_read::<u8>)),
        row("readUint16", read_integer::<u16> as _, PLACE, Int32, Some(ordinary_read::<u16>)),
        row("readInt32", read_integer::<i32> as _, PLACE, Int32, Some(ordinary_read::<i32>)),
        row("readFloat32", read::<f32> as _, PLACE, Float32, Some(ordinary_read::<f32>)),
        row("readFloat64", read::<f64> as _, PLACE, Float64, Some(ordinary_read::<f64>)),
        row("read64", read_64 as _, PLACE_HALVES, Int32, Some(ordinary_read_64)),
        row("write8", write_8 as _, PLACE_VALUE, Int32, Some(ordinary_write_8)),
        row("write16", write_16 as _, PLACE_VALUE, Int32, Some(ordinary_write_16)),
        row("write32", write_32 as _, PLACE_VALUE, Int32, Some(ordinary_write_32)),
        row("write64", write_64 as _, PLACE_HALVES, Int32, Some(ordinary_write_64)),
        row("copyBytes", copy_bytes as _, PLACE_HALVES, Int32, Some(ordinary_copy_bytes)),
        row("copyOut", copy_out as _, &[AnyValue, Int32, Int32, Uint32, Int32], Int32, Some(ordinary_copy_out)),
        row("addressOf", address_of as _, &[AnyValue, Int32, Int32], Int32, Some(ordinary_address_of)),
        row("writeUtf8", write_utf8 as _, TEXT, Void, Some(ordinary_write_utf8)),
        row("writeLatin1", write_latin1 as _, TEXT, Void, Some(ordinary_write_latin1)),
        Direct { name: "text", fast: None, parameters: &[], result: Void, ordinary: Some(ordinary_text) },
    ]
}

/// Whether functions that nobody asks for permission may be made.
fn may_be_direct(env: Env<'_>) -> Result<bool> {
    let state = State::of(env);
    Ok(state.allowed()? == Allowed::Fast && state.permission().is_none())
}

/// `memoryFunctions(others) => object`: those that V8 calls; where there are none, `others`, which the runtime's own FFI has made, if any;
/// `undefined` where neither may be used.
pub fn memory_functions<'env>(env: Env<'env>, arguments: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    if !may_be_direct(env)? {
        return Ok(None);
    }
    if v8::fast_calls().is_err() || v8::ordinary().is_err() || v8::strings().is_err() {
        return Ok(Some(arguments.get(env, 0)?));
    }
    let object = env.object()?;
    for direct in functions() {
        let Some(function) = direct.make(env) else { return Ok(None) };
        if direct.name == "readInt32" && !is_right(env, function)? {
            return Ok(None);
        }
        env.define(object, env.create_string(direct.name)?, function)?;
    }
    Ok(Some(object))
}

/// `bufferFunctions() => { view, copy }`, `undefined` where there are none.
pub fn buffer_functions<'env>(env: Env<'env>, _: Arguments<'_, 'env>) -> Result<Option<Value<'env>>> {
    if !may_be_direct(env)? || v8::ordinary().is_err() || !v8::makes_views(env) {
        return Ok(None);
    }
    let object = env.object()?;
    for (name, ordinary) in [("view", ordinary_view as Ordinary), ("copy", ordinary_copy)] {
        let Some(function) = Direct { name, fast: None, parameters: &[], result: Void, ordinary: Some(ordinary) }.make(env) else {
            return Ok(None);
        };
        env.define(object, env.create_string(name)?, function)?;
    }
    Ok(Some(object))
}

/// Whether `readInt32`, called in the ordinary way, reads what is there: small integers are as they are expected to be.
fn is_right<'env>(env: Env<'env>, read: Value<'env>) -> Result<bool> {
    static SPECIMEN: [i32; 2] = [0, -123_456_789];
    let address = (&raw const SPECIMEN).expose_provenance() as u64;
    let halves = [address as u32 as i32, (address >> 32) as i32, 4].map(f64::from);
    let [low, high, offset] = halves.map(|half| env.create_f64(half));
    let result = env.call(read, &[low?, high?, offset?])?;
    Ok(env.number(result) == Some(f64::from(SPECIMEN[1])))
}

/// An address of two halves, and an offset.
#[inline]
fn at(low: i32, high: i32, offset: u32) -> usize {
    ((high as u32 as u64) << 32 | low as u32 as u64).wrapping_add(offset.into()) as usize
}

/// What ordinary callbacks do: `body` leaves the result as it is where an argument is not as expected.
///
/// # Safety
///
/// * V8 has called an ordinary callback with `information`, which is running, and JavaScript passes all arguments.
#[inline]
unsafe fn answer(information: *const c_void, body: impl FnOnce(OrdinaryCall) -> Option<()>) {
    // SAFETY: the caller's list.
    let call = v8::ordinary().ok().map(|ordinary| unsafe { ordinary.call(information) });
    let _unexpected = call.and_then(body);
}

/// The same where the result is a small integer.
///
/// # Safety
///
/// * As for [`answer`].
#[inline]
unsafe fn answer_integer(information: *const c_void, body: impl FnOnce(OrdinaryCall) -> Option<i32>) {
    // SAFETY: the caller's list.
    unsafe {
        answer(information, |call| {
            call.set_integer(body(call)?);
            Some(())
        });
    }
}

/// The place that the first three arguments of an ordinary call say.
#[inline]
fn place(call: OrdinaryCall) -> Option<usize> {
    Some(at(call.integer(0)?, call.integer(1)?, call.integer(2)?.cast_unsigned()))
}

/// Two halves among the arguments of an ordinary call.
#[inline]
fn halves(call: OrdinaryCall, first: usize) -> Option<u64> {
    Some(at(call.integer(first)?, call.integer(first + 1)?, 0) as u64)
}

// The safety of all that follow is the same: V8 calls them for `lib/memory.js`, which passes what the rows above say, and JavaScript answers
// for the memory (`ferrule_native`'s list).

pub unsafe extern "C" fn read_integer<T: Scalar + Into<i32>>(_: *const c_void, low: i32, high: i32, offset: u32) -> i32 {
    // SAFETY: as said above.
    unsafe { memory::read::<T>(at(low, high, offset)) }.into()
}

pub unsafe extern "C" fn read<T: Scalar>(_: *const c_void, low: i32, high: i32, offset: u32) -> T {
    // SAFETY: as said above.
    unsafe { memory::read(at(low, high, offset)) }
}

unsafe extern "C" fn ordinary_read<T: Scalar + Into<f64>>(information: *const c_void) {
    // SAFETY: as said above.
    unsafe {
        answer(information, |call| {
            call.set_number(memory::read::<T>(place(call)?).into());
            Some(())
        });
    }
}

pub unsafe extern "C" fn read_64(_: *const c_void, low: i32, high: i32, offset: u32, target_low: i32, target_high: i32) -> i32 {
    // SAFETY: as said above; the target is a cell of JavaScript's.
    unsafe { memory::write(at(target_low, target_high, 0), memory::read::<u64>(at(low, high, offset))) };
    0
}

unsafe extern "C" fn ordinary_read_64(information: *const c_void) {
    // SAFETY: as said above.
    unsafe {
        answer_integer(information, |call| {
            memory::write(halves(call, 3)? as usize, memory::read::<u64>(place(call)?));
            Some(0)
        });
    }
}

macro_rules! writes {
    ($($fast:ident, $ordinary:ident: $ty:ty;)*) => { $(
        pub unsafe extern "C" fn $fast(_: *const c_void, low: i32, high: i32, offset: u32, value: i32) -> i32 {
            // SAFETY: as said above.
            unsafe { memory::write(at(low, high, offset), value as $ty) };
            0
        }

        unsafe extern "C" fn $ordinary(information: *const c_void) {
            // SAFETY: as said above.
            unsafe {
                answer_integer(information, |call| {
                    memory::write(place(call)?, call.integer(3)? as $ty);
                    Some(0)
                });
            }
        }
    )* };
}

writes! {
    write_8, ordinary_write_8: i8;
    write_16, ordinary_write_16: i16;
    write_32, ordinary_write_32: i32;
}

pub unsafe extern "C" fn write_64(_: *const c_void, low: i32, high: i32, offset: u32, value_low: i32, value_high: i32) -> i32 {
    // SAFETY: as said above.
    unsafe { memory::write(at(low, high, offset), at(value_low, value_high, 0) as u64) };
    0
}

unsafe extern "C" fn ordinary_write_64(information: *const c_void) {
    // SAFETY: as said above.
    unsafe {
        answer_integer(information, |call| {
            memory::write(place(call)?, halves(call, 3)?);
            Some(0)
        });
    }
}

/// Copies bytes to where JavaScript has room for them.
pub unsafe extern "C" fn copy_bytes(_: *const c_void, low: i32, high: i32, length: u32, target_low: i32, target_high: i32) -> i32 {
    // SAFETY: as said above.
    unsafe { copy(at(low, high, 0), at(target_low, target_high, 0), length as usize) };
    0
}

unsafe extern "C" fn ordinary_copy_bytes(information: *const c_void) {
    // SAFETY: as said above.
    unsafe {
        answer_integer(information, |call| {
            copy(halves(call, 0)? as usize, halves(call, 3)? as usize, call.integer(2)? as usize);
            Some(0)
        });
    }
}

/// # Safety
///
/// * As for `memory::copy`.
unsafe fn copy(source: usize, target: usize, length: usize) {
    // SAFETY: the caller's list.
    unsafe { memory::copy(ptr::with_exposed_provenance(source), ptr::with_exposed_provenance_mut(target), length) };
}

/// The kinds of what is exported, by the numbers of `lib/memory.js`.
const KINDS: [Kind; 3] = [Kind::Uint8Array, Kind::View, Kind::ArrayBuffer];

/// Copies the bytes of a value to where there is room for so many, and says whether it did.
unsafe extern "C" fn copy_out(_: *const c_void, value: *const c_void, low: i32, high: i32, room: u32, kind: i32) -> i32 {
    // SAFETY: as said above; a value is a handle.
    unsafe { copied_out(value, at(low, high, 0), room as usize, kind) }.into()
}

unsafe extern "C" fn ordinary_copy_out(information: *const c_void) {
    // SAFETY: as said above.
    unsafe {
        answer_integer(information, |call| {
            let (target, room) = (halves(call, 1)? as usize, call.integer(3)? as usize);
            Some(copied_out(call.argument(0).cast(), target, room, call.integer(4)?).into())
        });
    }
}

unsafe fn copied_out(value: *const c_void, target: usize, room: usize, kind: i32) -> bool {
    let (Ok(contents), Some(&kind)) = (v8::contents(), KINDS.get(kind as usize)) else { return false };
    // SAFETY: the caller passes a handle, and JavaScript answers for the memory (`ferrule_native`'s list).
    unsafe { contents.is(value, kind) && contents.copy_to(value, kind, ptr::with_exposed_provenance_mut(target), room) }
}

/// Writes the address of a value's bytes to a cell, and says whether it did.
unsafe extern "C" fn address_of(_: *const c_void, value: *const c_void, target_low: i32, target_high: i32) -> i32 {
    // SAFETY: as said above; a value is a handle.
    unsafe { address_written(value, at(target_low, target_high, 0)) }.into()
}

unsafe extern "C" fn ordinary_address_of(information: *const c_void) {
    // SAFETY: as said above.
    unsafe {
        answer_integer(information, |call| {
            let is_done = address_written(call.argument(0).cast(), halves(call, 1)? as usize);
            Some(is_done.into())
        });
    }
}

unsafe fn address_written(value: *const c_void, target: usize) -> bool {
    // SAFETY: the caller passes a handle.
    let address = v8::contents().ok().and_then(|contents: &Contents| unsafe { contents.address(value) });
    // SAFETY: the target is a cell of JavaScript's.
    address.map(|address| unsafe { memory::write(target, address.expose_provenance() as u64) }).is_some()
}

/// How many characters of a string are copied by an ordinary call; more than that, Rust has another way.
const TEXT_MAX: usize = 2048;

macro_rules! texts {
    ($($(#[$doc:meta])* $fast:ident, $ordinary:ident: $write:ident;)*) => { $(
        $(#[$doc])*
        /// It says in a cell whether it did: a function that takes a string must have no result (see [`FastOneByteString`]). V8 calls it only
        /// with strings of one byte per character.
        unsafe extern "C" fn $fast(
            _: *const c_void,
            text: *const FastOneByteString,
            low: i32,
            high: i32,
            room: u32,
            cell_low: i32,
            cell_high: i32,
        ) {
            // SAFETY: V8 passes the string's description; its bytes stay where they are, because nothing here allocates in V8's heap.
            let text = unsafe { std::slice::from_raw_parts((*text).data, (*text).length as usize) };
            // SAFETY: as said above; the cell is JavaScript's.
            unsafe {
                if $write(text, at(low, high, 0), room as usize) {
                    memory::write(at(cell_low, cell_high, 0), 1_i32);
                }
            }
        }

        unsafe extern "C" fn $ordinary(information: *const c_void) {
            // SAFETY: as said above.
            unsafe {
                answer(information, |call| {
                    let mut characters = [const { MaybeUninit::uninit() }; TEXT_MAX];
                    let text = v8::strings().ok()?.one_byte(call.argument(0).cast(), &mut characters)?;
                    let is_done = $write(text, halves(call, 1)? as usize, call.integer(3)? as usize);
                    let cell = halves(call, 4)? as usize;
                    is_done.then(|| memory::write(cell, 1_i32))
                });
            }
        }
    )* };
}

texts! {
    /// Writes a string as UTF-8, and a NUL behind it, to where there is room for so many bytes.
    write_utf8, ordinary_write_utf8: utf8_written;
    /// Writes a string with one byte for each character, and a NUL behind it, to where there is room for so many bytes.
    write_latin1, ordinary_write_latin1: latin1_written;
}

/// # Safety
///
/// * `room` bytes can be written at `target`.
unsafe fn latin1_written(text: &[u8], target: usize, room: usize) -> bool {
    if text.len() >= room {
        return false;
    }
    let target = ptr::with_exposed_provenance_mut::<u8>(target);
    // SAFETY: the caller's list: the bytes and one more fit.
    unsafe {
        memory::copy(text.as_ptr(), target, text.len());
        target.add(text.len()).write(0);
    }
    true
}

/// # Safety
///
/// * `room` bytes can be written at `target`.
unsafe fn utf8_written(text: &[u8], target: usize, room: usize) -> bool {
    if text.is_ascii() {
        // SAFETY: the caller's list.
        return unsafe { latin1_written(text, target, room) };
    }
    // SAFETY: the caller's list.
    unsafe { memory::write_utf8(text, ptr::with_exposed_provenance_mut(target), room) }.is_some()
}

/// The text at an address.
unsafe extern "C" fn ordinary_text(information: *const c_void) {
    // SAFETY: as said above; V8 has opened a scope around the callback.
    unsafe {
        answer(information, |call| {
            let text = memory::c_string(halves(call, 0)? as usize);
            call.set_handle(v8::strings().ok()?.of_utf8(text));
            Some(())
        });
    }
}

/// An ArrayBuffer over the bytes at an address; the length is two halves, too.
unsafe extern "C" fn ordinary_view(information: *const c_void) {
    // SAFETY: as said above; `buffer_functions` has tried it.
    unsafe {
        answer(information, |call| {
            let (address, length) = (halves(call, 0)? as usize, halves(call, 2)? as usize);
            call.set_handle(v8::viewed_array_buffer(ptr::with_exposed_provenance_mut(address), length));
            Some(())
        });
    }
}

/// An ArrayBuffer of a copy of the bytes at an address; the length is two halves, too.
unsafe extern "C" fn ordinary_copy(information: *const c_void) {
    // SAFETY: as said above; `buffer_functions` has tried it.
    unsafe {
        answer(information, |call| {
            let (address, length) = (halves(call, 0)? as usize, halves(call, 2)? as usize);
            call.set_handle(v8::copied_array_buffer(ptr::with_exposed_provenance(address), length));
            Some(())
        });
    }
}
