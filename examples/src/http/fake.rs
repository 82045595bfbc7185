//! A client made of byte strings and pauses, with a clock of its own. Knows nothing of HTTP.

use super::transport::Transport;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What the client does next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Sends this, as one packet.
    Send(Vec<u8>),
    /// Does nothing for a while.
    Pause(Duration),
    /// Fails.
    Reset,
}

/// What the server did.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) written: Vec<u8>,
    pub(super) writes: usize,
    pub(super) timeouts_set: usize,
    /// Bytes that it has read.
    pub(super) taken: usize,
    pub(super) is_write_shut: bool,
}

/// The server's end of it. After its last step the client closes.
#[derive(Debug)]
pub(super) struct Fake {
    steps: VecDeque<Step>,
    seen: Rc<RefCell<Seen>>,
    now: Instant,
    timeout: Duration,
    write_timeout: Duration,
    /// It takes so many bytes at once, and so long for it.
    pace: Option<(usize, Duration)>,
}

impl Fake {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> (Self, Rc<RefCell<Seen>>) {
        let seen = Rc::new(RefCell::new(Seen::default()));
        let steps = steps.into_iter().collect();
        let fake = Self {
            steps,
            seen: seen.clone(),
            now: Instant::now(),
            timeout: Duration::MAX,
            write_timeout: Duration::MAX,
            pace: None,
        };
        (fake, seen)
    }

    /// The same, but it takes what is written only so many bytes at once, each time after a pause.
    pub(super) fn slow(mut self, count: usize, pause: Duration) -> Self {
        self.pace = Some((count, pause));
        self
    }
}

impl Read for Fake {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut left = self.timeout;
        loop {
            match self.steps.pop_front() {
                None => return Ok(0),
                Some(Step::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
                Some(Step::Send(bytes)) => {
                    let count = bytes.len().min(buffer.len());
                    buffer[..count].copy_from_slice(&bytes[..count]);
                    self.seen.borrow_mut().taken += count;
                    if count < bytes.len() {
                        self.steps.push_front(Step::Send(bytes[count..].to_vec()));
                    }
                    return Ok(count);
                }
                Some(Step::Pause(pause)) if pause < left => {
                    self.now += pause;
                    left -= pause;
                }
                Some(Step::Pause(pause)) => {
                    self.now += left;
                    self.steps.push_front(Step::Pause(pause - left));
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
        }
    }
}

impl Write for Fake {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut seen = self.seen.borrow_mut();
        let mut buffer = buffer;
        if let Some((count, pause)) = self.pace {
            self.now += pause.min(self.write_timeout);
            if pause > self.write_timeout {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            buffer = &buffer[..count.min(buffer.len())];
        }
        seen.written.extend_from_slice(buffer);
        seen.writes += 1;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Fake {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        assert!(!timeout.is_zero(), "a timeout of zero is an error of std");
        self.timeout = timeout;
        self.seen.borrow_mut().timeouts_set += 1;
        Ok(())
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        assert!(!timeout.is_zero(), "a timeout of zero is an error of std");
        self.write_timeout = timeout;
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.seen.borrow_mut().is_write_shut = true;
        Ok(())
    }

    fn now(&self) -> Instant {
        self.now
    }
}
