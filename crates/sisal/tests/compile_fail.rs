//! What must not compile: the promises that the type system keeps, and what the compiler says to those who break them.
//!
//! Method: trybuild compares the messages with `tests/ui/*.stderr`. Their wording is the compiler's and changes with it, so
//! they are compared under the version that wrote them alone; that the programs do not compile is checked under any
//! version, by the `compile_fail` examples of the Safety chapter.

use std::process::Command;

/// The compiler that wrote the `.stderr` files.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn unsound_programs_do_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap().stdout;
    if version.starts_with(COMPILER.as_bytes()) {
        trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
    } else {
        eprintln!("another compiler than {COMPILER}*: its messages are not compared");
    }
}
