//! `manifest`, `default-members` and `examples`: what a `Cargo.toml` must say.

use crate::finding::Finding;
use crate::package::Package;
use crate::tables::NOT_DEFAULT;

/// The fields that a published crate must have.
pub const FIELDS: &[&str] = &["description", "license", "readme", "rust-version", "repository"];

/// Whether a published package says what it is, and every package takes the workspace's lints.
pub fn check(package: &Package) -> Vec<Finding> {
    let path = package.manifest_path();
    let mut findings = Vec::new();
    if package.published {
        for field in FIELDS.iter().filter(|field| !package.fields.iter().any(|given| given == *field)) {
            findings.push(Finding::new(&path, 1, "manifest", format!("a published crate without `{field}`")));
        }
    }
    if !package.manifest.contains("[lints]\nworkspace = true") {
        findings.push(Finding::new(&path, 1, "manifest", "does not take the workspace's lints"));
    }
    findings
}

/// Whether the default members are `crates/*` without the listed ones, and those of `examples`.
pub fn check_default_members(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let in_crates = package.dir.starts_with("crates/") && !NOT_DEFAULT.contains(&&*package.dir);
        let wanted = in_crates || has_programs(package);
        if package.default_member != wanted {
            let verb = if wanted { "is missing from" } else { "does not belong in" };
            let text = format!("`{}` {verb} `default-members`", package.dir);
            findings.push(Finding::new("Cargo.toml", 1, "default-members", text));
        }
    }
    findings
}

/// Whether `package` is one of programs that show something: `examples`, or a folder of it.
pub fn has_programs(package: &Package) -> bool {
    package.dir.split('/').next() == Some("examples")
}

/// Whether each program in `package`'s folder (its sources, tests and generated files aside) belongs to a target of it.
pub fn check_examples(package: &Package, files: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let examples: Vec<&str> = package
        .targets
        .iter()
        .filter(|target| target.kind == "example")
        .map(|target| &*target.path)
        .collect();
    for file in files {
        let Some(name) = file.strip_prefix(&*package.dir).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        if name.ends_with(".rs") && !name.contains('/') && !examples.contains(&&**file) {
            let text = "a program without an `[[example]]` is never built";
            findings.push(Finding::new(file, 1, "examples", text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Target;

    fn package(dir: &str, default_member: bool) -> Package {
        Package {
            dir: dir.to_owned(),
            manifest: "[lints]\nworkspace = true\n".to_owned(),
            published: true,
            default_member,
            fields: FIELDS.iter().map(|field| (*field).to_owned()).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn a_manifest_that_says_too_little() {
        assert!(check(&package("crates/a", true)).is_empty());
        let mut silent = package("crates/a", true);
        silent.fields.pop();
        silent.manifest.clear();
        assert_eq!(check(&silent).len(), 2);
        silent.published = false;
        assert_eq!(check(&silent).len(), 1);
    }

    #[test]
    fn members_that_a_newcomer_builds() {
        let count = |dir, default_member| check_default_members(&[package(dir, default_member)]).len();
        for (dir, wanted) in [
            ("crates/a", true),
            ("examples", true),
            ("examples/b", true),
            ("benches", false),
            (NOT_DEFAULT[0], false),
        ] {
            assert_eq!((count(dir, wanted), count(dir, !wanted)), (0, 1), "{dir}");
        }
    }

    #[test]
    fn a_program_that_is_never_built() {
        let mut examples = package("examples", true);
        let path = "examples/01_hello.rs".to_owned();
        let files = [path.clone(), "examples/src/lib.rs".to_owned(), "examples/b/c.rs".to_owned()];
        assert_eq!(check_examples(&examples, &files).len(), 1);
        examples.targets.push(Target { kind: "example".to_owned(), path });
        assert!(check_examples(&examples, &files).is_empty());
        assert_eq!(check_examples(&package("examples/b", true), &files).len(), 1);
    }
}
