//! Compiled calls against libffi: what `ferrule_abi` emits for random signatures runs on this host, called as V8 and Node call it, and C
//! must be given the same arguments and give the same result as through libffi. The other way, closures are called as C calls them.
//!
//! `FERRULE_SIGNATURES=1000000 cargo test --release -p ferrule-native --test trampoline` tries a million signatures. They are the same in
//! every run, so a crash can be found by trying fewer; `FERRULE_SEED`, a number, chooses others.

#![cfg(all(target_pointer_width = "64", target_endian = "little", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod callee;
mod case;
mod closure;

use std::cell::{Cell, RefCell};
use std::env;
use std::ffi::c_void;
use std::ptr;

use ferrule_abi::{Convention, Entry, Linkage, Plan, Representation, Signature, Type, Unsupported, V8Type, cell, emit};
use ferrule_native::{Call, Closure, Code, Slot};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::callee::{Callee, Resolution, resolve};
use self::case::{Case, Noise, mask, value, whole};

/// What V8 passes a representation as; `None` for what goes through the cells.
fn passed(representation: Representation) -> Option<V8Type> {
    match representation {
        Representation::Int8 | Representation::Uint8 | Representation::Int16 | Representation::Uint16 | Representation::Int32 => {
            Some(V8Type::Int32)
        }
        Representation::Uint32 => Some(V8Type::Uint32),
        Representation::Float32 => Some(V8Type::Float32),
        Representation::Float64 => Some(V8Type::Float64),
        Representation::Void | Representation::Int64 | Representation::Uint64 | Representation::Pointer => None,
    }
}

/// Calls `code`, which takes and returns whole registers.
fn call(code: *const c_void, result: Type, arguments: &[(Type, u64)]) -> u64 {
    let (types, mut slots): (Vec<Type>, Vec<Slot>) = arguments.iter().map(|&(ty, bits)| (ty, Slot::new(bits))).unzip();
    let call = Call::prepare(&Signature::new(result, types)).expect("a plain signature");
    // SAFETY: the trial calls each piece of code with what its entry demands.
    unsafe { call.invoke(code, &mut slots) }.get()
}

/// What C is given and gives.
#[derive(Debug, PartialEq)]
struct Answer {
    arguments: Vec<u64>,
    result: u64,
}

/// One case on its way through the entries.
struct Trial<'a> {
    case: &'a Case,
    signature: Signature,
    callee: &'a Callee,
    target: usize,
    cells: Vec<Cell<u64>>,
    noise: RefCell<Noise>,
}

