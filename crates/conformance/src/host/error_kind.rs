//! One name, for a glob: a test that has it by itself is none the worse for it.

pub use std::io::ErrorKind;
