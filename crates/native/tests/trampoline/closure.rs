//! Closures of both kinds: whoever calls them as C does, the target must be given what was passed, and the caller what the target gives.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;

use ferrule_abi::{Class, Convention, Entry, Linkage, Plan, Representation, Signature, Type, emit};
use ferrule_native::{Closure, Code, EntryCode, Invocation, Slot, Target};

use crate::call;
use crate::callee::is_stack_aligned;
use crate::case::{Case, Noise, mask, value, whole};

/// What a closure leads to: what it has been given, bit by bit as far as the bits mean something, and what it gives.
struct Recorder {
    parameters: Vec<Representation>,
    result: u64,
    calls: RefCell<Vec<Vec<u64>>>,
    is_aligned: Cell<bool>,
}

impl Target for &Recorder {
    fn call(&self, invocation: &mut Invocation<'_>) {
        self.is_aligned.set(self.is_aligned.get() && is_stack_aligned());
        let arguments = invocation.arguments();
        assert_eq!(arguments.len(), self.parameters.len());
        let seen = arguments.iter().zip(&self.parameters).map(|(slot, representation)| slot.get::<u64>() & mask(*representation));
        self.calls.borrow_mut().push(seen.collect());
        invocation.set_result(Slot::new(self.result));
    }
}

impl Recorder {
    /// What its only call since the last time was given.
    fn take(&self, context: &str) -> Vec<u64> {
        assert!(self.is_aligned.get(), "{context}: the stack is aligned");
        let mut calls = self.calls.take();
        assert_eq!(calls.len(), 1, "{context}: it is called once");
        calls.pop().expect("a call")
    }
}

/// The bits of the result register that have a meaning: all of an integer's.
fn register(representation: Representation, bits: u64) -> u64 {
    match representation {
        Representation::Int8 => bits as i8 as u64,
        Representation::Int16 => bits as i16 as u64,
        Representation::Int32 => bits as i32 as u64,
        Representation::Void
        | Representation::Uint8
        | Representation::Uint16
        | Representation::Uint32
        | Representation::Int64
        | Representation::Uint64
        | Representation::Pointer
        | Representation::Float32
        | Representation::Float64 => value(representation, bits),
    }
}

/// The bits of the result register that a closure answers for. libffi leaves the upper half of a register to chance.
fn answered(representation: Representation, is_compiled: bool) -> u64 {
    if is_compiled && representation.class() == Class::Integer { u64::MAX } else { mask(representation) }
}

/// Calls closures with the arguments of a case: with noise beside them, through libffi, and as a compiler would, through compiled code.
pub fn check(case: &Case, convention: &'static Convention) {
    let types: Vec<Type> = case.parameters.iter().map(|it| it.0).collect();
    let signature = Signature::new(case.result.0, types);
    let mut noise = Noise(case.noise);
    let result = case.result.0.representation();
    let recorder = Recorder {
        parameters: signature.parameters.iter().map(|ty| ty.representation()).collect(),
        result: noise.above(result, case.result.1),
        calls: RefCell::default(),
        is_aligned: Cell::new(true),
    };
    let entry = Arc::new(EntryCode::compile(&signature).expect("code"));
    let compiled = Closure::compiled(&entry, &recorder).ok().expect("a compiled closure");
    // The closure keeps the code.
    drop(entry);
    let closures = [(true, compiled), (false, Closure::new(&signature, &recorder).expect("a closure of libffi's"))];

    let plan = Plan::new(&signature, convention, Entry::Slots).expect("a plan");
    let caller = Code::seal(&[&emit(&plan, &Linkage { cells: 0, resolver: 0, descriptor: 0 })]).expect("executable memory");
    let given: Vec<u64> = case.parameters.iter().map(|&(ty, bits)| value(ty.representation(), bits)).collect();
    for (is_compiled, closure) in &closures {
        let context = format!("{signature}, {}", if *is_compiled { "compiled" } else { "libffi's" });
        let answered = answered(result, *is_compiled);
        let returned = call(ptr::with_exposed_provenance(closure.address()), whole(result), &noisy_arguments(case, &mut noise));
        assert_eq!(recorder.take(&context), given, "{context}: the arguments");
        assert_eq!(returned & answered, register(result, case.result.1) & answered, "{context}: the result");

        let returned = call_with_slots(&caller, closure.address(), case);
        assert_eq!(recorder.take(&context), given, "{context}: the arguments, by compiled code");
        assert_eq!(returned & mask(result), value(result, case.result.1), "{context}: the result, by compiled code");
    }
}

/// The arguments in whole registers, with bits above the value that mean nothing. Where stack arguments are packed, there is nothing above.
fn noisy_arguments(case: &Case, noise: &mut Noise) -> Vec<(Type, u64)> {
    let argument = |&(ty, bits): &(Type, u64)| {
        let representation = ty.representation();
        if cfg!(target_vendor = "apple") {
            (ty, bits)
        } else {
            let bits = value(representation, bits) & narrow_mask(representation) | noise.next() & !narrow_mask(representation);
            (whole(representation), bits)
        }
    };
    case.parameters.iter().map(argument).collect()
}

/// The bits of the value itself, which a caller need not have extended.
fn narrow_mask(representation: Representation) -> u64 {
    u64::MAX.checked_shr(64 - 8 * representation.size() as u32).unwrap_or(0)
}

fn call_with_slots(caller: &Code, target: usize, case: &Case) -> u64 {
    let slots: Vec<u64> = case.parameters.iter().map(|it| it.1).collect();
    let result = Cell::new(0_u64);
    let addresses = [slots.as_ptr().expose_provenance(), result.as_ptr().expose_provenance(), target];
    call(caller.entry(0), Type::Void, &addresses.map(|address| (Type::Pointer, address as u64)));
    result.get()
}