impl Trial<'_> {
    fn noise(&self) -> u64 {
        self.noise.borrow_mut().next()
    }

    fn target_number(&self) -> u64 {
        (self.target as f64).to_bits()
    }

    fn result(&self) -> Representation {
        self.case.result.0.representation()
    }

    /// The call through libffi, with the addresses that a resolver has made if it is `resolved`.
    fn direct(&self, resolved: bool) -> Answer {
        let parameters = || self.case.parameters.iter();
        let mut arguments: Vec<u64> = parameters().map(|it| it.1).collect();
        for index in if resolved { self.case.addresses() } else { Vec::new() } {
            arguments[index] = self.case.resolved[index].unwrap_or(arguments[index]);
        }
        let mut slots: Vec<Slot> = arguments.iter().map(|&bits| Slot::new(bits)).collect();
        let call = Call::prepare(&self.signature).expect("a plain signature");
        // SAFETY: the closure has the same parameters but for widened ones, which take the same places, and a result that fills the same
        // register; it reads no memory through them.
        let result = unsafe { call.invoke(ptr::with_exposed_provenance(self.target), &mut slots) };
        let seen = self.callee.take("libffi").expect("libffi calls C");
        let narrowed = |values: Vec<u64>| parameters().zip(values).map(|(it, bits)| value(it.0.representation(), bits)).collect();
        let answer = Answer { arguments: narrowed(seen), result: value(self.result(), result.get()) };
        assert_eq!(answer, Answer { arguments: narrowed(arguments), result: value(self.result(), self.case.result.1) });
        answer
    }

    /// Fills the cells with noise, but for one: as a wrapper does, it says that nothing has been called.
    fn fill_cells(&self) {
        for cell in &self.cells {
            cell.set(self.noise());
        }
        self.cells[cell::REFUSED].set(1);
    }

    fn contents(&self) -> Vec<u64> {
        self.cells.iter().map(Cell::get).collect()
    }

    /// Whether the cells are as they were `before`, except for a result if there is one, and the mark of a call if it `says` so.
    fn check_cells(&self, mut before: Vec<u64>, result: Option<u64>, says: bool, context: &str) {
        let mut after = self.contents();
        if let Some(result) = result {
            after[cell::RESULT] &= mask(self.result());
            before[cell::RESULT] = result;
        }
        if says {
            after[cell::REFUSED] &= u64::from(u32::MAX);
            before[cell::REFUSED] = 0;
        }
        assert_eq!(after, before, "{context}: the cells");
    }

    /// Puts the arguments where a wrapper and V8 would: what V8 passes, its types, and the values among them.
    fn v8_arguments(&self, with_values: bool) -> (Vec<(Type, u64)>, Vec<V8Type>, Vec<u64>) {
        let receiver = (Type::Uint64, self.noise());
        let (mut arguments, mut types, mut values) = (vec![receiver], Vec::new(), Vec::new());
        for (index, &(ty, bits)) in self.case.parameters.iter().enumerate() {
            let representation = ty.representation();
            if let Some(v8) = passed(representation) {
                arguments.push((whole(representation), self.noise.borrow_mut().above(representation, bits)));
                types.push(v8);
                continue;
            }
            self.cells[cell::ARGUMENTS + index].set(bits);
            if with_values && representation == Representation::Pointer {
                let text = (ty == Type::String).then_some(V8Type::OneByteString);
                for v8 in text.into_iter().chain([V8Type::Value]) {
                    values.push(self.noise());
                    arguments.extend(values.last().map(|&value| (Type::Uint64, value)));
                    types.push(v8);
                }
            }
        }
        arguments.push((Type::Float64, self.target_number()));
        types.push(V8Type::Float64);
        (arguments, types, values)
    }

    fn fast(&self, code: *const c_void, plan: &Plan, expected: &Answer) {
        let context = format!("{} fast", self.signature);
        self.fill_cells();
        let (arguments, types, _) = self.v8_arguments(false);
        let before = self.contents();
        let v8 = plan.v8.as_ref().expect("V8 calls it");
        let returned = passed(self.result());
        assert_eq!((&*v8.parameters, v8.result), (&*types, returned.unwrap_or(V8Type::Int32)), "{context}");
        let result = call(code, whole(v8.result.representation()), &arguments);
        assert_eq!(self.callee.take(&context).as_ref(), Some(&expected.arguments), "{context}: the arguments");
        if returned.is_some() {
            assert_eq!(result & mask(self.result()), expected.result, "{context}: the result");
        }
        let is_stored = returned.is_none() && self.result() != Representation::Void;
        self.check_cells(before, is_stored.then_some(expected.result), false, &context);
    }

    fn fast_values(&self, code: *const c_void, plan: &Plan, resolution: &Resolution<'_>, expected: &Answer) {
        let context = format!("{} with values", self.signature);
        self.fill_cells();
        let (arguments, types, values) = self.v8_arguments(true);
        let before = self.contents();
        let v8 = plan.v8.as_ref().expect("V8 calls it");
        assert_eq!((&*v8.parameters, v8.result), (&*types, V8Type::Void), "{context}");
        resolution.values.set(values.len());
        call(code, Type::Void, &arguments);
        self.check_resolved(resolution, values, before, expected, &context);
    }

    fn cell_values(&self, code: *const c_void, resolution: &Resolution<'_>, expected: &Answer) {
        let context = format!("{} through the cells with values", self.signature);
        self.fill_cells();
        self.cells[cell::TARGET].set(self.target_number());
        for (cell, &(_, bits)) in self.cells[cell::ARGUMENTS..].iter().zip(&self.case.parameters) {
            cell.set(bits);
        }
        let before = self.contents();
        let information = self.noise();
        resolution.values.set(1);
        call(code, Type::Void, &[(Type::Pointer, information)]);
        self.check_resolved(resolution, vec![information], before, expected, &context);
    }

    /// Whether a call that asks for addresses has asked for these `values`, and called C if it got an answer.
    fn check_resolved(&self, resolution: &Resolution<'_>, values: Vec<u64>, before: Vec<u64>, expected: &Answer, context: &str) {
        let addresses = self.case.addresses().iter().map(|&index| self.case.parameters[index].1).collect();
        assert_eq!(resolution.seen.take(), [(addresses, values)], "{context}: what is resolved");
        assert!(resolution.is_aligned.get(), "{context}: the text is aligned");
        self.callee.text.set(ptr::null());
        let is_called = resolution.case.answer == 0;
        assert_eq!(self.callee.take(context).as_ref(), is_called.then_some(&expected.arguments), "{context}: the arguments");
        let is_stored = is_called && self.result() != Representation::Void;
        self.check_cells(before, is_stored.then_some(expected.result), is_called, context);
    }

    fn cell(&self, code: *const c_void, expected: &Answer) {
        let context = format!("{} through the cells", self.signature);
        self.fill_cells();
        self.cells[cell::TARGET].set(self.target_number());
        for (cell, &(_, bits)) in self.cells[cell::ARGUMENTS..].iter().zip(&self.case.parameters) {
            cell.set(bits);
        }
        let before = self.contents();
        let returned = call(code, Type::Uint64, &[(Type::Pointer, self.noise()), (Type::Pointer, self.noise())]);
        assert_eq!(returned, 0, "{context}: it returns no value");
        assert_eq!(self.callee.take(&context).as_ref(), Some(&expected.arguments), "{context}: the arguments");
        let is_stored = self.result() != Representation::Void;
        self.check_cells(before, is_stored.then_some(expected.result), false, &context);
    }

    fn slots(&self, code: *const c_void, expected: &Answer) {
        let context = format!("{} with slots", self.signature);
        let slots: Vec<u64> = self.case.parameters.iter().map(|it| it.1).collect();
        // The result stands between two others that are not touched.
        let memory: Vec<Cell<u64>> = (0..3).map(|_| Cell::new(self.noise())).collect();
        let mut before: Vec<u64> = memory.iter().map(Cell::get).collect();
        let addresses = [slots.as_ptr().expose_provenance(), memory[1..].as_ptr().expose_provenance(), self.target];
        call(code, Type::Void, &addresses.map(|address| (Type::Pointer, address as u64)));
        assert_eq!(self.callee.take(&context).as_ref(), Some(&expected.arguments), "{context}: the arguments");
        let mut after: Vec<u64> = memory.iter().map(Cell::get).collect();
        if self.result() != Representation::Void {
            after[1] &= mask(self.result());
            before[1] = expected.result;
        }
        assert_eq!(after, before, "{context}: the result");
    }

    /// The plan; `None` where V8 makes no fast call with so many arguments.
    fn plan(&self, convention: &'static Convention, entry: Entry) -> Option<Plan> {
        match Plan::new(&self.signature, convention, entry) {
            Ok(plan) => Some(plan),
            Err(Unsupported::FastArguments { needed, most }) => {
                let passed = self.v8_arguments(entry == Entry::FastValues).0.len();
                assert!(cfg!(target_vendor = "apple") && passed > 8, "{} {entry:?}", self.signature);
                assert_eq!((needed, most), (passed, 8), "{} {entry:?}", self.signature);
                None
            }
            Err(reason @ (Unsupported::Parameters(_) | Unsupported::VoidParameter(_))) => panic!("{}: {reason}", self.signature),
        }
    }
}

