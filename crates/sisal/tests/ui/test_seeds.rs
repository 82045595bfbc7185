//! Seeds are for simulations.
#[sisal::test(seeds = 1000, workers = 4)]
fn runs() {}

fn main() {}
