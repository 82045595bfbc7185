//! A program that runs, as [`std::process::Child`].
//!
//! Knows nothing of how it was started.
//!
//! Its end is waited for through a descriptor that stands for the process, so that no thread sleeps meanwhile, and the wait
//! can be ended. Where the system has none, the fiber looks again and again, less and less often.

use super::{ExitStatus, Output};
use crate::time::sleep;
use sisal_net::{PipeReader, PipeWriter, wait_exit};
use sisal_park::cancel;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long a fiber that has to look by itself sleeps between two looks: at first, and at the most.
const LOOK_MIN: Duration = Duration::from_millis(1);
const LOOK_MAX: Duration = Duration::from_millis(64);

/// A program that runs, as [`std::process::Child`]. Dropping it lets the program go on; once it has ended, and until this
/// process ends, it is a zombie if nobody has waited for it.
#[derive(Debug)]
pub struct Child {
    child: std::process::Child,
    /// Its standard input, if that is a pipe.
    pub stdin: Option<PipeWriter>,
    /// Its standard output, if that is a pipe.
    pub stdout: Option<PipeReader>,
    /// Its standard error, if that is a pipe.
    pub stderr: Option<PipeReader>,
}

impl Child {
    pub(super) fn new(mut child: std::process::Child) -> Self {
        let stdin = child.stdin.take().map(|end| OwnedFd::from(end).into());
        let stdout = child.stdout.take().map(|end| OwnedFd::from(end).into());
        let stderr = child.stderr.take().map(|end| OwnedFd::from(end).into());
        Self { child, stdin, stdout, stderr }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it, by `SIGKILL`, if it has not ended.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// The system's.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end. Its standard input, if that is a pipe nobody has taken, is closed first, as in std.
    ///
    /// ```
    /// use sisal::process::Command;
    /// # fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sleep").arg("100").spawn()?;
    /// child.kill()?;
    /// assert!(!child.wait()?.success());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's; or that the fiber is cancelled, which leaves the program running.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        let mut pause = LOOK_MIN;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            match wait_exit(self.child.id(), None) {
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    cancel::check()?;
                    sleep(pause);
                    pause = (pause * 2).min(LOOK_MAX);
                }
                result => result?,
            }
        }
    }

    /// Waits for its end, and gives what it has written to those of its outputs that are pipes.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let (stdout, stderr) = match (self.stdout.take(), self.stderr.take()) {
            // Both at once: it may wait for room in one before it writes to the other.
            (Some(out), Some(err)) => crate::scope(|s| {
                let out = s.spawn(|| read(Some(out)));
                let err = read(Some(err));
                (out.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)), err)
            }),
            (out, err) => (read(out), read(err)),
        };
        Ok(Output { stdout: stdout?, stderr: stderr?, status: self.wait()? })
    }
}

fn read(output: Option<PipeReader>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut output) = output {
        output.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
