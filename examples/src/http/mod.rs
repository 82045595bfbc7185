//! HTTP/1.1 for the server examples, on httparse: what a careful server needs, and no more.
//!
//! Knows nothing of fibers: a [`Connection`] works on anything that reads and writes and can be told how long to wait
//! ([`Transport`]), so its tests run on byte strings. It is blocking code; that a thousand connections can afford
//! it is the point of the examples.
//!
//! ```
//! use examples::http::{Connection, Status};
//! # fn serve(stream: std::net::TcpStream) -> std::io::Result<()> {
//! let mut connection = Connection::new(stream)?;
//! while let Some(mut exchange) = connection.next_exchange()? {
//!     let greeting = format!("you asked for {}\n", exchange.request().target());
//!     exchange.respond(Status::OK).header("Content-Type", "text/plain").body(greeting.as_bytes())?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | the client | is answered |
//! |---|---|
//! | asks again and again (keep-alive), or asks before it was answered (pipelining) | in order; one write for all answers that are ready |
//! | sends a head that is no HTTP/1.x, or whose framing can be read in two ways | 400, or 505 for another version, and a close |
//! | sends a head over [`limits::HEAD_SIZE_MAX`] or [`limits::HEADERS_MAX`] | 431 and a close |
//! | takes longer than [`limits::HEAD_WAIT_MAX`] for a head, by silence or by dripping, or ends in the middle of one | 408 and a close |
//! | takes longer than [`limits::BODY_WAIT_MAX`] for a body | 408 and a close |
//! | sends a larger body than it may, whether it says so or not | 413 and a close |
//! | sends a body in malformed chunks, or not all of it | 400 and a close |
//! | sends a body in another coding than chunks | 501 and a close |
//! | does not take its answer within [`limits::WRITE_WAIT_MAX`] | a close |
//! | is silent between requests for [`limits::IDLE_WAIT_MAX`], or goes | a close |

mod body;
mod chunks;
mod connection;
mod date;
mod exchange;
mod head;
mod input;
pub mod limits;
mod request;
mod response;
mod status;
mod stream;
mod transport;
mod wanted;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use body::Body;
pub use connection::Connection;
pub use exchange::Exchange;
pub use request::{Request, Version, percent_decode};
pub use response::Response;
pub use status::Status;
pub use stream::BodyWriter;
pub use transport::{Transport, is_timeout};
pub use wanted::{Edition, Wanted};
