//! A simulation has stacks of its own.
#[sisal::test(sim, stack_size = 1 << 20)]
fn runs() {}

fn main() {}
