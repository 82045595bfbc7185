//! A program to be started, as [`std::process::Command`].
//!
//! Knows nothing of what becomes of it.

use super::{Child, ExitStatus, Output, Stdio};
use sisal_park::blocking;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// A program to be started, as [`std::process::Command`].
///
/// What is not here can be set on std's, from which this is made, and which [`as_std_mut`](Self::as_std_mut) lends.
#[derive(Debug)]
pub struct Command {
    command: std::process::Command,
    /// Which of the standard three were set: std tells nobody.
    stdin_set: bool,
    stdout_set: bool,
    stderr_set: bool,
}

impl From<std::process::Command> for Command {
    /// What it says of standard input and output is for `spawn` and `status` only: [`output`](Command::output) captures both.
    fn from(command: std::process::Command) -> Self {
        Self { command, stdin_set: false, stdout_set: false, stderr_set: false }
    }
}

/// std's settings, passed on.
macro_rules! settings {
    ($($name:ident($value:ident: $($type:tt)*), $what:literal;)*) => {
        impl Command {$(
            #[doc = concat!($what, ", as [`std::process::Command::", stringify!($name), "`].")]
            pub fn $name(&mut self, $value: $($type)*) -> &mut Self {
                self.command.$name($value);
                self
            }
        )*}
    };
}

/// std's settings of standard input and output.
macro_rules! stdio {
    ($($name:ident, $set:ident, $what:literal;)*) => {
        impl Command {$(
            #[doc = concat!($what, ", as [`std::process::Command::", stringify!($name), "`].")]
            pub fn $name(&mut self, stdio: impl Into<Stdio>) -> &mut Self {
                self.command.$name(stdio);
                self.$set = true;
                self
            }
        )*}
    };
}

settings! {
    arg(argument: impl AsRef<OsStr>), "Adds an argument";
    args(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>), "Adds arguments";
    envs(variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>), "Sets variables of its environment";
    env_remove(name: impl AsRef<OsStr>), "Takes a variable out of its environment";
    current_dir(folder: impl AsRef<Path>), "The folder in which it starts";
}

stdio! {
    stdin, stdin_set, "Its standard input; inherited if not set, empty for [`output`](Command::output)";
    stdout, stdout_set, "Its standard output; inherited if not set, captured by [`output`](Command::output)";
    stderr, stderr_set, "Its standard error; inherited if not set, captured by [`output`](Command::output)";
}

impl Command {
    /// The program of that name, or at that path.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Self {
        std::process::Command::new(program).into()
    }

    /// Sets a variable of its environment, as [`std::process::Command::env`].
    pub fn env<K: AsRef<OsStr>, V: AsRef<OsStr>>(&mut self, name: K, value: V) -> &mut Self {
        self.command.env(name, value);
        self
    }

    /// Begins with an empty environment, as [`std::process::Command::env_clear`].
    pub fn env_clear(&mut self) -> &mut Self {
        self.command.env_clear();
        self
    }

    /// std's command, for what is not here.
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.command
    }

    /// Starts it. That is a call which blocks, for as long as it takes to copy this process and load the program, so it is
    /// made on the blocking pool; it is not cut short.
    ///
    /// # Errors
    /// The system's.
    pub fn spawn(&mut self) -> io::Result<Child> {
        blocking(|| self.command.spawn()).map(Child::new)
    }

    /// Starts it, and waits for its end.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn) and [`Child::wait`]. A fiber that is cancelled leaves it running.
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }

    /// Starts it, waits for its end, and gives what it has written. Its standard input is empty unless it was set.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn) and [`Child::wait_with_output`]. A fiber that is cancelled leaves it running.
    pub fn output(&mut self) -> io::Result<Output> {
        self.set_the_rest(Stdio::null, Stdio::piped);
        let child = self.spawn();
        self.set_the_rest(Stdio::inherit, Stdio::inherit);
        child?.wait_with_output()
    }

    /// Settles what the user has not.
    fn set_the_rest(&mut self, input: fn() -> Stdio, output: fn() -> Stdio) {
        if !self.stdin_set {
            self.command.stdin(input());
        }
        if !self.stdout_set {
            self.command.stdout(output());
        }
        if !self.stderr_set {
            self.command.stderr(output());
        }
    }
}
