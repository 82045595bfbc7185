//! A fiber's `main` is a plain function.
#[sisal::main]
async fn main() {}
