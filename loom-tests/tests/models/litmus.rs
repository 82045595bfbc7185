//! What loom itself sees and does not see. No promise of ours: each test pins a limit of the checker, and fails when a new
//! loom lifts it, so that the README of this crate can be mended then.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};
use loom::thread;
use loom_tests::{Bounds, model};
use std::collections::BTreeSet;
use std::sync::Mutex;

type Outcomes = BTreeSet<(usize, usize)>;

/// Every pair of results that `f` gives.
fn outcomes(name: &str, f: impl Fn() -> (usize, usize) + Send + Sync + 'static) -> Outcomes {
    let seen = std::sync::Arc::new(Mutex::new(Outcomes::new()));
    let into = seen.clone();
    model(name, Bounds::new(10, 1), move || {
        let outcome = f();
        into.lock().unwrap().insert(outcome);
    });
    seen.lock().unwrap().clone()
}

fn pair() -> Arc<(AtomicUsize, AtomicUsize)> {
    Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)))
}

/// loom#392, loom#166: a thread's own load overwrites the record of another's earlier load of the same word, so the order
/// in which the other loads after the store is never tried.
#[test]
fn a_load_before_a_store_hides_the_other_order() {
    let seen = outcomes("litmus, loom#392", || {
        let word = Arc::new(AtomicUsize::new(0));
        let other = word.clone();
        let thread = thread::spawn(move || {
            other.load(Ordering::Relaxed);
            other.store(1, Ordering::Relaxed);
        });
        let loaded = word.load(Ordering::Relaxed);
        thread.join().unwrap();
        (loaded, 0)
    });
    assert_eq!(seen, Outcomes::from([(0, 0)]), "loom#392 is closed: (1, 0) is possible, too");
}

/// The C++ and Rust memory models allow (1, 1).
#[test]
fn load_buffering_is_not_explored() {
    let seen = outcomes("litmus, load buffering", || {
        let words = pair();
        let theirs = words.clone();
        let thread = thread::spawn(move || {
            let loaded = theirs.0.load(Ordering::Relaxed);
            theirs.1.store(1, Ordering::Relaxed);
            loaded
        });
        let loaded = words.1.load(Ordering::Relaxed);
        words.0.store(1, Ordering::Relaxed);
        (loaded, thread.join().unwrap())
    });
    assert!(!seen.contains(&(1, 1)), "loom explores load buffering now");
}

fn store_buffering(ordering: Ordering, fenced: bool) -> (usize, usize) {
    let words = pair();
    let theirs = words.clone();
    let side = move |mine: &AtomicUsize, other: &AtomicUsize| {
        mine.store(1, if ordering == Ordering::SeqCst { ordering } else { Ordering::Relaxed });
        if fenced {
            fence(Ordering::SeqCst);
        }
        other.load(ordering)
    };
    let thread = thread::spawn(move || side(&theirs.0, &theirs.1));
    let loaded = side(&words.1, &words.0);
    (loaded, thread.join().unwrap())
}

/// Two `SeqCst` stores and loads may never both read 0; loom takes them for Release and Acquire.
#[test]
fn seq_cst_accesses_are_taken_for_weaker_ones() {
    let seen = outcomes("litmus, SeqCst accesses", || store_buffering(Ordering::SeqCst, false));
    assert!(seen.contains(&(0, 0)), "loom knows SeqCst accesses now");
}

/// With fences it knows: this is what the idle protocol stands on.
#[test]
fn seq_cst_fences_are_exact() {
    let seen = outcomes("litmus, SeqCst fences", || store_buffering(Ordering::Relaxed, true));
    assert!(!seen.contains(&(0, 0)));
    let seen = outcomes("litmus, no fences", || store_buffering(Ordering::Relaxed, false));
    assert!(seen.contains(&(0, 0)));
}
