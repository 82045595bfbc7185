//! A lock's guard belongs to the fiber that locked.
use sisal::sync::Mutex;

fn main() {
    let lock: &'static Mutex<i32> = Box::leak(Box::new(Mutex::new(1)));
    let guard = lock.lock();
    sisal::spawn(move || println!("{}", *guard));
}
