//! The command line.

use crate::row::{Peer, Row};
use crate::rows;
use std::path::PathBuf;

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rows to run, in the table's order.
    pub rows: Vec<&'static Row>,
    /// The peers that take part.
    pub peers: Vec<Peer>,
    /// Child processes for each row and peer.
    pub runs: usize,
    /// Workers of each runtime.
    pub workers: usize,
    /// A tenth of the work.
    pub quick: bool,
    /// Whether the rows' allocator is jemalloc, where the peer is a Rust program.
    pub jemalloc: bool,
    /// Where the figures go as JSON.
    pub json: Option<PathBuf>,
    /// Where the table goes.
    pub markdown: Option<PathBuf>,
    /// The folder for the plots.
    pub svg: Option<PathBuf>,
}

/// What `--help` prints.
pub const HELP: &str = "\
compare [OPTION...]: sisal and other runtimes, row by row, in one run

  --rows a,b       these rows only; a name that ends in * stands for all that begin so
  --peers a,b      these peers only: sisal sisal-migrate tokio may smol threads go floor
  --runs N         child processes for each row and peer (default 5)
  --workers N      workers of each runtime (default 2)
  --quick          a tenth of the work, one run: does everything work?
  --jemalloc       the Rust peers with jemalloc instead of the system's allocator
  --json PATH      all figures, with every sample
  --markdown PATH  the table
  --svg DIR        the plots
  --list           the rows' names";

impl Options {
    /// Reads `arguments`.
    ///
    /// # Errors
    /// What to print instead of running.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            rows: rows::ALL.iter().collect(),
            peers: Peer::ALL.to_vec(),
            runs: 5,
            workers: 2,
            quick: false,
            jemalloc: false,
            json: None,
            markdown: None,
            svg: None,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
            match &**argument {
                "--rows" => options.rows = rows_named(value()?)?,
                "--peers" => options.peers = peers_named(value()?)?,
                "--runs" => options.runs = count(value()?)?,
                "--workers" => options.workers = count(value()?)?,
                "--json" => options.json = Some(value()?.into()),
                "--markdown" => options.markdown = Some(value()?.into()),
                "--svg" => options.svg = Some(value()?.into()),
                "--quick" => (options.quick, options.runs) = (true, 1),
                "--jemalloc" => options.jemalloc = true,
                "--list" => {
                    return Err(rows::ALL
                        .iter()
                        .map(|row| format!("{:18} {}\n", row.name, row.title))
                        .collect());
                }
                "--help" => return Err(HELP.to_owned()),
                _ => return Err(format!("what is {argument}?\n\n{HELP}")),
            }
        }
        Ok(options)
    }
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("{text} is not a number above 0"))
}

fn rows_named(list: &str) -> Result<Vec<&'static Row>, String> {
    let matches = |row: &Row, name: &str| match name.strip_suffix('*') {
        Some(start) => row.name.starts_with(start),
        None => row.name == name,
    };
    if let Some(unknown) = list.split(',').find(|name| !rows::ALL.iter().any(|row| matches(row, name))) {
        return Err(format!("no row is called {unknown}: see --list"));
    }
    Ok(rows::ALL.iter().filter(|row| list.split(',').any(|name| matches(row, name))).collect())
}

fn peers_named(list: &str) -> Result<Vec<Peer>, String> {
    list.split(',').map(|name| Peer::named(name).ok_or_else(|| format!("no peer is called {name}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_asked_for() {
        let options = parse("--rows yield-*,ring --peers sisal,go --runs 3 --workers 4").unwrap();
        let names: Vec<_> = options.rows.iter().map(|row| row.name).collect();
        assert_eq!(names, ["yield-1", "yield-2", "yield-1000", "ring"]);
        assert_eq!(options.peers, [Peer::Sisal, Peer::Go]);
        assert_eq!((options.runs, options.workers, options.quick), (3, 4, false));
    }

    #[test]
    fn what_cannot_be() {
        for line in ["--rows nonsense", "--peers nobody", "--runs 0", "--workers", "--sideways"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn names_are_unique() {
        for row in rows::ALL {
            assert_eq!(rows::ALL.iter().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
        }
    }
}
