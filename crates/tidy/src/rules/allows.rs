//! `allow`: whoever switches a lint off says why, in the attribute itself.

use crate::finding::Finding;
use crate::source::{Source, words};

/// Whether each `allow` and `expect` attribute of `source` has a reason.
pub fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (open, _) in source.code.match_indices("#[").chain(source.code.match_indices("#![")) {
        let bracket = open + source.code[open..].find('[').unwrap_or(0);
        let Some((start, attribute)) = source.inside(bracket) else { continue };
        for (offset, word) in words(attribute) {
            let after = start + offset + word.len();
            if !matches!(word, "allow" | "expect") || !source.code[after..].starts_with('(') {
                continue;
            }
            let reasoned = source.inside(after).is_some_and(|(_, lints)| has_reason(lints));
            if !reasoned {
                let text = format!("`{word}` of a lint without `reason = \"..\"`");
                findings.push(Finding::new(&source.path, source.line(start + offset), "allow", text));
            }
        }
    }
    findings
}

fn has_reason(lints: &str) -> bool {
    words(lints).any(|(at, word)| word == "reason" && lints[at + word.len()..].trim_start().starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        check(&Source::new("a.rs", text)).len()
    }

    #[test]
    fn a_lint_switched_off_without_a_word() {
        assert_eq!(
            count("#[allow(dead_code, reason = \"used by the models\")] fn f() { x.expect(\"y\") }"),
            0
        );
        assert_eq!(count("#[allow(dead_code)]"), 1);
        assert_eq!(count("#![expect(\n clippy::too_many_lines\n)]"), 1);
        assert_eq!(count("#[cfg_attr(test, allow(unused))]"), 1);
        assert_eq!(count("// #[allow(dead_code)]"), 0);
    }
}
