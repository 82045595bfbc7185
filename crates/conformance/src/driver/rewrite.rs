//! Text in, text out: points a published test at sisal's types.
//!
//! Knows no file. Everything is mechanical: names are replaced, tests' first lines are added, nothing else is touched. A
//! replacement that finds nothing is an error, so that a change of the published text does not pass unseen.

/// One name for another. Where versions differ in the first, it has a line for each.
pub(crate) type Replacement = (&'static str, &'static str);

/// Replaces each pair's first text by its second, in order.
///
/// # Errors
/// If a text does not occur, in none of its versions.
pub(crate) fn replace_all(text: &str, pairs: &[Replacement]) -> Result<String, String> {
    pairs.iter().try_fold(text.to_owned(), |text, (versions, to)| {
        let from = versions.lines().find(|from| text.contains(from));
        from.map(|from| text.replace(from, to)).ok_or_else(|| format!("{versions:?} does not occur"))
    })
}

/// The part of a source file from its first test module to its end.
///
/// # Errors
/// If there is none.
pub(crate) fn test_modules(text: &str) -> Result<&str, String> {
    text.find("#[cfg(test)]\nmod ")
        .and_then(|start| text.get(start..))
        .ok_or_else(|| "there is no test module".to_owned())
}

/// Gives each test its first line, and takes those in `left_out` out of the build.
///
/// # Errors
/// If a test has no plain head, or one of `left_out` is not there.
pub(crate) fn enter_tests(text: &str, left_out: &[&str]) -> Result<String, String> {
    const MARK: &str = "#[test]";
    let mut missing = left_out.to_vec();
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if before.rsplit('\n').next().is_some_and(|line| line.contains("//")) {
            out.push_str(MARK);
            rest = &from[MARK.len()..];
            continue;
        }
        let head_len = from.find('{').map(|brace| brace + 1).ok_or("a test without a body")?;
        let head = &from[..head_len];
        let name = head
            .rsplit_once("fn ")
            .and_then(|(_, tail)| tail.split_once("()"))
            .map(|(name, _)| name)
            .ok_or_else(|| format!("a test with an unknown head: {head}"))?;
        if left_out.contains(&name) {
            missing.retain(|other| *other != name);
            out.push_str("#[cfg(any())] ");
        }
        out.push_str(head);
        out.push_str(&format!(" if conformance::enter({name}) {{ return; }}"));
        rest = &from[head_len..];
    }
    out.push_str(rest);
    if missing.is_empty() { Ok(out) } else { Err(format!("not among the tests: {missing:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_enters_first() {
        let text = "#[test]\n#[should_panic]\nfn one() {\n    body();\n}\nfn help() {}\n";
        let entered = enter_tests(text, &[]).unwrap();
        assert_eq!(
            entered,
            "#[test]\n#[should_panic]\nfn one() { if conformance::enter(one) { return; }\n    body();\n}\nfn help() {}\n"
        );
    }

    #[test]
    fn a_test_in_a_macro_enters_by_its_variable() {
        let entered = enter_tests("$(#[test]\nfn $name() {\n})*", &[]).unwrap();
        assert_eq!(entered, "$(#[test]\nfn $name() { if conformance::enter($name) { return; }\n})*");
    }

    #[test]
    fn a_test_that_is_left_out_is_not_built() {
        let entered = enter_tests("#[test]\nfn one() {}\n", &["one"]).unwrap();
        assert!(entered.starts_with("#[cfg(any())] #[test]"));
        assert!(enter_tests("#[test]\nfn one() {}\n", &["two"]).is_err());
    }

    #[test]
    fn a_commented_test_stays_a_comment() {
        let text = "// #[test]\n// fn one() {}\n";
        assert_eq!(enter_tests(text, &[]).unwrap(), text);
    }

    #[test]
    fn a_replacement_that_finds_nothing_is_an_error() {
        assert_eq!(replace_all("use a::b;", &[("a::b", "c")]).unwrap(), "use c;");
        assert!(replace_all("use a::b;", &[("d", "c")]).is_err());
        assert!(replace_all("use a::b;", &[("d\ne", "c")]).is_err());
    }

    #[test]
    fn whichever_version_occurs_is_replaced() {
        for text in ["use a::b;", "use d::b;"] {
            assert_eq!(replace_all(text, &[("a::b\nd::b", "c")]).unwrap(), "use c;");
        }
    }
}
