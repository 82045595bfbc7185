//! A scope's child may not borrow what dies before the scope ends.
fn main() {
    sisal::scope(|s| {
        let inner = 1;
        s.spawn(|| println!("{inner}"));
    });
}
