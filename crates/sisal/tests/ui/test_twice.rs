//! `#[sisal::test]` is a test already.
#[sisal::test]
#[test]
fn twice() {}

fn main() {}
