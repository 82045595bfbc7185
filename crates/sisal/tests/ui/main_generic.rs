//! A fiber's `main` is no template.
#[sisal::main]
fn main<T>() {}
