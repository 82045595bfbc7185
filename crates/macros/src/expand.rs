//! The function that is written in place of the user's. Knows nothing of how that was taken apart.
//!
//! ```text
//! fn name() -> ExitCode {                the outer function: attributes, visibility, name
//!     fn name() -> Output { body }       the user's, with its output as it was: messages of rustc fit
//!     runtime.run(|| report(name()))     of a test: Test::new("path::name").run(..), or .simulate(..)
//! }
//! ```
//!
//! The road not taken: a closure instead of the inner function. It could not return `impl Trait`, and rustc would
//! speak of a closure that the user has not written.

use crate::error::{Error, Result};
use crate::function::Function;
use crate::options::{self, Options, Setting};
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
    pub(crate) const fn written(self) -> &'static str {
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
    let options = options::parse(attribute, options)?;
    let function = Function::parse(attribute.written(), item)?;
    if attribute == Attribute::Test {
        no_second_test(&function)?;
    }
    // The function that is the program, and not one that merely runs as a fiber.
    let is_process = attribute == Attribute::Main && function.name.to_string() == "main";
    let is_reported = (attribute == Attribute::Test && !options.sim) || is_process;
    let output = match &*function.output {
        [] => Output::Unit,
        [TokenTree::Punct(never)] if never.as_char() == '!' => Output::Never,
        _ if is_reported => Output::Reported,
        _ => Output::AsIs,
    };
    let name = TokenTree::Ident(function.name.clone());
    let panics = attribute == Attribute::Test
        && matches!(output, Output::Unit | Output::Never)
        && has(&function, "should_panic");

    let head = [function.keyword, name.clone(), function.arguments];
    let mut inner = TokenStream::from_iter(head.clone());
    inner.extend(arrow(&function.output));
    inner.extend([TokenTree::Group(function.body)]);
    let body = body(output, options.sim, &name, &function.output);
    let comes_back = panics || options.sim;
    inner.extend(match attribute {
        Attribute::Main => run(is_process, &options.settings, body),
        Attribute::Test => test(options, panics, &name, body),
    });

    let mut outer = TokenStream::new();
    if attribute == Attribute::Test {
        outer.extend(quote("#[::core::prelude::v1::test]"));
    }
    outer.extend(function.attributes);
    outer.extend(function.visibility);
    outer.extend(head);
    outer.extend(match output {
        Output::Reported => quote("-> ::std::process::ExitCode"),
        Output::Unit => TokenStream::new(),
        // It never ends, but its time does, and simulations do.
        Output::Never if comes_back => TokenStream::new(),
        Output::Never => arrow(&function.output),
        Output::AsIs if attribute == Attribute::Test => TokenStream::new(),
        Output::AsIs => arrow(&function.output),
    });
    outer.extend([group(Delimiter::Brace, inner)]);
    Ok(outer)
}

/// What becomes of the function's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// There is none. (`#[should_panic]` wants to see that.)
    Unit,
    /// It does not return.
    Never,
    /// Made into an exit code on the fiber, so that it need not be `Send`.
    Reported,
    /// Handed to the caller, or looked at in the simulation.
    AsIs,
}

/// The closure that is run. What is wrong with the output, rustc shows there.
fn body(output: Output, sim: bool, name: &TokenTree, written: &[TokenTree]) -> TokenStream {
    let span =
        written.first().map_or_else(Span::call_site, |token| Span::call_site().located_at(token.span()));
    let at_output = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    let call = || [name.clone(), group(Delimiter::Parenthesis, TokenStream::new())];
    match output {
        Output::Unit => TokenStream::from(name.clone()),
        Output::AsIs | Output::Reported if sim => TokenStream::from(at_output(name.clone())),
        Output::Never if sim => {
            let mut body = quote("|| -> ()");
            let mut statement = TokenStream::from_iter(call());
            statement.extend(quote(";"));
            body.extend([group(Delimiter::Brace, statement)]);
            body
        }
        Output::AsIs | Output::Never => TokenStream::from(name.clone()),
        Output::Reported => {
            let mut body = quote("|| ::std::process::Termination::report");
            let call = call().map(at_output);
            body.extend([group(Delimiter::Parenthesis, TokenStream::from_iter(call))]);
            body.into_iter().map(at_output).collect()
        }
    }
}

/// The statements that run `body` as a fiber, on a runtime with these settings if there are any.
fn run(is_process: bool, settings: &[Setting], body: TokenStream) -> TokenStream {
    let mut tokens = TokenStream::new();
    let mut runner = quote("::sisal::run");
    if !settings.is_empty() {
        let builder = builder("::sisal::runtime::Builder::new()", settings);
        if is_process {
            tokens.extend(builder);
            tokens.extend(quote(".build_global().unwrap_or_else(|error| ::std::panic!(\"the runtime cannot start: {error}\"));"));
        } else {
            runner = builder;
            runner.extend(quote(
                ".build().unwrap_or_else(|error| ::std::panic!(\"the runtime cannot start: {error}\")).run",
            ));
        }
    }
    tokens.extend(runner);
    tokens.extend([group(Delimiter::Parenthesis, body)]);
    tokens
}

/// The statement that runs `body` as a test, and fails if that is late. One that is to panic returns then: no panic is its failure.
fn test(options: Options, panics: bool, name: &TokenTree, body: TokenStream) -> TokenStream {
    let mut test = quote("::sisal::testing::Test::new");
    let path = format!("::core::concat!(::core::module_path!(), \"::\", ::core::stringify!({name}))");
    test.extend([group(Delimiter::Parenthesis, quote(&path))]);
    if let Some(timeout) = options.timeout {
        test.extend(quote(".timeout"));
        test.extend([group(Delimiter::Parenthesis, timeout)]);
    }
    let (verb, arguments) = match (options.sim, &*options.settings) {
        (true, settings) => {
            let seeds = options.seeds.unwrap_or_else(|| quote("::sisal::testing::SEEDS"));
            (".simulate", vec![builder("::sisal::sim::Builder::new()", settings), seeds, body])
        }
        (false, []) => (".run", vec![body]),
        (false, settings) => (".run_on", vec![builder("::sisal::runtime::Builder::new()", settings), body]),
    };
    let mut all = TokenStream::new();
    for argument in arguments {
        all.extend(argument);
        all.extend(quote(","));
    }
    test.extend(quote(verb));
    test.extend([group(Delimiter::Parenthesis, all)]);
    if panics {
        let mut tokens = quote("if let ::core::result::Result::Err(late) =");
        tokens.extend(test);
        tokens.extend(quote("{ ::std::eprintln!(\"{late}\"); }"));
        return tokens;
    }
    test.extend(quote(".unwrap_or_else(|late| ::core::panic!(\"{late}\"))"));
    test
}

/// `new`, and a call for each of the settings.
fn builder(new: &str, settings: &[Setting]) -> TokenStream {
    let mut builder = quote(new);
    for setting in settings {
        builder.extend(quote("."));
        builder.extend([TokenTree::Ident(setting.name.clone())]);
        builder.extend([group(Delimiter::Parenthesis, setting.value.clone())]);
    }
    builder
}

/// Whether the attribute of that name stands on the function.
fn has(function: &Function, wanted: &str) -> bool {
    function.attributes.iter().any(|attribute| match attribute {
        TokenTree::Group(brackets) => {
            let first = brackets.stream().into_iter().next();
            first.is_some_and(|first| first.to_string() == wanted)
        }
        _ => false,
    })
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
