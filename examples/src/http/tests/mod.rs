//! Conversations, by situation. Method: a client of byte strings, and a handler that answers with what it saw.

mod bodies;
mod limits;
mod refusals;
mod requests;
mod sockets;

use super::fake::{Fake, Seen, Step};
use super::{Connection, Exchange, Status};
use std::io;
use std::time::Duration;

/// How a conversation went.
pub(super) struct Outcome {
    seen: Seen,
    /// Of the last stretch: an error, or how the client was sent away.
    end: io::Result<Option<Status>>,
}

impl Outcome {
    /// What the client got, without the dates.
    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.seen.written);
        text.split("\r\n").filter(|line| !line.starts_with("Date: ")).collect::<Vec<_>>().join("\r\n")
    }

    /// The first line of each answer.
    fn statuses(&self) -> Vec<String> {
        let text = self.text();
        text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect()
    }

    #[track_caller]
    fn assert_refused(&self, status: Status) {
        assert_eq!(*self.end.as_ref().unwrap(), Some(status));
        let last = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert!(self.text().ends_with(&last), "{}", self.text());
        assert!(self.seen.is_write_shut);
    }
}

pub(super) fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

const fn pause(seconds: u64) -> Step {
    Step::Pause(Duration::from_secs(seconds))
}

/// Lets the client take its steps, and answers each request by `handler`.
pub(super) fn converse_with(
    steps: impl IntoIterator<Item = Step>,
    mut handler: impl FnMut(&mut Exchange<'_, Fake>) -> io::Result<()>,
) -> Outcome {
    let (stream, seen) = Fake::new(steps);
    let serve = || {
        let mut connection = Connection::new(stream)?;
        while let Some(mut exchange) = connection.next_exchange()? {
            handler(&mut exchange)?;
        }
        Ok(connection.refusal())
    };
    let end = serve();
    Outcome { seen: seen.take(), end }
}

/// The same with a handler that answers with method and target.
fn converse(steps: impl IntoIterator<Item = Step>) -> Outcome {
    converse_with(steps, |exchange| {
        let request = exchange.request();
        let body = format!("{} {}", request.method(), request.target());
        exchange.respond(Status::OK).body(body.as_bytes())
    })
}
