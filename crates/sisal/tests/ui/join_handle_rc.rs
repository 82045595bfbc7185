//! A result comes from another thread.
use std::rc::Rc;

fn main() {
    let handle = sisal::spawn(|| Rc::new(1));
    let _ = handle.join();
}
