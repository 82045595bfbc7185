//! A fiber may start on another thread, so what it is spawned with must be `Send`.
use std::rc::Rc;

fn main() {
    let shared = Rc::new(1);
    sisal::spawn(move || println!("{shared}"));
}
