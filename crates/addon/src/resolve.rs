//! The addresses of values, asked for by compiled code in the middle of a call.
//!
//! Nothing here runs JavaScript or panics. What takes more than a look is refused, and then the wrapper goes on to a tier where it is no
//! matter.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr;
use std::rc::Rc;

use ferrule_abi::plan::TEXT_SIZE;
use ferrule_native::{Slot, memory};
use napi_sys as sys;

use crate::error::Result;
use crate::exchange::{Exchange, ORDINARY};
use crate::napi::{Env, Value};
use crate::v8;

/// What the resolvers have to know of a signature.
pub struct Descriptor {
    env: sys::napi_env,
    contents: &'static v8::Contents,
    /// V8's `undefined`, as it lies in the slot of a handle: it is one object, which never moves.
    undefined: usize,
    /// V8's `null`.
    null: usize,
    parameters: Box<[Parameter]>,
    exchange: Rc<Exchange>,
}

/// A parameter that has a value.
pub struct Parameter {
    /// Which one it is.
    pub index: usize,
    /// Where its value is among the arguments of a fast call, or the text before it.
    pub position: usize,
    /// Whether a text stands before the value.
    pub has_text: bool,
}

/// Where the texts of a call are copied to.
struct Texts {
    place: *mut u8,
    room: usize,
}

impl Descriptor {
    /// For the parameters that have values. `None` where there are none, or no V8 to ask.
    pub fn new(env: Env<'_>, parameters: Box<[Parameter]>, exchange: &Rc<Exchange>) -> Result<Option<Box<Self>>> {
        let Ok(contents) = v8::contents() else { return Ok(None) };
        if parameters.is_empty() {
            return Ok(None);
        }
        // SAFETY: a handle is the address of a slot, which is valid while its scope is open.
        let word = |value: Value<'_>| unsafe { value.raw().cast::<usize>().read() };
        let (undefined, null) = (word(env.undefined()?), word(env.null()?));
        Ok(Some(Box::new(Self { env: env.raw(), contents, undefined, null, parameters, exchange: Rc::clone(exchange) })))
    }

    /// # Safety
    ///
    /// * As for [`resolve`].
    unsafe fn resolve(&self, slots: *mut Slot, mut values: *const *const c_void, mut texts: Texts) -> Option<()> {
        for Parameter { index, has_text, .. } in &self.parameters {
            // SAFETY: there is one value for each of these parameters, after its text where it has one.
            let (string, value) = unsafe {
                let string = if *has_text { values.read().cast::<v8::FastOneByteString>() } else { ptr::null() };
                let value = values.add(usize::from(*has_text)).read();
                values = values.add(usize::from(*has_text) + 1);
                (string, value)
            };
            // SAFETY: a value is the address of the slot of a handle.
            let word = unsafe { value.cast::<usize>().read() };
            if word == self.undefined {
                // The slot has the content of the cell: an address.
                continue;
            }
            let address = if word == self.null && *has_text {
                // SAFETY: V8 passes the string's description, whose bytes stay where they are: nothing here allocates in V8's heap.
                texts.copy(unsafe { std::slice::from_raw_parts((*string).data, (*string).length as usize) })?
            } else {
                // SAFETY: the value is a handle of this isolate.
                unsafe { self.contents.address(value) }?
            };
            // SAFETY: there is a slot for each parameter.
            unsafe { slots.add(*index).write(Slot::new(address)) };
        }
        Some(())
    }

    /// The address of an argument of an ordinary callback; its slot has the content of the cell where that is meant.
    ///
    /// # Safety
    ///
    /// * `handle` is the slot of a handle in the scope around the callback of this environment that is running.
    /// * There is a slot for each parameter.
    #[inline]
    unsafe fn resolve_argument(&self, slots: *mut Slot, index: usize, handle: *const usize, texts: &mut Texts) -> Option<()> {
        // SAFETY: the caller's list.
        let word = unsafe { handle.read() };
        if word == self.undefined || word == self.null {
            return Some(());
        }
        // SAFETY: the caller's list.
        let address = match unsafe { self.contents.address(handle.cast()) } {
            Some(address) => address,
            // SAFETY: the caller's list.
            None => unsafe { texts.write(Env::from_raw(self.env), Value::from_raw(handle.cast_mut().cast())) }?,
        };
        // SAFETY: the caller's list.
        unsafe { slots.add(index).write(Slot::new(address)) };
        Some(())
    }

    /// # Safety
    ///
    /// * As for [`resolve_call`].
    unsafe fn resolve_call(&self, slots: *mut Slot, information: *const c_void, mut texts: Texts) -> Option<()> {
        // SAFETY: the caller's list. The wrapper passes one argument for each of these parameters.
        unsafe {
            let arguments = self.contents.callback_arguments(information);
            for (position, parameter) in self.parameters.iter().enumerate() {
                self.resolve_argument(slots, parameter.index, arguments.add(position), &mut texts)?;
            }
        }
        Some(())
    }

