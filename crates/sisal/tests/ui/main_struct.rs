//! Only a function can be `main`.
#[sisal::main]
struct Main;

fn main() {}
