//! What is done once is done once, whoever comes first; the others wait for its end; a panic is told.

use sisal_sync::{LazyLock, Once, OnceLock, OnceState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const THREADS: usize = 8;

fn together(f: impl Fn() + Sync) {
    std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(&f))));
}

fn panics(f: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

fn on_purpose() {
    resume_unwind(Box::new("on purpose"));
}

#[test]
fn one_does_it_and_all_see_it_done() {
    for _ in 0..20 {
        let (once, count) = (Once::new(), AtomicU32::new(0));
        together(|| {
            once.call_once(|| {
                std::thread::yield_now();
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.load(Ordering::Relaxed), 1);
            assert!(once.is_completed());
        });
    }
}

#[test]
fn a_panic_poisons_and_force_heals() {
    let once = Once::new();
    assert!(panics(|| once.call_once(on_purpose)));
    assert_eq!(once.state(), OnceState::Poisoned);
    assert!(panics(|| once.call_once(|| ())));
    assert!(panics(|| once.wait()));
    once.call_once_force(|state| assert!(state.poisoned()));
    once.call_once(|| unreachable!());
    once.wait();
    assert_eq!(format!("{once:?}"), "Once { state: Done }");
}

#[test]
fn who_waits_for_one_that_panics_is_told() {
    let once = Once::new();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            panics(|| {
                once.call_once(|| {
                    std::thread::sleep(Duration::from_millis(5));
                    on_purpose();
                });
            })
        });
        while once.state() == OnceState::New {
            std::thread::yield_now();
        }
        assert!(panics(|| once.call_once(|| ())));
        assert!(first.join().unwrap());
    });
}

#[test]
fn a_place_is_filled_once() {
    for _ in 0..20 {
        let (place, made) = (OnceLock::new(), AtomicU32::new(0));
        together(|| {
            let value = place.get_or_init(|| Box::new(made.fetch_add(1, Ordering::Relaxed)));
            assert_eq!(**value, 0);
        });
        assert!(place.set(Box::new(7)).is_err());
        assert_eq!(place.into_inner().as_deref(), Some(&0));
    }
}

#[test]
fn a_place_stays_empty_after_a_panic_or_an_error() {
    let place: OnceLock<String> = OnceLock::new();
    assert!(panics(|| {
        place.get_or_init(|| {
            on_purpose();
            unreachable!()
        });
    }));
    assert_eq!(place.get_or_try_init(|| Err("not yet")), Err("not yet"));
    assert_eq!(format!("{place:?}"), "OnceLock(<uninit>)");
    assert_eq!(place.get_or_init(|| "now".to_owned()), "now");
    assert_eq!((place.clone(), format!("{place:?}")), (place, "OnceLock(\"now\")".to_owned()));
}

#[test]
fn a_value_is_made_at_its_first_use() {
    let made = AtomicU32::new(0);
    let lazy = LazyLock::new(|| made.fetch_add(1, Ordering::Relaxed) + 41);
    assert_eq!(format!("{lazy:?}"), "LazyLock(<uninit>)");
    together(|| assert_eq!(*lazy, 41));
    assert_eq!((made.load(Ordering::Relaxed), format!("{lazy:?}")), (1, "LazyLock(41)".to_owned()));
}

#[test]
fn a_lazy_value_that_panicked_never_comes() {
    let lazy: LazyLock<u32, _> = LazyLock::new(|| {
        on_purpose();
        1
    });
    assert!(panics(|| assert_eq!(*lazy, 1)));
    assert!(panics(|| assert_eq!(*lazy, 1)));
}
