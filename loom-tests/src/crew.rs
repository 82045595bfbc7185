//! A crew of workers as small as can be: what a scheduler does with the idle protocol, and nothing else.
//!
//! Knows nothing of tasks. Every source of work is real but one: the injector is a stand-in that promises less than
//! crossbeam's, since loom cannot look into that. Its `is_empty` is one relaxed load, and its `pop` asks that first, so
//! that no lock orders what the fences must order.

use crate::Bell;
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_base::sync::{Mutex, thread};
use sisal_queue::{
    Idle, Inject, Local, Roused, Searching, Sleeper, Steal, Stealer, WakeNext, deque_starting_at,
};
use std::collections::VecDeque;

/// Capacity of the workers' queues.
pub const CAP: usize = 4;

/// The stand-in for the injector.
#[derive(Debug)]
pub struct StandIn {
    items: Mutex<VecDeque<usize>>,
    len: AtomicUsize,
}

impl StandIn {
    /// An empty queue.
    pub fn new() -> Self {
        Self { items: Mutex::new(VecDeque::new()), len: AtomicUsize::new(0) }
    }
}

impl Default for StandIn {
    fn default() -> Self {
        Self::new()
    }
}

impl Inject<usize> for StandIn {
    fn push(&self, item: usize) {
        let mut items = self.items.lock();
        items.push_back(item);
        self.len.fetch_add(1, Ordering::Relaxed);
    }

    fn pop(&self) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let mut items = self.items.lock();
        let item = items.pop_front()?;
        self.len.fetch_sub(1, Ordering::Relaxed);
        Some(item)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }
}

/// What one worker shows to the others.
#[derive(Debug)]
pub struct Member {
    /// Whether it sleeps.
    pub sleeper: Sleeper,
    /// In what it sleeps.
    pub bell: Bell,
    fresh: Stealer<usize, CAP>,
}

/// Workers, and where their work comes from.
#[derive(Debug)]
pub struct Crew {
    /// The protocol itself.
    pub idle: Idle,
    /// Work from outside.
    pub injector: StandIn,
    /// The workers.
    pub members: Vec<Member>,
}

impl Crew {
    /// A crew of so many workers, and the queues that they own.
    pub fn new(workers: usize) -> (Self, Vec<Local<usize, CAP>>) {
        let (locals, members) = (0..workers)
            .map(|_| {
                let (local, fresh) = deque_starting_at(u16::MAX);
                (local, Member { sleeper: Sleeper::new(), bell: Bell::new(), fresh })
            })
            .unzip();
        (Self { idle: Idle::new(), injector: StandIn::new(), members }, locals)
    }

    /// Wakes a searcher if one is needed.
    pub fn wake_one(&self) {
        if let Some(index) = self.idle.wake_one(self.sleepers()) {
            self.members[index].bell.ring();
        }
    }

    /// The monitor's tick.
    pub fn tick(&self) {
        if let Some(index) = self.idle.pay(self.sleepers()) {
            self.members[index].bell.ring();
        }
    }

    /// Wakes this worker.
    pub fn wake(&self, index: usize) {
        if self.members[index].sleeper.wake() {
            self.members[index].bell.ring();
        }
    }

    /// Publishes, and wakes a searcher.
    pub fn submit(&self, item: usize) {
        self.injector.push(item);
        self.wake_one();
    }

    /// What a worker does until it has something to run.
    pub fn find(&self, me: usize, own: &Local<usize, CAP>) -> usize {
        let mut permit: Option<Searching<'_>> = None;
        loop {
            if let Some(searching) = permit.take().or_else(|| self.idle.try_search()) {
                if let Some(item) = self.look(me, own) {
                    if searching.found() == WakeNext::Yes {
                        self.wake_one();
                    }
                    return item;
                }
                searching.give_up();
            }
            let member = &self.members[me];
            self.idle.announce(&member.sleeper);
            let visible = self.anything(me);
            if !visible {
                member.bell.sleep();
            }
            match self.idle.withdraw(&member.sleeper) {
                Roused::RungToSearch(searching) => permit = Some(searching),
                // Somebody else is searching, and will take what was seen.
                Roused::ByMyself | Roused::Rung if visible => thread::yield_now(),
                Roused::ByMyself | Roused::Rung => {}
            }
        }
    }

    fn look(&self, me: usize, own: &Local<usize, CAP>) -> Option<usize> {
        let victims = self.others(me).filter(|victim| !victim.fresh.is_empty());
        own.pop_young().or_else(|| self.injector.pop()).or_else(|| {
            let mut loot = victims.map(|victim| victim.fresh.steal_half_into(own));
            loot.find_map(|loot| if let Steal::Taken { first, .. } = loot { Some(first) } else { None })
        })
    }

    fn anything(&self, me: usize) -> bool {
        !self.injector.is_empty() || self.others(me).any(|victim| !victim.fresh.is_empty())
    }

    fn others(&self, me: usize) -> impl Iterator<Item = &Member> {
        self.members.iter().enumerate().filter(move |&(index, _)| index != me).map(|(_, member)| member)
    }

    fn sleepers(&self) -> impl Iterator<Item = &Sleeper> + Clone {
        self.members.iter().map(|member| &member.sleeper)
    }
}
