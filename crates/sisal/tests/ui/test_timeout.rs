//! A time has a unit.
#[sisal::test(sim, timeout = 5)]
fn runs() {}

fn main() {}
