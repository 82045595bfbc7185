//! Finds the mutants that are planted in the sources, so that the tables can be compared with them.
//!
//! Knows nothing of what they do.

use std::fs;
use std::path::{Path, PathBuf};

/// The names in `fault!("..")` and `ordering!(.., "..")` of all sources of `package`, a folder of the repository.
///
/// # Panics
/// If the sources cannot be read.
pub fn mutants_planted(package: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package);
    let mut names: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(&root.join(folder)))
        .flat_map(|file| names_in(&fs::read_to_string(file).expect("a readable source")))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with(file!()) {
            found.push(path);
        }
    }
    found
}

/// The first string behind each `fault!(` and `ordering!(`, comments aside.
fn names_in(source: &str) -> Vec<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = Vec::new();
    for opening in ["fault!(", "ordering!("] {
        for (at, _) in code.match_indices(opening) {
            let is_whole = !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
            let mut strings = code[at + opening.len()..].split('"');
            let is_named = strings.next().is_some_and(|before| !before.contains(')'));
            if let (true, true, Some(name)) = (is_whole, is_named, strings.next()) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names() {
        let source = "if fault!(\"a.b\") { x(ordering!(Release, \"c.d\" => Relaxed)) }\n  // fault!(\"e\")\n";
        assert_eq!(names_in(source), ["a.b", "c.d"]);
        assert!(names_in("wrong_default!(\"e\"); fault!($name); \"f\"").is_empty());
    }
}
