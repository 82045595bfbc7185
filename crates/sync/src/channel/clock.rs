//! Calls wakers when it is time, for futures that wait on a channel of the time: whoever polls them does not wait until then by
//! himself, as an agent does when it parks.
//!
//! Knows nothing of channels. One thread of the process, started by the first alarm; asleep until the next one is due.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::task::Waker;
use std::time::Instant;

/// When, and a number that no other alarm has.
type Key = (Instant, u64);

struct Alarms {
    wakers: BTreeMap<Key, Waker>,
    next: u64,
}

static ALARMS: Mutex<Alarms> = Mutex::new(Alarms { wakers: BTreeMap::new(), next: 0 });
static EARLIER: Condvar = Condvar::new();
static STARTED: Once = Once::new();

/// No user's code runs under this lock.
fn alarms() -> MutexGuard<'static, Alarms> {
    ALARMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One future's alarm, which its drop takes back.
pub(super) struct Alarm(Option<Key>);

impl Alarm {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Calls `waker` at `when`, and not at the time that was set before.
    pub(super) fn set(&mut self, when: Instant, waker: &Waker) {
        STARTED.call_once(|| {
            let thread = std::thread::Builder::new().name("sisal-clock".to_owned()).spawn(run);
            thread.expect("a thread for the clock of futures");
        });
        let waker = waker.clone();
        let mut alarms = alarms();
        let before = self.0.take().and_then(|key| alarms.wakers.remove(&key));
        let key = (when, alarms.next);
        alarms.next += 1;
        alarms.wakers.insert(key, waker);
        let is_first = alarms.wakers.first_key_value().is_some_and(|(first, _)| *first == key);
        drop(alarms);
        drop(before);
        self.0 = Some(key);
        if is_first {
            EARLIER.notify_one();
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(key) = self.0.take() {
            let waker = alarms().wakers.remove(&key);
            drop(waker);
        }
    }
}

fn run() {
    let mut held = alarms();
    loop {
        let now = Instant::now();
        match held.wakers.first_key_value().map(|((when, _), _)| *when) {
            None => held = EARLIER.wait(held).unwrap_or_else(PoisonError::into_inner),
            Some(when) if when > now => {
                let waited = EARLIER.wait_timeout(held, when - now);
                held = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            Some(_) => {
                let due = held.wakers.pop_first();
                drop(held);
                // Through ours, which outlives a panic of the executor.
                due.into_iter().for_each(|(_, waker)| sisal_park::Waker::from(waker).wake());
                held = alarms();
            }
        }
    }
}
