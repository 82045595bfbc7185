//! Goal: of several arms that are possible, each has the same chance; a biased select takes the first. Method: count.

use sisal_sync::channel::{Select, unbounded};
use sisal_sync::{select, select_biased};

const ROUNDS: usize = 4_000;

#[test]
fn in_the_macro() {
    let (sender, receiver) = unbounded();
    let empty = unbounded::<()>().1;
    let _keep = unbounded::<()>();
    let mut hits = [0; 3];
    for _ in 0..ROUNDS {
        sender.send(()).unwrap();
        let never = &sisal_sync::channel::never::<()>();
        let hit = select! {
            recv(never) -> _ => unreachable!(),
            recv(receiver) -> _ => 0,
            recv(receiver) -> _ => 1,
            recv(never) -> _ => unreachable!(),
            recv(empty) -> message => { message.unwrap_err(); 2 }
        };
        hits[hit] += 1;
    }
    let fair = ROUNDS / hits.len();
    assert!(hits.iter().all(|&hits| hits > fair * 8 / 10 && hits < fair * 12 / 10), "{hits:?}");
}

#[test]
fn in_a_list() {
    let channels: Vec<_> = (0..4).map(|_| unbounded()).collect();
    let mut hits = [0; 4];
    let mut select = Select::new();
    for (sender, receiver) in &channels {
        (0..ROUNDS).for_each(|_| sender.send(()).unwrap());
        select.recv(receiver);
    }
    for _ in 0..ROUNDS {
        let operation = select.select();
        let index = operation.index();
        operation.recv(&channels[index].1).unwrap();
        hits[index] += 1;
    }
    let fair = ROUNDS / hits.len();
    assert!(hits.iter().all(|&hits| hits > fair * 8 / 10 && hits < fair * 12 / 10), "{hits:?}");
}

#[test]
fn not_if_biased() {
    let (a, b) = (unbounded(), unbounded());
    for n in 0..100 {
        a.0.send(n).unwrap();
        b.0.send(n).unwrap();
    }
    let mut select = Select::new_biased();
    select.recv(&a.1);
    select.recv(&b.1);
    for n in 0..50 {
        assert_eq!(select.select().recv(&a.1), Ok(n));
    }
    for n in 50..100 {
        select_biased! {
            recv(a.1) -> message => assert_eq!(message, Ok(n)),
            recv(b.1) -> _ => unreachable!(),
        }
    }
    select_biased! {
        recv(a.1) -> _ => unreachable!(),
        recv(b.1) -> message => assert_eq!(message, Ok(0)),
    }
}
