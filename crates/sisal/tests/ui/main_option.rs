//! An unknown setting is named.
#[sisal::main(wokers = 2)]
fn main() {}
