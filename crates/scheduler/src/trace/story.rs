//! From the tapes of all workers to tracks: what each worker and each named fiber did from when to when, and who caused what.
//!
//! Knows nothing of files.
//!
//! Tapes are of different length in time: from the first moment on that all of them cover, the story is whole, and there it begins. A
//! fiber's track has one state at a time, by construction: whatever begins ends what was before.

use super::event::{Event, What};
use super::tape::Copied;
use sisal_park::{AgentId, Reason};
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::panic::Location;

/// All that is to be drawn.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) workers: Vec<Vec<Slice<Act>>>,
    /// The fibers that have a name.
    pub(super) fibers: BTreeMap<AgentId, Vec<Slice<State>>>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) panics: Vec<Panic>,
    pub(super) names: HashMap<AgentId, String>,
    pub(super) sites: HashMap<AgentId, &'static Location<'static>>,
}

/// Something that lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slice<T> {
    pub(super) begin_ns: u64,
    pub(super) end_ns: u64,
    pub(super) what: T,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    /// It runs a fiber, which then does that, if it is known.
    Runs(AgentId, Option<State>),
    Sleeps,
}

/// What a fiber does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// It runs on that worker.
    Running(usize),
    Ready,
    Parked(Reason),
    Ended,
}

/// What a fiber has caused, and where it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arrow {
    pub(super) kind: ArrowKind,
    /// Worker and time.
    pub(super) from: (usize, u64),
    pub(super) to: (usize, u64),
}

/// What has been caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArrowKind {
    Spawn,
    Steal,
    Wake,
}

/// A worker and a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Panic {
    pub(super) worker: usize,
    pub(super) at_ns: u64,
}

/// What one worker does while the events are read.
#[derive(Clone, Copy, Default)]
struct Scene {
    open: Option<(u64, Act)>,
    /// When the last slice ended.
    ended_ns: Option<u64>,
}

/// What kind of arrow begins there: on which worker, and when.
type Cause = (ArrowKind, (usize, u64));

/// Reads the events in the order of time.
struct Reader {
    story: Story,
    scenes: Vec<Scene>,
    states: HashMap<AgentId, (u64, State)>,
    causes: HashMap<AgentId, Vec<Cause>>,
}

impl Story {
    /// What these tapes tell of that time.
    pub(super) fn of(tapes: &[Copied], span: RangeInclusive<u64>) -> Self {
        let cut = tapes.iter().filter(|tape| tape.is_cut).filter_map(|tape| tape.events.first());
        let from = cut.map(|event| event.at_ns).max().unwrap_or(0).max(*span.start());
        let to = *span.end();
        let mut events: Vec<(usize, &Event)> = Vec::new();
        for (worker, tape) in tapes.iter().enumerate() {
            events.extend(tape.events.iter().filter(|event| event.at_ns <= to).map(|event| (worker, event)));
        }
        // A worker's own events keep their order.
        events.sort_by_key(|(_, event)| event.at_ns);
        let mut reader = Reader::new(tapes);
        events.into_iter().for_each(|(worker, event)| reader.read(worker, event));
        reader.end(to);
        reader.story.clip(from);
        reader.story
    }

    fn clip(&mut self, from: u64) {
        self.workers.iter_mut().for_each(|slices| clip(slices, from));
        self.fibers.values_mut().for_each(|slices| clip(slices, from));
        self.fibers.retain(|_, slices| !slices.is_empty());
        self.arrows.retain(|arrow| arrow.from.1 >= from);
        self.panics.retain(|panic| panic.at_ns >= from);
    }
}

fn clip<T>(slices: &mut Vec<Slice<T>>, from: u64) {
    slices.retain(|slice| slice.end_ns >= from);
    slices.iter_mut().for_each(|slice| slice.begin_ns = slice.begin_ns.max(from));
}

