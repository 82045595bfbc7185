//! `go!`: sugar over [`spawn`](crate::fiber::spawn) and [`fiber::Builder`](crate::fiber::Builder).
//!
//! Knows nothing that they do not. A block, a closure or the path of a function; before it, settings.

use crate::fiber::{Builder, JoinHandle};

/// Spawns a fiber on the current runtime, and gives its [`JoinHandle`](crate::fiber::JoinHandle); dropping that detaches
/// the fiber.
///
/// | form | what runs |
/// |---|---|
/// | `go! { statements }` | the block, which moves what it captures |
/// | `go!(\|\| expression)`, `go!(move \|\| ..)` | the closure |
/// | `go!(path::to::function)` | the function, or the closure in that variable |
/// | `go!(name = "x", stack_size = 262_144, ..)` | any of these, with settings of [`fiber::Builder`](crate::fiber::Builder): `name`, `stack_size`, `near`, `home` |
///
/// # Panics
/// If the runtime has been shut down, or a limit is reached; `fiber::Builder::spawn` gives an error instead.
///
/// ```
/// use sisal::{channel, go};
///
/// let (sender, receiver) = channel::bounded(1);
/// go! {
///     let answer = 6 * 7;
///     sender.send(answer).unwrap();
/// };
/// assert_eq!(receiver.recv(), Ok(42));
///
/// fn work() -> &'static str { "done" }
/// assert_eq!(go!(work).join().unwrap(), "done");
/// assert_eq!(go!(|| 1 + 1).join().unwrap(), 2);
///
/// let named = go!(name = "worker", stack_size = 256 * 1024, {
///     sisal::fiber::current().name().map(str::to_owned)
/// });
/// assert_eq!(named.join().unwrap().as_deref(), Some("worker"));
/// ```
#[macro_export]
macro_rules! go {
    () => {
        ::core::compile_error!("go! needs a body: `go! { .. }`, `go!(|| ..)` or `go!(function)`")
    };

    (@with $builder:expr; name = $value:expr, $($rest:tt)+) => {
        $crate::go!(@with $builder.name(::std::string::String::from($value)); $($rest)+)
    };
    (@with $builder:expr; stack_size = $value:expr, $($rest:tt)+) => {
        $crate::go!(@with $builder.stack_size($value); $($rest)+)
    };
    (@with $builder:expr; near = $value:expr, $($rest:tt)+) => {
        $crate::go!(@with $builder.near($value); $($rest)+)
    };
    (@with $builder:expr; home = $value:expr, $($rest:tt)+) => {
        $crate::go!(@with $builder.home($value); $($rest)+)
    };
    (@with $builder:expr; $unknown:ident = $value:expr, $($rest:tt)+) => {
        ::core::compile_error!(::core::concat!(
            "go! has no setting `", ::core::stringify!($unknown), "`; it has name, stack_size, near and home"
        ))
    };
    (@with $builder:expr; $setting:ident = $value:expr $(,)?) => {
        ::core::compile_error!("go! needs a body after its settings: `go!(name = \"x\", { .. })`")
    };
    (@with $builder:expr; move || $($body:tt)+) => {
        $crate::__spawn_with($builder, move || $($body)+)
    };
    (@with $builder:expr; || $($body:tt)+) => {
        $crate::__spawn_with($builder, || $($body)+)
    };
    (@with $builder:expr; $first:ident $(:: $rest:ident)* $(,)?) => {
        $crate::__spawn_with($builder, $first $(:: $rest)*)
    };
    (@with $builder:expr; { $($body:tt)* } $(,)?) => {
        $crate::__spawn_with($builder, move || { $($body)* })
    };
    (@with $builder:expr; $($wrong:tt)*) => {
        ::core::compile_error!("go! takes a block, a closure without arguments or a path after its settings")
    };

    (move |$($rest:tt)+) => {
        ::core::compile_error!("a fiber's closure takes no arguments: `go!(move || ..)`")
    };
    (| $($rest:tt)+) => {
        ::core::compile_error!("a fiber's closure takes no arguments: `go!(|| ..)`")
    };
    (move || $($body:tt)+) => {
        $crate::fiber::spawn(move || $($body)+)
    };
    (|| $($body:tt)+) => {
        $crate::fiber::spawn(|| $($body)+)
    };
    ($setting:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::go!(@with $crate::fiber::Builder::new(); $setting = $value, $($($rest)*)?)
    };
    ($first:ident $(:: $rest:ident)* $(,)?) => {
        $crate::fiber::spawn($first $(:: $rest)*)
    };
    ($($body:tt)+) => {
        $crate::fiber::spawn(move || { $($body)+ })
    };
}

/// What `go!` with settings calls: a spawn that panics where [`Builder::spawn`] gives an error.
#[doc(hidden)]
#[track_caller]
pub fn spawn_with<F, T>(builder: Builder, f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match builder.spawn(f) {
        Ok(handle) => handle,
        Err(error) => panic!("cannot spawn a fiber: {error}"),
    }
}
