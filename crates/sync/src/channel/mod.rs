//! Channels, with the names and the meaning of crossbeam-channel 0.5: many senders, many receivers, each message to one.
//!
//! Knows nothing of fibers or timers: who waits asks its agent, so that each end may be held by a fiber or a bare thread.
//!
//! | channel | made by | a send waits |
//! |---|---|---|
//! | bounded | [`bounded(n)`](bounded) | while `n` messages are there |
//! | unbounded | [`unbounded`] | never |
//! | rendezvous | [`bounded(0)`](bounded) | until somebody receives it |
//! | of the time | [`after`], [`at`], [`tick`], [`never()`] | nobody sends |
//!
//! A send to a receiver that waits hands its message straight over. Who waits is served in the order in which it came, and
//! allocates nothing. In files: `state.rs` is all that happens under a channel's lock, `packet.rs` what two agents exchange,
//! `outlook.rs` what is seen of it from outside,
//! `core.rs` the waits, `future.rs` those of futures, `counted.rs` the reference counts; `buffer/` has what messages wait in,
//! `timer.rs` the clock's channels.

pub mod broadcast;
mod buffer;
mod clock;
mod core;
mod counted;
mod future;
mod iter;
pub mod oneshot;
mod outlook;
mod packet;
mod receiver;
mod recv_error;
mod seat;
mod select;
mod select_error;
mod send_error;
mod sender;
mod state;
mod timer;

pub use broadcast::broadcast;
pub use future::{OneshotFuture, RecvFuture, SendFuture};
pub use iter::{IntoIter, Iter, TryIter};
pub use oneshot::oneshot;
pub use receiver::Receiver;
pub use recv_error::{RecvError, RecvTimeoutError, TryRecvError};
#[doc(hidden)]
pub use select::internal;
pub use select::{Select, SelectedOperation};
pub use select_error::{ReadyTimeoutError, SelectTimeoutError, TryReadyError, TrySelectError};
pub use send_error::{SendError, SendTimeoutError, TrySendError};
pub use sender::Sender;

pub use crate::{select, select_biased};

use crate::line::deadline_after;
use counted::Share;
use receiver::Source;
use sisal_base::sync::Arc;
use std::time::{Duration, Instant};
use timer::Timer;

fn channel<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let (senders, receivers) = Share::pair(capacity);
    (Sender::new(senders), Receiver::new(Source::Channel(receivers)))
}

/// A channel that holds `capacity` messages at most. With 0, each message is handed over while both wait.
///
/// # Panics
/// If there is no memory for so many messages.
///
/// ```
/// # use sisal_sync::channel::bounded;
/// let (sender, receiver) = bounded(1);
/// sender.send(1).unwrap();
/// std::thread::spawn(move || sender.send(2).unwrap()); // waits until the 1 is received
/// assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2)));
/// ```
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    channel(Some(capacity))
}

/// A channel that holds any number of messages.
///
/// ```
/// # use sisal_sync::channel::unbounded;
/// let (sender, receiver) = unbounded();
/// (0..1_000).for_each(|n| sender.send(n).unwrap());
/// assert_eq!(receiver.try_iter().sum::<i32>(), 499_500);
/// ```
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(None)
}

/// A receiver that gets one message, the time itself, `duration` from now; after that nothing, and no end.
///
/// ```
/// # use sisal_sync::channel::after;
/// # use std::time::{Duration, Instant};
/// let start = Instant::now();
/// let timeout = after(Duration::from_millis(5));
/// assert!(timeout.recv().unwrap() >= start + Duration::from_millis(5));
/// assert!(timeout.try_recv().unwrap_err().is_empty());
/// ```
pub fn after(duration: Duration) -> Receiver<Instant> {
    deadline_after(duration).map_or_else(never, at)
}

/// A receiver that gets one message, the time itself, at `when`; after that nothing, and no end.
///
/// ```
/// # use sisal_sync::channel::at;
/// # use std::time::{Duration, Instant};
/// let when = Instant::now() + Duration::from_millis(5);
/// assert_eq!(at(when).recv(), Ok(when));
/// ```
pub fn at(when: Instant) -> Receiver<Instant> {
    // An agent with a clock of its own hears of a time that is not of it.
    let _ = sisal_park::with_current(|agent| agent.has_passed(when));
    timer(Timer::at(when))
}

/// A receiver that gets the time each `period`, the first time one period from now. Ticks that nobody takes are dropped.
///
/// ```
/// # use sisal_sync::channel::tick;
/// # use std::time::{Duration, Instant};
/// let start = Instant::now();
/// let ticker = tick(Duration::from_millis(2));
/// let third = ticker.iter().nth(2).unwrap();
/// assert!(third >= start + Duration::from_millis(6));
/// ```
pub fn tick(period: Duration) -> Receiver<Instant> {
    deadline_after(period).map_or_else(never, |first| timer(Timer::tick(first, period)))
}

/// A receiver that never gets a message, and no end.
///
/// ```
/// # use sisal_sync::channel::never;
/// assert!(never::<u8>().try_recv().unwrap_err().is_empty());
/// ```
pub fn never<T>() -> Receiver<T> {
    Receiver::new(Source::Never)
}

fn timer(timer: Timer) -> Receiver<Instant> {
    Receiver::new(Source::Timer(Arc::new(timer), |time| time))
}
