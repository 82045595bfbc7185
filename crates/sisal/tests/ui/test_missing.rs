//! An option without its value.
#[sisal::test(sim, seeds)]
fn runs() {}

fn main() {}
