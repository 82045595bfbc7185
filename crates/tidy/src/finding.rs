//! One place that breaks one rule. Knows no rule.

use std::fmt;

/// A broken rule and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the repository's root.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The rule's name, as in the table of the README.
    pub rule: &'static str,
    /// What is wrong, and what to do.
    pub text: String,
}

impl Finding {
    /// A finding at `path:line`.
    pub fn new(path: &str, line: usize, rule: &'static str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.text)
    }
}