impl Reader {
    fn new(tapes: &[Copied]) -> Self {
        let names = tapes.iter().flat_map(|tape| &tape.names);
        let names = names.map(|name| (name.fiber, name.text().to_owned())).collect();
        let workers = vec![Vec::new(); tapes.len()];
        let story = Story { workers, names, ..Story::default() };
        let scenes = vec![Scene::default(); tapes.len()];
        Self { story, scenes, states: HashMap::new(), causes: HashMap::new() }
    }

    fn read(&mut self, worker: usize, event: &Event) {
        let at = event.at_ns;
        match event.what {
            What::Run { fiber, site } => {
                self.story.sites.insert(fiber, site);
                self.close(worker, at, None);
                self.scenes[worker].open = Some((at, Act::Runs(fiber, None)));
                self.become_(fiber, at, State::Running(worker));
                for (kind, from) in self.causes.remove(&fiber).unwrap_or_default() {
                    self.story.arrows.push(Arrow { kind, from, to: (worker, at) });
                }
            }
            What::Yield => self.close(worker, at, Some(State::Ready)),
            What::Park(reason) => self.close(worker, at, Some(State::Parked(reason))),
            What::End => self.close(worker, at, Some(State::Ended)),
            What::Panic => self.story.panics.push(Panic { worker, at_ns: at }),
            What::Wake(fiber) => self.wake(worker, at, fiber),
            What::Spawn(fiber) => {
                self.become_(fiber, at, State::Ready);
                self.cause(fiber, ArrowKind::Spawn, worker, at);
            }
            What::Steal { fiber, from } => self.steal(fiber, from as usize, at),
            What::Sleep => {
                self.close(worker, at, None);
                self.scenes[worker].open = Some((at, Act::Sleeps));
            }
            What::Rise => self.close(worker, at, None),
        }
    }

    /// The first wake counts: one from elsewhere is noted there, and again where the fiber lives.
    fn wake(&mut self, worker: usize, at: u64, fiber: AgentId) {
        match self.states.get(&fiber) {
            Some((_, State::Parked(_))) | None => {
                self.become_(fiber, at, State::Ready);
                self.cause(fiber, ArrowKind::Wake, worker, at);
            }
            _ => {}
        }
    }

    /// What was stolen lay at a worker that may have been between two fibers: the arrow comes from the last one that it ran.
    fn steal(&mut self, fiber: AgentId, from: usize, at: u64) {
        let Some(scene) = self.scenes.get(from) else { return };
        let place = match scene.open {
            Some((_, Act::Runs(..))) => Some(at),
            _ => scene.ended_ns.map(|end| end.saturating_sub(1)),
        };
        if let Some(place) = place {
            self.causes.entry(fiber).or_default().push((ArrowKind::Steal, (from, place)));
        }
    }

    /// Whoever runs on that worker has caused something: nobody, if it was a timer or a socket.
    fn cause(&mut self, fiber: AgentId, kind: ArrowKind, worker: usize, at: u64) {
        if let Some((_, Act::Runs(..))) = self.scenes[worker].open {
            self.causes.entry(fiber).or_default().push((kind, (worker, at)));
        }
    }

    /// Ends what the worker does; the fiber, if it ran one, does that from now on.
    fn close(&mut self, worker: usize, at: u64, then: Option<State>) {
        let scene = &mut self.scenes[worker];
        let Some((begin_ns, act)) = scene.open.take() else { return };
        let what = match act {
            Act::Runs(fiber, _) => {
                scene.ended_ns = Some(at);
                Act::Runs(fiber, then)
            }
            Act::Sleeps => act,
        };
        self.story.workers[worker].push(Slice { begin_ns, end_ns: at, what });
        if let (Act::Runs(fiber, _), Some(then)) = (what, then) {
            self.become_(fiber, at, then);
        }
    }

    fn become_(&mut self, fiber: AgentId, at: u64, state: State) {
        let before = match state {
            State::Ended => self.states.remove(&fiber),
            _ => self.states.insert(fiber, (at, state)),
        };
        if let Some((begin_ns, what)) = before {
            if self.story.names.contains_key(&fiber) {
                let slices = self.story.fibers.entry(fiber).or_default();
                slices.push(Slice { begin_ns, end_ns: at, what });
            }
        }
    }

