//! What compiled code calls: a C function, and a resolver. Both remember what they have been given.

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::ptr;

use ferrule_abi::plan::TEXT_SIZE;
use ferrule_abi::{Class, Signature, Type};
use ferrule_native::{Invocation, Slot, Target};

use crate::case::{Case, value, whole};

/// Where a C function would be: what it has been given, and what it gives.
pub struct Callee {
    /// What it sees its parameters as.
    parameters: Vec<Type>,
    result: u64,
    calls: RefCell<Vec<Vec<u64>>>,
    is_aligned: Cell<bool>,
    /// The resolver's text, which has to be as it was written.
    pub text: Cell<*const u8>,
    is_text_kept: Cell<bool>,
}

#[repr(align(16))]
struct Aligned(#[expect(dead_code, reason = "only its address is looked at")] u8);

/// Whether the stack is aligned as the function that this is inlined into has been promised.
#[inline(always)]
pub fn is_stack_aligned() -> bool {
    let local = Aligned(0);
    black_box(&raw const local).addr().is_multiple_of(16)
}

impl Callee {
    /// A callee that sees the 32 bits that narrow arguments are widened to, which compilers rely on. Where stack arguments are packed, it
    /// does not: there is nothing beside them, and what is on the stack begins with the ninth of its bank.
    pub fn new(case: &Case) -> Self {
        let mut integers = 0;
        let seen = |&(ty, _): &(Type, u64)| {
            integers += usize::from(ty.representation().class() == Class::Integer);
            match ty.representation().size() {
                1..=2 if cfg!(target_vendor = "apple") && integers > 8 => ty,
                1..=2 => Type::Uint32,
                _ => ty,
            }
        };
        Self {
            parameters: case.parameters.iter().map(seen).collect(),
            result: case.result.1,
            calls: RefCell::default(),
            is_aligned: Cell::new(true),
            text: Cell::new(ptr::null()),
            is_text_kept: Cell::new(true),
        }
    }

    /// Its signature: the result has bits beside the value.
    pub fn signature(&self, case: &Case) -> Signature {
        Signature::new(whole(case.result.0.representation()), self.parameters.clone())
    }

    /// What its only call since the last time was given; `None` if there was no call.
    pub fn take(&self, context: &str) -> Option<Vec<u64>> {
        assert!(self.is_aligned.get(), "{context}: the stack is aligned");
        assert!(self.is_text_kept.get(), "{context}: the text lives until C returns");
        let mut calls = self.calls.take();
        assert!(calls.len() <= 1, "{context}: C is called once");
        calls.pop()
    }
}

impl Target for &Callee {
    fn call(&self, invocation: &mut Invocation<'_>) {
        self.is_aligned.set(self.is_aligned.get() && is_stack_aligned());
        let arguments = self.parameters.iter().enumerate().map(|(index, ty)| value(ty.representation(), invocation.argument(index)));
        self.calls.borrow_mut().push(arguments.collect());
        if let Some(text) = ptr::NonNull::new(self.text.get().cast_mut()) {
            // SAFETY: compiled code gave the resolver this many bytes, which live until this call returns.
            let text = unsafe { std::slice::from_raw_parts(text.as_ptr(), TEXT_SIZE as usize) };
            self.is_text_kept.set(self.is_text_kept.get() && text.iter().all(|&byte| byte == TEXT));
        }
        invocation.set_result(Slot::new(self.result));
    }
}

/// What the resolver fills its text with.
const TEXT: u8 = 0xe7;

/// What a resolver finds, and what it does.
pub struct Resolution<'a> {
    pub case: &'a Case,
    pub callee: &'a Callee,
    /// How many values the next call has.
    pub values: Cell<usize>,
    /// The slots of addresses, then the values, of each call.
    pub seen: RefCell<Vec<(Vec<u64>, Vec<u64>)>>,
    pub is_aligned: Cell<bool>,
}

/// The resolver. Only the low half of its result is the answer.
///
/// # Safety
///
/// * As [`Resolver`](ferrule_abi::plan::Resolver) says, and `descriptor` is a live [`Resolution`] of the call.
pub unsafe extern "C" fn resolve(descriptor: *const Resolution<'_>, slots: *mut u64, values: *const u64, text: *mut u8) -> u64 {
    // SAFETY: the caller's list.
    let resolution = unsafe { &*descriptor };
    let Resolution { case, callee, .. } = resolution;
    let addresses = case.addresses();
    // SAFETY: there is a slot for each parameter, and a value for each that V8 was told of.
    let seen = unsafe {
        let slots = addresses.iter().map(|&index| slots.add(index).read()).collect();
        (slots, std::slice::from_raw_parts(values, resolution.values.get()).to_vec())
    };
    resolution.seen.borrow_mut().push(seen);
    resolution.is_aligned.set(text.addr().is_multiple_of(16));
    // SAFETY: `TEXT_SIZE` bytes are the resolver's, and so are the slots of addresses.
    unsafe {
        text.write_bytes(TEXT, TEXT_SIZE as usize);
        for index in addresses {
            if let Some(address) = case.resolved[index] {
                slots.add(index).write(address);
            }
        }
    }
    callee.text.set(text);
    u64::from(case.answer) | !u64::from(u32::MAX) & case.noise
}
