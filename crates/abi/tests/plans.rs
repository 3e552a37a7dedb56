//! Plans and placements of all conventions, on any host: the manuals' own examples first.

use ferrule_abi::cell::{self, MAX_PARAMETERS};
use ferrule_abi::convention::{AAPCS64, AAPCS64_APPLE, ALL, Convention, SYSV_X64, WIN_X64};
use ferrule_abi::place::x64::{R8, R9, RAX, RCX, RDI, RDX, RSI};
use ferrule_abi::place::{Base, Extend, Move, Place, Width};
use ferrule_abi::plan::{Handler, Outcome, TEXT_SIZE, Target};
use ferrule_abi::types::Class;
use ferrule_abi::{Entry, Plan, Signature, Type, Unsupported, V8Type};

fn signature(result: &str, parameters: &str) -> Signature {
    let ty = |name: &str| Type::from_name(name).expect("a type name");
    Signature::new(ty(result), parameters.split_whitespace().map(ty).collect::<Vec<_>>())
}

fn plan(convention: &'static Convention, entry: Entry, result: &str, parameters: &str) -> Plan {
    Plan::new(&signature(result, parameters), convention, entry).expect("a plan")
}

fn c_places(convention: &Convention, parameters: &str) -> Vec<Place> {
    let signature = signature("void", parameters);
    convention.c_placement(signature.parameters.iter().map(|ty| ty.representation()), Base::Outgoing).places
}

const fn general(number: u8) -> Place {
    Place::General(number)
}

const fn vector(number: u8) -> Place {
    Place::Vector(number)
}

const fn stack(offset: u32) -> Place {
    Place::memory(Base::Outgoing, offset)
}

const fn incoming(offset: u32) -> Place {
    Place::memory(Base::Incoming, offset)
}

const fn cell_at(index: usize) -> Place {
    Place::memory(Base::Cells, 8 * index as u32)
}

const fn word(from: Place, to: Place) -> Move {
    Move::new(from, to, Width::Word)
}

const fn double(from: Place, to: Place) -> Move {
    Move::new(from, to, Width::Double)
}

/// Figure 3.6 of the System V ABI for x86-64: `func (e, f, s, g, h, ld, m, y, n, i, j, k)` with the members of the structure `s`
/// (`int a, b; double d`) as the parameters that its two eightbytes are passed like, a `double` for the vector `y`, and without the
/// `long double`, which takes stack of its own class.
#[test]
fn system_v_places_the_example_of_its_manual() {
    let expected = [
        general(RDI),
        general(RSI),
        general(RDX),
        vector(0),
        general(RCX),
        general(R8),
        vector(1),
        vector(2),
        vector(3),
        general(R9),
        stack(0),
        stack(8),
    ];
    assert_eq!(c_places(&SYSV_X64, "i32 i32 i64 f64 i32 i32 f64 f64 f64 i32 i32 i32"), expected);
}

/// "x64 calling convention", examples 1 to 3 of Microsoft's documentation: the position decides, and the stack arguments stand above
/// the shadow space.
#[test]
fn windows_places_the_examples_of_its_manual() {
    let [r0, r1, r2, r3] = [RCX, RDX, R8, R9].map(general);
    assert_eq!(c_places(&WIN_X64, "i32 i32 i32 i32 i32 i32"), [r0, r1, r2, r3, stack(32), stack(40)]);
    assert_eq!(c_places(&WIN_X64, "f32 f64 f32 f64 f32 f32"), [vector(0), vector(1), vector(2), vector(3), stack(32), stack(40)]);
    assert_eq!(c_places(&WIN_X64, "i32 f64 i32 f32 i32 f32"), [r0, vector(1), r2, vector(3), stack(32), stack(40)]);
}

/// AAPCS64, section 6.8.2, rules C.1, C.9 and C.14 to C.17: the two banks are counted apart, and what no register is left for takes 8
/// bytes of stack each, in the order of the parameters.
#[test]
fn aapcs64_counts_the_banks_apart_and_rounds_stack_arguments_up() {
    let mut expected: Vec<Place> = (0..8).flat_map(|number| [general(number), vector(number)]).collect();
    expected.extend([stack(0), stack(8), stack(16), stack(24)]);
    let eight_pairs = ["i8 f32"; 8].join(" ");
    assert_eq!(c_places(&AAPCS64, &format!("{eight_pairs} i8 f32 i16 f64")), expected);
}

