//! The local queue in one thread: order, bounds, wrapping indices, and what becomes of items nobody took.
//!
//! Goal: each verb does what its page says, also where indices wrap. Method: small queues, counted drops.

use sisal_queue::{Local, Steal, Stealer, deque, deque_starting_at};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

fn filled<const CAP: usize>(start: u16, items: std::ops::Range<u32>) -> (Local<u32, CAP>, Stealer<u32, CAP>) {
    let (local, stealer) = deque_starting_at(start);
    items.for_each(|item| local.push(item).unwrap());
    (local, stealer)
}

fn drain<T: Send, const CAP: usize>(local: &Local<T, CAP>) -> Vec<T> {
    std::iter::from_fn(|| local.pop_old()).collect()
}

#[test]
fn youngest_last_in_first_out_oldest_first_in_first_out() {
    let (local, _) = filled::<8>(0, 0..6);
    assert_eq!(local.pop_young(), Some(5));
    assert_eq!(local.pop_old(), Some(0));
    assert_eq!(local.pop_old(), Some(1));
    assert_eq!(local.pop_young(), Some(4));
    assert_eq!((local.len(), local.is_empty()), (2, false));
    assert_eq!(drain(&local), [2, 3]);
    assert_eq!((local.pop_young(), local.pop_old(), local.is_empty()), (None, None, true));
}

#[test]
fn owner_and_thief_count_the_same() {
    let (local, stealer) = filled::<4>(u16::MAX, 0..1);
    assert_eq!((local.is_empty(), stealer.is_empty(), local.len(), stealer.len()), (false, false, 1, 1));
    assert_eq!(local.pop_old(), Some(0));
    assert_eq!((local.is_empty(), stealer.is_empty(), local.len(), stealer.len()), (true, true, 0, 0));
}

#[test]
fn a_full_queue_gives_the_item_back() {
    let (local, stealer) = filled::<4>(u16::MAX - 1, 0..4);
    assert_eq!(local.push(4), Err(4));
    assert_eq!(local.pop_old(), Some(0));
    assert_eq!(local.push(4), Ok(()));
    assert_eq!((local.len(), stealer.len()), (4, 4));
    assert_eq!(drain(&local), [1, 2, 3, 4]);
}

#[test]
fn many_go_in_together_as_far_as_there_is_room() {
    for start in (0..8).chain(u16::MAX - 8..=u16::MAX) {
        let (local, stealer) = filled::<4>(start, 0..1);
        let mut items = vec![1, 2, 3, 4, 5];
        let mut items = items.drain(..);
        assert_eq!((local.push_many(&mut items), stealer.len()), (3, 4));
        assert_eq!((local.push_many(&mut items), items.as_slice()), (0, &[4, 5][..]));
        assert_eq!((local.pop_old(), local.pop_young()), (Some(0), Some(3)));
        assert_eq!((local.push_many(&mut items), items.len()), (2, 0));
        assert_eq!(drain(&local), [1, 2, 4, 5]);
        assert_eq!((local.push_many(&mut items), local.is_empty()), (0, true));
    }
}

#[test]
fn every_start_index_behaves_alike() {
    for start in (0..64).chain(u16::MAX - 64..=u16::MAX) {
        let (local, stealer) = filled::<4>(start, 0..4);
        let (mine, _) = deque_starting_at::<u32, 4>(start.wrapping_mul(7));
        assert_eq!(stealer.steal_half_into(&mine), Steal::Taken { first: 0, moved: 1 });
        assert_eq!(local.pop_young(), Some(3));
        assert_eq!((drain(&local), drain(&mine)), (vec![2], vec![1]));
        assert!(stealer.is_empty());
    }
}

#[test]
fn a_thief_takes_the_older_half_rounded_up() {
    for (count, moved) in [(1, 0), (2, 0), (3, 1), (4, 1), (7, 3), (8, 3)] {
        let (local, stealer) = filled::<8>(u16::MAX, 0..count);
        let (mine, _) = deque::<u32, 8>();
        assert_eq!(stealer.steal_half_into(&mine), Steal::Taken { first: 0, moved });
        assert_eq!(drain(&mine), (1..=moved as u32).collect::<Vec<_>>());
        assert_eq!(drain(&local), (moved as u32 + 1..count).collect::<Vec<_>>());
        assert_eq!(stealer.steal_half_into(&mine), Steal::Empty);
    }
}

