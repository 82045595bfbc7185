//! How a server is asked to stop: by SIGINT or SIGTERM.
//!
//! Knows nothing of servers. The handler may do next to nothing, so it writes a byte into a socket; the thread that reads it
//! may do anything.

use std::io::{self, Read};
use std::os::fd::{IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

#[cfg(target_os = "linux")]
use libc::__errno_location as errno;
#[cfg(not(target_os = "linux"))]
use libc::__error as errno;

/// The end of the pair into which the signal handler writes; -1 before there is one.
static BELL: AtomicI32 = AtomicI32::new(-1);

/// Calls `stop` once, on a thread of its own, when SIGINT (Ctrl-C) or SIGTERM arrives. A second signal ends the program
/// at once, as usual.
///
/// # Errors
/// If there is no descriptor or thread left.
///
/// # Panics
/// If it is called twice.
pub fn on_stop(stop: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let (mut ear, bell) = UnixStream::pair()?;
    // A handler must not block, not even if somebody sends thousands of signals.
    bell.set_nonblocking(true)?;
    let bell = bell.into_raw_fd();
    // Release: pairs with the Acquire in `ring`.
    let before = BELL.swap(bell, Ordering::Release);
    assert_eq!(before, -1, "a program is stopped in one way");
    thread::Builder::new().name("stop".to_owned()).spawn(move || {
        if ear.read_exact(&mut [0]).is_ok() {
            stop();
        }
    })?;
    for signal in [libc::SIGINT, libc::SIGTERM] {
        install(signal)?;
    }
    Ok(())
}

fn install(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: all zeroes are a valid `sigaction`: no flags, an empty mask, the default action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = ring as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // RESTART: no system call of the program notices. RESETHAND: the second signal finds the default action.
    action.sa_flags = libc::SA_RESTART | libc::SA_RESETHAND;
    // SAFETY: `action` is whole, and its handler does only what a handler may (see `ring`).
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The signal handler. Runs on whichever thread the signal met, in the middle of anything.
extern "C" fn ring(_signal: libc::c_int) {
    // Acquire: pairs with the Release in `on_stop`.
    let bell: RawFd = BELL.load(Ordering::Acquire);
    // SAFETY: the place of this thread's own `errno`, which the interrupted code must find unchanged.
    let errno = unsafe { &mut *errno() };
    let saved = *errno;
    // SAFETY: `write` is async-signal-safe, one byte is readable, and `bell` is never closed. If it fails, the socket
    // is full of rings already.
    let _ = unsafe { libc::write(bell, (&raw const saved).cast(), 1) };
    *errno = saved;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_signal_calls_stop() {
        let (sender, receiver) = mpsc::channel();
        on_stop(move || sender.send(thread::current().name().map(str::to_owned)).unwrap()).unwrap();
        // SAFETY: the handler for it has just been installed.
        assert_eq!(unsafe { libc::raise(libc::SIGTERM) }, 0);
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)).unwrap().as_deref(), Some("stop"));
    }
}
