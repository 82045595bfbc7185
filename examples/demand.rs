//! Reactive streams' `request(n)`: the subscriber says how many it can take.
//!
//! Look at: demand is a message the other way. The publisher makes three when three are asked for, then waits for the next
//! request.
//!
//! ```text
//! $ cargo run --release --example demand
//! request 3: [0, 1, 2]
//! request 1: [3]
//! request 4: [4, 5, 6, 7]
//! published 8, and no more
//! ```

use sisal::channel::{self, Receiver};
use sisal::go;

/// Publishes as many as are requested; gives how many that were once the subscriber is gone.
fn publish(requests: Receiver<usize>, items: channel::Sender<u64>) -> u64 {
    let mut next = 0;
    for count in requests {
        for _ in 0..count {
            if items.send(next).is_err() {
                return next;
            }
            next += 1;
        }
    }
    next
}

#[sisal::main]
fn main() {
    let (request, requests) = channel::unbounded();
    let (publisher, items) = channel::bounded(0);
    let publisher = go!(move || publish(requests, publisher));
    for count in [3, 1, 4] {
        request.send(count).unwrap();
        let received: Vec<u64> = items.iter().take(count).collect();
        println!("request {count}: {received:?}");
        assert_eq!(received.len(), count);
    }
    drop(request);
    let published = publisher.join().unwrap();
    println!("published {published}, and no more");
    assert_eq!(published, 8);
}