#[test]
fn a_thief_takes_no_more_than_it_has_room_for() {
    let (local, stealer) = filled::<8>(0, 0..8);
    let (mine, _) = filled::<8>(0, 100..107);
    assert_eq!(stealer.steal_half_into(&mine), Steal::Taken { first: 0, moved: 1 });
    assert_eq!(stealer.steal_half_into(&mine), Steal::Taken { first: 2, moved: 0 });
    assert_eq!(drain(&mine), [100, 101, 102, 103, 104, 105, 106, 1]);
    assert_eq!(drain(&local), [3, 4, 5, 6, 7]);
}

#[test]
fn stealing_from_oneself_loses_nothing() {
    let (local, stealer) = filled::<4>(u16::MAX, 0..4);
    assert_eq!(stealer.steal_half_into(&local), Steal::Taken { first: 0, moved: 0 });
    assert_eq!(stealer.steal_half_into(&local), Steal::Taken { first: 1, moved: 1 });
    assert_eq!(drain(&local), [3, 2]);
}

#[test]
fn an_overflow_gives_the_older_half_in_order() {
    let (local, stealer) = filled::<8>(u16::MAX - 3, 0..8);
    let mut taken = Vec::new();
    let count = local.take_older_half(&mut |item| {
        // The claim is open: thieves are turned away, and the owner may use its queue.
        let (other, _) = deque::<u32, 8>();
        assert_eq!(stealer.steal_half_into(&other), Steal::Busy);
        assert_eq!(local.push(99), Err(99));
        taken.push(item);
    });
    assert_eq!((count, &taken[..]), (4, &[0, 1, 2, 3][..]));
    assert_eq!(local.push(8), Ok(()));
    assert_eq!(drain(&local), [4, 5, 6, 7, 8]);
    assert_eq!(local.take_older_half(&mut |_| unreachable!()), 0);
}

#[test]
fn the_owner_may_take_its_oldest_under_an_open_claim() {
    let (local, _) = filled::<4>(0, 0..4);
    let mut first = true;
    local.take_older_half(&mut |_| {
        if std::mem::take(&mut first) {
            assert_eq!((local.pop_old(), local.pop_young()), (Some(2), Some(3)));
        }
    });
    // All four slots are free again.
    (0..4).for_each(|item| local.push(item).unwrap());
    assert_eq!(drain(&local), [0, 1, 2, 3]);
}

#[test]
fn leftovers_are_dropped_once() {
    let item = Arc::new(());
    let (local, stealer) = deque_starting_at::<Arc<()>, 4>(u16::MAX - 1);
    for _ in 0..3 {
        local.push(Arc::clone(&item)).unwrap();
    }
    drop(local.pop_old());
    drop(local);
    assert_eq!((stealer.len(), Arc::strong_count(&item)), (2, 3));
    drop(stealer.clone());
    drop(stealer);
    assert_eq!(Arc::strong_count(&item), 1);
}

#[test]
fn a_panic_while_overflowing_drops_the_claimed_and_keeps_the_rest() {
    let item = Arc::new(());
    let (local, stealer) = deque::<Arc<()>, 4>();
    for _ in 0..4 {
        local.push(Arc::clone(&item)).unwrap();
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| local.take_older_half(&mut |_| panic!("no"))));
    assert!(panicked.is_err());
    assert_eq!((local.len(), Arc::strong_count(&item)), (2, 3));
    assert!(matches!(stealer.steal_half_into(&local), Steal::Taken { moved: 0, .. }));
}

#[test]
fn halves_travel_between_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Local<std::cell::Cell<u32>, 4>>();
    is_send::<Stealer<std::cell::Cell<u32>, 4>>();
    is_sync::<Stealer<std::cell::Cell<u32>, 4>>();
}
