//! `edges` and `third-party`: who depends on whom.
//!
//! Cargo already forbids a ring of crates; this forbids a short cut through the floors, and a dependency that nobody
//! can give a reason for.

use crate::finding::Finding;
use crate::package::{Kind, Package};
use crate::tables::{Edges, ThirdParty};

/// Whether `package` depends on exactly those of our crates that the table gives it.
pub fn check_own(package: &Package, table: &[Edges]) -> Vec<Finding> {
    let path = package.manifest_path();
    let Some(row) = table.iter().find(|row| row.package == package.name) else {
        return vec![Finding::new(&path, 1, "edges", format!("`{}` has no row in `EDGES`", package.name))];
    };
    let mut findings = Vec::new();
    for dependency in package.dependencies.iter().filter(|dependency| dependency.own) {
        if !row.on.contains(&&*dependency.name) {
            let text = format!("`{}` may not depend on `{}`", package.name, dependency.name);
            findings.push(Finding::new(&path, package.line_of(&dependency.name), "edges", text));
        }
    }
    for wanted in row.on {
        if !package.dependencies.iter().any(|dependency| dependency.own && dependency.name == *wanted) {
            let text = format!("`{}` does not depend on `{wanted}`: strike it from `EDGES`", package.name);
            findings.push(Finding::new(&path, package.line_of("[dependencies]"), "edges", text));
        }
    }
    findings
}

/// Whether the crates of others that `packages` depend on are exactly those of the table.
pub fn check_third_party(packages: &[Package], table: &[ThirdParty]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        for dependency in package.dependencies.iter().filter(|dependency| !dependency.own) {
            let known = table.iter().any(|row| {
                row.package == package.name
                    && row.on == dependency.name
                    && row.ships == (dependency.kind != Kind::Dev)
            });
            if !known {
                let text =
                    format!("`{}` has no row in `THIRD_PARTY` for this crate and kind", dependency.name);
                let line = package.line_of(&dependency.name);
                findings.push(Finding::new(&package.manifest_path(), line, "third-party", text));
            }
        }
    }
    for row in table {
        let Some(package) = packages.iter().find(|package| package.name == row.package) else { continue };
        let is_true = package.dependencies.iter().any(|dependency| {
            !dependency.own && dependency.name == row.on && row.ships == (dependency.kind != Kind::Dev)
        });
        if !is_true {
            let text =
                format!("does not depend on `{}` (any more): strike its row from `THIRD_PARTY`", row.on);
            findings.push(Finding::new(&package.manifest_path(), 1, "third-party", text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Dependency;

    const EDGES: &[Edges] = &[Edges { package: "upper", on: &["lower"] }];
    const THIRD: &[ThirdParty] = &[ThirdParty { package: "upper", on: "libc", ships: true, reason: "mmap" }];

    fn upper(dependencies: &[(&str, Kind, bool)]) -> Package {
        let lines: String =
            dependencies.iter().map(|(name, ..)| format!("{name}.workspace = true\n")).collect();
        Package {
            name: "upper".to_owned(),
            dir: "crates/upper".to_owned(),
            manifest: format!("[dependencies]\n{lines}"),
            dependencies: dependencies
                .iter()
                .map(|(name, kind, own)| Dependency { name: (*name).to_owned(), kind: *kind, own: *own })
                .collect(),
            ..Package::default()
        }
    }

    #[test]
    fn an_edge_that_is_not_in_the_table() {
        let lower = ("lower", Kind::Normal, true);
        assert!(check_own(&upper(&[lower]), EDGES).is_empty());
        let findings = check_own(&upper(&[lower, ("attic", Kind::Dev, true)]), EDGES);
        assert_eq!((findings.len(), findings[0].line), (1, 3));
        assert_eq!(check_own(&upper(&[]), EDGES).len(), 1, "the missing edge");
        assert_eq!(check_own(&upper(&[lower]), &[]).len(), 1, "the missing row");
    }

    #[test]
    fn a_crate_of_others_without_a_reason() {
        let check =
            |dependencies: &[(&str, Kind, bool)]| check_third_party(&[upper(dependencies)], THIRD).len();
        assert_eq!(check(&[("libc", Kind::Normal, false), ("lower", Kind::Normal, true)]), 0);
        assert_eq!(check(&[("libc", Kind::Normal, false), ("rand", Kind::Dev, false)]), 1);
        assert_eq!(
            check(&[("libc", Kind::Dev, false)]),
            2,
            "of the wrong kind: one without a row, one row untrue"
        );
        assert_eq!(check(&[]), 1, "the row that is no longer true");
    }
}
