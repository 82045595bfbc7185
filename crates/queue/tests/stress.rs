//! An owner against four thieves.
//!
//! Goal: nothing is lost, nothing doubled, whatever the timing. Method: boxed numbers, so that an item taken twice is a
//! double free for a sanitizer; at the end their count and sum must be those that were pushed.

use sisal_queue::{Inject, Injector, Local, Steal, Stealer, deque_starting_at};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const THIEVES: usize = 4;
const CAP: usize = 64;

/// Boxed, so that an item taken twice is freed twice.
struct Item(Box<u64>);

#[derive(Default)]
struct Tally {
    count: u64,
    sum: u64,
}

impl Tally {
    fn add(&mut self, item: Item) {
        self.count += 1;
        self.sum += *item.0;
    }
}

/// How many items the owner pushes. The environment may raise it, for a night under a sanitizer.
fn items() -> u64 {
    std::env::var("SISAL_STRESS_ITEMS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000)
}

fn own(local: &Local<Item, CAP>, overflow: &Injector<Item>, items: u64) -> Tally {
    let mut tally = Tally::default();
    for number in 0..items {
        if let Err(item) = local.push(Item(Box::new(number))) {
            local.take_older_half(&mut |item| overflow.push(item));
            if let Err(item) = local.push(item) {
                overflow.push(item);
            }
        }
        let taken = match number % 8 {
            0 | 3 | 4 => local.pop_young(),
            6 => local.pop_old(),
            _ => None,
        };
        taken.into_iter().for_each(|item| tally.add(item));
    }
    while let Some(item) = local.pop_young() {
        tally.add(item);
    }
    tally
}

fn rob(index: usize, victims: &[Stealer<Item, CAP>], own: &Local<Item, CAP>, end: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    let mut turn = index;
    loop {
        let ending = end.load(Ordering::Acquire);
        let mut found = false;
        for victim in victims.iter().filter(|victim| !victim.is_empty()) {
            if let Steal::Taken { first, .. } = victim.steal_half_into(own) {
                tally.add(first);
                found = true;
            }
        }
        // Leave some of the loot lying, for others to steal again.
        turn += 1;
        while own.len() > turn % 3 || (ending && !own.is_empty()) {
            let taken = if turn % 2 == 0 { own.pop_old() } else { own.pop_young() };
            taken.into_iter().for_each(|item| tally.add(item));
        }
        if ending && !found {
            return tally;
        }
        thread::yield_now();
    }
}

#[test]
fn four_thieves_lose_and_double_nothing() {
    let items = items();
    let overflow = Injector::new();
    let end = AtomicBool::new(false);
    let (locals, stealers): (Vec<_>, Vec<_>) =
        (0..=THIEVES).map(|index| deque_starting_at(u16::MAX - 100 * index as u16)).unzip();
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let (overflow, end, stealers) = (&overflow, &end, &stealers);
        let mut locals = locals.into_iter();
        let owner = locals.next().unwrap();
        let thieves: Vec<_> = locals
            .enumerate()
            .map(|(index, local)| scope.spawn(move || (rob(index, stealers, &local, end), local)))
            .collect();
        let mut tallies = vec![own(&owner, overflow, items)];
        end.store(true, Ordering::Release);
        for thief in thieves {
            let (mut tally, local) = thief.join().unwrap();
            std::iter::from_fn(|| local.pop_young()).for_each(|item| tally.add(item));
            tallies.push(tally);
        }
        tallies
    });
    let mut total = Tally::default();
    for tally in tallies {
        total.count += tally.count;
        total.sum += tally.sum;
    }
    std::iter::from_fn(|| overflow.pop()).for_each(|item| total.add(item));
    // A thief that ended early may have left loot to a thief that stole it and ended, too.
    assert!(stealers.iter().all(Stealer::is_empty));
    assert_eq!((total.count, total.sum), (items, items * (items - 1) / 2));
}
