//! Calls wakers when it is time, for futures that wait on a channel of the time: whoever polls them does not wait until then by
//! himself, as an agent does when it parks.
//!
//! Knows nothing of channels. One thread of the process, started by the first alarm; asleep until the next one is due. An agent whose
//! clock is not the system's keeps its alarms itself.

use sisal_park::with_current;
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
pub(super) struct Alarm(Option<Kept>);

/// Where an alarm that is set stands.
enum Kept {
    /// Kept by this clock.
    Here(Key),
    /// Kept by the agent that polls, by that number.
    Agent(u64),
}

impl Alarm {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// Calls `waker` at `when`, and not at the time that was set before.
    pub(super) fn set(&mut self, when: Instant, waker: &Waker) {
        self.take_back();
        if let Some(number) = with_current(|agent| agent.set_alarm(when, waker)) {
            self.0 = Some(Kept::Agent(number));
            return;
        }
        STARTED.call_once(|| {
            let thread = std::thread::Builder::new().name("sisal-clock".to_owned()).spawn(run);
            thread.expect("a thread for the clock of futures");
        });
        let waker = waker.clone();
        let mut alarms = alarms();
        let key = (when, alarms.next);
        alarms.next += 1;
        alarms.wakers.insert(key, waker);
        let is_first = alarms.wakers.first_key_value().is_some_and(|(first, _)| *first == key);
        drop(alarms);
        self.0 = Some(Kept::Here(key));
        if is_first {
            EARLIER.notify_one();
        }
    }

    fn take_back(&mut self) {
        match self.0.take() {
            None => {}
            Some(Kept::Here(key)) => {
                let waker = alarms().wakers.remove(&key);
                drop(waker);
            }
            Some(Kept::Agent(number)) => with_current(|agent| agent.take_back_alarm(number)),
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.take_back();
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
