//! Actors: one message at a time, bounded mailboxes, ends that are told, and lives that are begun again.
//!
//! Method: an actor that counts, breaks and waits on demand.

mod common;

use common::{eventually, on_each_size};
use sisal::actor::{
    self, Actor, Address, Builder, CallError, Context, Exit, ExitReason, GaveUp, Reply, Strategy, Supervisor,
};
use sisal::channel;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Default)]
struct Probe {
    count: usize,
    starts: Arc<AtomicUsize>,
    stops: Arc<AtomicUsize>,
}

enum Ask {
    Add(usize),
    Get(Reply<usize>),
    Forget(Reply<()>),
    Wait(channel::Receiver<()>),
    Break(&'static str),
    Stop,
}

impl Actor for Probe {
    type Message = Ask;

    fn started(&mut self, _: &Context<Ask>) {
        self.starts.fetch_add(1, Ordering::SeqCst);
    }

    fn handle(&mut self, message: Ask, context: &Context<Ask>) {
        match message {
            Ask::Add(n) => self.count += n,
            Ask::Get(reply) => reply.send(self.count),
            Ask::Forget(reply) => drop(reply),
            Ask::Wait(until) => drop(until.recv()),
            Ask::Break(why) => std::panic::resume_unwind(Box::new(why)),
            Ask::Stop => context.stop(),
        }
    }

