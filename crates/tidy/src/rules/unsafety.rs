//! `unsafe`: it stands in few files, each known by name and reason, and a crate without it forbids it.

use crate::finding::Finding;
use crate::package::Package;
use crate::source::Source;
use crate::tables::Unsafe;

/// Whether the files with `unsafe` are exactly those of the table.
pub fn check_files(sources: &[Source], table: &[Unsafe]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        let Some(offset) = first_unsafe(source) else { continue };
        if !table.iter().any(|row| row.path == source.path) {
            let text = "`unsafe` in a file that has no row in `UNSAFE` (crates/tidy/src/tables.rs)";
            findings.push(Finding::new(&source.path, source.line(offset), "unsafe", text));
        }
    }
    for row in table {
        let is_true = sources.iter().any(|source| source.path == row.path && first_unsafe(source).is_some());
        if !is_true {
            let text = "has no `unsafe` (any more): strike its row from `UNSAFE`";
            findings.push(Finding::new(row.path, 1, "unsafe", text));
        }
    }
    findings
}

/// Whether the libraries and programs of `package` that need no `unsafe` forbid it.
pub fn check_roots(package: &Package, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folder = format!("{}/src/", package.dir);
    if sources.iter().any(|source| source.path.starts_with(&folder) && first_unsafe(source).is_some()) {
        return findings;
    }
    let roots = package.targets.iter().filter(|target| matches!(&*target.kind, "lib" | "proc-macro" | "bin"));
    for root in roots {
        let Some(source) = sources.iter().find(|source| source.path == root.path) else { continue };
        if !source.code.contains("#![forbid(unsafe_code)]") {
            let text = "no `unsafe` in this crate, so its root says `#![forbid(unsafe_code)]`";
            findings.push(Finding::new(&source.path, 1, "unsafe", text));
        }
    }
    findings
}

fn first_unsafe(source: &Source) -> Option<usize> {
    source.words().find(|(_, word)| *word == "unsafe").map(|(offset, _)| offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Target;

    const TABLE: &[Unsafe] = &[Unsafe { path: "crates/a/src/b.rs", reason: "the switch" }];

    #[test]
    fn unsafe_in_the_wrong_file() {
        let known = Source::new("crates/a/src/b.rs", "unsafe fn f() {}");
        let wrong = Source::new("crates/a/src/c.rs", "\nfn f() { unsafe { g() } }");
        let words = Source::new("crates/a/src/d.rs", "// unsafe\n#![forbid(unsafe_code)]");
        assert!(check_files(&[known.clone(), words], TABLE).is_empty());
        let findings = check_files(&[known, wrong], TABLE);
        assert_eq!((findings.len(), findings[0].line), (1, 2));
    }

    #[test]
    fn a_row_that_is_no_longer_true() {
        assert_eq!(check_files(&[], TABLE).len(), 1);
        assert_eq!(check_files(&[Source::new("crates/a/src/b.rs", "fn safe() {}")], TABLE).len(), 1);
    }

    #[test]
    fn a_safe_crate_that_does_not_say_so() {
        let package = Package {
            dir: "crates/a".to_owned(),
            targets: vec![Target { kind: "lib".to_owned(), path: "crates/a/src/lib.rs".to_owned() }],
            ..Package::default()
        };
        let count = |text: &str| check_roots(&package, &[Source::new("crates/a/src/lib.rs", text)]).len();
        assert_eq!(count("pub mod a;"), 1);
        assert_eq!(count("#![forbid(unsafe_code)]\npub mod a;"), 0);
        assert_eq!(count("unsafe fn f() {}"), 0);
    }
}
