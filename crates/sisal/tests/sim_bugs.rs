//! Goal: a simulation finds the classic bugs, shrinks what it has found, and tells it.
//!
//! Method: each bug is planted beside its cure. The bug must be found within 10,000 seeds, with the kind of report that says it; the cure
//! must hold for as many seeds as its bug took, ten times over, and for 200 at least.

use sisal::net::{TcpListener, TcpStream};
use sisal::sync::{Condvar, Mutex};
use sisal::{channel, fiber, select, sim, spawn, time};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

const SEEDS: u64 = 10_000;

/// Looks for `bug`, whose report must contain `word`; then holds `cure` against it.
fn found(word: &str, bug: impl Fn(), cure: impl Fn()) {
    let tried = AtomicU32::new(0);
    let seeds = (0..SEEDS).inspect(|seed| tried.store(*seed as u32 + 1, SeqCst));
    let report = sim::Builder::new().search(seeds, bug).expect("the bug should have been found");
    assert!(report.contains(word), "{report}");
    assert!(report.contains("SISAL_SEED="), "{report}");
    println!("{} seeds; {report}", tried.load(SeqCst));
    sim::explore(0..u64::from(tried.load(SeqCst) * 10).clamp(200, SEEDS), cure);
}

#[test]
fn a_wake_up_that_is_lost() {
    // The condition is looked at outside of the lock, so the notice may come between the look and the wait.
    fn wait(under_lock: bool) {
        let shared = Arc::new((Mutex::new(()), Condvar::new(), AtomicBool::new(false)));
        let waker = spawn({
            let shared = Arc::clone(&shared);
            move || {
                let guard = shared.0.lock();
                shared.2.store(true, SeqCst);
                shared.1.notify_one();
                drop(guard);
            }
        });
        if under_lock {
            let mut guard = shared.0.lock();
            while !shared.2.load(SeqCst) {
                shared.1.wait(&mut guard);
            }
        } else if !shared.2.load(SeqCst) {
            let mut guard = shared.0.lock();
            shared.1.wait(&mut guard);
        }
        waker.join().unwrap();
    }
    found("deadlock", || wait(false), || wait(true));
}

#[test]
fn two_locks_in_two_orders() {
    fn lock(in_order: bool) {
        let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let (a2, b2) = (Arc::clone(&a), Arc::clone(&b));
        let other = spawn(move || {
            let (first, second) = if in_order { (&a2, &b2) } else { (&b2, &a2) };
            let _first = first.lock();
            let _second = second.lock();
        });
        let _a = a.lock();
        let _b = b.lock();
        drop((_a, _b));
        other.join().unwrap();
    }
    found("each of which waits for the next", || lock(false), || lock(true));
}

#[test]
fn a_look_at_two_channels_before_an_act() {
    // Both have a message when they are looked at, and another takes one of them before it is taken.
    fn take(by_trying: bool) {
        let ((left, lefts), (right, rights)) = (channel::bounded(1), channel::bounded(1));
        left.send(()).unwrap();
        right.send(()).unwrap();
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let (lefts, rights) = (lefts.clone(), rights.clone());
                spawn(move || {
                    if by_trying {
                        let _ = lefts.try_recv().is_ok() && rights.try_recv().is_ok();
                    } else if !lefts.is_empty() && !rights.is_empty() {
                        lefts.recv().unwrap();
                        rights.recv().unwrap();
                    }
                })
            })
            .collect();
        takers.into_iter().for_each(|taker| taker.join().unwrap());
        drop((left, right));
    }
    found("recv on channel", || take(false), || take(true));
}

#[test]
fn a_join_that_was_forgotten() {
    fn add(joins: bool) {
        let sum = Arc::new(Mutex::new(0));
        let handle = spawn({
            let sum = Arc::clone(&sum);
            move || *sum.lock() += 1
        });
        if joins {
            handle.join().unwrap();
        }
        assert_eq!(*sum.lock(), 1, "the sum was read too early");
    }
    found("read too early", || add(false), || add(true));
}

#[test]
fn a_cancel_that_is_missed() {
    // The stop is told by a channel of which the loop hears only between two waits for work that never comes.
    fn stop(listens: bool) {
        let (work, works) = channel::bounded::<()>(0);
        let (stop, stops) = channel::bounded::<()>(1);
        let server = spawn(move || {
            loop {
                if listens {
                    select! {
                        recv(works) -> _ => {}
                        recv(stops) -> _ => return,
                    }
                } else {
                    if stops.try_recv().is_ok() {
                        return;
                    }
                    let _ = works.recv();
                }
            }
        });
        stop.send(()).unwrap();
        server.join().unwrap();
        drop(work);
    }
    found("recv on channel", || stop(false), || stop(true));
}

#[test]
fn a_default_that_should_have_waited() {
    // `default` means "not now", and is taken for "never again".
    fn drain(waits: bool) {
        let (tx, rx) = channel::bounded(4);
        let producer = spawn(move || (0..4).for_each(|n| tx.send(n).unwrap()));
        let mut count = 0;
        loop {
            if waits {
                if rx.recv().is_err() {
                    break;
                }
            } else {
                select! {
                    recv(rx) -> message => if message.is_err() { break },
                    default => break,
                }
            }
            count += 1;
        }
        let _ = producer.join();
        assert_eq!(count, 4, "some messages were never received");
    }
    found("never received", || drain(false), || drain(true));
}

