//! A select that was met while it waited to send, and sends nothing after all, lets its partner go on to another sender.
//!
//! Method: no buffer, one receiver, a sender, and a select whose message is never made. (It leaves in the middle of making it.)
//! The receiver gets the sender's message, whomever it meets first.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::{Sender, bounded};
use sisal_sync::select;

#[test]
fn holds() {
    model("select_gives_up_partner", Bounds::new(3, 44_247), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(0);
            let honest = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || sender.send(ledger.give(0)).unwrap())
            };
            let fickle = spawn(move || give_up(&sender));
            ledger.take(receiver.recv().unwrap());
            drop(receiver);
            honest.join().unwrap();
            fickle.join().unwrap();
            ledger.settle();
        });
    });
}

fn give_up(sender: &Sender<usize>) -> Option<()> {
    select! {
        send(sender, no_message()?) -> _sent => {}
    }
    Some(())
}

fn no_message() -> Option<usize> {
    None
}
