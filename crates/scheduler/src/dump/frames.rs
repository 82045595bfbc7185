//! Names for the frames of a photograph.
//!
//! Knows nothing of fibers. To find a name takes some 10 µs, the first one 100 ms; so they are remembered for the rest of the process.

use std::collections::HashMap;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

/// The functions at one address: those that were inlined there, and the one that was called.
type Names = Arc<[String]>;

static KNOWN: Mutex<Option<HashMap<usize, Names>>> = Mutex::new(None);

/// The fiber's `park`, whose name depends on how much was inlined.
const PARK: &[&str] =
    &["sisal_scheduler::task::header::Header>::park", "sisal_scheduler::task::header::Header as "];
/// What lies between that and a lock or a channel.
const INNER: &[&str] = &["sisal_scheduler::", "<sisal_scheduler::", "sisal_park::", "<sisal_park::"];
/// The first frame below the user's.
const OUTER: &str = "sisal_scheduler::task::cell::TaskCell";

/// The files of these two.
const PARK_FILE: &str = "/src/worker/agent.rs:";
const OUTER_FILE: &str = "/src/task/cell.rs:";

/// The lines of a backtrace, the innermost first, without the frames through which each fiber goes.
pub(super) fn names(frames: &[usize]) -> Vec<String> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(HashMap::new);
    let mut lines = Vec::new();
    for frame in frames {
        let names = known.entry(*frame).or_insert_with(|| resolve(*frame));
        lines.extend(names.iter().cloned());
    }
    // First the way of the photograph, which ends in the fiber's `park`; then what has called that.
    let park = lines.iter().position(|line| has_any(line, PARK) || is_in(line, PARK_FILE));
    lines.drain(..park.map_or(0, |park| park + 1));
    let is_inner = |line: &String| INNER.iter().any(|inner| line.starts_with(inner)) || is_in(line, "/src/");
    let first = lines.iter().position(|line| !is_inner(line));
    lines.drain(..first.unwrap_or(0));
    if let Some(end) = lines.iter().position(|line| line.contains(OUTER) || is_in(line, OUTER_FILE)) {
        lines.truncate(end);
    }
    lines
}

fn has_any(line: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| line.contains(part))
}

/// Whether a line is of that file of the scheduler's: what was inlined has a name without its path.
fn is_in(line: &str, file: &str) -> bool {
    let place = line.rsplit_once(" at ").map_or("", |(_, place)| place);
    place.contains("scheduler") && place.contains(file)
}

fn resolve(frame: usize) -> Names {
    let mut names = Vec::new();
    backtrace::resolve(ptr::without_provenance_mut(frame), |symbol| {
        let Some(name) = symbol.name() else { return };
        names.push(match (symbol.filename(), symbol.lineno()) {
            (Some(file), Some(line)) => format!("{name:#} at {}:{line}", file.display()),
            _ => format!("{name:#}"),
        });
    });
    if names.is_empty() {
        names.push(format!("{frame:#x}"));
    }
    names.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_its_name() {
        let own = a_function_has_its_name as fn() as *const () as usize + 1;
        let names = resolve(own);
        assert!(names.iter().any(|name| name.contains("a_function_has_its_name")), "{names:?}");
        assert_eq!(*resolve(1), ["0x1".to_owned()]);
    }
}
