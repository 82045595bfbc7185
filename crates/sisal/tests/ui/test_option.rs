//! An unknown option of a test is named.
#[sisal::test(sed = 7)]
fn runs() {}

fn main() {}
