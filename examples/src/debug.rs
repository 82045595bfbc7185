//! Pages about the process itself, for any server here: what every fiber waits for, and the figures of the runtime.
//!
//! Knows nothing of the server around it. Whoever can read these pages learns much about a program: serve them where only its operators are.
//!
//! | path | what it says |
//! |---|---|
//! | `/debug/fibers` | [`sisal::dump`], identical fibers as one entry |
//! | `/debug/metrics` | [`sisal::runtime::Metrics`] of this runtime, in Prometheus' text format |

use crate::http::{Exchange, Status, Transport};
use sisal::runtime::current_handle;
use std::io;

/// Answers what is asked for one of the pages; `false`, and nothing was answered, for everything else.
///
/// # Errors
/// If the client takes no answer.
pub fn respond<S: Transport>(exchange: &mut Exchange<'_, S>) -> io::Result<bool> {
    let (content_type, text) = match exchange.request().path() {
        "/debug/fibers" => ("text/plain; charset=utf-8", sisal::dump().to_string()),
        "/debug/metrics" => ("text/plain; version=0.0.4", metrics()),
        _ => return Ok(false),
    };
    if !matches!(exchange.request().method(), "GET" | "HEAD") {
        exchange.respond(Status::METHOD_NOT_ALLOWED).header("Allow", "GET, HEAD").body(b"")?;
        return Ok(true);
    }
    exchange.respond(Status::OK).header("Content-Type", content_type).body(text.as_bytes())?;
    Ok(true)
}

fn metrics() -> String {
    let mut text = String::new();
    current_handle().metrics().write_prometheus(&mut text).expect("a string takes everything");
    text
}
