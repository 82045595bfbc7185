//! `std::sync::mpsc` for the generated tests, since std's blocks a whole worker: sisal's channel under its name.

pub use sisal::channel::{Receiver, RecvError, SendError, Sender, TryRecvError, unbounded as channel};
