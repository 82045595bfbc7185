//! The function that is written in place of the user's. Knows nothing of how that was taken apart.
//!
//! ```text
//! fn name() -> ExitCode {                the outer function: attributes, visibility, name
//!     fn name() -> Output { body }       the user's, with its output as it was: messages of rustc fit
//!     runtime.run(|| report(name()))
//! }
//! ```
//!
//! The road not taken: a closure instead of the inner function. It could not return `impl Trait`, and rustc would
//! speak of a closure that the user has not written.

use crate::error::{Error, Result};
use crate::function::Function;
use crate::options::{self, Setting};
use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

/// Which of the two attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// `#[sisal::main]`
    Main,
    /// `#[sisal::test]`
    Test,
}

impl Attribute {
    /// As messages write it.
    const fn written(self) -> &'static str {
        match self {
            Self::Main => "`#[sisal::main]`",
            Self::Test => "`#[sisal::test]`",
        }
    }
}

/// What comes out of the attribute: the function that runs a fiber, or a message.
pub(crate) fn attribute(attribute: Attribute, options: TokenStream, item: TokenStream) -> TokenStream {
    match expand(attribute, options, item) {
        Ok(tokens) => tokens,
        Err(error) => {
            let mut tokens = error.into_tokens();
            if attribute == Attribute::Main {
                // Spares the user a second message, that there is no `main`.
                tokens.extend(quote("fn main() {}"));
            }
            tokens
        }
    }
}

fn expand(attribute: Attribute, options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let settings = options::parse(attribute.written(), options)?;
    let function = Function::parse(attribute.written(), item)?;
    if attribute == Attribute::Test {
        no_second_test(&function)?;
    }
    // The function that is the program, and not one that merely runs as a fiber.
    let is_process = attribute == Attribute::Main && function.name.to_string() == "main";
    let is_reported = attribute == Attribute::Test || is_process;
    let output = match &*function.output {
        [] => Output::Unit,
        [TokenTree::Punct(never)] if never.as_char() == '!' => Output::AsIs,
        _ if is_reported => Output::Reported,
        _ => Output::AsIs,
    };
    let name = TokenTree::Ident(function.name.clone());

    let head = [function.keyword, name.clone(), function.arguments];
    let mut inner = TokenStream::from_iter(head.clone());
    inner.extend(arrow(&function.output));
    inner.extend([TokenTree::Group(function.body)]);
    let body = match output {
        Output::Unit | Output::AsIs => TokenStream::from(name.clone()),
        Output::Reported => reported(&name, &function.output),
    };
    inner.extend(run(is_process, &settings, body));

    let mut outer = TokenStream::new();
    if attribute == Attribute::Test {
        outer.extend(quote("#[::core::prelude::v1::test]"));
    }
    outer.extend(function.attributes);
    outer.extend(function.visibility);
    outer.extend(head);
    outer.extend(match output {
        Output::Reported => quote("-> ::std::process::ExitCode"),
        Output::Unit | Output::AsIs => arrow(&function.output),
    });
    outer.extend([group(Delimiter::Brace, inner)]);
    Ok(outer)
}

/// What becomes of the function's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// There is none. (`#[should_panic]` wants to see that.)
    Unit,
    /// Made into an exit code on the fiber, so that it need not be `Send`.
    Reported,
    /// Handed to the caller.
    AsIs,
}

/// `|| report(name())`, which rustc places at the output: that is what is wrong if it cannot be reported.
fn reported(name: &TokenTree, output: &[TokenTree]) -> TokenStream {
    let span =
        output.first().map_or_else(Span::call_site, |token| Span::call_site().located_at(token.span()));
    let at_output = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    let call = [name.clone(), group(Delimiter::Parenthesis, TokenStream::new())].map(at_output);
    let mut body = quote("|| ::std::process::Termination::report");
    body.extend([group(Delimiter::Parenthesis, TokenStream::from_iter(call))]);
    body.into_iter().map(at_output).collect()
}

/// The statements that run `body` as a fiber, on a runtime with these settings if there are any.
fn run(is_process: bool, settings: &[Setting], body: TokenStream) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut runner = quote("::sisal::run");
    if !settings.is_empty() {
        let mut builder = quote("::sisal::runtime::Builder::new()");
        for setting in settings {
            builder.extend(quote("."));
            builder.extend([TokenTree::Ident(setting.name.clone())]);
            builder.extend([group(Delimiter::Parenthesis, setting.value.clone())]);
        }
        if is_process {
            tokens.extend(builder);
            tokens.extend(quote(".build_global().expect(\"the runtime cannot start\");"));
        } else {
            runner = builder;
            runner.extend(quote(".build().expect(\"the runtime cannot start\").run"));
        }
    }
    tokens.extend(runner);
    tokens.extend([group(Delimiter::Parenthesis, body)]);
    tokens
}

/// rustc would run such a test twice.
fn no_second_test(function: &Function) -> Result<()> {
    for attribute in &function.attributes {
        let TokenTree::Group(brackets) = attribute else { continue };
        if brackets.stream().to_string() == "test" {
            return Err(Error::new(brackets.span(), "`#[sisal::test]` adds `#[test]` by itself"));
        }
    }
    Ok(())
}

/// `-> output`, or nothing.
fn arrow(output: &[TokenTree]) -> TokenStream {
    if output.is_empty() {
        return TokenStream::new();
    }
    let mut tokens = quote("->");
    tokens.extend(output.iter().cloned());
    tokens
}

fn group(delimiter: Delimiter, tokens: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(delimiter, tokens))
}

/// Code of ours.
fn quote(code: &str) -> TokenStream {
    code.parse().expect("code of this file")
}
