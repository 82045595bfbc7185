//! Two fibers that pass a ball: Go's first program with two goroutines.
//!
//! Look at: a channel without a buffer hands the ball from stack to stack; who receives runs next.
//!
//! ```text
//! $ cargo run --release --example ping_pong
//! ping 1
//! pong 2
//! ping 3
//! pong 4
//! ping 5
//! pong 6
//! game over
//! ```

use sisal::channel::{self, Receiver, Sender};
use sisal::go;

fn player(name: &'static str, table: Receiver<u32>, other: Sender<u32>) -> u32 {
    let mut hits = 0;
    for ball in table {
        println!("{name} {}", ball + 1);
        hits += 1;
        if ball + 1 == 6 || other.send(ball + 1).is_err() {
            break;
        }
    }
    hits
}

#[sisal::main]
fn main() {
    let (to_ping, ping) = channel::bounded(0);
    let (to_pong, pong) = channel::bounded(0);
    let serve = to_ping.clone();
    let players = [go!(move || player("ping", ping, to_pong)), go!(move || player("pong", pong, to_ping))];
    serve.send(0).unwrap();
    drop(serve);
    let hits = players.map(|player| player.join().unwrap());
    println!("game over");
    assert_eq!(hits, [3, 3]);
}
