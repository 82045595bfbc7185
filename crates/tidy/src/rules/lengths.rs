//! `length`: a file that no longer fits a reader's head is two files.

use crate::finding::Finding;
use crate::source::Source;

/// The most lines a file may have.
pub const LINES_MAX: usize = 500;

/// Whether `source` is short enough.
pub fn check(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if lines <= LINES_MAX {
        return Vec::new();
    }
    let text = format!("{lines} lines, at most {LINES_MAX}: one noun per file");
    vec![Finding::new(&source.path, LINES_MAX + 1, "length", text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_too_many() {
        assert!(check(&Source::new("a.rs", "\n".repeat(LINES_MAX))).is_empty());
        assert_eq!(check(&Source::new("a.rs", "\n".repeat(LINES_MAX + 1))).len(), 1);
    }
}
