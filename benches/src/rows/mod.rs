//! All rows, in the order of the table. A file a question, a function a peer.

mod echo;
mod fairness;
mod fib;
mod floor;
mod fresh;
mod http;
mod mutex;
mod parked;
mod ping_pong;
mod pipeline;
mod ring;
mod select;
mod sieve;
mod skynet;
mod spawn_detached;
mod spawn_join;
mod stream;
mod thread_channels;
mod timers;
mod yield_now;

use crate::row::Row;

/// Every row.
pub const ALL: &[Row] = &[
    spawn_join::ROW,
    spawn_detached::ROW,
    yield_now::ONE,
    yield_now::TWO,
    yield_now::THOUSAND,
    ping_pong::ONE,
    ping_pong::HUNDRED,
    ping_pong::NEAR,
    ping_pong::SPLIT,
    ring::ROW,
    skynet::ROW,
    fib::ROW,
    sieve::ROW,
    pipeline::ROW,
    stream::MPSC,
    stream::MPSC_UNBOUNDED,
    stream::MPMC,
    stream::MPMC_UNBOUNDED,
    stream::SPSC,
    stream::SPSC_UNBOUNDED,
    stream::SPSC_DEDICATED,
    select::ROW,
    mutex::SHORT,
    mutex::HELD,
    parked::MILLION,
    fresh::ROW,
    timers::SLEEPERS,
    timers::SLACK,
    timers::MANY,
    fairness::ROW,
    http::FEW,
    http::MANY,
    http::FEW_TWO,
    http::MANY_TWO,
    http::HALF_IDLE,
    echo::ECHO,
    echo::IDLE,
    thread_channels::MPSC,
    thread_channels::UNBOUNDED,
    thread_channels::MPMC,
    thread_channels::SPSC,
    thread_channels::SPSC_UNBOUNDED,
    thread_channels::PING_PONG,
    thread_channels::SELECT,
    parked::GROWTH_2,
    parked::GROWTH_3,
    parked::GROWTH_4,
    parked::GROWTH_5,
    parked::GROWTH_6,
];

/// What nearly every row needs.
mod prelude {
    pub(super) use crate::clock::Clock;
    pub(super) use crate::peers;
    pub(super) use crate::row::{Body, Figure, Figures, Load, Peer, Row, Setup};
    pub(super) use may::go;
    pub(super) use sisal::{channel, fiber};
    pub(super) use std::sync::atomic::{AtomicUsize, Ordering};
    pub(super) use std::sync::{Arc, Mutex};
    pub(super) use std::{mem, thread};
}
