//! No seed is no test.
#[sisal::test(sim, seeds = 0)]
fn runs() {}

fn main() {}
