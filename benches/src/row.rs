//! What a row of the comparison is: a question, its figures, and one function a peer that answers it.

use std::fmt;

/// Whom a row compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// sisal as it is by default: started fibers stay home.
    Sisal,
    /// sisal with `migrate_started_fibers`.
    SisalMigrate,
    /// tokio's multi-threaded runtime.
    Tokio,
    /// may.
    May,
    /// smol, with as many executor threads as workers.
    Smol,
    /// OS threads with crossbeam's channels and std's locks.
    Threads,
    /// Go, in a program of its own under `go/compare`.
    Go,
    /// The kernel's part of the work and nothing else: what no runtime can be faster than.
    Floor,
}

impl Peer {
    /// All of them, in the order of the tables' columns.
    pub const ALL: [Self; 8] = [
        Self::Sisal,
        Self::SisalMigrate,
        Self::Tokio,
        Self::May,
        Self::Smol,
        Self::Threads,
        Self::Go,
        Self::Floor,
    ];

    /// Its name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sisal => "sisal",
            Self::SisalMigrate => "sisal-migrate",
            Self::Tokio => "tokio",
            Self::May => "may",
            Self::Smol => "smol",
            Self::Threads => "threads",
            Self::Go => "go",
            Self::Floor => "floor",
        }
    }

    /// The peer of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }

    /// Whether sisal is to be compared with it: neither itself nor what only the kernel does.
    pub fn is_rival(self) -> bool {
        !matches!(self, Self::Sisal | Self::SisalMigrate | Self::Floor)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One figure of a row. Lower is better, unless it says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// What the child process calls it.
    pub name: &'static str,
    /// Its unit, last: `ns`, `B`, `ms`, `requests/s`.
    pub unit: &'static str,
    /// Whether more is better.
    pub more_is_better: bool,
    /// Whether its ratio counts in the geometric mean.
    pub counts: Counts,
    /// What sisal must reach, in the figure's unit, where the design names one.
    pub target: Option<f64>,
}

/// Whether a figure's ratio to the best peer counts in the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// It does.
    Yes,
    /// It is shown, and left out of the mean for this reason.
    No(&'static str),
}

impl Figure {
    /// A figure that counts, of which less is better.
    pub const fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, more_is_better: false, counts: Counts::Yes, target: None }
    }

    /// With what sisal must reach.
    pub const fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    /// More is better.
    pub const fn rising(mut self) -> Self {
        self.more_is_better = true;
        self
    }

    /// Shown, but left out of the mean.
    pub const fn aside(mut self, reason: &'static str) -> Self {
        self.counts = Counts::No(reason);
        self
    }
}

/// How a row's child process is told what to do.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Who answers.
    pub peer: Peer,
    /// Workers of the runtime.
    pub workers: usize,
    /// The row's parameters: how many fibers, pairs, or messages a buffer holds.
    pub params: &'static [usize],
    /// Fewer operations and rounds, to see whether all works.
    pub quick: bool,
}

impl Setup {
    /// The row's parameter, where it has one only.
    pub fn param(&self) -> usize {
        self.params[0]
    }

    /// `full` operations, or a tenth of them in a quick run.
    pub fn ops(&self, full: usize) -> usize {
        if self.quick { (full / 10).max(1) } else { full }
    }
}

/// A figure's name and its value.
pub type Figures = Vec<(&'static str, f64)>;

/// A peer's part of a row: does the work, verifies the result (a panic is a failure, shown as such), gives the figures.
pub type Body = fn(&Setup) -> Figures;

/// How a row is measured.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The child measures itself and prints its figures.
    Measure,
    /// The child is a server, which the parent loads. With one worker it has CPU 0, and the generator CPU 1.
    Serve(Load),
}

/// What the parent does with a server. The row's parameters are the number of connections and, where it matters, of
/// requests a second.
#[derive(Clone, Copy, Debug)]
pub enum Load {
    /// As many HTTP requests as it answers.
    Http,
    /// HTTP at a given rate.
    HttpPaced,
    /// 64 bytes there and back, as often as it can.
    Echo,
    /// Connections that said something once and then nothing.
    Idle,
}

/// One line of the table, or several that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name on the command line.
    pub name: &'static str,
    /// The question, as the table says it.
    pub title: &'static str,
    /// The function's name in the Go program.
    pub family: &'static str,
    /// [`Setup::params`].
    pub params: &'static [usize],
    /// Workers, where the row asks about a fixed number.
    pub workers: Option<usize>,
    /// What it measures, most important first.
    pub figures: &'static [Figure],
    /// Who takes part, and how. Go's part is in its own program.
    pub peers: &'static [(Peer, Body)],
    /// Whether Go takes part.
    pub go: bool,
    /// The program of `examples/` that is sisal's part.
    pub example: Option<&'static str>,
    /// How it is measured.
    pub kind: Kind,
}

impl Row {
    /// A row that measures itself, with Go among the peers.
    pub const fn new(name: &'static str, title: &'static str, figures: &'static [Figure]) -> Self {
        Self {
            name,
            title,
            family: name,
            params: &[],
            workers: None,
            figures,
            peers: &[],
            go: true,
            example: None,
            kind: Kind::Measure,
        }
    }

    /// The same function with parameters.
    pub const fn family(mut self, family: &'static str, params: &'static [usize]) -> Self {
        self.family = family;
        self.params = params;
        self
    }

    /// With a fixed number of workers.
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Who takes part besides Go.
    pub const fn peers(mut self, peers: &'static [(Peer, Body)]) -> Self {
        self.peers = peers;
        self
    }

    /// Without Go.
    pub const fn without_go(mut self) -> Self {
        self.go = false;
        self
    }

    /// sisal's part is an example.
    pub const fn example(mut self, name: &'static str) -> Self {
        self.example = Some(name);
        self
    }

    /// The child serves, the parent loads it.
    pub const fn serve(mut self, load: Load) -> Self {
        self.kind = Kind::Serve(load);
        self
    }

    /// Whether `peer` takes part.
    pub fn has(&self, peer: Peer) -> bool {
        self.body(peer).is_some()
            || (peer == Peer::Go && self.go)
            || (peer == Peer::Sisal && self.example.is_some())
    }

    /// The function of `peer`.
    pub fn body(&self, peer: Peer) -> Option<Body> {
        self.peers.iter().find(|(who, _)| *who == peer).map(|(_, body)| *body)
    }
}
