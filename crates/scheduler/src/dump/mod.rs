//! What every fiber of the process does and waits for.
//!
//! Knows nothing of how a worker looks at its fibers; it asks them all, waits a while, and puts together what they say.
//!
//! ```text
//!  who dumps                         a worker
//!  puts a question on each desk
//!  rings                        ──▶  comes round: at its next look around, or from its sleep
//!  waits for ANSWER_TIME        ◀──  describes the fibers that live there, between two of them
//!  asks those that are held by a fiber, by a signal, who holds them
//!  finds the cycles
//! ```

mod answer;
mod cycles;
mod desk;
mod frames;
mod name;
mod photo;
mod plain;
mod text;

pub(crate) use answer::{Moment, Note, Notes, Scene};
pub(crate) use desk::{Desk, Question};
pub(crate) use photo::Photo;
pub(crate) use plain::{Numbers, lettered};

use crate::crew::{Crew, Member};
use crate::current::with_worker;
use crate::fiber::now;
use crate::handle::FiberId;
use crate::hog::sample::{self, Sample};
use crate::runtime::{Handle, Runtime, every_crew};
use sisal_base::sync::atomic::Ordering;
use sisal_park::{Reason, blocking};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// How long workers have to come round. One that lets its fibers run in turn does within a time slice; what takes longer is held by one.
const ANSWER_TIME: Duration = Duration::from_millis(100);
/// How long one has that no fiber holds, but which has not come round: the system gives it no CPU.
const SLOW_TIME: Duration = Duration::from_secs(2);

/// Fibers that may come to a worker between the count of them and the look at them.
const ROOM_FOR_MORE: usize = 64;

/// What the fibers of a runtime, or of all, do and wait for. Its [`Display`](std::fmt::Display) is the report to read: identical fibers
/// are one entry with a count.
///
/// The workers answer one after another, each between two of its fibers, while the rest goes on: what is said of fibers with different
/// homes may lie some milliseconds apart. The deadlocks that are named are none the less true.
///
/// ```
/// let (send, receive) = std::sync::mpsc::channel::<()>();
/// let waiting = sisal_scheduler::spawn(sisal_scheduler::park);
/// while !sisal_scheduler::dump().to_string().contains("park") {}
/// waiting.fiber().unpark();
/// waiting.join().unwrap();
/// # drop((send, receive));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Dump {
    /// The fibers that have started and not ended, runtime by runtime, home by home.
    pub fibers: Vec<FiberDump>,
    /// The workers.
    pub workers: Vec<WorkerDump>,
    /// Fibers that wait for one another, in a circle and for ever: each waits for the next, the last for the first.
    ///
    /// Mutexes, locks that are held for writing and joins have one fiber that can end the wait, so a circle of these is certain. It is named
    /// once it has lasted for two ticks of 10 ms. (Of channels, and of readers of a lock, nobody knows who is meant to end the wait.)
    pub deadlocks: Vec<Vec<FiberId>>,
    /// Of a simulation, whose text is to be the same for the same seed.
    pub(crate) numbers: Option<Numbers>,
}

/// One fiber.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FiberDump {
    /// Its number.
    pub id: FiberId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// The number of its runtime; the first that was built is 0.
    pub runtime: usize,
    /// The index of the worker on which it runs.
    pub home: usize,
    /// What it does.
    pub state: FiberState,
    /// What it waits for, if it is parked.
    pub waits_for: Option<Reason>,
    /// The file or socket behind the descriptor that it waits for, if that is known: `tcp 127.0.0.1:80`.
    pub descriptor: Option<String>,
    /// The fiber, or the bare thread, whose doing ends the wait, if there is one alone.
    pub awaits: Option<FiberId>,
    /// For how long it has been parked, to some 10 ms.
    pub parked_for: Option<Duration>,
    /// The time that is left until its deadline, if it has one.
    pub left: Option<Duration>,
    /// How many bytes of its stack it uses, if that is known.
    pub stack_used: Option<usize>,
    /// The functions that it is in.
    pub backtrace: Backtrace,
    /// The instructions of the backtrace, until they have names.
    pub(crate) frames: Option<Arc<[usize]>>,
    /// Whether it was parked when the dump began.
    pub(crate) since_before: bool,
    /// Of a simulation, for its text.
    pub(crate) numbers: Option<Numbers>,
}

/// The functions that a fiber is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backtrace {
    /// It does not wait in a way that shows them: it runs, or waits for its turn, or lives where started fibers migrate.
    #[default]
    None,
    /// Less than 1 KiB of its stack is left, which is too little to look.
    NoRoom,
    /// The innermost first, with file and line, if the program has that information.
    Frames(Arc<[String]>),
}

/// What a fiber does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FiberState {
    /// It runs, and holds its worker.
    Running,
    /// It could run, and waits for its turn.
    Ready,
    /// It waits.
    Parked,
}

/// One worker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkerDump {
    /// The number of its runtime.
    pub runtime: usize,
    /// Its index there.
    pub index: usize,
    /// Started fibers that live there.
    pub alive: usize,
    /// Fresh fibers in its queue, which have not started. (They are nowhere listed.)
    pub fresh: usize,
    /// Whether it has told of its fibers. One that a fiber holds cannot; on Linux, it is interrupted to look at them.
    pub has_answered: bool,
    /// Whether all its fibers are listed.
    pub is_complete: bool,
    /// Where the fiber that holds it is in the code, if it has not answered, and that is known.
    pub held_at: Option<String>,
    /// That place, until it has a name.
    pub(crate) place: Option<usize>,
}

