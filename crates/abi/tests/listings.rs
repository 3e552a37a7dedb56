//! The emitted code of representative signatures, as text, against `tests/listings/`.
//!
//! `FERRULE_BLESS=1 cargo test -p ferrule-abi --test listings` writes the files anew; the difference is then reviewed with the change.

use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

use disarm64::InsnDisplay;
use ferrule_abi::convention::{self, Architecture, Convention};
use ferrule_abi::{Entry, Linkage, Plan, Signature, Type, emit, emit_thunk};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};

const LINKAGE: Linkage = Linkage { cells: 0x7f12_3456_7000, resolver: 0x5555_1234_5678, descriptor: 0x5599_8877_6650 };

/// Where the data of the listed thunk is.
const THUNK_DATA: u64 = 0x7f12_3456_7890;

const SIGNATURES: [(&str, &str); 12] = [
    ("void", ""),
    ("i32", "i32 i32"),
    ("f64", "f64 f64"),
    ("i64", "i64 i64"),
    ("i8", "i8 u16 bool"),
    ("f32", "i8 f64 u16 f32 i64"),
    ("u32", "buffer u32"),
    ("pointer", "string i32 pointer"),
    ("i32", "i32 i32 i32 i32 i32 i32 i32 i32"),
    ("f64", "f64 f32 f64 f32 f64 f32 f64 f32 f64 f32"),
    ("u64", "u64 u64 u64 u64 u64 u64 u64 u64 u64 u8"),
    ("void", "i8 f32 i16 f64 i32 f32 i8 f32 i64 f32 u8 f64 u16 f32 i8 f32 i8 f32 i16 f32"),
];

const ENTRIES: [(&str, Entry); 6] = [
    ("fast", Entry::Fast),
    ("fast-values", Entry::FastValues),
    ("cell", Entry::Cell),
    ("cell-values", Entry::CellValues),
    ("slots", Entry::Slots),
    ("closure", Entry::Closure),
];

fn signature(result: &str, parameters: &str) -> Signature {
    let ty = |name: &str| Type::from_name(name).expect("a type name");
    Signature::new(ty(result), parameters.split_whitespace().map(ty).collect::<Vec<_>>())
}

fn x64(code: &[u8]) -> String {
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_space_after_operand_separator(true);
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_branch_leading_zeros(false);
    options.set_rip_relative_addresses(true);
    let mut text = String::new();
    for instruction in &mut Decoder::with_ip(64, code, 0, DecoderOptions::NONE) {
        assert!(!instruction.is_invalid(), "{code:x?}");
        let mut line = String::new();
        formatter.format(&instruction, &mut line);
        writeln!(text, "  {:4x}  {line}", instruction.ip()).unwrap();
    }
    text
}

fn aarch64(code: &[u8]) -> String {
    let mut text = String::new();
    for (index, word) in code.chunks(4).enumerate() {
        let word = u32::from_le_bytes(word.try_into().expect("instructions are words"));
        let instruction = disarm64::decoder::decode(word).unwrap_or_else(|| panic!("{word:08x} is an instruction"));
        let line = instruction.display_at(4 * index as u64).to_string();
        writeln!(text, "  {:4x}  {}", 4 * index, line.replace("\t\t", " ").trim_end()).unwrap();
    }
    text
}

fn disassemble(convention: &Convention, code: &[u8]) -> String {
    match convention.architecture {
        Architecture::X64 => x64(code),
        Architecture::Aarch64 => aarch64(code),
    }
}

fn listing(convention: &'static Convention, entry: Entry) -> String {
    let mut text = format!("{}, {entry:?}\n", convention.name);
    for (result, parameters) in SIGNATURES {
        let signature = signature(result, parameters);
        writeln!(text, "\n{signature}").unwrap();
        match Plan::new(&signature, convention, entry) {
            Ok(plan) => {
                if let Some(v8) = &plan.v8 {
                    writeln!(text, "  V8: {:?} -> {:?}", v8.parameters, v8.result).unwrap();
                }
                text += &disassemble(convention, &emit(&plan, &LINKAGE));
            }
            Err(reason) => writeln!(text, "  unsupported: {reason}").unwrap(),
        }
    }
    text
}

#[test]
fn emitted_code_is_as_listed() {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let names = ["sysv-x64", "win-x64", "aapcs64", "aapcs64-apple"];
    let mut different = Vec::new();
    for (name, convention) in names.iter().zip(convention::ALL) {
        let thunk = format!("{}, thunk\n\n{}", convention.name, disassemble(convention, &emit_thunk(convention, THUNK_DATA)));
        let entries = ENTRIES.map(|(entry_name, entry)| (entry_name, listing(convention, entry)));
        for (entry_name, text) in entries.into_iter().chain([("thunk", thunk)]) {
            let path = directory.join(format!("{name}.{entry_name}.txt"));
            if env::var_os("FERRULE_BLESS").is_some() {
                fs::create_dir_all(&directory).unwrap();
                fs::write(&path, text).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != text {
                different.push(path);
            }
        }
    }
    assert!(different.is_empty(), "not as listed: {different:#?}");
}
