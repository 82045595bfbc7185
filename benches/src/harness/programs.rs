//! The programs that the children run: this one, the same with jemalloc, and Go's. Built once, before anything is measured.

use super::options::Options;
use crate::child;
use crate::row::{Peer, Row};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// Where they are.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The Rust peers.
    rust: PathBuf,
    /// Where the examples are.
    examples: PathBuf,
    /// Go's rows, if Go is on this machine.
    go: Option<PathBuf>,
}

impl Programs {
    /// Builds what `options` needs.
    ///
    /// # Errors
    /// If a build fails. A machine without Go is no error: its column stays empty.
    pub fn build(options: &Options) -> io::Result<Self> {
        let own = env::current_exe()?;
        let beside = own.parent().expect("a program lies in a folder").to_owned();
        let rust = if options.jemalloc { build_jemalloc(&beside)? } else { own };
        let go = if options.peers.contains(&Peer::Go) { build_go(&beside)? } else { None };
        let mut wanted: Vec<_> = options.rows.iter().filter_map(|row| row.example).collect();
        wanted.dedup();
        wanted.into_iter().try_for_each(build_example)?;
        Ok(Self { rust, examples: beside.join("examples"), go })
    }

    /// The command that measures `row` for `peer`, or why there is none.
    pub fn command(&self, options: &Options, row: &Row, peer: Peer) -> Result<Command, String> {
        let workers = row.workers.unwrap_or(options.workers).to_string();
        let size = if options.quick { "quick" } else { "full" };
        if peer == Peer::Go {
            let mut command = Command::new(self.go.as_ref().ok_or("no Go here")?);
            command.args([row.family, &workers, size]);
            command.args(row.params.iter().map(usize::to_string));
            return Ok(command);
        }
        if let (Peer::Sisal, Some(example)) = (peer, row.example) {
            let mut command = Command::new(self.examples.join(example));
            command.arg("127.0.0.1:0").env("SISAL_WORKERS", workers);
            return Ok(command);
        }
        let mut command = Command::new(&self.rust);
        command.args([child::WORD, row.name, peer.name(), &workers, size]);
        // A backtrace of a peer that dies takes it minutes, and says nothing to us.
        command.env("RUST_BACKTRACE", "0");
        Ok(command)
    }
}

/// The Go command: `GO`, or `go` on the path.
pub fn go_command() -> String {
    env::var("GO").unwrap_or_else(|_| "go".to_owned())
}

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn build_go(target: &Path) -> io::Result<Option<PathBuf>> {
    if Command::new(go_command()).arg("version").output().is_err() {
        eprintln!("no Go here (neither in GO nor on the path): its column stays empty");
        return Ok(None);
    }
    let program = target.join("compare_go");
    let mut build = Command::new(go_command());
    build.args(["build", "-o"]).arg(&program).arg(".").current_dir(sources().join("go/compare"));
    succeed(&mut build)?;
    Ok(Some(program))
}

fn build_jemalloc(target: &Path) -> io::Result<PathBuf> {
    cargo_build(&["-p", "benches", "--features", "jemalloc", "--bin", "compare_jemalloc"])?;
    Ok(target.join("compare_jemalloc"))
}

fn build_example(name: &str) -> io::Result<()> {
    cargo_build(&["-p", "examples", "--example", name])
}

fn cargo_build(arguments: &[&str]) -> io::Result<()> {
    let mut build = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    build.args(["build", "--quiet", "--release"]).args(arguments).current_dir(sources());
    succeed(&mut build)
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {status}"))) }
}