    fn stopped(&mut self) {
        self.stops.fetch_add(1, Ordering::SeqCst);
    }
}

fn get(address: &Address<Ask>) -> Result<usize, CallError> {
    address.call(Ask::Get)
}

fn stopped(name: Option<&str>) -> Exit {
    Exit { name: name.map(str::to_owned), reason: ExitReason::Stopped }
}

#[test]
fn messages_are_handled_in_order() {
    on_each_size(|| {
        let probe = actor::spawn(Probe::default());
        let senders = sisal::fiber::join_all((0..4).map(|_| {
            let probe = probe.clone();
            move || (0..100).for_each(|_| probe.send(Ask::Add(1)).unwrap())
        }));
        assert_eq!(senders.len(), 4);
        assert_eq!(get(&probe), Ok(400));
    });
}

#[test]
fn a_full_mailbox_refuses_or_waits() {
    on_each_size(|| {
        let (go, wait) = channel::bounded(0);
        let probe = Builder::new().capacity(2).spawn(Probe::default()).unwrap();
        probe.send(Ask::Wait(wait)).unwrap();
        eventually("the actor waits", || probe.waiting() == 0);
        probe.try_send(Ask::Add(1)).unwrap();
        probe.try_send(Ask::Add(1)).unwrap();
        assert!(probe.try_send(Ask::Add(1)).is_err());
        go.send(()).unwrap();
        assert_eq!(get(&probe), Ok(2));
    });
}

#[test]
fn calls_that_get_no_answer_are_errors() {
    on_each_size(|| {
        let probe = actor::spawn(Probe::default());
        assert_eq!(probe.call(Ask::Forget), Err(CallError::NoReply));
        let (_go, wait) = channel::bounded(0);
        probe.send(Ask::Wait(wait)).unwrap();
        assert_eq!(probe.call_timeout(Duration::from_millis(5), Ask::Get), Err(CallError::TimedOut));
    });
}

#[test]
fn it_ends_when_it_stops_is_stopped_or_is_forgotten() {
    on_each_size(|| {
        let stops = Arc::new(AtomicUsize::new(0));
        let probe = || Probe { stops: Arc::clone(&stops), ..Probe::default() };
        let by_itself = actor::spawn(probe());
        let end = by_itself.monitor();
        by_itself.send(Ask::Stop).unwrap();
        assert_eq!(end.recv(), Ok(stopped(None)));
        assert!(by_itself.send(Ask::Add(1)).is_err());

        let by_others = Builder::new().name("b").spawn(probe()).unwrap();
        let end = by_others.monitor();
        by_others.stop();
        assert_eq!(end.recv(), Ok(stopped(Some("b"))));
        // Also who asks afterwards is told.
        assert_eq!(by_others.monitor().recv(), Ok(stopped(Some("b"))));

        let forgotten = actor::spawn(probe());
        let end = forgotten.monitor();
        drop(forgotten);
        assert_eq!(end.recv(), Ok(stopped(None)));
        assert_eq!(stops.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn links_carry_failures_and_keep_nobody_alive() {
    on_each_size(|| {
        let (a, b, c) =
            (actor::spawn(Probe::default()), actor::spawn(Probe::default()), actor::spawn(Probe::default()));
        a.link(&b);
        b.link(&c);
        let (end_b, end_c) = (b.monitor(), c.monitor());
        a.send(Ask::Break("a")).unwrap();
        // b stops, which is no failure, so c goes on.
        assert_eq!(end_b.recv(), Ok(stopped(None)));
        assert_eq!(get(&c), Ok(0));
        drop((b, c));
        assert_eq!(end_c.recv(), Ok(stopped(None)));
    });
}

#[test]
fn one_for_one_starts_that_one_again_and_keeps_its_mail() {
    on_each_size(|| {
        let starts = Arc::new(AtomicUsize::new(0));
        let mut supervisor = Supervisor::new().backoff(Duration::from_millis(1), Duration::from_millis(2));
        let make = {
            let starts = Arc::clone(&starts);
            move || Probe { starts: Arc::clone(&starts), ..Probe::default() }
        };
        let (a, b) = (
            supervisor.child(Builder::new().name("a"), make),
            supervisor.child(Builder::new(), Probe::default),
        );
        let running = supervisor.start().unwrap();
        b.send(Ask::Add(5)).unwrap();
        a.send(Ask::Add(1)).unwrap();
        a.send(Ask::Break("once")).unwrap();
        a.send(Ask::Add(7)).unwrap();
        assert_eq!((get(&a), get(&b)), (Ok(7), Ok(5)));
        assert_eq!(starts.load(Ordering::SeqCst), 2);
        let end = a.monitor();
        running.stop();
        assert_eq!(running.join(), Ok(()));
        assert_eq!(end.recv(), Ok(stopped(Some("a"))));
    });
}

#[test]
fn one_for_all_starts_all_again() {
    on_each_size(|| {
        let mut supervisor = Supervisor::new().strategy(Strategy::OneForAll);
        let (a, b) = (
            supervisor.child(Builder::new(), Probe::default),
            supervisor.child(Builder::new(), Probe::default),
        );
        let running = supervisor.start().unwrap();
        b.send(Ask::Add(5)).unwrap();
        assert_eq!(get(&b), Ok(5));
        a.send(Ask::Break("both")).unwrap();
        eventually("the other one forgets", || get(&b) == Ok(0));
        assert_eq!(get(&a), Ok(0));
        running.stop();
        running.join().unwrap();
    });
}

#[test]
fn too_many_restarts_end_it() {
    on_each_size(|| {
        let mut supervisor =
            Supervisor::new().intensity(2, Duration::from_secs(60)).backoff(Duration::ZERO, Duration::ZERO);
        let (a, b) = (
            supervisor.child(Builder::new().name("a"), Probe::default),
            supervisor.child(Builder::new(), Probe::default),
        );
        let running = supervisor.start().unwrap();
        let ends = (a.monitor(), b.monitor());
        for why in ["one", "two", "three"] {
            a.send(Ask::Break(why)).unwrap();
        }
        let last = Exit { name: Some("a".into()), reason: ExitReason::Panicked("three".into()) };
        assert_eq!(running.join(), Err(GaveUp { last: last.clone() }));
        assert_eq!((ends.0.recv(), ends.1.recv()), (Ok(last), Ok(stopped(None))));
        assert!(a.send(Ask::Add(1)).is_err() && b.send(Ask::Add(1)).is_err());
    });
}

#[test]
fn dropping_a_supervisor_stops_its_actors() {
    on_each_size(|| {
        let mut supervisor = Supervisor::new();
        let a = supervisor.child(Builder::new(), Probe::default);
        let end = a.monitor();
        drop(supervisor.start().unwrap());
        assert_eq!(end.recv(), Ok(stopped(None)));
    });
}