#[test]
fn an_update_that_is_lost() {
    fn add(atomically: bool) {
        let count = Arc::new(Mutex::new(0));
        let fibers: Vec<_> = (0..2)
            .map(|_| {
                let count = Arc::clone(&count);
                spawn(move || {
                    if atomically {
                        *count.lock() += 1;
                    } else {
                        let seen = *count.lock();
                        *count.lock() = seen + 1;
                    }
                })
            })
            .collect();
        fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
        assert_eq!(*count.lock(), 2, "an update was lost");
    }
    found("an update was lost", || add(false), || add(true));
}

#[test]
fn a_timeout_whose_late_answer_meets_the_next_question() {
    fn ask(with_numbers: bool) {
        let (question, questions) = channel::bounded::<u32>(4);
        let (answer, answers) = channel::bounded::<u32>(4);
        let server = fiber::Builder::new().name("server".into()).spawn(move || {
            for (count, question) in questions.iter().enumerate() {
                // The first answer is late.
                time::sleep(Duration::from_millis(if count == 0 { 15 } else { 1 }));
                answer.send(question).unwrap();
            }
        });
        question.send(1).unwrap();
        if answers.recv_timeout(Duration::from_millis(10)).is_err() {
            question.send(2).unwrap();
            let second = answers.iter().find(|answer| !with_numbers || *answer == 2);
            assert_eq!(second, Some(2), "the answer to another question");
        }
        drop(question);
        server.unwrap().join().unwrap();
    }
    found("another question", || ask(false), || ask(true));
}

const fn ms(ms: usize) -> Duration {
    Duration::from_millis(ms as u64)
}

/// Answers so many clients, one question after the other, and takes 30 ms for each.
fn answer_slowly(listener: &TcpListener, clients: usize) {
    fiber::scope(|s| {
        let (question, questions) = channel::unbounded();
        for _ in 0..clients {
            let (mut stream, question) = (listener.accept().unwrap().0, question.clone());
            s.spawn(move || {
                let mut bytes = [0; 4];
                while stream.read_exact(&mut bytes).is_ok() {
                    question.send((stream.try_clone().unwrap(), bytes)).unwrap();
                }
            });
        }
        drop(question);
        for (mut stream, bytes) in questions {
            time::sleep(ms(30));
            let _ = stream.write_all(&bytes);
        }
    });
}

/// Asks again and again until `end`, and again at once where no answer comes; when the last one came in time.
fn ask_until(end: Instant, backs_off: bool) -> Instant {
    let mut stream = TcpStream::connect("server:80").unwrap();
    let (answer, answers) = channel::unbounded();
    let mut reader = stream.try_clone().unwrap();
    let reading = spawn(move || {
        let mut bytes = [0; 4];
        while reader.read_exact(&mut bytes).is_ok() {
            answer.send(u32::from_le_bytes(bytes)).unwrap();
        }
    });
    let (mut number, mut tries, mut last) = (0_u32, 0, time::now());
    while time::now() < end {
        number += 1;
        stream.write_all(&number.to_le_bytes()).unwrap();
        let deadline = time::now() + ms(100);
        let in_time =
            std::iter::from_fn(|| answers.recv_deadline(deadline).ok()).any(|answer| answer == number);
        if in_time {
            (tries, last) = (0, time::now());
            time::sleep(ms(200));
        } else if backs_off {
            tries = (tries + 1).min(4);
            time::sleep(ms((100 << tries) + sim::choose(100)));
        }
    }
    stream.shutdown(Shutdown::Both).unwrap();
    reading.join().unwrap();
    last
}

#[test]
fn a_storm_of_retries_after_a_partition() {
    // The server has time for 33 questions a second; five clients ask 20. During a partition their questions pile up, and when it is over
    // the answers to all of them are late. So each client asks again, ten times a second, and the server answers questions of which nobody
    // wants to know any more, for ever.
    fn ask(backs_off: bool) {
        const CLIENTS: usize = 5;
        let (server, clients) = (sim::net::host("server"), sim::net::host("clients"));
        let listener = server.enter(|| TcpListener::bind("server:80")).unwrap();
        let serving = server.enter(|| spawn(move || answer_slowly(&listener, CLIENTS)));
        let end = time::now() + ms(14_000);
        let last = clients.enter(|| {
            let asking = [(); CLIENTS].map(|()| spawn(move || ask_until(end, backs_off)));
            time::sleep(ms(1_000 + sim::choose(500)));
            sim::net::partition(&[&server], &[&clients]);
            time::sleep(ms(2_000));
            sim::net::heal();
            asking.map(|asking| asking.join().unwrap())
        });
        serving.join().unwrap();
        let served = last.iter().filter(|last| end - **last < ms(3_000)).count();
        assert_eq!(served, CLIENTS, "a storm of retries: long after the partition, not all are served");
    }
    found("a storm of retries", || ask(false), || ask(true));
}
