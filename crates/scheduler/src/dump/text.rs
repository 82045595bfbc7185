//! A dump as a text to read: first what is wrong, then the workers, then the fibers, identical ones as one entry.
//!
//! Knows nothing of how a dump is taken.

use super::{Backtrace, Dump, FiberDump, FiberState, Numbers, WorkerDump};
use crate::handle::FiberId;
use sisal_park::Reason;
use std::collections::HashMap;
use std::fmt;
use std::mem::{Discriminant, discriminant};
use std::panic::Location;
use std::time::Duration;

/// Numbers of fibers that an entry lists.
const IDS_MAX: usize = 8;

/// What makes fibers identical.
type Likeness<'a> = (
    FiberState,
    Option<Discriminant<Reason>>,
    Option<&'a str>,
    &'static Location<'static>,
    &'a Backtrace,
    Option<usize>,
);

impl Dump {
    /// The fibers, identical ones together: of the same name, spawned at the same place, in the same state, and waiting for the same kind
    /// of thing in the same functions (a running fiber is alone). The largest group comes first.
    pub fn groups(&self) -> Vec<Vec<&FiberDump>> {
        let mut groups: HashMap<Likeness<'_>, Vec<&FiberDump>> = HashMap::new();
        for fiber in &self.fibers {
            let reason = fiber.waits_for.as_ref().map(discriminant);
            let alone = (fiber.state == FiberState::Running).then_some(fiber.home);
            let likeness =
                (fiber.state, reason, fiber.name.as_deref(), fiber.spawned_at, &fiber.backtrace, alone);
            groups.entry(likeness).or_default().push(fiber);
        }
        let mut groups = merge(groups);
        groups.iter_mut().for_each(|group| group.sort_by_key(|fiber| self.number(fiber.id)));
        groups.sort_by_key(|group| (usize::MAX - group.len(), self.number(group[0].id)));
        groups
    }

    /// The fiber of that number, if it is in the dump.
    pub fn fiber(&self, id: FiberId) -> Option<&FiberDump> {
        self.fibers.iter().find(|fiber| fiber.id == id)
    }

    /// The number by which fibers are sorted.
    pub(super) fn number(&self, id: FiberId) -> u64 {
        self.numbers.map_or(id.as_u64(), |numbers| numbers.of(id.as_u64()))
    }

    fn write(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        let fresh: usize = self.workers.iter().map(|worker| worker.fresh).sum();
        let lives = if self.fibers.len() == 1 { "lives" } else { "live" };
        let (fibers, workers) = (Count(self.fibers.len(), "fiber"), Count(self.workers.len(), "worker"));
        writeln!(f, "{fibers} {lives} on {workers}; {fresh} more have not started")?;
        self.deadlocks.iter().try_for_each(|circle| self.write_deadlock(f, circle))?;
        let mut silent = self.workers.iter().filter(|worker| !worker.has_answered);
        silent.try_for_each(|worker| write!(f, "{worker}"))?;
        self.groups().iter().try_for_each(|group| write_group(f, group))
    }

    fn write_deadlock(&self, f: &mut dyn fmt::Write, circle: &[FiberId]) -> fmt::Result {
        writeln!(
            f,
            "deadlock of {} fibers, each of which waits for the next, the last for the first:",
            circle.len()
        )?;
        for fiber in circle.iter().filter_map(|id| self.fiber(*id)) {
            write!(f, "    {} waits for ", Title(fiber))?;
            write_reason(f, &[fiber])?;
            writeln!(f, "; spawned at {}", fiber.spawned_at)?;
        }
        Ok(())
    }
}

/// Puts those whose backtrace was not to be had to the one group that they are like in all else, if there is one.
fn merge<'a>(mut groups: HashMap<Likeness<'a>, Vec<&'a FiberDump>>) -> Vec<Vec<&'a FiberDump>> {
    let blind: Vec<_> = groups.keys().filter(|key| *key.4 == Backtrace::None).copied().collect();
    for key in blind {
        let rest = |key: &Likeness<'a>| (key.0, key.1, key.2, key.3, key.5);
        let mut alike = groups.keys().filter(|other| rest(other) == rest(&key) && **other != key);
        if let (Some(other), None) = (alike.next().copied(), alike.next()) {
            let fibers = groups.remove(&key).unwrap_or_default();
            groups.entry(other).or_default().extend(fibers);
        }
    }
    groups.into_values().collect()
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_plainly(f, self.numbers, |text| self.write(text))
    }
}

impl fmt::Display for WorkerDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} of runtime {}: {}", self.index, self.runtime, Count(self.alive, "fiber"))?;
        if !self.has_answered {
            f.write_str(", one of which holds it")?;
        }
        if !self.is_complete {
            f.write_str(" (the others were not to be had)")?;
        }
        if let Some(place) = &self.held_at {
            write!(f, ", in {place}")?;
        }
        writeln!(f)
    }
}

