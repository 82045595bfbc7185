//! The sieve of channels: one filter a prime, each a fiber. Hoare's, by way of Newsqueak and Go.
//!
//! Look at: the chain of channels grows by one with each prime; when the last receiver is dropped, every sender learns that it is
//! disconnected, and all filters end.
//!
//! ```text
//! $ cargo run --release --example prime_sieve
//! 2 3 5 7 11 13 17 19 23 29
//! the 500th prime: 3571
//! ```

use sisal::channel::{self, Receiver};
use sisal::go;

fn numbers() -> Receiver<u32> {
    let (sender, receiver) = channel::bounded(0);
    go! {
        for n in 2.. {
            if sender.send(n).is_err() {
                return;
            }
        }
    };
    receiver
}

fn without_multiples(input: Receiver<u32>, prime: u32) -> Receiver<u32> {
    let (sender, receiver) = channel::bounded(0);
    go! {
        for n in input.iter().filter(|n| n % prime != 0) {
            if sender.send(n).is_err() {
                return;
            }
        }
    };
    receiver
}

#[sisal::main]
fn main() {
    let mut primes = Vec::new();
    let mut rest = numbers();
    while primes.len() < 500 {
        let prime = rest.recv().unwrap();
        primes.push(prime);
        rest = without_multiples(rest, prime);
    }
    let first: Vec<String> = primes[..10].iter().map(u32::to_string).collect();
    println!("{}\nthe 500th prime: {}", first.join(" "), primes[499]);
    assert_eq!(primes[499], 3571);
}
