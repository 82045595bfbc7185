//! Only a simulation counts turns.
#[sisal::test(turns_max = 1_000)]
fn runs() {}

fn main() {}
