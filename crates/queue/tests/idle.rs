//! The idle protocol with real threads: workers that sleep on a condition variable, and submitters that wake them.
//!
//! Goal: every submitted item is taken though workers sleep whenever they can. Method: few items at a time, so that
//! sleeping and submitting meet as often as possible; a lost wake-up is a test that hangs, which a time limit reports.

use sisal_queue::{Idle, Inject, Injector, Roused, Searching, Sleeper, WakeNext};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    condvar: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.condvar.notify_one();
    }

    fn sleep(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !std::mem::take(&mut *rung) {
            rung = self.condvar.wait(rung).unwrap();
        }
    }
}

#[derive(Default)]
struct Member {
    sleeper: Sleeper,
    bell: Bell,
}

struct Crew {
    idle: Idle,
    injector: Injector<usize>,
    members: Vec<Member>,
    done: AtomicUsize,
    end: AtomicBool,
}

impl Crew {
    fn new(workers: usize) -> Self {
        Self {
            idle: Idle::new(),
            injector: Injector::new(),
            members: (0..workers).map(|_| Member::default()).collect(),
            done: AtomicUsize::new(0),
            end: AtomicBool::new(false),
        }
    }

    fn wake_one(&self) {
        if let Some(index) = self.idle.wake_one(self.members.iter().map(|member| &member.sleeper)) {
            self.members[index].bell.ring();
        }
    }

    fn submit(&self, item: usize) {
        self.injector.push(item);
        self.wake_one();
    }

    fn work(&self, me: &Member) {
        let mut permit: Option<Searching<'_>> = None;
        while !self.end.load(Ordering::Relaxed) {
            if let Some(searching) = permit.take().or_else(|| self.idle.try_search()) {
                if self.injector.pop().is_some() {
                    if searching.found() == WakeNext::Yes {
                        self.wake_one();
                    }
                    self.done.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                searching.give_up();
            }
            self.idle.announce(&me.sleeper);
            if self.injector.is_empty() && !self.end.load(Ordering::Relaxed) {
                me.bell.sleep();
            }
            if let Roused::RungToSearch(searching) = self.idle.withdraw(&me.sleeper) {
                permit = Some(searching);
            }
        }
    }

    fn stop(&self) {
        self.end.store(true, Ordering::Relaxed);
        for member in &self.members {
            if member.sleeper.wake() {
                member.bell.ring();
            }
        }
    }
}

#[test]
fn every_item_is_taken_by_workers_that_sleep_whenever_they_can() {
    const ITEMS: usize = 3_000;
    let crew = Crew::new(3);
    thread::scope(|scope| {
        for member in &crew.members {
            let crew = &crew;
            scope.spawn(move || crew.work(member));
        }
        let limit = Instant::now() + Duration::from_secs(60);
        for item in 0..ITEMS {
            crew.submit(item);
            // Let them fall asleep, mostly.
            while item % 4 != 0 && crew.done.load(Ordering::Relaxed) <= item {
                assert!(Instant::now() < limit, "a wake-up was lost at item {item}");
                thread::yield_now();
            }
        }
        while crew.done.load(Ordering::Relaxed) < ITEMS {
            assert!(Instant::now() < limit, "a wake-up was lost at the end");
            thread::yield_now();
        }
        crew.stop();
    });
}

#[test]
fn a_sleeper_is_told_why_it_is_awake() {
    let idle = Idle::new();
    let (a, b) = (Sleeper::new(), Sleeper::new());
    let both = || [&a, &b].into_iter();
    assert_eq!(idle.wake_one(both()), None);

    idle.announce(&a);
    assert!(a.is_asleep() && matches!(idle.withdraw(&a), Roused::ByMyself));

    idle.announce(&a);
    assert!(a.wake() && !a.wake() && !a.is_asleep());
    assert!(matches!(idle.withdraw(&a), Roused::Rung));

    idle.announce(&a);
    idle.announce(&b);
    assert_eq!(idle.wake_one(both()), Some(0));
    // The one that was woken searches; nobody else is woken, and nobody else may search.
    assert_eq!(idle.wake_one(both()), None);
    assert!(idle.try_search().is_none() && !a.wake());
    let Roused::RungToSearch(searching) = idle.withdraw(&a) else { panic!("woken to search") };
    assert_eq!(searching.found(), WakeNext::Yes);
    assert_eq!(idle.wake_one(both()), Some(1));
    let Roused::RungToSearch(searching) = idle.withdraw(&b) else { panic!("woken to search") };
    assert_eq!(searching.found(), WakeNext::No);
}

#[test]
fn a_skipped_wake_up_is_paid_once() {
    let idle = Idle::new();
    let a = Sleeper::new();
    idle.announce(&a);
    assert_eq!(idle.pay([&a].into_iter()), None);
    idle.owe();
    idle.owe();
    assert_eq!(idle.pay([&a].into_iter()), Some(0));
    assert_eq!(idle.pay([&a].into_iter()), None);
}

#[test]
fn a_permit_that_is_dropped_leaves_a_debt() {
    let idle = Idle::new();
    let a = Sleeper::new();
    drop(idle.try_search());
    idle.announce(&a);
    assert_eq!(idle.pay([&a].into_iter()), Some(0));
}

#[test]
fn who_gives_up_leaves_no_debt() {
    let idle = Idle::new();
    let a = Sleeper::new();
    idle.try_search().expect("nobody searches").give_up();
    idle.announce(&a);
    assert_eq!(idle.pay([&a].into_iter()), None);
    assert_eq!(idle.wake_one([&a].into_iter()), Some(0), "nobody searches any more");
}

#[test]
#[should_panic(expected = "announces its sleep once")]
fn a_sleeper_announces_itself_once() {
    let (idle, sleeper) = (Idle::new(), Sleeper::new());
    idle.announce(&sleeper);
    idle.announce(&sleeper);
}
