//! What stands in the attribute's brackets: `sim, seeds = 1000, workers = 4`. Knows nothing of the function.

use crate::error::{Error, Result};
use crate::expand::Attribute;
use proc_macro::{Ident, Span, TokenStream, TokenTree};

/// Methods of `sisal::runtime::Builder`.
const OF_RUNTIMES: &[&str] = &["workers", "stack_size", "root_stack_size", "thread_name", "detect_deadlock"];
/// Methods of `sisal::sim::Builder`.
const OF_SIMULATIONS: &[&str] = &["workers", "turns_max", "allow_leaks"];
/// What a test takes besides.
const OF_TESTS: &[&str] = &["timeout", "sim", "seeds"];

/// One call of a builder.
pub(crate) struct Setting {
    /// The method.
    pub(crate) name: Ident,
    /// Its argument.
    pub(crate) value: TokenStream,
}

/// What was asked for.
#[derive(Default)]
pub(crate) struct Options {
    /// Of the runtime, or of the simulations.
    pub(crate) settings: Vec<Setting>,
    /// Whether the body runs in simulations.
    pub(crate) sim: bool,
    /// How many of them.
    pub(crate) seeds: Option<TokenStream>,
    /// How long the test may take.
    pub(crate) timeout: Option<TokenStream>,
}

/// Takes the options apart.
pub(crate) fn parse(attribute: Attribute, options: TokenStream) -> Result<Options> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut sim: Option<Ident> = None;
    let mut tokens = options.into_iter();
    while let Some(token) = tokens.next() {
        let name = match token {
            TokenTree::Ident(name) => name,
            other => {
                let text = format!("{} takes options: {}", attribute.written(), listed(attribute));
                return Err(Error::new(other.span(), text));
            }
        };
        let text = name.to_string();
        if !names(attribute).any(|known| known == text) {
            let message =
                format!("unknown option `{text}`: {} takes {}", attribute.written(), listed(attribute));
            return Err(Error::new(name.span(), message));
        }
        let given = settings.iter().map(|setting| &setting.name).chain(&sim);
        if given.into_iter().any(|given| given.to_string() == text) {
            return Err(Error::new(name.span(), format!("`{text}` is given twice")));
        }
        let rest: Vec<TokenTree> = tokens.by_ref().take_while(|token| !is_punct(token, ',')).collect();
        if text == "sim" {
            if let Some(token) = rest.first() {
                return Err(Error::new(token.span(), "`sim` takes no value"));
            }
            sim = Some(name);
        } else {
            settings.push(Setting { value: value(&name, rest)?, name });
        }
    }
    settle(settings, sim.is_some())
}

/// What stands behind the `=`.
fn value(name: &Ident, rest: Vec<TokenTree>) -> Result<TokenStream> {
    let no_value = |span: Span| Err(Error::new(span, format!("`{name}` needs a value: `{name} = ..`")));
    let mut rest = rest.into_iter();
    match rest.next() {
        Some(token) if is_punct(&token, '=') => {}
        other => return no_value(other.map_or_else(|| name.span(), |token| token.span())),
    }
    let rest: Vec<TokenTree> = rest.collect();
    let is_literal = matches!(&*rest, [TokenTree::Literal(_)]);
    match (&*name.to_string(), rest.first()) {
        (_, None) => no_value(name.span()),
        ("timeout", Some(token)) if is_literal => {
            let text = format!(
                "`timeout` is a `Duration`, such as `std::time::Duration::from_secs({})`",
                digits(token)
            );
            Err(Error::new(token.span(), text))
        }
        ("seeds", Some(token)) if is_literal && token.to_string() == "0" => {
            Err(Error::new(token.span(), "0 `seeds` are no test"))
        }
        _ => Ok(rest.into_iter().collect()),
    }
}

/// The number in a literal such as `5` or `"5s"`.
fn digits(literal: &TokenTree) -> String {
    let digits: String = literal.to_string().chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { "60".to_owned() } else { digits }
}

/// Tells apart whom each is for.
fn settle(settings: Vec<Setting>, sim: bool) -> Result<Options> {
    let mut options = Options { sim, ..Options::default() };
    for setting in settings {
        let name = setting.name.to_string();
        match &*name {
            "timeout" => options.timeout = Some(setting.value),
            "seeds" if sim => options.seeds = Some(setting.value),
            "seeds" => {
                let text = "`seeds` are for simulations: `#[sisal::test(sim, seeds = ..)]`";
                return Err(Error::new(setting.name.span(), text));
            }
            _ => {
                let (known, place) = match sim {
                    true => (OF_SIMULATIONS, "real runtimes: not beside `sim`"),
                    false => (OF_RUNTIMES, "simulations: `#[sisal::test(sim, ..)]`"),
                };
                if !known.contains(&&*name) {
                    return Err(Error::new(setting.name.span(), format!("`{name}` is for {place}")));
                }
                options.settings.push(setting);
            }
        }
    }
    Ok(options)
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// The options that there are.
fn names(attribute: Attribute) -> impl Iterator<Item = &'static str> {
    let of_tests = [OF_TESTS, &OF_SIMULATIONS[1..]];
    let is_test = attribute == Attribute::Test;
    OF_RUNTIMES.iter().chain(of_tests.into_iter().flatten().filter(move |_| is_test)).copied()
}

/// `` `a`, `b` and `c` ``.
fn listed(attribute: Attribute) -> String {
    let names: Vec<String> = names(attribute).map(|name| format!("`{name}`")).collect();
    let (last, first) = names.split_last().expect("there are options");
    format!("{} and {last}", first.join(", "))
}
