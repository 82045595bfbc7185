//! Loot that is on its way from one queue to another, where nobody sees it, is not left lying.
//!
//! Method: two thieves. The victim's three items are there from the start; item 0 is busy until the others have run, which
//! are partly in the first thief's own queue then.

use loom::thread;
use loom_tests::{Bell, Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("idle_loot_in_flight", Bounds::new(3, 35_000), || {
        let ledger = Ledger::<3>::new();
        let (crew, mut locals) = Crew::new(3);
        let victim = locals.remove(0);
        (0..3).for_each(|item| victim.push(ledger.give(item)).unwrap());
        let shared = Arc::new((crew, Bell::new()));
        let thieves: Vec<_> = locals
            .into_iter()
            .enumerate()
            .map(|(index, own)| {
                let (ledger, shared) = (ledger.clone(), shared.clone());
                thread::spawn(move || {
                    let (crew, others_ran) = &*shared;
                    let item = crew.find(index + 1, &own);
                    ledger.take(item);
                    if item == 0 {
                        return others_ran.sleep();
                    }
                    ledger.take(crew.find(index + 1, &own));
                    others_ran.ring();
                })
            })
            .collect();
        thieves.into_iter().for_each(|thief| thief.join().unwrap());
        ledger.settle();
    });
}
