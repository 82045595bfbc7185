//! Fibers that somebody forgot, found by a dump.
//!
//! Look at: each request asks two helpers and takes the first answer; the other helper has nobody to give its own to, and waits for
//! ever, since the channel is kept. `sisal::dump` shows what piles up: how many, waiting for what, and spawned where. In a server,
//! `sisal::signal::dump_on(SIGQUIT)` prints the same at `Ctrl-\`.
//!
//! ```text
//! $ cargo run --release --example leak
//! 100 requests are answered, and 101 fibers live
//! the largest group: 100 helpers, which wait to send; spawned at examples/leak.rs:26
//! ```

use sisal::channel::{self, Receiver, RecvError, SendError};
use sisal::fiber;
use sisal::runtime::{FiberDump, Reason};

type Sent = Result<(), SendError<&'static str>>;

const REQUESTS: usize = 100;

/// Asks two helpers, and takes the first answer.
fn request(kept: &mut Vec<Receiver<&'static str>>) -> Result<&'static str, RecvError> {
    let (sender, receiver) = channel::bounded(0);
    for name in ["the first", "the second"] {
        let sender = sender.clone();
        helper(move || sender.send(name));
    }
    let answer = receiver.recv();
    // The mistake. Were the receiver dropped, the second helper's `send` would fail, and the helper would end.
    kept.push(receiver);
    answer
}

#[track_caller]
fn helper(f: impl FnOnce() -> Sent + Send + 'static) {
    drop(fiber::Builder::new().name("helper".into()).spawn(f).expect("a fiber"));
}

fn is_stuck(fiber: &FiberDump) -> bool {
    matches!(fiber.waits_for, Some(Reason::Send(..)))
}

#[sisal::main]
fn main() -> Result<(), RecvError> {
    let mut kept = Vec::new();
    for _ in 0..REQUESTS {
        request(&mut kept)?;
    }
    let mut dump = sisal::dump();
    // Until each has started, and ended or come to where it stays.
    while dump.fibers.len() != REQUESTS + 1
        || dump.fibers.iter().filter(|fiber| is_stuck(fiber)).count() < REQUESTS
    {
        sisal::yield_now();
        dump = sisal::dump();
    }
    println!("{REQUESTS} requests are answered, and {} fibers live", dump.fibers.len());
    let group = &dump.groups()[0];
    let (name, site) = (group[0].name.as_deref().unwrap_or("fiber"), group[0].spawned_at);
    let place = format!("{}:{}", site.file(), site.line());
    println!("the largest group: {} {name}s, which wait to send; spawned at {place}", group.len());
    eprint!("{dump}");
    Ok(())
}
