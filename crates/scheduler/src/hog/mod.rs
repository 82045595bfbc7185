//! Hogs: fibers that run for long without giving way, and what is said of them.
//!
//! Knows nothing of what is done about them: the monitor turns their reactors and pays owed wake-ups anyway.
//!
//! A worker that has not come back to its loop for the threshold is asked what it runs. It cannot answer by itself, so a
//! signal interrupts it (`sample`): the handler copies the fiber's name, where it was spawned and the place in the code, and
//! the monitor, which may allocate and read files, gives that place its name.

pub(crate) mod sample;

use crate::crew::{Crew, Member};
use sisal_base::sync::atomic::Ordering;
use std::cell::Cell;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use sample::{Sample, own_thread};

/// How long a fiber may run before it is reported, if the builder says nothing.
pub(crate) const THRESHOLD: Duration = Duration::from_millis(100);

/// What the monitor remembers of one worker.
pub(crate) struct Watch {
    turns: Cell<u64>,
    /// Since when the worker has not come round, and the CPU time that its thread had used by then.
    since: Cell<Option<(Instant, Duration)>>,
    reported: Cell<bool>,
}

/// What a worker was doing since the last tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Seen {
    /// It came round, or sleeps.
    Fine,
    /// It runs one fiber, or whatever else holds it, and has done so for at least that long.
    Busy(Duration),
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { turns: Cell::new(0), since: Cell::new(None), reported: Cell::new(false) }
    }

    /// Looks at a worker once a tick.
    pub(crate) fn look(&self, member: &Member) -> Seen {
        let turns = member.counters.turns.get();
        let came_round = self.turns.replace(turns) != turns;
        if came_round || member.post.mailbox.sleeper().is_asleep() {
            self.since.set(None);
            self.reported.set(false);
            return Seen::Fine;
        }
        let (since, _) = self.since.get().unwrap_or_else(|| {
            let since = (Instant::now(), sample::cpu_time(member.thread.load(Ordering::Acquire)));
            self.since.set(Some(since));
            since
        });
        Seen::Busy(since.elapsed())
    }

    /// For how long one fiber has held this worker, if for `least` or more. A thread that would run, but to which the system has given no
    /// CPU, is not held by its fiber.
    pub(crate) fn held(&self, member: &Member, least: Duration) -> Option<Duration> {
        let (since, used_before) = self.since.get()?;
        let held = since.elapsed();
        if held < least {
            return None;
        }
        let thread = member.thread.load(Ordering::Acquire);
        let used = sample::cpu_time(thread).saturating_sub(used_before);
        let is_starved = used < least / 2 && sample::waits_for_cpu(thread);
        (!is_starved).then_some(held)
    }

    /// Whether it is time to report this worker: once for each time that it is held.
    pub(crate) fn is_due(&self, member: &Member, threshold: Duration) -> Option<Duration> {
        let held = if self.reported.get() { None } else { self.held(member, threshold) }?;
        self.reported.set(true);
        Some(held)
    }
}

/// Says on stderr who holds a worker, for how long, and who waits behind it; then in which function it is. On a thread of its
/// own: to find the name of a place takes 100 ms and more, during which the monitor would not tick.
pub(crate) fn report(crew: &Arc<Crew>, index: usize, held: Duration) {
    let crew = Arc::clone(crew);
    let ask = move || {
        let member = &crew.members[index];
        let number = member.thread.load(Ordering::Acquire);
        let mut sample = sample::take(number, None);
        let others = member.live.count().saturating_sub(1);
        let Some(text) = text(index, others, held, &sample) else { return };
        eprintln!("{text}");
        // The first places may have no name: in the kernel's page for clocks, say.
        for _ in 0..ATTEMPTS {
            if let Sample::Fiber { name, place, .. } = &sample {
                if let Some(place) = sample::name_of(*place) {
                    return eprintln!("sisal: {} was in {place}", title(name.as_deref()));
                }
            }
            thread::sleep(Duration::from_millis(1));
            sample = sample::take(number, None);
        }
    };
    // Without a thread there is no report.
    let _ = thread::Builder::new().name("sisal-report".into()).spawn(ask);
}

/// Places that are looked at for one with a name.
const ATTEMPTS: u32 = 20;

fn title(name: Option<&str>) -> String {
    format!("fiber '{}'", name.unwrap_or("(no name)"))
}

/// `None` if no fiber runs there after all.
fn text(index: usize, others: usize, held: Duration, sample: &Sample) -> Option<String> {
    let held = held.as_millis();
    let who = match sample {
        Sample::Nobody => return None,
        Sample::NoAnswer => "a fiber that does not answer".to_owned(),
        Sample::Fiber { name, site, .. } => format!("{} (spawned at {site})", title(name.as_deref())),
    };
    Some(format!(
        "sisal: {who} has run for {held} ms on worker {index} without giving way; others that live there: {others}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sisal_park::AgentId;
    use std::panic::Location;

    #[test]
    fn a_report_names_all_it_knows() {
        let sample = Sample::Fiber {
            id: AgentId::from_u64(1),
            name: Some("loop".into()),
            site: Location::caller(),
            place: 0,
        };
        let text = text(3, 2, Duration::from_millis(120), &sample).unwrap();
        for part in ["'loop'", "mod.rs:", "120 ms", "worker 3", "live there: 2"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
        assert_eq!(super::text(0, 0, Duration::ZERO, &Sample::Nobody), None);
    }
}
