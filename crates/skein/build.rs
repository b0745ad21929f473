//! Links the shipped binary at a fixed address, with the functions of commands on files together.
//!
//! Its tables of code and text hold over a hundred thousand addresses. At an address that changes with every start, the loader has to write them all
//! first, which takes longer than the command that scripts run most, `kustomize build` of a small root; at a fixed one the pages stay those of the file,
//! shared by all processes. Programs of Go, kubectl and flux among them, are linked so too. Stack, heap and libraries keep their random addresses.
//!
//! The unwinder is taken from GCC's archive instead of its shared library: one library less to find, to map and to relocate at each start.

use std::path::Path;
use std::{env, fs};

/// Which functions stand together; `cargo xtask link-order` writes it.
const ORDER: &str = "link/files.ld";

/// What the linker reads for `-lgcc_s`, which the standard library asks for.
const UNWINDER: &str = "INPUT(-lgcc_eh -lgcc)\n";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|have| have == value);
    if is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rerun-if-changed={ORDER}");
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{folder}/{ORDER}");
        let libraries = env::var("OUT_DIR").unwrap_or_default();
        if fs::write(Path::new(&libraries).join("libgcc_s.so"), UNWINDER).is_ok() {
            println!("cargo:rustc-link-search=native={libraries}");
        }
    }
}
