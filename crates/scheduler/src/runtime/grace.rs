//! How long a shutdown waits for the workers to end their loops, once no fiber is waited for any more.
//!
//! Knows nothing of fibers. A worker ends as soon as it comes round; one that does not is *held* by what runs on it. Time on the
//! clock does not tell the two apart: on a machine that is busy with other things, a thread may wait seconds for a processor.

use crate::crew::{Crew, Member};
use crate::fiber::now;
use crate::hog::sample;
use sisal_base::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A worker that has had so much of a processor, or has slept for so long without any, does not come round by itself.
const HELD: Duration = Duration::from_millis(500);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);
/// In the end it is left alone, whatever it waits for.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Waits until all workers' loops have ended but that of `spared`, and those that are held.
pub(super) fn wait_for_workers(crew: &Crew, spared: Option<usize>) {
    let end = now() + WAIT_MAX;
    let mut watches: Vec<_> = crew.members.iter().map(|member| Watch::new(member)).collect();
    while !crew.lifecycle.wait_for_workers(crew, spared, now() + LOOK) && now() < end {
        let mut all_held = true;
        for (index, (watch, member)) in watches.iter_mut().zip(&crew.members).enumerate() {
            all_held &= Some(index) == spared || member.is_ended() || watch.sees_held(member);
        }
        if all_held {
            return;
        }
    }
}

/// What is known of the thread of one worker that does not end.
struct Watch {
    thread: u64,
    /// The CPU time that it had used at the first look.
    used_before: Duration,
    used: Duration,
    /// Since when it has neither run nor waited for a processor.
    still_since: Instant,
}

impl Watch {
    fn new(member: &Member) -> Self {
        let thread = member.thread.load(Ordering::Acquire);
        let used = sample::cpu_time(thread);
        Self { thread, used_before: used, used, still_since: Instant::now() }
    }

    fn sees_held(&mut self, member: &Member) -> bool {
        if member.thread.load(Ordering::Acquire) != self.thread {
            // It has begun to run only now.
            *self = Self::new(member);
        }
        let used = sample::cpu_time(self.thread);
        if used != self.used || sample::waits_for_cpu(self.thread) {
            self.used = used;
            self.still_since = Instant::now();
        }
        used.saturating_sub(self.used_before) >= HELD || self.still_since.elapsed() >= HELD
    }
}