/// One fiber, as a line.
impl fmt::Display for FiberDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_plainly(f, self.numbers, |text| write_group(text, &[self]))
    }
}

/// What `write` writes; of a simulation, as it reads in every run of the same seed.
fn write_plainly(
    f: &mut fmt::Formatter<'_>,
    numbers: Option<Numbers>,
    write: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result,
) -> fmt::Result {
    match numbers {
        None => write(f),
        Some(numbers) => {
            let mut text = String::new();
            write(&mut text)?;
            f.write_str(&numbers.plain(&text))
        }
    }
}

/// `1 fiber`, `2 fibers`.
struct Count(usize, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// `#7 'name'`.
struct Title<'a>(&'a FiberDump);

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.id)?;
        self.0.name.as_ref().map_or(Ok(()), |name| write!(f, " '{name}'"))
    }
}

fn write_group(f: &mut dyn fmt::Write, group: &[&FiberDump]) -> fmt::Result {
    let first = group[0];
    match group.len() {
        1 => write!(f, "fiber {}", Title(first))?,
        count => {
            write!(f, "{count} fibers")?;
            first.name.as_ref().map_or(Ok(()), |name| write!(f, " '{name}'"))?;
        }
    }
    match first.state {
        FiberState::Running => write!(f, ", runs on worker {}", first.home)?,
        FiberState::Ready => f.write_str(", ready")?,
        FiberState::Parked => {
            f.write_str(", parked: ")?;
            write_reason(f, group)?;
            write_times(f, group)?;
        }
    }
    writeln!(f)?;
    write!(f, "    spawned at {}", first.spawned_at)?;
    if first.state != FiberState::Running {
        write_homes(f, group)?;
    }
    if group.len() > 1 {
        let ids: Vec<_> = group.iter().take(IDS_MAX).map(|fiber| fiber.id.to_string()).collect();
        let more = if group.len() > IDS_MAX { ", …" } else { "" };
        write!(f, "; {}{more}", ids.join(", "))?;
    }
    writeln!(f)?;
    let seen: Vec<_> = group.iter().filter(|fiber| fiber.backtrace != Backtrace::None).collect();
    if !seen.is_empty() && seen.len() < group.len() {
        writeln!(f, "    {} of them, of which that is known, are here:", seen.len())?;
    }
    match seen.first().map_or(&Backtrace::None, |fiber| &fiber.backtrace) {
        Backtrace::None => Ok(()),
        Backtrace::NoRoom => writeln!(f, "    no backtrace: less than 1 KiB of the stack is left"),
        Backtrace::Frames(frames) => frames.iter().try_for_each(|frame| writeln!(f, "    in {frame}")),
    }
}

fn write_reason(f: &mut dyn fmt::Write, group: &[&FiberDump]) -> fmt::Result {
    let first = group[0];
    let Some(reason) = first.waits_for else { return f.write_str("elsewhere") };
    match (&first.descriptor, reason) {
        (Some(name), Reason::Readable(_)) => write!(f, "read {name}")?,
        (Some(name), Reason::Writable(_)) => write!(f, "write {name}")?,
        _ => write!(f, "{reason}")?,
    }
    if let (Some(holder), Reason::Mutex(_) | Reason::Lock(_)) = (first.awaits, reason) {
        write!(f, ", held by {holder}")?;
    }
    if group.iter().any(|fiber| fiber.waits_for != first.waits_for) {
        f.write_str(", and others of the kind")?;
    }
    Ok(())
}

fn write_times(f: &mut dyn fmt::Write, group: &[&FiberDump]) -> fmt::Result {
    if let Some((least, most)) = bounds(group.iter().filter_map(|fiber| fiber.left)) {
        write!(f, ", until +{}", Span(least, most))?;
    }
    if let Some((least, most)) = bounds(group.iter().filter_map(|fiber| fiber.parked_for)) {
        write!(f, ", for {}", Span(least, most))?;
    }
    Ok(())
}

fn write_homes(f: &mut dyn fmt::Write, group: &[&FiberDump]) -> fmt::Result {
    let mut homes: Vec<_> = group.iter().map(|fiber| fiber.home).collect();
    homes.sort_unstable();
    homes.dedup();
    match &*homes {
        [home] => write!(f, ", lives on worker {home}"),
        homes => write!(f, ", live on {} workers", homes.len()),
    }
}

fn bounds<T: Ord + Copy>(values: impl Iterator<Item = T> + Clone) -> Option<(T, T)> {
    values.clone().min().zip(values.max())
}

/// `1.20 s`, or `1.20 to 3.50 s`.
struct Span(Duration, Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.0.as_secs_f64(), self.1.as_secs_f64());
        if most - least < 0.01 {
            return write!(f, "{most:.2} s");
        }
        write!(f, "{least:.2} to {most:.2} s")
    }
}
