//! Same seed, same run: tests in which the scheduler's every choice comes from a seed, time is virtual, and so is the network.
//!
//! The scheduler that ships runs the fibers, on one OS thread. Which worker has its turn, what it steals, which arm a `select!` looks at
//! first, how long a packet is under way: all of it is drawn from the seed, so a run that fails, fails again. Time jumps to the next timer
//! when nothing is ready. A run fails by a panic, by a deadlock, or by fibers that are left over when its closure has returned.
//!
//! ```
//! use sisal::net::{TcpListener, TcpStream};
//! use sisal::sim;
//! use std::io::{Read, Write};
//! use std::time::Duration;
//!
//! sim::explore(0..20, || {
//!     let (db, app) = (sim::net::host("db"), sim::net::host("app"));
//!     sim::net::between(&db, &app).latency(Duration::from_millis(1)..=Duration::from_millis(50));
//!     let listener = db.enter(|| TcpListener::bind("db:5432")).unwrap();
//!     let server = db.enter(|| {
//!         sisal::spawn(move || listener.accept().unwrap().0.write_all(b"hello").unwrap())
//!     });
//!     app.enter(|| {
//!         let mut text = String::new();
//!         TcpStream::connect("db:5432").unwrap().read_to_string(&mut text).unwrap();
//!         assert_eq!(text, "hello");
//!     });
//!     server.join().unwrap();
//!     assert!(sim::now() >= Duration::from_millis(3), "there, back, and there again");
//! });
//! ```
//!
//! What is outside stays outside: a real descriptor is an error where it would have to wait, OS threads that a test starts run when they
//! like, and what depends on addresses or on std's random hashes is not the same in every run. Ask [`time::now`](crate::time::now) for
//! the time, never [`Instant::now`](std::time::Instant::now), which shows the real one. A closure of [`blocking`](crate::blocking) runs on
//! its fiber's stack.

pub use sisal_scheduler::sim::*;

/// The simulated network, in which the sockets of a simulation live, and its controls.
pub mod net {
    pub use sisal_net::sim::*;
}
