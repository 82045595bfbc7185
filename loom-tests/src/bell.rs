//! Stands for a reactor in which a worker sleeps: rung once, it stays rung until somebody has heard it.
//!
//! Knows nothing of workers.

use sisal_base::sync::{self, Condvar, Mutex};

/// A bell that is heard later if nobody listens now.
#[derive(Debug)]
pub struct Bell {
    rung: Mutex<bool>,
    condvar: Condvar,
}

impl Bell {
    /// A silent bell.
    pub fn new() -> Self {
        Self { rung: Mutex::new(false), condvar: Condvar::new() }
    }

    /// Rings it.
    pub fn ring(&self) {
        *self.rung.lock() = true;
        self.condvar.notify_one();
    }

    /// Waits until it is rung.
    pub fn sleep(&self) {
        let mut rung = self.rung.lock();
        while !std::mem::take(&mut *rung) {
            sync::wait(&self.condvar, &mut rung);
        }
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}
