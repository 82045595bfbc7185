//! Room that was kept for a select's message and is not used goes to a sender that waits for it.
//!
//! Method: room for one; a sender, and a select that keeps the room and leaves without a message. The message arrives.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::{Sender, bounded};
use sisal_sync::select;

#[test]
fn holds() {
    model("select_gives_up_room", Bounds::unbounded(2026), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(1);
            let honest = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || sender.send(ledger.give(0)).unwrap())
            };
            let _ = give_up(&sender);
            ledger.take(receiver.recv().unwrap());
            honest.join().unwrap();
            ledger.settle();
        });
    });
}

fn give_up(sender: &Sender<usize>) -> Option<()> {
    select! {
        send(sender, no_message()?) -> _sent => {}
        default => {}
    }
    Some(())
}

fn no_message() -> Option<usize> {
    None
}
