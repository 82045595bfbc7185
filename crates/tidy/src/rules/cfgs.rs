//! `cfg`: conditional compilation stands only where the table allows it.
//!
//! Each line under a `cfg` is one that some build does not see, so the switch between std and loom stands in one crate,
//! and the choice of an operating system in the modules made for it.

use crate::finding::Finding;
use crate::source::{Source, words};
use crate::tables::Cfg;

/// Whether each name in a `cfg(..)`, `cfg!(..)` or `cfg_attr(..)` of `source` is allowed in its file.
pub fn check(source: &Source, table: &[Cfg]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (offset, word) in source.words() {
        if !matches!(word, "cfg" | "cfg_attr") {
            continue;
        }
        let after = offset + word.len();
        let rest = &source.code[after..];
        let open = after + usize::from(rest.starts_with('!'));
        if !source.code[open..].starts_with('(') {
            continue;
        }
        let Some((start, inside)) = source.inside(open) else { continue };
        let predicate = if word == "cfg_attr" { first_argument(inside) } else { inside };
        for (at, name) in words(predicate) {
            if let Some(text) = refusal(name, &source.path, table) {
                findings.push(Finding::new(&source.path, source.line(start + at), "cfg", text));
            }
        }
    }
    findings
}

/// The same for the `[target.'cfg(..)'.dependencies]` of a manifest.
pub fn check_manifest(path: &str, manifest: &str, table: &[Cfg]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let Some(predicate) = line.strip_prefix("[target.'cfg(").and_then(|rest| rest.split(")'").next())
        else {
            continue;
        };
        for (_, name) in words(predicate) {
            if let Some(text) = refusal(name, path, table) {
                findings.push(Finding::new(path, index + 1, "cfg", text));
            }
        }
    }
    findings
}

fn refusal(name: &str, path: &str, table: &[Cfg]) -> Option<String> {
    if matches!(name, "not" | "any" | "all") {
        return None;
    }
    let Some(row) = table.iter().find(|row| row.name == name) else {
        return Some(format!("`cfg({name})` stands in no row of `CFGS`"));
    };
    if row.places.iter().any(|place| path.starts_with(place)) {
        return None;
    }
    Some(format!("`cfg({name})` is for {} only: {}", row.places.join(", "), row.reason))
}

/// What stands before the first comma outside of brackets.
fn first_argument(inside: &str) -> &str {
    let mut depth = 0_i32;
    for (index, byte) in inside.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => return &inside[..index],
            _ => {}
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Cfg] = &[
        Cfg { name: "test", places: &[""], reason: "tests" },
        Cfg { name: "sisal_loom", places: &["crates/base/"], reason: "one door" },
    ];

    fn names(path: &str, text: &str) -> usize {
        check(&Source::new(path, text), TABLE).len()
    }

    #[test]
    fn a_cfg_out_of_its_place() {
        assert_eq!(names("crates/base/src/sync.rs", "#[cfg(all(test, not(sisal_loom)))]"), 0);
        assert_eq!(names("crates/queue/src/deque.rs", "#[cfg(all(test, not(sisal_loom)))]"), 1);
        assert_eq!(names("crates/queue/src/deque.rs", "if cfg!(sisal_loom) {}"), 1);
        assert_eq!(names("crates/queue/src/deque.rs", "#[cfg_attr(sisal_loom, allow(unknown))]"), 1);
        assert_eq!(names("crates/queue/src/deque.rs", "//! Under `cfg(sisal_loom)` it is smaller."), 0);
    }

    #[test]
    fn a_cfg_nobody_allowed() {
        assert_eq!(names("a.rs", "#[cfg(feature = \"fast\")]"), 1);
        assert_eq!(names("a.rs", "#[cfg_attr(test, derive(Debug))]"), 0);
        assert_eq!(names("a.rs", "use a::cfg; let cfg = [cfg];"), 0);
    }

    #[test]
    fn a_cfg_in_a_manifest() {
        let manifest = "[target.'cfg(sisal_loom)'.dependencies]\nloom = \"1\"\n";
        assert!(check_manifest("crates/base/Cargo.toml", manifest, TABLE).is_empty());
        assert_eq!(check_manifest("crates/park/Cargo.toml", manifest, TABLE)[0].line, 1);
    }
}
