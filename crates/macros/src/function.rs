//! The function under the attribute, in its parts. Knows nothing of what is made of it.
//!
//! ```text
//! #[ignore] pub fn name () -> Result<()> { .. }
//! └attributes┘  │  └name    └output────┘ └body
//!           visibility
//! ```

use crate::error::{Error, Result};
use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// A function without arguments and generics.
pub(crate) struct Function {
    /// `#[..]`, each as the user wrote it.
    pub(crate) attributes: Vec<TokenTree>,
    /// `pub`, `pub(crate)` or nothing.
    pub(crate) visibility: Vec<TokenTree>,
    /// The word `fn`.
    pub(crate) keyword: TokenTree,
    /// What it is called.
    pub(crate) name: Ident,
    /// The empty parentheses.
    pub(crate) arguments: TokenTree,
    /// What stands after `->`; nothing for a function that returns `()`.
    pub(crate) output: Vec<TokenTree>,
    /// The braces and what is in them.
    pub(crate) body: Group,
}

impl Function {
    /// Takes `item` apart. `attribute` is how the attribute is written, for messages.
    pub(crate) fn parse(attribute: &str, item: TokenStream) -> Result<Self> {
        let mut tokens = Tokens { all: item.into_iter().collect(), next: 0 };
        let attributes = tokens.attributes();
        let visibility = tokens.visibility();
        let keyword = match tokens.take() {
            Some(word) if word.to_string() == "fn" => word,
            Some(other) => return Err(not_plain(attribute, &other)),
            None => return Err(Error::new(Span::call_site(), format!("{attribute} stands on a function"))),
        };
        let name = match tokens.take() {
            Some(TokenTree::Ident(name)) => name,
            _ => return Err(Error::new(Span::call_site(), format!("{attribute} stands on a function"))),
        };
        tokens.no_generics(attribute)?;
        let arguments = tokens.no_arguments(attribute)?;
        let (mut output, body) = tokens.output_and_body(attribute)?;
        if is_unit(&output) {
            output.clear();
        }
        Ok(Self { attributes, visibility, keyword, name, arguments, output, body })
    }
}

/// The message for what stands where `fn` should.
fn not_plain(attribute: &str, word: &TokenTree) -> Error {
    let text = match &*word.to_string() {
        "async" => format!(
            "{attribute} stands on a plain `fn`: its body runs as a fiber, which waits without `.await`"
        ),
        "const" | "unsafe" | "extern" => format!("{attribute} stands on a plain `fn`, without `{word}`"),
        _ => format!("{attribute} stands on a function"),
    };
    Error::new(word.span(), text)
}

/// Whether a type is `()`, which is the same as none.
fn is_unit(output: &[TokenTree]) -> bool {
    matches!(output, [TokenTree::Group(group)]
        if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty())
}

/// The tokens of the item and how many have been taken.
struct Tokens {
    all: Vec<TokenTree>,
    next: usize,
}

impl Tokens {
    fn peek(&self) -> Option<&TokenTree> {
        self.all.get(self.next)
    }

    fn take(&mut self) -> Option<TokenTree> {
        let token = self.all.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn is_punct(&self, character: char) -> bool {
        matches!(self.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == character)
    }

    fn is_group(&self, delimiter: Delimiter) -> bool {
        matches!(self.peek(), Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
    }

    /// `#` and its brackets, as often as they come.
    fn attributes(&mut self) -> Vec<TokenTree> {
        let start = self.next;
        while self.is_punct('#') {
            self.next += 2;
        }
        self.all.get(start..self.next).unwrap_or_default().to_vec()
    }

    fn visibility(&mut self) -> Vec<TokenTree> {
        let start = self.next;
        if matches!(self.peek(), Some(TokenTree::Ident(word)) if word.to_string() == "pub") {
            self.next += 1;
            self.next += usize::from(self.is_group(Delimiter::Parenthesis));
        }
        self.all[start..self.next].to_vec()
    }

    fn no_generics(&self, attribute: &str) -> Result<()> {
        match self.peek() {
            Some(angle) if self.is_punct('<') => {
                Err(Error::new(angle.span(), format!("{attribute} stands on a function without generics")))
            }
            _ => Ok(()),
        }
    }

    fn no_arguments(&mut self, attribute: &str) -> Result<TokenTree> {
        match self.take() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                if let Some(first) = group.stream().into_iter().next() {
                    let text = format!("{attribute} stands on a function without arguments");
                    return Err(Error::new(first.span(), text));
                }
                Ok(TokenTree::Group(group))
            }
            _ => Err(Error::new(Span::call_site(), format!("{attribute} stands on a function"))),
        }
    }

    fn output_and_body(&mut self, attribute: &str) -> Result<(Vec<TokenTree>, Group)> {
        let mut output: Vec<TokenTree> = Vec::new();
        // `->` is two tokens.
        self.next += if self.is_punct('-') { 2 } else { 0 };
        while let Some(token) = self.take() {
            match token {
                TokenTree::Ident(word) if word.to_string() == "where" => {
                    let text = format!("{attribute} stands on a function without generics");
                    return Err(Error::new(word.span(), text));
                }
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace && self.peek().is_none() => {
                    return Ok((output, body));
                }
                token => output.push(token),
            }
        }
        let span = output.last().map_or_else(Span::call_site, TokenTree::span);
        Err(Error::new(span, format!("{attribute} stands on a function with a body")))
    }
}
