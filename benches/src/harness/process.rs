//! One child process: limited in time and memory, so that a peer that runs wild is a line in the table and no more.

use crate::memory;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long one child may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// How much memory one child may hold: twice what a million parked fibers need.
const MEMORY_LIMIT: u64 = 10 << 30;
/// How often the limits are looked at. Rare enough not to disturb what is measured.
const LOOK: Duration = Duration::from_millis(20);
/// How much of a child's complaint is kept.
const COMPLAINT_CHARS_MAX: usize = 100;

/// What a child printed to standard output, or why it died.
pub fn output(command: &mut Command) -> Result<String, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot start: {error}"))?;
    let (mut stdout, mut stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let complaints = thread::spawn(move || {
        let mut text = Vec::new();
        _ = stderr.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let said = thread::spawn(move || {
        let mut text = String::new();
        _ = stdout.read_to_string(&mut text);
        text
    });
    let end = watch(&mut child);
    let (said, complaints) = (said.join().unwrap_or_default(), complaints.join().unwrap_or_default());
    end.map_err(|why| complaint(&complaints).unwrap_or(why))?;
    Ok(said)
}

/// Waits for the end of `child`, which comes at the limits.
fn watch(child: &mut Child) -> Result<(), String> {
    let (began, pid) = (Instant::now(), child.id().to_string());
    let limit = loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) => thread::sleep(LOOK),
            Err(error) => return Err(error.to_string()),
        }
        if began.elapsed() > TIME_LIMIT {
            break format!("not done after {} s", TIME_LIMIT.as_secs());
        }
        if memory::resident(&pid) > MEMORY_LIMIT {
            break format!("takes more than {} GiB", MEMORY_LIMIT >> 30);
        }
    };
    // It may have ended meanwhile.
    _ = child.kill();
    _ = child.wait();
    Err(limit)
}

/// The line that says most: the first after "panicked at" or of a Go panic, else the first.
fn complaint(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().next()?;
    let after_panic = lines.find(|line| line.contains("panicked at")).and_then(|_| lines.next());
    Some(after_panic.unwrap_or(first).replace('|', "/").chars().take(COMPLAINT_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<String, String> {
        output(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn what_it_says() {
        assert_eq!(shell("echo figure ns 3; echo noise >&2"), Ok("figure ns 3\n".to_owned()));
    }

    #[test]
    fn why_it_died() {
        assert_eq!(shell("echo 'cannot map' >&2; exit 1"), Err("cannot map".to_owned()));
        let panic = "thread 'x' panicked at a.rs:1:\nno stack for you\nnote: run with";
        assert_eq!(complaint(panic), Some("no stack for you".to_owned()));
        assert!(shell("kill -SEGV $$").unwrap_err().contains("signal"));
    }
}
