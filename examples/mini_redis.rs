//! A small Redis: strings, counters, lists, keys that expire, publish and subscribe. `redis-cli` and `redis-benchmark` use it
//! as they would the real one.
//!
//! Look at: all commands that arrived together are answered under one lock and with one write, so pipelines are fast and
//! commands atomic; the lock suspends a fiber and no thread. A client that subscribes gets a second fiber, which writes what
//! comes to its mailbox, while the first goes on reading. Nobody waits for a subscriber that does not take its messages: it
//! is sent away when its mailbox is full.
//!
//! ```text
//! $ cargo run --release --example mini_redis 127.0.0.1:6379
//! listening on 127.0.0.1:6379
//! $ redis-cli incr visits
//! (integer) 1
//! $ redis-benchmark -q -P 16 -c 200 -t set,get,incr,lpush,mset
//! ```

use examples::redis::{Commands, Reply, Store, Topics, execute};
use examples::server::{self, Client};
use sisal::channel::{self, Receiver, Sender};
use sisal::net::TcpStream;
use sisal::sync::{Mutex, Once};
use sisal::{fiber, go, time};
use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

/// How long a client may be silent that is subscribed to nothing, and how long it may take for its answers.
const IDLE_WAIT_MAX: Duration = Duration::from_secs(300);
const WRITE_WAIT_MAX: Duration = Duration::from_secs(30);
/// Messages that wait for a subscriber.
const MAILBOX_SIZE: usize = 1_024;
/// Bytes of answers that gather before they are written, however many commands are waiting.
const REPLY_SIZE_MAX: usize = 64 * 1024;

struct Shared {
    data: Mutex<Data>,
    sweeping: Once,
}

struct Data {
    store: Store,
    topics: Topics,
    next_number: u64,
}

/// One client.
struct Session<'a> {
    shared: &'a Shared,
    number: u64,
    wants_to_go: bool,
}

fn serve(client: &Client, shared: &Shared) -> io::Result<()> {
    let mut stream = client.stream();
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE_WAIT_MAX))?;
    stream.set_write_timeout(Some(WRITE_WAIT_MAX))?;
    let (mut commands, mut reply) = (Commands::default(), Reply::default());
    fiber::scope(|s| {
        let mut session = Session::new(shared);
        while !session.wants_to_go {
            let is_more = session.answer(&mut commands, &mut reply, || {
                let (mailbox, mail) = channel::bounded(MAILBOX_SIZE);
                s.spawn(move || deliver(stream, &mail));
                Ok((mailbox, stream.try_clone()?))
            })?;
            stream.write_all(&reply.0)?;
            reply.0.clear();
            if !is_more && commands.fill(&mut stream)? == 0 {
                break;
            }
        }
        Ok(())
    })
}

/// Writes messages until there is nobody left to send any.
fn deliver(mut stream: &TcpStream, mail: &Receiver<Vec<u8>>) {
    while let Ok(mut bytes) = mail.recv() {
        // What else is there goes out with it.
        while bytes.len() < REPLY_SIZE_MAX {
            let Ok(more) = mail.try_recv() else { break };
            bytes.extend_from_slice(&more);
        }
        if stream.write_all(&bytes).is_err() {
            // Wakes the fiber that reads.
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared) -> Self {
        let mut data = shared.data.lock();
        data.next_number += 1;
        Self { shared, number: data.next_number, wants_to_go: false }
    }

    /// Answers the commands that are there; gives whether there may be more of them. The answers of a client that has a
    /// mailbox go there too, before anybody else can put something in.
    fn answer(
        &mut self,
        commands: &mut Commands,
        reply: &mut Reply,
        mut open_mailbox: impl FnMut() -> io::Result<(Sender<Vec<u8>>, TcpStream)>,
    ) -> io::Result<bool> {
        let data = &mut *self.shared.data.lock();
        data.store.set_now(time::now());
        while reply.0.len() < REPLY_SIZE_MAX && !self.wants_to_go {
            let words: Vec<_> = match commands.next_command() {
                Ok(None) => break,
                Ok(Some(command)) => command.words().collect(),
                Err(malformed) => {
                    reply.error(format_args!("ERR Protocol error: {}", malformed.0));
                    self.wants_to_go = true;
                    break;
                }
            };
            match (&*words[0].to_ascii_uppercase(), &words[1..]) {
                (b"SUBSCRIBE", topics @ [_, ..]) => {
                    if !data.topics.has(self.number) {
                        let (mailbox, stream) = open_mailbox()?;
                        data.topics.enter(self.number, mailbox, stream);
                    }
                    topics.iter().for_each(|topic| data.topics.subscribe(topic, self.number, reply));
                }
                (b"UNSUBSCRIBE", topics) => {
                    let all = if topics.is_empty() { data.topics.of(self.number) } else { Vec::new() };
                    let topics = topics.iter().copied().chain(all.iter().map(|topic| &**topic));
                    topics.for_each(|topic| data.topics.unsubscribe(topic, self.number, reply));
                }
                (b"PUBLISH", [topic, message]) => reply.count(data.topics.publish(topic, message)),
                (b"QUIT", []) => {
                    reply.word("OK");
                    self.wants_to_go = true;
                }
                (name, words) => execute(name, words, &mut data.store, reply),
            }
        }
        let is_more = reply.0.len() >= REPLY_SIZE_MAX;
        if data.topics.has(self.number) && !reply.0.is_empty() {
            self.wants_to_go |= !data.topics.post(self.number, std::mem::take(&mut reply.0));
        }
        Ok(is_more)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.shared.data.lock().topics.leave(self.number);
    }
}

/// Removes what has expired and nobody has looked at since, a little at a time.
fn sweep(shared: &Shared) {
    while !fiber::is_cancelled() {
        sisal::sleep(Duration::from_millis(100));
        let mut data = shared.data.lock();
        data.store.set_now(time::now());
        data.store.sweep(1_000);
    }
}

fn main() -> io::Result<()> {
    let data = Data { store: Store::new(time::now()), topics: Topics::default(), next_number: 0 };
    let shared = Arc::new(Shared { data: Mutex::new(data), sweeping: Once::new() });
    server::run(move |client| {
        shared.sweeping.call_once(|| {
            let shared = shared.clone();
            go!(name = "sweep", move || sweep(&shared));
        });
        serve(&client, &shared)
    })
}