/// "Writing ARM64 code for Apple platforms": of `void two_stack_args (char w0, ..., char w7, char s0, short s1)` in the same manner, a
/// stack argument takes its own size, at its own alignment.
#[test]
fn apple_packs_stack_arguments() {
    let registers: Vec<Place> = (0..8).map(general).collect();
    let eight = ["i8"; 8].join(" ");
    let stacked = c_places(&AAPCS64_APPLE, &format!("{eight} i8 i8 i16 i8 i32 i8 pointer i8"));
    assert_eq!(stacked[..8], registers);
    assert_eq!(stacked[8..], [stack(0), stack(1), stack(2), stack(4), stack(8), stack(12), stack(16), stack(24)]);
}

#[test]
fn v8_passes_the_receiver_first_and_the_target_last() {
    let plan = plan(&SYSV_X64, Entry::Fast, "i32", "i32 i32");
    let v8 = plan.v8.as_ref().expect("V8 calls it");
    assert_eq!(*v8.parameters, [V8Type::Int32, V8Type::Int32, V8Type::Float64]);
    assert_eq!(v8.result, V8Type::Int32);
    assert_eq!(plan.target, Target::Number(vector(0)));
    assert_eq!(*plan.arguments, [word(general(RSI), general(RDI)), word(general(RDX), general(RSI))]);
    assert_eq!((plan.frame, plan.outcome), (None, Outcome::Kept));
}

#[test]
fn two_integers_shift_by_the_receiver_everywhere() {
    for (convention, target, registers) in
        [(&WIN_X64, 3, [RCX, RDX, R8]), (&AAPCS64, 0, [0, 1, 2]), (&AAPCS64_APPLE, 0, [0, 1, 2]), (&SYSV_X64, 0, [RDI, RSI, RDX])]
    {
        let plan = plan(convention, Entry::Fast, "i32", "i32 u32");
        let [first, second, third] = registers.map(general);
        assert_eq!(*plan.arguments, [word(second, first), word(third, second)], "{}", convention.name);
        assert_eq!((plan.target, plan.frame), (Target::Number(vector(target)), None), "{}", convention.name);
    }
}

#[test]
fn floats_stay_where_they_are_unless_the_position_counts() {
    for convention in [&SYSV_X64, &AAPCS64, &AAPCS64_APPLE] {
        assert_eq!(*plan(convention, Entry::Fast, "f64", "f64 f32").arguments, [], "{}", convention.name);
    }
    let moved = plan(&WIN_X64, Entry::Fast, "f64", "f64 f32");
    assert_eq!(*moved.arguments, [double(vector(1), vector(0)), word(vector(2), vector(1))]);
}

#[test]
fn system_v_announces_vector_registers_and_keeps_rax_for_them() {
    let with = plan(&SYSV_X64, Entry::Fast, "f64", "f64 f32");
    assert_eq!(with.vectors, 2);
    assert_ne!(with.scratch.target, RAX);
    assert_eq!(plan(&SYSV_X64, Entry::Fast, "f64", "i32").vectors, 0);
    assert_eq!(plan(&WIN_X64, Entry::Fast, "f64", "f64 f32").vectors, 0);
}

#[test]
fn arguments_move_down_within_the_incoming_stack() {
    // V8 passes 9 general-purpose arguments with the receiver, 3 of them on the stack; C passes 8, 2 of them on the stack.
    let plan = plan(&SYSV_X64, Entry::Fast, "void", "i32 i32 i32 i32 i32 i32 i32 i32");
    assert_eq!(plan.frame, None);
    assert_eq!(plan.arguments[5..], [word(incoming(0), general(R9)), word(incoming(8), incoming(0)), word(incoming(16), incoming(8))]);
}

