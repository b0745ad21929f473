//! A whole tree of files: builds never panic, are deterministic, and print what reads as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use skein_fuzz::{check, expect_panics_of_scanner, files};

fuzz_target!(|data: &[u8]| {
    expect_panics_of_scanner();
    if let Ok(text) = std::str::from_utf8(data) {
        check(&files(text));
    }
});