/// The fibers of all runtimes of the process: what each does, what it waits for and since when.
///
/// May be called from fibers and bare threads; the fiber that calls it is listed as waiting for it. It takes some 4 µs a fiber on its
/// home worker, which runs no other fiber meanwhile. A worker that a fiber holds does not hold the dump: after 100 ms it is interrupted, on
/// Linux, and what it would have said is read off by that.
///
/// Inside a [simulation](crate::sim) it is that simulation's dump: all its fibers between two operations, with the times of its clock, and without
/// backtraces. Fibers stand in its text by their numbers, and addresses as letters, so that it reads the same for the same seed; it takes no
/// time and no choice. Who calls it is listed as running. From elsewhere the fibers of a simulation are not seen.
///
/// ```
/// use sisal_scheduler::{dump, sim, sleep, spawn};
/// use std::time::Duration;
/// let text = || sim::run(7, || {
///     let sleeper = spawn(|| sleep(Duration::from_secs(60)));
///     sim::settle();
///     sim::advance(Duration::from_secs(45));
///     let text = dump().to_string();
///     sleeper.join().unwrap();
///     text
/// });
/// assert!(text().contains("fiber #2, parked: sleep, until +15.00 s, for 45.00 s"));
/// assert_eq!(text(), text());
/// ```
pub fn dump() -> Dump {
    of_simulation(None).unwrap_or_else(|| Dump::of(&every_crew()))
}

/// The dump of the simulation in which this runs, if it does, and if that is the crew which is meant.
fn of_simulation(meant: Option<&Arc<Crew>>) -> Option<Dump> {
    with_worker(|worker| {
        let worker = worker.filter(|worker| meant.is_none_or(|meant| Arc::ptr_eq(meant, worker.crew())))?;
        Some(worker.dump_simulation(worker.sim()?))
    })
}

impl Runtime {
    /// [`dump`] of this runtime's fibers.
    pub fn dump(&self) -> Dump {
        self.handle().dump()
    }
}

impl Handle {
    /// [`dump`] of this runtime's fibers.
    pub fn dump(&self) -> Dump {
        of_simulation(Some(self.crew())).unwrap_or_else(|| Dump::of(std::slice::from_ref(self.crew())))
    }
}

impl WorkerDump {
    /// One that has told of all its fibers: of which runtime, and which worker.
    pub(crate) fn of(member: &Member, (runtime, index): (usize, usize)) -> Self {
        Self {
            runtime,
            index,
            alive: member.live.count(),
            fresh: member.fresh.len(),
            has_answered: true,
            is_complete: true,
            held_at: None,
            place: None,
        }
    }
}

impl Dump {
    pub(crate) fn of(crews: &[Arc<Crew>]) -> Self {
        let mut dump = Self::default();
        let asked: Vec<_> = crews.iter().map(|crew| (crew, Question::ask(crew))).collect();
        let deadline = now() + ANSWER_TIME;
        for (crew, question) in &asked {
            question.wait(deadline);
            for index in 0..crew.members.len() {
                dump.add_worker(crew, question, index);
            }
        }
        dump.find_deadlocks();
        // To find names takes long, and a fiber that dumps must not hold its worker meanwhile.
        blocking(|| dump.find_names());
        dump
    }

    /// Gives each place in the code its name, and equal backtraces the same names.
    fn find_names(&mut self) {
        for worker in &mut self.workers {
            worker.held_at = worker.place.take().and_then(sample::name_of);
        }
        let mut named = HashMap::new();
        for fiber in &mut self.fibers {
            if let Some(frames) = fiber.frames.take() {
                let names = named.entry(frames).or_insert_with_key(|frames| Arc::from(frames::names(frames)));
                fiber.backtrace = Backtrace::Frames(Arc::clone(names));
            }
        }
    }

    fn add_worker(&mut self, crew: &Crew, question: &Question, index: usize) {
        let member = &crew.members[index];
        let mut worker = WorkerDump::of(member, (crew.number, index));
        let mut answer = question.take(index);
        if answer.is_none() && !member.is_ended() {
            let mut notes = Notes::with_room(member.live.count() + ROOM_FOR_MORE);
            let moment = Moment { now: now(), tick: crew.monitor.advance(), asked_at: question.asked_at };
            match sample::take(member.thread.load(Ordering::Acquire), Some(&mut notes)) {
                Sample::Fiber { id, name, site, place } => {
                    worker.has_answered = false;
                    worker.place = Some(place);
                    worker.is_complete = notes.is_complete;
                    let at = (crew.number, index);
                    self.fibers.push(FiberDump::running(FiberId::new(id), name, site, at));
                    let noted = notes.take().into_iter();
                    self.fibers.extend(noted.map(|note| FiberDump::of(note, at, moment, false)));
                }
                Sample::Nobody | Sample::NoAnswer => {
                    question.wait(now() + SLOW_TIME);
                    answer = question.take(index);
                    worker.has_answered = answer.is_some();
                    worker.is_complete = answer.is_some();
                }
            }
        }
        self.fibers.extend(answer.unwrap_or_default());
        self.workers.push(worker);
    }
}
