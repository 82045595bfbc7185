//! `sim` is said or not.
#[sisal::test(workers = 4, sim = true)]
fn runs() {}

fn main() {}
