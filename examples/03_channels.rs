//! Channels: fibers that share nothing and hand values on.
//!
//! Look at: the channel of capacity 0 is a meeting, so `ping` and `pong` take turns; the bounded one makes a fast producer
//! wait for a slow consumer; a loop over a receiver ends when the last sender is gone. The prime sieve chains a fiber a
//! prime, each of which passes on what it cannot divide.
//!
//! ```text
//! $ cargo run --release --example 03_channels
//! ping 1, pong 1, ping 2, pong 2, ping 3, pong 3
//! the producer was never more than 3 ahead
//! primes: [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
//! ```

use sisal::channel::{self, Receiver};
use sisal::{go, yield_now};

fn ping_pong() -> String {
    let (ping, pinged) = channel::bounded::<u32>(0);
    let (pong, ponged) = channel::bounded::<u32>(0);
    go! {
        for n in pinged {
            pong.send(n).unwrap();
        }
    };
    let mut talk = Vec::new();
    for n in 1..=3 {
        ping.send(n).unwrap();
        talk.push(format!("ping {n}, pong {}", ponged.recv().unwrap()));
    }
    talk.join(", ")
}

fn backpressure() -> usize {
    let (sender, receiver) = channel::bounded(2);
    let producer = go! {
        let mut most = 0;
        for n in 0..100_usize {
            most = most.max(sender.len() + 1);
            sender.send(n).unwrap();
        }
        most
    };
    for expected in 0..100 {
        yield_now();
        assert_eq!(receiver.recv(), Ok(expected));
    }
    producer.join().unwrap()
}

fn sieve(count: usize) -> Vec<u32> {
    let (first, mut numbers): (_, Receiver<u32>) = channel::bounded(16);
    go! {
        // Ends when the sieve has enough and drops its receivers.
        for n in 2.. {
            if first.send(n).is_err() {
                return;
            }
        }
    };
    let mut primes = Vec::new();
    while primes.len() < count {
        let prime = numbers.recv().unwrap();
        primes.push(prime);
        let (next, filtered) = channel::bounded(16);
        let input = std::mem::replace(&mut numbers, filtered);
        go! {
            for n in input {
                if n % prime != 0 && next.send(n).is_err() {
                    return;
                }
            }
        };
    }
    primes
}

#[sisal::main]
fn main() {
    println!("{}", ping_pong());
    let most = backpressure();
    assert!(most <= 3);
    println!("the producer was never more than 3 ahead");
    let primes = sieve(10);
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
    println!("primes: {primes:?}");
}
