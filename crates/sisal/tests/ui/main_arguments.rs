//! `main` takes nothing.
#[sisal::main]
fn main(a: u8) {}
