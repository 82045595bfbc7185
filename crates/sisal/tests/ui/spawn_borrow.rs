//! A fiber that is not scoped may outlive the frame that spawned it.
fn main() {
    let local = 1;
    sisal::spawn(|| println!("{local}"));
}