/// Calls the callee of a case through libffi and through each entry.
fn check(case: &Case, convention: &'static Convention) {
    let callee = Callee::new(case);
    let closure = Closure::new(&callee.signature(case), &callee).expect("a closure");
    let parameters: Vec<Type> = case.parameters.iter().map(|it| it.0).collect();
    let trial = Trial {
        case,
        signature: Signature::new(case.result.0, parameters),
        callee: &callee,
        target: closure.address(),
        cells: vec![Cell::new(0); cell::COUNT],
        noise: RefCell::new(Noise(case.noise)),
    };
    let resolution = Resolution { case, callee: &callee, values: Cell::new(0), seen: RefCell::default(), is_aligned: Cell::new(false) };
    let linkage = Linkage {
        cells: trial.cells.as_ptr().expose_provenance() as u64,
        resolver: (resolve as *const c_void).expose_provenance() as u64,
        descriptor: (&raw const resolution).expose_provenance() as u64,
    };
    let entries = [Entry::Fast, Entry::FastValues, Entry::Cell, Entry::CellValues, Entry::Slots];
    let plans: Vec<(Entry, Plan)> = entries.into_iter().filter_map(|entry| Some((entry, trial.plan(convention, entry)?))).collect();
    let pieces: Vec<Vec<u8>> = plans.iter().map(|(_, plan)| emit(plan, &linkage)).collect();
    let code = Code::seal(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("executable memory");

    let (given, resolved) = (trial.direct(false), trial.direct(true));
    for (index, (entry, plan)) in plans.iter().enumerate() {
        let piece = code.entry(index);
        match entry {
            Entry::Fast => trial.fast(piece, plan, &given),
            Entry::FastValues => trial.fast_values(piece, plan, &resolution, &resolved),
            Entry::Cell => trial.cell(piece, &given),
            Entry::CellValues => trial.cell_values(piece, &resolution, &resolved),
            Entry::Slots => trial.slots(piece, &given),
            Entry::Closure => unreachable!("C enters it, not we"),
        }
    }
}

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

/// Tries what `check` says on random cases.
fn try_cases(check: impl Fn(&Case, &'static Convention)) {
    let convention = Convention::host().expect("plans know this processor");
    let cases = number("FERRULE_SIGNATURES").unwrap_or(20_000);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number::<u64>("FERRULE_SEED").unwrap_or(0).to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 10_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let checked = |case: Case| {
        check(&case, convention);
        Ok(())
    };
    runner.run(&case::case(), checked).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn compiled_calls_do_what_libffi_does() {
    try_cases(check);
}

#[test]
fn closures_are_given_what_c_passes() {
    try_cases(closure::check);
}
