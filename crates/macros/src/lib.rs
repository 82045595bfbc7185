#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod expand;
mod function;
mod options;

use proc_macro::TokenStream;

/// Runs the body of `fn main` as a fiber.
///
/// ```
/// # extern crate self as sisal;
/// # pub(crate) use sisal_macros::main;
/// # pub(crate) fn run<T>(f: impl FnOnce() -> T) -> T { f() }
/// #[sisal::main]
/// fn main() -> Result<(), std::num::ParseIntError> {
///     assert_eq!("42".parse::<u32>()?, 42);
///     Ok(())
/// }
/// ```
///
/// Options and what the function may return: see [the crate](crate).
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(expand::Attribute::Main, options, item)
}

/// Runs the body of a test as a fiber, and adds `#[test]`.
///
/// ```
/// # extern crate self as sisal;
/// # pub(crate) use sisal_macros::test;
/// # pub(crate) mod sim { pub struct Builder; impl Builder { pub fn new() -> Self { Self } } }
/// # pub(crate) mod testing {
/// #     pub struct Test;
/// #     impl Test {
/// #         pub fn new(_: &str) -> Self { Self }
/// #         pub fn run<T>(self, f: impl FnOnce() -> T) -> Result<T, String> { Ok(f()) }
/// #         pub fn simulate<T>(self, _: crate::sim::Builder, _: u64, f: impl Fn() -> T) -> Result<T, String> { Ok(f()) }
/// #     }
/// # }
/// #[sisal::test]
/// fn adds_up() {
///     assert_eq!(6 * 7, 42);
/// }
///
/// #[sisal::test(sim, seeds = 1000)]
/// fn adds_up_in_every_order() {
///     assert_eq!(6 * 7, 42);
/// }
/// # fn main() {}
/// ```
///
/// Options and what the function may return: see [the crate](crate).
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(expand::Attribute::Test, options, item)
}