#[test]
fn more_stack_than_v8_passes_needs_a_frame() {
    let seven = ["i64"; 7].join(" ");
    let plan = plan(&SYSV_X64, Entry::Fast, "void", &seven);
    assert_eq!(plan.frame, Some(16));
    assert_eq!(plan.outcome, Outcome::Kept);
    assert_eq!(plan.arguments[0], double(cell_at(cell::ARGUMENTS), general(RDI)));
    assert_eq!(plan.arguments[6], double(cell_at(cell::ARGUMENTS + 6), stack(0)));
}

#[test]
fn windows_frames_have_shadow_space() {
    assert_eq!(plan(&WIN_X64, Entry::Fast, "i8", "i8").frame, Some(32));
    assert_eq!(plan(&WIN_X64, Entry::Cell, "void", "i64 i64 i64 i64 i64").frame, Some(48));
    assert_eq!(plan(&SYSV_X64, Entry::Fast, "i8", "i8").frame, Some(0));
}

#[test]
fn results_go_where_v8_can_have_them() {
    let result_cell = cell_at(cell::RESULT);
    let stored = |class, width, extend| Outcome::Stored { class, width, extend, to: result_cell };
    let integer = |width, extend| stored(Class::Integer, width, extend);
    let float = |width| stored(Class::Float, width, Extend::None);
    let (word, double) = (Width::Word, Width::Double);
    for (result, v8, fast, values) in [
        ("void", V8Type::Int32, Outcome::Kept, Outcome::Kept),
        ("i8", V8Type::Int32, Outcome::Extended(Extend::Sign8), integer(word, Extend::Sign8)),
        ("bool", V8Type::Int32, Outcome::Extended(Extend::Zero8), integer(word, Extend::Zero8)),
        ("i16", V8Type::Int32, Outcome::Extended(Extend::Sign16), integer(word, Extend::Sign16)),
        ("u16", V8Type::Int32, Outcome::Extended(Extend::Zero16), integer(word, Extend::Zero16)),
        ("i32", V8Type::Int32, Outcome::Kept, integer(word, Extend::None)),
        ("u32", V8Type::Uint32, Outcome::Kept, integer(word, Extend::None)),
        ("f32", V8Type::Float32, Outcome::Kept, float(word)),
        ("f64", V8Type::Float64, Outcome::Kept, float(double)),
        ("i64", V8Type::Int32, integer(double, Extend::None), integer(double, Extend::None)),
        ("pointer", V8Type::Int32, integer(double, Extend::None), integer(double, Extend::None)),
    ] {
        for convention in ALL {
            let plan = |entry| plan(convention, entry, result, "");
            let returned = |plan: &Plan| plan.v8.as_ref().expect("V8 calls it").result;
            let (scalars, with_values) = (plan(Entry::Fast), plan(Entry::FastValues));
            assert_eq!((returned(&scalars), scalars.outcome), (v8, fast), "{result}");
            assert_eq!((returned(&with_values), with_values.outcome), (V8Type::Void, values), "{result}");
        }
    }
}

#[test]
fn the_resolver_sees_addresses_and_values() {
    for convention in ALL {
        let plan = plan(convention, Entry::FastValues, "i32", "string u8 i64 buffer");
        let types = [V8Type::OneByteString, V8Type::Value, V8Type::Int32, V8Type::Value, V8Type::Float64];
        assert_eq!(*plan.v8.as_ref().expect("V8 calls it").parameters, types);
        let resolver = plan.resolver.expect("it has pointers");
        let outgoing = convention.shadow;
        assert_eq!((resolver.slots, resolver.values), (outgoing, outgoing + 32), "{}", convention.name);
        assert_eq!(resolver.text % 16, 0);
        assert_eq!(plan.frame.expect("it calls") % 16, 0);
        assert!(plan.frame.expect("it calls") >= resolver.text + TEXT_SIZE);
        let slot = |index: u32| Place::memory(Base::Frame, resolver.slots + 8 * index);
        for (index, parameter) in [(0, 0), (3, 3)] {
            assert!(plan.saves.contains(&double(cell_at(cell::ARGUMENTS + parameter), slot(index))), "{}", convention.name);
        }
        for index in 0..3 {
            let value = Place::memory(Base::Frame, resolver.values + 8 * index);
            assert!(plan.saves.iter().any(|it| it.to == value && it.width == Width::Double), "{}", convention.name);
        }
        let sources: Vec<Place> = plan.arguments.iter().map(|it| it.from).collect();
        assert_eq!(sources, [slot(0), slot(1), cell_at(cell::ARGUMENTS + 2), slot(3)], "{}", convention.name);
    }
}

