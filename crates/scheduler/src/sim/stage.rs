//! The workers of a simulation on one OS thread, and who has the next turn.
//!
//! Knows nothing of seeds and failures.
//!
//! Each worker lives on a stack of its own, and runs the very loop that a worker of a real runtime runs, but that it leaves its stack
//! after each turn and instead of each sleep in the kernel. When all sleep and nothing rings them, the clock goes to the next timer.

use super::world::Sim;
use crate::crew::Crew;
use crate::current;
use crate::runtime::{Builder, Ends};
use crate::worker::Worker;
use sisal_coro::{Class, Pool, Resumable, Resumed};
use sisal_park::agent::install;
use sisal_reactor::Reactor;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

/// Room for what a worker does outside of fibers: drops of closures that never ran are users' code.
const WORKER_STACK: usize = 1024 * 1024;

/// Why the play has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// What was waited for has happened.
    Done,
    /// All fibers are parked, and nothing will wake them.
    Quiet,
    /// So many turns were taken that it looks endless.
    Endless,
    /// Somebody outside wants it to end.
    Stopped,
    /// Somebody inside has taken the wrong clock.
    RealTime,
}

struct Player {
    /// Before the worker, in whose service it stands.
    life: Option<Resumable>,
    worker: Box<Worker>,
}

pub(super) struct Stage {
    pub(super) sim: Rc<Sim>,
    pub(super) crew: Arc<Crew>,
    players: Vec<Player>,
    last: usize,
    able: Vec<usize>,
    /// It is over already: nobody stops the end.
    closes: bool,
}

/// The reactor of all simulated workers, which none of them ever turns.
fn idle_reactor() -> io::Result<Arc<Reactor>> {
    static IDLE: OnceLock<Arc<Reactor>> = OnceLock::new();
    match IDLE.get() {
        Some(reactor) => Ok(Arc::clone(reactor)),
        None => {
            let reactor = Reactor::new()?;
            Ok(Arc::clone(IDLE.get_or_init(|| reactor)))
        }
    }
}

impl Stage {
    pub(super) fn new(mut builder: Builder, workers: usize, sim: Rc<Sim>) -> io::Result<Self> {
        let reactor = idle_reactor()?;
        let (crew, ends) = builder.crew(vec![reactor; workers])?;
        // Nobody sleeps in the kernel.
        crew.members.iter().for_each(|member| member.post.disconnect());
        let player = |(index, ends)| Player::new(index, &crew, ends, &sim);
        let players = ends.into_iter().enumerate().map(player).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { sim, crew, players, last: 0, able: Vec::new(), closes: false })
    }

    /// Gives turns until `is_done`; until all are parked and nothing is under way, if `may_wait` is false, else until they are and no timer
    /// is armed; or until so many turns were taken.
    pub(super) fn play(&mut self, is_done: impl Fn() -> bool, may_wait: bool, turns_max: u64) -> Stop {
        let mut turns = 0;
        loop {
            if is_done() {
                return Stop::Done;
            }
            self.fire_alarms();
            self.find_able();
            if self.able.is_empty() {
                if self.go_on(may_wait) {
                    continue;
                }
                return Stop::Quiet;
            }
            self.last = self.sim.next_worker(&self.able);
            self.players[self.last].turn();
            turns += 1;
            if !self.closes && self.sim.is_stopped() {
                return Stop::Stopped;
            }
            if !self.closes && self.sim.real_time().is_some() {
                return Stop::RealTime;
            }
            if turns == turns_max {
                return Stop::Endless;
            }
        }
    }

    /// The workers that have something to do, from the one on that ran last.
    fn find_able(&mut self) {
        let workers = self.players.len();
        let mut able = std::mem::take(&mut self.able);
        able.clear();
        let all = (0..workers).map(|offset| (self.last + offset) % workers);
        able.extend(all.filter(|&index| self.is_able(index)));
        self.able = able;
    }

    /// Does what wakes fibers, as a worker that is known to the simulation, so that this is told.
    fn step_in<R>(&self, f: impl FnOnce() -> R) -> R {
        current::enter(self.worker(), || self.sim.step_in(f))
    }

    /// Calls the wakers whose time has come.
    fn fire_alarms(&self) {
        while let Some(waker) = self.sim.due_alarm() {
            self.step_in(|| waker.wake());
        }
    }

    /// Nobody has anything to do: pays a wake-up that is owed, or moves the clock.
    fn go_on(&self, may_wait: bool) -> bool {
        let owed = self.crew.idle.pay(self.crew.sleepers()).is_some();
        if owed || self.step_in(|| self.sim.wake_settler()) {
            return true;
        }
        match self.sim.next_timer() {
            Some(at) if may_wait || self.sim.is_expected(at) => {
                self.sim.set_elapsed(at);
                true
            }
            _ => false,
        }
    }

    fn is_able(&self, index: usize) -> bool {
        let sleeper = self.crew.members[index].post.mailbox.sleeper();
        self.players[index].life.is_some() && !(sleeper.is_asleep() && self.sim.sleeps(index))
    }

    /// One of them, to speak for all.
    pub(super) fn worker(&self) -> &Worker {
        &self.players[0].worker
    }

    /// The end: fibers are asked to end, and what does not is leaked, as with any runtime.
    pub(super) fn close(mut self, turns_max: u64) {
        self.closes = true;
        self.crew.lifecycle.close(&self.crew);
        let crew = Arc::clone(&self.crew);
        let _ = self.play(|| crew.live() == 0, true, turns_max);
        self.crew.lifecycle.stop(&self.crew, None);
        for player in &mut self.players {
            while player.life.is_some() {
                player.turn();
            }
        }
        for member in &self.crew.members {
            self.crew.lifecycle.worker_has_ended(member);
        }
        if self.crew.live() > 0 {
            // Wakers of leaked fibers still reach into it.
            std::mem::forget(Arc::clone(&self.crew));
        }
    }
}

impl Player {
    fn new(index: usize, crew: &Arc<Crew>, (fresh, movable): Ends, sim: &Rc<Sim>) -> io::Result<Self> {
        let stack = Pool::global().take(Class::for_size(WORKER_STACK)?)?;
        let worker = Box::new(Worker::new(index, Arc::clone(crew), fresh, movable, Some(Rc::clone(sim))));
        let served: *const Worker = &raw const *worker;
        let sim = Rc::clone(sim);
        let life = move |suspender: &sisal_coro::Suspender| {
            sim.settle(index, suspender);
            // SAFETY: a player has both, and ends its life before its worker goes.
            unsafe { &*served }.run_simulated();
        };
        Ok(Self { life: Some(Resumable::new(stack, life)), worker })
    }

    /// One turn, or what the worker does instead.
    fn turn(&mut self) {
        let life = self.life.as_mut().expect("a worker that has not ended");
        let resumed = current::enter(&self.worker, || life.resume());
        // SAFETY: no fiber runs.
        unsafe { install(None) };
        if resumed == Resumed::Finished {
            let stack = self.life.take().expect("as above").into_stack();
            Pool::global().give(stack);
        }
    }
}