    /// Ends all that has not ended.
    fn end(&mut self, at: u64) {
        (0..self.scenes.len()).for_each(|worker| self.close(worker, at, None));
        let open: Vec<_> = self.states.keys().copied().collect();
        open.into_iter().for_each(|fiber| self.become_(fiber, at, State::Ended));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: AgentId = AgentId::from_u64(1);
    const B: AgentId = AgentId::from_u64(2);

    fn run(fiber: AgentId) -> What {
        What::Run { fiber, site: Location::caller() }
    }

    fn tape(is_cut: bool, events: &[(u64, What)]) -> Copied {
        let events = events.iter().map(|(at_ns, what)| Event { at_ns: *at_ns, what: *what }).collect();
        let names = [A, B].map(|fiber| super::super::event::Name::new(fiber, "name")).to_vec();
        Copied { events, names, is_cut }
    }

    fn slices<T: Copy>(slices: &[Slice<T>]) -> Vec<(u64, u64, T)> {
        slices.iter().map(|slice| (slice.begin_ns, slice.end_ns, slice.what)).collect()
    }

    #[test]
    fn a_wake_from_another_worker_is_an_arrow_and_a_state() {
        let home =
            tape(false, &[(10, run(A)), (20, What::Park(Reason::Park)), (40, What::Wake(A)), (50, run(A))]);
        let other = tape(false, &[(25, run(B)), (30, What::Wake(A)), (35, What::End)]);
        let story = Story::of(&[home, other], 0..=60);
        let parked = State::Parked(Reason::Park);
        assert_eq!(
            slices(&story.fibers[&A]),
            [
                (10, 20, State::Running(0)),
                (20, 30, parked),
                (30, 50, State::Ready),
                (50, 60, State::Running(0))
            ]
        );
        assert_eq!(story.arrows, [Arrow { kind: ArrowKind::Wake, from: (1, 30), to: (0, 50) }]);
        assert_eq!(slices(&story.workers[1]), [(25, 35, Act::Runs(B, Some(State::Ended)))]);
    }

    #[test]
    fn nobody_is_the_cause_of_a_timer() {
        let tape = tape(
            false,
            &[
                (1, run(A)),
                (2, What::Park(Reason::Sleep)),
                (3, What::Sleep),
                (8, What::Rise),
                (9, What::Wake(A)),
                (9, run(A)),
            ],
        );
        let story = Story::of(&[tape], 0..=10);
        assert!(story.arrows.is_empty());
        assert_eq!(slices(&story.workers[0])[1], (3, 8, Act::Sleeps));
    }

    #[test]
    fn what_is_stolen_comes_from_the_last_slice_of_its_victim() {
        let victim = tape(false, &[(1, run(A)), (5, What::Yield)]);
        let thief = tape(false, &[(7, What::Steal { fiber: B, from: 0 }), (8, run(B))]);
        let story = Story::of(&[victim, thief], 0..=10);
        assert_eq!(story.arrows, [Arrow { kind: ArrowKind::Steal, from: (0, 4), to: (1, 8) }]);
    }

    #[test]
    fn the_story_begins_where_all_tapes_do() {
        let long = tape(false, &[(1, run(A)), (90, What::Yield)]);
        let short = tape(true, &[(50, What::Yield), (60, run(B)), (70, What::End)]);
        let story = Story::of(&[long, short], 0..=100);
        assert_eq!(slices(&story.workers[0]), [(50, 90, Act::Runs(A, Some(State::Ready)))]);
        assert_eq!(slices(&story.workers[1]), [(60, 70, Act::Runs(B, Some(State::Ended)))]);
        // And not before it is asked for.
        let story = Story::of(&[tape(false, &[(1, run(A)), (90, What::Yield)])], 95..=100);
        assert!(story.workers[0].is_empty());
    }
}
