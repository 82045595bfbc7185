//! What the rules want to know of a package. Knows nothing of where it comes from: the tests read `cargo metadata`.

/// When a dependency is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For everyone who uses the package.
    Normal,
    /// For its tests, examples and benchmarks.
    Dev,
    /// For its build script.
    Build,
}

/// A line of `[dependencies]`.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The package that is depended on.
    pub name: String,
    /// When.
    pub kind: Kind,
    /// Whether it is a member of this workspace.
    pub own: bool,
}

/// A library, program, test, example or benchmark.
#[derive(Clone, Debug)]
pub struct Target {
    /// Cargo's word for it: `lib`, `proc-macro`, `bin`, `example`, `test`, `bench`.
    pub kind: String,
    /// Its root file, relative to the repository's root.
    pub path: String,
}

/// A member of the workspace.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the repository's root.
    pub dir: String,
    /// The text of its `Cargo.toml`.
    pub manifest: String,
    /// Whether it goes to the registry.
    pub published: bool,
    /// Whether a bare `cargo build` builds it.
    pub default_member: bool,
    /// Of these fields, those that the manifest gives: description, license, readme, rust-version, repository.
    pub fields: Vec<String>,
    /// Dependencies of all kinds.
    pub dependencies: Vec<Dependency>,
    /// Everything cargo can build of it.
    pub targets: Vec<Target>,
}

impl Package {
    /// The path of its manifest.
    pub fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.dir)
    }

    /// The line of the manifest that begins with `key`, or the first.
    pub fn line_of(&self, key: &str) -> usize {
        let begins = |line: &str| {
            line.strip_prefix(key)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        };
        self.manifest.lines().position(begins).map_or(1, |index| index + 1)
    }
}
