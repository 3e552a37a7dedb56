//! Prints C++ that compiles only where V8's headers agree with the addon's mirrors of V8's classes.
//!
//! ```text
//! ferrule-headers versions                 the versions of V8 that there is a layout for, one per line
//! ferrule-headers assertions fast 13.6     C++ for V8's own headers
//! ferrule-headers assertions public 13.6   C++ for the headers that come with Node, which lack v8-fast-api-calls.h
//! ```
//!
//! The C++ reads private members: g++ and clang have the option `-fno-access-control` for it. `scripts/check-v8-headers.mjs` compiles it.

mod assertions;
#[path = "../../addon/src/v8/layout.rs"]
mod layout;

use std::env;
use std::process::ExitCode;

use assertions::Headers;
use layout::{LAYOUTS, Layout};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match answer(&words) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn answer(words: &[&str]) -> Result<String, String> {
    match words {
        ["versions"] => Ok(LAYOUTS.iter().map(|layout| format!("{}.{}\n", layout.version.0, layout.version.1)).collect()),
        ["assertions", "fast", version] => Ok(assertions::source(layout_of(version)?, Headers::Fast)),
        ["assertions", "public", version] => Ok(assertions::source(layout_of(version)?, Headers::Public)),
        _ => Err("usage: ferrule-headers versions | assertions (fast | public) <V8 version>".to_owned()),
    }
}

fn layout_of(version: &str) -> Result<&'static Layout, String> {
    let numbers = version.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    numbers.and_then(|(major, minor)| Layout::of(major, minor)).ok_or_else(|| format!("there is no layout for V8 {version}"))
}
