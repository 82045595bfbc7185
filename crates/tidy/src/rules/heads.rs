//! `head`: each file says in its first line what it is.

use crate::finding::Finding;
use crate::source::Source;

/// Whether `source` opens with a module's documentation.
pub fn check(source: &Source) -> Vec<Finding> {
    let first = source.text.lines().next().unwrap_or("");
    let says = first.strip_prefix("//!").is_some_and(|words| !words.trim().is_empty());
    if says || first.starts_with("#![doc = include_str!(") {
        return Vec::new();
    }
    vec![Finding::new(&source.path, 1, "head", "the first line is neither `//! ...` nor an included README")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_head() {
        for good in ["//! A list.", "#![doc = include_str!(\"../README.md\")]\n"] {
            assert!(check(&Source::new("a.rs", good)).is_empty(), "{good}");
        }
        for bad in ["", "//!", "use std::fmt;\n//! Late.", "/// Of an item.", "// Of nothing."] {
            assert_eq!(check(&Source::new("a.rs", bad)).len(), 1, "{bad}");
        }
    }
}
