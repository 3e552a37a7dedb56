//! What the linker must know of an addon.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match env::var("CARGO_CFG_TARGET_OS").unwrap_or_default().as_str() {
        // Node-API's functions are found in the process that loads the addon.
        "macos" => println!("cargo::rustc-cdylib-link-arg=-Wl,-undefined,dynamic_lookup"),
        // `napi/host.rs` looks Node-API's functions up, and keeps the addon loaded.
        "windows" => {}
        // Node unloads an addon when the last Worker that loaded it ends, but C may hold the address of a callback longer.
        _ => println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete"),
    }
}
