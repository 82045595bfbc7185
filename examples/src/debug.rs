//! Pages about the process itself, for any server here: what every fiber waits for, and the figures of the runtime.
//!
//! Knows nothing of the server around it. Whoever can read these pages learns much about a program: serve them where only its operators are.
//!
//! | path | what it says |
//! |---|---|
//! | `/debug/fibers` | [`sisal::dump`], identical fibers as one entry |
//! | `/debug/sites` | the fibers counted by state and by where they were spawned: rows of state, count and place, with tabs between |
//! | `/debug/trace?seconds=5` | what the fibers of this runtime do in that time, as a file for Perfetto; five seconds if nothing is said |
//! | `/debug/metrics` | [`sisal::runtime::Metrics`] of this runtime, in Prometheus' text format |

use crate::http::{Exchange, Status, Transport};
use sisal::runtime::{FiberState, current_handle};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter};
use std::time::Duration;

/// The longest time that is recorded, in seconds: what a worker keeps is bounded anyway.
const SECONDS_MAX: f64 = 60.0;

/// Answers what is asked for one of the pages; `false`, and nothing was answered, for everything else.
///
/// # Errors
/// If the client takes no answer.
pub fn respond<S: Transport>(exchange: &mut Exchange<'_, S>) -> io::Result<bool> {
    let (content_type, text) = match exchange.request().path() {
        "/debug/trace" if exchange.request().method() == "GET" => return trace(exchange),
        "/debug/trace" => ("", String::new()),
        "/debug/fibers" => ("text/plain; charset=utf-8", sisal::dump().to_string()),
        "/debug/sites" => ("text/tab-separated-values; charset=utf-8", sites()),
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

/// Records as long as is asked for, and sends what came of it.
fn trace<S: Transport>(exchange: &mut Exchange<'_, S>) -> io::Result<bool> {
    let Some(duration) = duration(exchange.request().query()) else {
        let text = format!("trace?seconds=5 takes a number from 0 to {SECONDS_MAX}\n");
        exchange.respond(Status::BAD_REQUEST).body(text.as_bytes())?;
        return Ok(true);
    };
    let recording = current_handle().record(duration);
    let answer = exchange.respond(Status::OK).header("Content-Type", "application/json");
    let mut body =
        BufWriter::new(answer.header("Content-Disposition", "attachment; filename=\"trace.json\"").stream());
    recording.write_json(&mut body)?;
    body.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
    Ok(true)
}

fn duration(query: Option<&str>) -> Option<Duration> {
    let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let seconds = match pairs.find(|(key, _)| *key == "seconds") {
        Some((_, seconds)) => seconds.parse().ok()?,
        None => 5.0,
    };
    (0.0..=SECONDS_MAX).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

fn sites() -> String {
    let mut counts = BTreeMap::new();
    for fiber in sisal::dump().fibers {
        let state = match fiber.state {
            FiberState::Running => "running",
            FiberState::Ready => "ready",
            FiberState::Parked => "parked",
            _ => "other",
        };
        let site = fiber.spawned_at;
        *counts.entry((site.file(), site.line(), state)).or_insert(0) += 1;
    }
    let mut text = String::new();
    for ((file, line, state), count) in counts {
        writeln!(text, "{state}\t{count}\t{file}:{line}").expect("a string takes everything");
    }
    text
}

fn metrics() -> String {
    let mut text = String::new();
    current_handle().metrics().write_prometheus(&mut text).expect("a string takes everything");
    text
}
