//! A setting needs a value.
#[sisal::main(workers)]
fn main() {}
