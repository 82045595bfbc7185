//! `top-level`: the root of the repository is a table of contents, not an attic.

use crate::finding::Finding;
use crate::tables::TOP_LEVEL;

/// Whether the root folder, whose entries are `names`, holds what it should. Names that begin with a dot are free.
pub fn check(names: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in names {
        if !name.starts_with('.') && !TOP_LEVEL.contains(&&**name) {
            findings.push(Finding::new(
                name,
                1,
                "top-level",
                "does not belong in the root of the repository",
            ));
        }
    }
    for wanted in TOP_LEVEL {
        if !names.iter().any(|name| name == wanted) {
            findings.push(Finding::new(wanted, 1, "top-level", "is missing from the root of the repository"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_and_one_missing() {
        let mut names: Vec<String> = TOP_LEVEL.iter().map(|name| (*name).to_owned()).collect();
        names.push(".gitignore".to_owned());
        assert!(check(&names).is_empty());
        names.push("notes.txt".to_owned());
        assert_eq!(check(&names)[0].path, "notes.txt");
        names.retain(|name| name != "LICENSE" && name != "notes.txt");
        assert_eq!(check(&names)[0].path, "LICENSE");
    }
}
