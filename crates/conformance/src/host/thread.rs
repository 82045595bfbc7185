//! `std::thread` for the generated tests: what it spawns is a thread or a fiber, as the mode says.

use super::home;
use super::mode::next_is_fiber;
use std::time::Duration;

pub use std::thread::{Result, panicking};

/// A spawned thread or fiber.
#[derive(Debug)]
pub struct JoinHandle<T>(Child<T>);

#[derive(Debug)]
enum Child<T> {
    Thread(std::thread::JoinHandle<T>),
    Fiber(sisal::fiber::JoinHandle<T>),
}

/// As [`std::thread::spawn`].
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    home::check();
    JoinHandle(match next_is_fiber() {
        true => Child::Fiber(sisal::spawn(|| home::keep(f))),
        false => Child::Thread(std::thread::spawn(f)),
    })
}

impl<T: Send> JoinHandle<T> {
    /// As [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    /// With its panic.
    pub fn join(self) -> Result<T> {
        let result = match self.0 {
            // Joining a thread blocks a thread: if we are a fiber, one of the pool.
            Child::Thread(handle) => sisal::blocking(|| handle.join()),
            Child::Fiber(handle) => handle.join(),
        };
        home::check();
        result
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Child::Thread(handle) => handle.is_finished(),
            Child::Fiber(handle) => handle.is_finished(),
        }
    }
}

/// As [`std::thread::sleep`].
pub fn sleep(duration: Duration) {
    sisal::sleep(duration);
    home::check();
}

/// As [`std::thread::yield_now`].
pub fn yield_now() {
    sisal::yield_now();
    home::check();
}
