//! What stands in the attribute's brackets: `workers = 4, stack_size = 1 << 18`. Knows nothing of the function.

use crate::error::{Error, Result};
use proc_macro::{Ident, Span, TokenStream, TokenTree};

/// The options there are: methods of `sisal::runtime::Builder`.
const NAMES: &[&str] = &["workers", "stack_size", "root_stack_size", "thread_name"];

/// One call of the builder.
pub(crate) struct Setting {
    /// The method.
    pub(crate) name: Ident,
    /// Its argument.
    pub(crate) value: TokenStream,
}

/// Takes the options apart. `attribute` is how the attribute is written, for messages.
pub(crate) fn parse(attribute: &str, options: TokenStream) -> Result<Vec<Setting>> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut tokens = options.into_iter();
    while let Some(token) = tokens.next() {
        let name = match token {
            TokenTree::Ident(name) => name,
            other => {
                return Err(Error::new(other.span(), format!("{attribute} takes options: {}", listed())));
            }
        };
        if !NAMES.contains(&&*name.to_string()) {
            let text = format!("unknown option `{name}`: {attribute} takes {}", listed());
            return Err(Error::new(name.span(), text));
        }
        if settings.iter().any(|setting| setting.name.to_string() == name.to_string()) {
            return Err(Error::new(name.span(), format!("`{name}` is given twice")));
        }
        match tokens.next() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {}
            other => return Err(no_value(&name, other.map(|token| token.span()))),
        }
        let is_value =
            |token: &TokenTree| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        let value: TokenStream = tokens.by_ref().take_while(is_value).collect();
        if value.is_empty() {
            return Err(no_value(&name, None));
        }
        settings.push(Setting { name, value });
    }
    Ok(settings)
}

fn no_value(name: &Ident, span: Option<Span>) -> Error {
    Error::new(span.unwrap_or_else(|| name.span()), format!("`{name}` needs a value: `{name} = ..`"))
}

/// `` `a`, `b` and `c` ``.
fn listed() -> String {
    let (last, first) = NAMES.split_last().expect("there are options");
    let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
    format!("{} and `{last}`", first.join(", "))
}