#[test]
fn only_registers_are_saved_from_the_resolver() {
    // The receiver, five integers and eight floats are in registers; the rest and the target are on the stack.
    let plan = plan(&SYSV_X64, Entry::FastValues, "void", "i32 i32 i32 i32 i32 i32 f64 f64 f64 f64 f64 f64 f64 f64 f32");
    assert!(plan.saves.iter().all(|it| matches!(it.from, Place::General(_) | Place::Vector(_))));
    assert_eq!(plan.saves.len(), 13);
    assert_eq!((plan.arguments[5].from, plan.arguments[14].from), (incoming(0), incoming(8)));
    assert_eq!(plan.target, Target::Number(incoming(16)));
}

#[test]
fn a_node_api_callback_reads_everything_from_the_cells() {
    let plan = plan(&AAPCS64, Entry::Cell, "i16", "i8 f32 u64");
    let narrow = Move { extend: Extend::Sign8, ..word(cell_at(3), general(0)) };
    assert_eq!(*plan.arguments, [narrow, word(cell_at(4), vector(0)), double(cell_at(5), general(1))]);
    assert_eq!(plan.target, Target::Number(cell_at(cell::TARGET)));
    assert!(plan.returns_zero && plan.v8.is_none());
}

#[test]
fn slots_keep_the_address_of_the_result_in_the_frame() {
    let plan = plan(&WIN_X64, Entry::Slots, "u8", "i8");
    let saved = Place::memory(Base::Frame, 32);
    assert_eq!(*plan.saves, [double(general(RDX), saved)]);
    assert_eq!((plan.result_address, plan.frame), (Some(saved), Some(48)));
    assert_eq!(plan.target, Target::Address(general(R8)));
    let to = Place::memory(Base::Result, 0);
    assert_eq!(plan.outcome, Outcome::Stored { class: Class::Integer, width: Width::Word, extend: Extend::Zero8, to });
}

#[test]
fn a_closure_stores_its_arguments_whole_and_in_order() {
    let slot = |index: u32| Place::memory(Base::Frame, 8 * index);
    let temporary = general(10);
    let closure = plan(&AAPCS64, Entry::Closure, "i32", "i8 f32 u64");
    let narrow = Move { extend: Extend::Sign8, ..word(general(0), temporary) };
    let saves = [narrow, double(temporary, slot(0)), double(vector(0), slot(1)), double(general(1), slot(2))];
    assert_eq!(*closure.saves, saves);
    assert_eq!(closure.target, Target::Handler(Handler { slots: 0, result: 24 }));
    assert_eq!((closure.frame, &*closure.arguments), (Some(32), &[double(general(9), general(0))][..]));
    let from = slot(3);
    assert_eq!(closure.outcome, Outcome::Loaded { class: Class::Integer, width: Width::Double, extend: Extend::Sign32, from });
}

#[test]
fn a_closure_finds_stack_arguments_above_its_frame() {
    let last = |convention, parameters: &str| {
        let plan = plan(convention, Entry::Closure, "void", parameters);
        let [.., load, _] = *plan.saves else { panic!("the last argument is loaded and stored") };
        (load.from, load.width, load.extend)
    };
    // On Windows the slots lie above the handler's shadow space, and the arguments above this code's.
    let windows = plan(&WIN_X64, Entry::Closure, "void", "i64 i64 i64 i64 i64");
    assert_eq!(windows.target, Target::Handler(Handler { slots: 32, result: 72 }));
    assert_eq!(windows.frame, Some(80));
    assert_eq!(last(&WIN_X64, "i64 i64 i64 i64 f32"), (incoming(32), Width::Word, Extend::None));
    let eight = ["i64"; 8].join(" ");
    assert_eq!(last(&AAPCS64, &format!("{eight} i8 u16")), (incoming(8), Width::Word, Extend::Zero16));
    assert_eq!(last(&AAPCS64_APPLE, &format!("{eight} i8 u16")), (incoming(2), Width::Half, Extend::Zero16));
}

