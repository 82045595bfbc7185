//! Unix signals as messages: a handler writes a byte, a fiber reads it and sends it on.
//!
//! Knows nothing of handlers; those are the crate signal-hook's, which calls whoever was there before, too.
//!
//! ```text
//!  kernel ─▶ handler ─ one byte ─▶ socket pair ─▶ a fiber for each signal ─▶ channel ─▶ recv, select!
//! ```

use crate::channel::{Receiver, RecvError, Sender, unbounded};
use crate::net::UnixStream;
use signal_hook::SigId;
use signal_hook::consts::FORBIDDEN;
use signal_hook::low_level::{pipe, unregister};
use std::fmt;
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::unix::net;

pub use signal_hook::consts::signal::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1,
    SIGUSR2, SIGWINCH,
};

/// Messages about signals, for as long as it lives; made by [`signals`].
///
/// From the first registration of a signal on, and for the rest of the process, that signal no longer does what it does by
/// default, such as ending the process. Handlers that others had installed before are still called.
pub struct Signals {
    receiver: Receiver<i32>,
    registered: Vec<(SigId, net::UnixStream)>,
}

/// Registers for `signals`, which are Unix's numbers: [`SIGINT`] and its kind.
///
/// The kernel joins signals of one number that come in quick succession; so a message says that there was one at least.
///
/// ```
/// use sisal::{select, signal, time};
///
/// # fn main() -> std::io::Result<()> {
/// let signals = signal::signals([signal::SIGTERM, signal::SIGUSR1])?;
/// # assert!(std::process::Command::new("kill").args(["-USR1", &std::process::id().to_string()]).status()?.success());
/// select! {
///     recv(signals) -> signal => assert_eq!(signal, Ok(signal::SIGUSR1)),
///     default(std::time::Duration::from_secs(10)) => panic!("none came"),
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// The system's, for instance for numbers that are no signal; [`InvalidInput`](io::ErrorKind::InvalidInput) for those that
/// cannot be handled (`SIGKILL`, `SIGSTOP`), and for those that a fault of the program raises (`SIGSEGV`, `SIGILL`, `SIGFPE`).
pub fn signals(signals: impl IntoIterator<Item = i32>) -> io::Result<Signals> {
    let (sender, receiver) = unbounded();
    let mut made = Signals { receiver, registered: Vec::new() };
    for signal in signals {
        check(signal)?;
        let (reader, writer) = net::UnixStream::pair()?;
        // The handler never waits: one that finds the pair full has nothing to add.
        let id = pipe::register(signal, writer.try_clone()?)?;
        made.registered.push((id, writer));
        let (reader, sender) = (UnixStream::from(reader), sender.clone());
        crate::fiber::Builder::new()
            .name("sisal-signal".into())
            .spawn(move || forward(reader, signal, &sender))?;
    }
    Ok(made)
}

/// Waits for Ctrl-C, or a `SIGINT` from elsewhere: one that comes after the call.
///
/// ```no_run
/// let server = sisal::go!(sisal::fiber::park);
/// sisal::signal::ctrl_c()?;
/// server.cancel();
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// From the first call on, Ctrl-C no longer ends the process by itself; see [`Signals`].
///
/// # Errors
/// As [`signals`]; or that the fiber is cancelled.
pub fn ctrl_c() -> io::Result<()> {
    let signals = signals([SIGINT])?;
    match signals.recv() {
        Ok(_) => Ok(()),
        Err(RecvError) => {
            sisal_park::cancel::check()?;
            Err(io::Error::other("the runtime that waits for signals has been shut down"))
        }
    }
}

/// From now on, and for the rest of the process, each `signal` has [`sisal::dump`](crate::dump()) written to stderr: every fiber, and what it
/// waits for. `SIGQUIT` is what `Ctrl-\` sends. The dump is taken by an OS thread of its own, so that it comes also when no worker is free.
///
/// ```no_run
/// sisal::signal::dump_on(sisal::signal::SIGQUIT)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// As [`signals`]; and if the system gives no thread.
pub fn dump_on(signal: i32) -> io::Result<()> {
    on(signal, "sisal-dump", || eprint!("{}", crate::dump()))
}

/// From now on, and for the rest of the process, each `signal` has [`write_traces`](crate::runtime::write_traces) called: the files of all
/// runtimes that record their schedules are written, by an OS thread of its own.
///
/// ```no_run
/// use std::time::Duration;
///
/// // What have the last five seconds been like? `kill -USR2` tells.
/// let recorder = sisal::runtime::Trace::to("out.json").last(Duration::from_secs(5));
/// sisal::runtime::Builder::new().trace(recorder).build_global()?;
/// sisal::signal::trace_on(sisal::signal::SIGUSR2)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// As [`signals`]; and if the system gives no thread.
pub fn trace_on(signal: i32) -> io::Result<()> {
    on(signal, "sisal-trace", || {
        if let Err(error) = crate::runtime::write_traces() {
            eprintln!("sisal: {error}");
        }
    })
}

/// Has an OS thread of that name call `f` at each `signal`.
fn on(signal: i32, name: &str, f: impl Fn() + Send + 'static) -> io::Result<()> {
    check(signal)?;
    let (mut reads, writes) = net::UnixStream::pair()?;
    let serve = move || {
        // Signals that came while one was served are served by the next.
        while reads.read(&mut [0; 64]).is_ok_and(|count| count > 0) {
            f();
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(serve)?;
    pipe::register(signal, writes)?;
    Ok(())
}

fn check(signal: i32) -> io::Result<()> {
    if FORBIDDEN.contains(&signal) {
        let text = format!("signal {signal} cannot be waited for");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}

/// A byte, or several that have come meanwhile, is one message.
fn forward(mut reader: UnixStream, signal: i32, sender: &Sender<i32>) {
    while let Ok(1..) = reader.read(&mut [0; 64]) {
        if sender.send(signal).is_err() {
            return;
        }
    }
}

impl Signals {
    /// Waits for the next signal, and gives its number.
    ///
    /// # Errors
    /// If the fiber is cancelled, or the runtime on which this was made has been shut down.
    pub fn recv(&self) -> Result<i32, RecvError> {
        self.receiver.recv()
    }

    /// What `recv(signals)` in a [`select!`](crate::select) expands to.
    #[doc(hidden)]
    pub fn recv_arm(&self) -> crate::channel::internal::RecvArm<'_, i32> {
        self.receiver.recv_arm()
    }

    /// The channel, for a [`Select`](crate::channel::Select).
    pub fn receiver(&self) -> &Receiver<i32> {
        &self.receiver
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for (id, writer) in self.registered.drain(..) {
            unregister(id);
            // Ends the fiber; an error says that it has ended.
            let _ = writer.shutdown(Shutdown::Both);
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("registered", &self.registered.len()).finish_non_exhaustive()
    }
}
