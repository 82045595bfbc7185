//! The children of `compare --jemalloc`: the same rows with another allocator. Built by `compare`.

use benches::child;
use std::env;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() {
    let arguments: Vec<String> = env::args().skip(2).collect();
    child::run(&arguments);
}