#[test]
fn a_closure_returns_integers_as_wide_as_a_register() {
    for convention in ALL {
        for (result, width, extend) in [
            ("i8", Width::Double, Extend::Sign8),
            ("u8", Width::Word, Extend::Zero8),
            ("i16", Width::Double, Extend::Sign16),
            ("u16", Width::Word, Extend::Zero16),
            ("i32", Width::Double, Extend::Sign32),
            ("u32", Width::Word, Extend::None),
            ("i64", Width::Double, Extend::None),
            ("u64", Width::Double, Extend::None),
            ("pointer", Width::Double, Extend::None),
            ("f32", Width::Word, Extend::None),
            ("f64", Width::Double, Extend::None),
        ] {
            let class = Type::from_name(result).expect("a type name").representation().class();
            let from = Place::memory(Base::Frame, convention.shadow);
            let expected = Outcome::Loaded { class, width, extend, from };
            assert_eq!(plan(convention, Entry::Closure, result, "").outcome, expected, "{result}");
        }
        assert_eq!(plan(convention, Entry::Closure, "void", "").outcome, Outcome::Kept);
    }
}

#[test]
fn a_context_is_no_argument_and_no_other_scratch_register() {
    for convention in ALL {
        let scratch = convention.scratch(0);
        assert!(!convention.general.contains(&convention.context()), "{}", convention.name);
        assert!(![scratch.target, scratch.temporary].contains(&convention.context()), "{}", convention.name);
        assert_ne!(convention.context(), 18, "the platform's own register of AArch64");
    }
}

#[test]
fn the_frame_of_the_largest_closure_is_small() {
    for convention in ALL {
        let largest = Signature::new(Type::Int64, vec![Type::Int64; MAX_PARAMETERS]);
        let plan = Plan::new(&largest, convention, Entry::Closure).expect("a plan");
        let needed = convention.shadow + 8 * (MAX_PARAMETERS as u32 + 1);
        assert_eq!(plan.frame, Some(needed.next_multiple_of(16)), "{}", convention.name);
        assert!(needed < 4096, "it skips no guard page");
    }
}

#[test]
fn what_cannot_be_compiled_says_why() {
    let many = Signature::new(Type::Void, vec![Type::Int32; MAX_PARAMETERS + 1]);
    let refusal = Plan::new(&many, &SYSV_X64, Entry::Fast).expect_err("too many");
    assert_eq!(refusal.to_string(), "it has 65 parameters; compiled calls have at most 64");

    let void = Signature::new(Type::Void, [Type::Int32, Type::Void]);
    assert_eq!(Plan::new(&void, &SYSV_X64, Entry::Cell), Err(Unsupported::VoidParameter(1)));
    assert_eq!(Plan::new(&many, &SYSV_X64, Entry::Closure), Err(Unsupported::Parameters(65)));

    let seven = signature("void", "i8 i8 i8 i8 i8 i8 i8");
    assert_eq!(Plan::new(&seven, &AAPCS64_APPLE, Entry::Fast), Err(Unsupported::FastArguments { needed: 9, most: 8 }));
    assert!(Plan::new(&seven, &AAPCS64_APPLE, Entry::Cell).is_ok());
    assert!(Plan::new(&seven, &AAPCS64, Entry::Fast).is_ok());
}

#[test]
fn the_largest_calls_can_be_emitted() {
    let linkage = ferrule_abi::Linkage { cells: u64::MAX, resolver: u64::MAX, descriptor: u64::MAX };
    for ty in [Type::Uint8, Type::Int64, Type::Float32, Type::Float64, Type::String] {
        let largest = Signature::new(Type::Float32, vec![ty; MAX_PARAMETERS]);
        for convention in ALL {
            for entry in [Entry::Fast, Entry::FastValues, Entry::Cell, Entry::CellValues, Entry::Slots, Entry::Closure] {
                if let Ok(plan) = Plan::new(&largest, convention, entry) {
                    assert!(!ferrule_abi::emit(&plan, &linkage).is_empty(), "{largest} {entry:?}");
                }
            }
        }
    }
}
