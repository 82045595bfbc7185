//! A story as Chrome's trace format, which Perfetto reads too.
//!
//! Knows nothing of where it is written. Workers are the threads of one process there, named fibers those of another; a slice is a pair of
//! `B` and `E`, an arrow a pair of `s` and `f`, times are microseconds.

use super::story::{Act, Arrow, ArrowKind, Slice, State, Story};
use sisal_park::AgentId;
use std::fmt;
use std::io::{self, Write};

/// The numbers of the two processes. Perfetto calls the thread that has its process' number the main one.
const WORKERS: u32 = 1001;
const FIBERS: u32 = 1002;

impl Story {
    /// Writes it, as that of the runtime of that number.
    pub(super) fn write(&self, runtime: usize, mut out: impl Write) -> io::Result<()> {
        let mut rows = Rows { out: &mut out, is_first: true };
        write!(rows.out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
        rows.heading(WORKERS, 0, &format!("sisal runtime {runtime}: workers"))?;
        rows.heading(FIBERS, 1, &format!("sisal runtime {runtime}: named fibers"))?;
        for (index, slices) in self.workers.iter().enumerate() {
            rows.track(WORKERS, thread(index), &format!("worker {index}"))?;
            slices.iter().try_for_each(|slice| self.write_act(&mut rows, thread(index), slice))?;
        }
        for (number, arrow) in self.arrows.iter().enumerate() {
            rows.arrow(number, arrow)?;
        }
        for panic in &self.panics {
            let row = Row { phase: 'i', track: (WORKERS, thread(panic.worker)), at_ns: panic.at_ns };
            rows.row(row, format_args!(",\"name\":\"panic\",\"s\":\"t\""))?;
        }
        for (fiber, slices) in &self.fibers {
            let name = self.names.get(fiber).map_or("", String::as_str);
            rows.track(FIBERS, fiber.as_u64(), name)?;
            slices.iter().try_for_each(|slice| write_state(&mut rows, *fiber, slice))?;
        }
        writeln!(out, "\n]}}")
    }

    fn write_act(&self, rows: &mut Rows<'_>, worker: u64, slice: &Slice<Act>) -> io::Result<()> {
        let (begin, end) = both((WORKERS, worker), slice);
        match slice.what {
            Act::Sleeps => {
                rows.row(begin, format_args!(",\"name\":\"asleep\""))?;
                rows.row(end, format_args!(""))
            }
            Act::Runs(fiber, then) => {
                let (number, site) = (fiber.as_u64(), Text(&self.site(fiber)));
                match self.names.get(&fiber) {
                    Some(name) => rows.row(
                        begin,
                        format_args!(
                            ",\"name\":\"{}\",\"args\":{{\"fiber\":{number},\"spawned at\":\"{site}\"}}",
                            Text(name)
                        ),
                    )?,
                    None => {
                        rows.row(begin, format_args!(",\"name\":\"{site}\",\"args\":{{\"fiber\":{number}}}"))?
                    }
                }
                match then {
                    None => rows.row(end, format_args!("")),
                    Some(then) => {
                        let then = then.to_string();
                        rows.row(end, format_args!(",\"args\":{{\"then\":\"{}\"}}", Text(&then)))
                    }
                }
            }
        }
    }

    fn site(&self, fiber: AgentId) -> String {
        self.sites.get(&fiber).map(|site| format!("{}:{}", site.file(), site.line())).unwrap_or_default()
    }
}

/// A worker's thread; there is no number 0.
fn thread(worker: usize) -> u64 {
    worker as u64 + 1
}

fn write_state(rows: &mut Rows<'_>, fiber: AgentId, slice: &Slice<State>) -> io::Result<()> {
    let (begin, end) = both((FIBERS, fiber.as_u64()), slice);
    match slice.what {
        // One name, hence one colour.
        State::Running(worker) => {
            rows.row(begin, format_args!(",\"name\":\"running\",\"args\":{{\"worker\":{worker}}}"))?
        }
        state => rows.row(begin, format_args!(",\"name\":\"{}\"", Text(&state.to_string())))?,
    }
    rows.row(end, format_args!(""))
}

fn both<T>(track: (u32, u64), slice: &Slice<T>) -> (Row, Row) {
    let row = |phase, at_ns| Row { phase, track, at_ns };
    (row('B', slice.begin_ns), row('E', slice.end_ns))
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(worker) => write!(f, "running on worker {worker}"),
            Self::Ready => f.write_str("ready"),
            Self::Parked(reason) => write!(f, "parked: {reason}"),
            Self::Ended => f.write_str("ended"),
        }
    }
}

/// What each row has: its phase, its track (process and thread), and when.
#[derive(Clone, Copy)]
struct Row {
    phase: char,
    track: (u32, u64),
    at_ns: u64,
}

/// Rows with commas between them.
struct Rows<'a> {
    out: &'a mut dyn Write,
    is_first: bool,
}

impl Rows<'_> {
    fn row(&mut self, row: Row, rest: fmt::Arguments<'_>) -> io::Result<()> {
        let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
        let Row { phase, track: (process, thread), at_ns } = row;
        let (us, ns) = (at_ns / 1000, at_ns % 1000);
        write!(
            self.out,
            "{comma}\n{{\"ph\":\"{phase}\",\"pid\":{process},\"tid\":{thread},\"ts\":{us}.{ns:03}{rest}}}"
        )
    }

    /// The name and the place of a process.
    fn heading(&mut self, process: u32, place: u32, name: &str) -> io::Result<()> {
        let row = Row { phase: 'M', track: (process, 0), at_ns: 0 };
        self.row(row, format_args!(",\"name\":\"process_sort_index\",\"args\":{{\"sort_index\":{place}}}"))?;
        self.row(row, format_args!(",\"name\":\"process_name\",\"args\":{{\"name\":\"{}\"}}", Text(name)))
    }

    /// The name and the place of a thread.
    fn track(&mut self, process: u32, thread: u64, name: &str) -> io::Result<()> {
        let row = Row { phase: 'M', track: (process, thread), at_ns: 0 };
        self.row(row, format_args!(",\"name\":\"thread_name\",\"args\":{{\"name\":\"{}\"}}", Text(name)))?;
        self.row(row, format_args!(",\"name\":\"thread_sort_index\",\"args\":{{\"sort_index\":{thread}}}"))
    }

    fn arrow(&mut self, number: usize, arrow: &Arrow) -> io::Result<()> {
        let name = match arrow.kind {
            ArrowKind::Spawn => "spawn",
            ArrowKind::Steal => "steal",
            ArrowKind::Wake => "wake",
        };
        for (phase, (worker, at_ns), rest) in [('s', arrow.from, ""), ('f', arrow.to, ",\"bp\":\"e\"")] {
            let row = Row { phase, track: (WORKERS, thread(worker)), at_ns };
            self.row(row, format_args!(",\"name\":\"{name}\",\"cat\":\"{name}\",\"id\":{number}{rest}"))?;
        }
        Ok(())
    }
}

/// What stands between two quotation marks.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c)),
            c => write!(f, "{c}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        assert_eq!(Text("a\"b\\c\nd\u{7f}é").to_string(), "a\\\"b\\\\c\\u000ad\\u007fé");
    }
}
