//! The simulated network: a server and its clients in one process, without ports, under the time and the choices of a simulation.
//!
//! Inside a simulation ([`sisal::sim`](https://docs.rs/sisal)) the sockets of this crate are made of memory: the same types, the same
//! calls, the same errors, and the code under test does not know. How long bytes are under way, in how many pieces they arrive, what is
//! lost and which connection breaks comes from the run's seed. So does nothing else: a run is repeated by its seed alone.
//!
//! A fiber runs on a [`Host`], and the fibers that it spawns run there too. A run begins on a host of its own, which will do for a server
//! and its clients; who wants more makes them by name or address, and between them sets what the [`Link`]s are like, [cuts](Link::cut)
//! them, and [heals](heal) them.
//!
//! | | as it is to begin with |
//! |---|---|
//! | latency | 100 µs to 1 ms between hosts, 10 µs to 50 µs within one, drawn for each piece |
//! | bandwidth | without bound |
//! | loss, duplication, resets | none |
//! | bytes that a connection holds | 64 KiB each way |
//!
//! Without a simulation, on a bare thread or a real runtime:
//!
//! ```
//! let result = std::panic::catch_unwind(|| sisal_net::sim::host("db"));
//! assert!(result.is_err(), "there are hosts in a simulation alone");
//! ```
//!
//! # What it keeps of a real network
//! - **TCP** keeps the order, and what is written once may be read in pieces, or with what came before. During a [cut](Link::cut) nothing
//!   arrives; after it, what was sent meanwhile does, at a moment at most as long after the end of the cut as the cut was long, as TCP
//!   tries again ever more rarely. A sender gives up after 924 s, with `TimedOut`; who only reads waits for ever, as on a real network,
//!   where nothing tells it either. A connect tries 7 times within 127 s.
//! - **Who has closed** with bytes unread, or with a linger of zero, resets the connection, and so does who is written to after that: the first
//!   such write succeeds, as a rule.
//! - **UDP** packets are lost, doubled and overtaken; a cut loses them.
//! - **Unix sockets and pipes** stay within one host; what is written has arrived. A packet waits for room as on Linux.
//! - **Names** are those of hosts, and `localhost`.
//!
//! # What it leaves out
//! Multicast and broadcast, urgent data, congestion: a link's bandwidth is shared in the order in which its
//! senders write. What is under way when a link is cut still arrives. A file appears for no Unix socket. Descriptors: who asks a simulated
//! socket for its own gets a panic, and a real descriptor in a simulation, of [`From`] a socket of std's, is an error where it would have to
//! wait.

mod address;
mod connection;
mod flow;
mod handshake;
mod host;
mod link;
mod listener;
mod network;
mod options;
mod packets;
mod ports;
mod stream;
mod unix;
mod unix_packets;
mod weather;

pub(crate) use address::{resolve, resolve_at};
pub use host::{Host, current_host, host};
pub use link::{Link, between, everywhere, heal, partition};
pub(crate) use network::network;
pub(crate) use options::{LINGER, TTL};
pub(crate) use ports::Terms;