    /// # Safety
    ///
    /// * As for [`resolve_fallback`].
    unsafe fn resolve_fallback(&self, slots: *mut Slot, information: *const c_void, mut texts: Texts) -> Option<()> {
        self.exchange.set_cell(ORDINARY, Slot::new(1_i32));
        // SAFETY: the caller's list. The wrapper passes each value, with the text before it where there is one.
        unsafe {
            let arguments = self.contents.callback_arguments(information);
            for Parameter { index, position, has_text } in &self.parameters {
                let value = arguments.add(position + usize::from(*has_text));
                let is_text = *has_text && value.read() == self.null;
                self.resolve_argument(slots, *index, if is_text { arguments.add(*position) } else { value }, &mut texts)?;
            }
        }
        Some(())
    }
}

/// What compiled code asks for the addresses of values, from inside a fast call: nothing here runs JavaScript or allocates in V8's heap. Not
/// 0 when it refuses: then C is not called, and the wrapper goes on to another tier.
///
/// # Safety
///
/// * `descriptor` is that of the signature, `slots` has one slot for each parameter, `values` V8's arguments that are values or texts, in
///   order, and `text` has room for [`TEXT_SIZE`] bytes.
pub unsafe extern "C" fn resolve(descriptor: *const Descriptor, slots: *mut Slot, values: *const *const c_void, text: *mut u8) -> u32 {
    let texts = Texts { place: text, room: TEXT_SIZE as usize };
    // SAFETY: the caller's list.
    u32::from(unsafe { (*descriptor).resolve(slots, values, texts) }.is_none())
}

/// What compiled code asks for the addresses of values, from inside an ordinary callback of V8. Not 0 when it refuses.
///
/// # Safety
///
/// * As for [`resolve`], but `values` is one pointer, to what V8 has called the callback with.
pub unsafe extern "C" fn resolve_call(descriptor: *const Descriptor, slots: *mut Slot, values: *const *const c_void, text: *mut u8) -> u32 {
    let texts = Texts { place: text, room: TEXT_SIZE as usize };
    // SAFETY: the caller's list.
    u32::from(unsafe { (*descriptor).resolve_call(slots, values.read(), texts) }.is_none())
}

/// The same where V8 makes an ordinary call instead of a fast one, with the same arguments.
///
/// # Safety
///
/// * As for [`resolve_call`].
pub unsafe extern "C" fn resolve_fallback(
    descriptor: *const Descriptor,
    slots: *mut Slot,
    values: *const *const c_void,
    text: *mut u8,
) -> u32 {
    let texts = Texts { place: text, room: TEXT_SIZE as usize };
    // SAFETY: the caller's list.
    u32::from(unsafe { (*descriptor).resolve_fallback(slots, values.read(), texts) }.is_none())
}

impl Texts {
    /// Copies Latin-1 `bytes` as UTF-8 with a NUL behind them; `None` where there is not enough room or a NUL among them.
    #[inline]
    fn copy(&mut self, bytes: &[u8]) -> Option<*mut c_void> {
        let address = self.place;
        // SAFETY: `room` bytes can be written at `place`, as whoever made the two has said.
        let written = unsafe { copy_text(bytes, self.place, self.room) }?;
        self.take(written);
        Some(address.cast())
    }

    /// Writes a JavaScript string as UTF-8 with a NUL behind it; `None` for any other value, and where there is not enough room or a NUL in
    /// the string.
    fn write(&mut self, env: Env<'_>, value: Value<'_>) -> Option<*mut c_void> {
        let address = self.place;
        // SAFETY: as above.
        let room = unsafe { std::slice::from_raw_parts_mut(address.cast::<MaybeUninit<u8>>(), self.room) };
        let length = env.try_write_utf8(value, room).ok()??;
        // SAFETY: Node-API has written so many bytes.
        let written = unsafe { std::slice::from_raw_parts(address, length) };
        if !is_plain(written) && written.contains(&0) {
            return None;
        }
        self.take(length + 1);
        Some(address.cast())
    }

    fn take(&mut self, bytes: usize) {
        self.place = self.place.wrapping_add(bytes);
        self.room -= bytes;
    }
}

/// Copies Latin-1 `bytes` to `place` as UTF-8 with a NUL behind them, and gives the number of bytes written; `None` where there is not enough
/// room, or a NUL among them.
///
/// # Safety
///
/// * `room` bytes can be written at `place`.
#[inline]
unsafe fn copy_text(bytes: &[u8], place: *mut u8, room: usize) -> Option<usize> {
    if bytes.len() >= room {
        return None;
    }
    // SAFETY: the caller's list; the bytes and one more fit.
    unsafe {
        if is_plain(bytes) {
            ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
            place.add(bytes.len()).write(0);
            return Some(bytes.len() + 1);
        }
    }
    if bytes.contains(&0) {
        return None;
    }
    // SAFETY: the caller's list.
    unsafe { memory::write_utf8(bytes, place, room) }
}

/// Whether all bytes are ASCII, and none is NUL.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    const BLOCK: usize = 64;
    // Subtracting one sets the highest bit of a byte that is 0, and leaves it in all that are above 0x80. Without a way out in the middle,
    // the compiler takes many bytes at once.
    let marks = |bytes: &[u8]| bytes.iter().fold(0, |marks, byte| marks | byte.wrapping_sub(1) | byte) & 0x80;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    blocks.iter().all(|block| marks(block) == 0) && marks(rest) == 0
}
