//! `words`: nothing unfinished, and no path of the machine that somebody happened to work on.

use crate::finding::Finding;
use crate::source::words;
use crate::tables::{MACHINE_PATHS, WORDS};

/// Whether `text`, of any kind of file, is free of both.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (at, word) in words(line) {
            let followed = &line[at + word.len()..];
            let banned = WORDS.iter().any(|banned| match banned.strip_suffix('!') {
                Some(name) => word == name && followed.starts_with('!'),
                None => word == *banned,
            });
            if banned {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    "words",
                    format!("`{word}`: finish it or leave it out"),
                ));
            }
        }
        for machine_path in MACHINE_PATHS {
            let stands =
                |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c));
            if line.match_indices(machine_path).any(|(at, _)| stands(at)) {
                let text = format!("`{machine_path}..` is a path of one machine");
                findings.push(Finding::new(path, index + 1, "words", text));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers() {
        for word in WORDS {
            let findings = check("a.rs", &format!("fine\n    {word}(); // {word}"));
            assert_eq!((findings.len(), findings[0].line), (2, 2), "{word}");
        }
        assert!(check("a.rs", "a.todo(); // mktemp -d XXXXXX").is_empty());
    }

    #[test]
    fn paths_of_one_machine() {
        for path in MACHINE_PATHS {
            assert_eq!(check("a.md", &format!("see `{path}me/notes`")).len(), 1, "{path}");
        }
        assert!(check("a.md", "https://example.org/home/page and src/root/mod.rs").is_empty());
    }
}
