//! The syntax of `select!`: sugar over arms, a wait and a chain of choices that one could write by hand.
//!
//! Knows nothing of how one waits. What two arms expand to:
//!
//! ```text
//! select! { recv(r) -> a => A, send(s, m) -> b => B }
//!
//! {
//!     let choice = match r.recv_arm() { arm1 => match SendArm::new(&s) { arm2 => {
//!         let which = { use AsCase as _; wait(&mut [arm1.as_case(), arm2.as_case()], false) };
//!         if which == 0 { Ok(arm1.complete()) }
//!         else if which == 1 { Err(Ok(arm2.complete(m))) }      m is evaluated only here
//!         else { Err(Err(no_such_case())) }
//!     } } };                                                    here all borrows of r and s end
//!     match choice {
//!         Ok(value) => { let a = { value }; A }
//!         Err(Ok(value)) => { let b = { value }; B }
//!         Err(Err(never)) => match never {},
//!     }
//! }
//! ```
//!
//! Each step of the recursion has its own `arm`, `which` and `choice`, by hygiene, so any number of arms needs no names.

/// Waits for whichever of several channel operations comes first, does that one, and then runs its arm.
///
/// | arm | |
/// |---|---|
/// | `recv(receiver) -> message => body` | `message: Result<T, RecvError>` |
/// | `recv(handle) -> result => body` | the same with what else can be waited for: `JoinHandle` (`result` as from `join`), `CancelToken` (`()`), a socket's `readable()` (`io::Result<()>`) |
/// | `send(sender, expression) -> result => body` | `result: Result<(), SendError<T>>`; the expression is evaluated if this arm was selected |
/// | `default => body` | if no other arm can be done at once |
/// | `default(timeout) => body` | if no other arm can be done within the timeout |
///
/// If several can be done, each has the same chance ([`select_biased!`](crate::select_biased) takes the first). An operation on
/// a disconnected channel can be done: it gives its error. An arm that was not selected has done nothing. All bodies have one
/// type, which is that of the whole. Every borrow of the operands has ended when a body runs, so it may reassign or drop them. A
/// comma follows each body that is not a block.
///
/// If its fiber is cancelled, a select without `default` runs some arm with its error for a disconnect, and one with
/// `default(timeout)` runs that arm.
///
/// ```
/// use sisal_sync::channel::{bounded, unbounded};
/// use sisal_sync::select;
///
/// let (numbers, from_numbers) = unbounded();
/// let (words, from_words) = bounded::<&str>(0);
/// numbers.send(1).unwrap();
/// let got = select! {
///     recv(from_numbers) -> number => number.unwrap(),
///     recv(from_words) -> word => word.unwrap().len(),
/// };
/// assert_eq!(got, 1);
///
/// select! {
///     send(words, "nobody listens") -> _ => unreachable!(),
///     default(std::time::Duration::from_millis(1)) => {}
/// }
/// ```
#[macro_export]
macro_rules! select {
    ($($arms:tt)*) => {
        $crate::select_internal!(@parse false () () ($($arms)*))
    };
}

/// [`select!`](crate::select), but if several arms can be done, it takes the first of them.
///
/// ```
/// use sisal_sync::{channel::unbounded, select_biased};
/// let (first, second) = (unbounded(), unbounded());
/// first.0.send(1).unwrap();
/// second.0.send(2).unwrap();
/// let got = select_biased! {
///     recv(first.1) -> message => message,
///     recv(second.1) -> message => message,
/// };
/// assert_eq!(got, Ok(1));
/// ```
#[macro_export]
macro_rules! select_biased {
    ($($arms:tt)*) => {
        $crate::select_internal!(@parse true () () ($($arms)*))
    };
}

/// `@parse` takes one arm after the other; `@open` makes the arms, `@wait` waits, `@choose` completes
/// the one that was selected, `@run` runs its body.
#[doc(hidden)]
#[macro_export]
macro_rules! select_internal {
    // ---- @parse biased (arms so far) (default) (tokens)
    (@parse $biased:tt () () ()) => {
        ::core::compile_error!(
            "`select!` needs an arm: `recv(receiver) -> message => ..`, `send(sender, value) -> result => ..`, `default => ..`"
        )
    };
    (@parse $biased:tt $arms:tt $default:tt ()) => {{
        let choice = $crate::select_internal!(@open $biased $arms () $default);
        $crate::select_internal!(@run choice $arms $default)
    }};
    (@parse $biased:tt $arms:tt () (default => $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased $arms () (default() => $($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (recv($receiver:expr $(,)?) -> $pattern:pat => { $($body:tt)* }, $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {recv ($receiver) ($pattern) { $($body)* }}) $default ($($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (recv($receiver:expr $(,)?) -> $pattern:pat => $body:expr, $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {recv ($receiver) ($pattern) { $body }}) $default ($($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (recv($receiver:expr $(,)?) -> $pattern:pat => { $($body:tt)* } $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {recv ($receiver) ($pattern) { $($body)* }}) $default ($($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (recv($receiver:expr $(,)?) -> $pattern:pat => $body:expr)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {recv ($receiver) ($pattern) { $body }}) $default ())
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (send($sender:expr, $message:expr $(,)?) -> $pattern:pat => { $($body:tt)* }, $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {send ($sender, $message) ($pattern) { $($body)* }}) $default ($($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (send($sender:expr, $message:expr $(,)?) -> $pattern:pat => $body:expr, $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {send ($sender, $message) ($pattern) { $body }}) $default ($($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (send($sender:expr, $message:expr $(,)?) -> $pattern:pat => { $($body:tt)* } $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {send ($sender, $message) ($pattern) { $($body)* }}) $default ($($rest)*))
    };
    (@parse $biased:tt ($($arms:tt)*) $default:tt
        (send($sender:expr, $message:expr $(,)?) -> $pattern:pat => $body:expr)) => {
        $crate::select_internal!(@parse $biased
            ($($arms)* {send ($sender, $message) ($pattern) { $body }}) $default ())
    };
    (@parse $biased:tt $arms:tt ()
        (default($($timeout:expr $(,)?)?) => { $($body:tt)* }, $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased $arms (($($timeout)?) { $($body)* }) ($($rest)*))
    };
    (@parse $biased:tt $arms:tt ()
        (default($($timeout:expr $(,)?)?) => $body:expr, $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased $arms (($($timeout)?) { $body }) ($($rest)*))
    };
    (@parse $biased:tt $arms:tt ()
        (default($($timeout:expr $(,)?)?) => { $($body:tt)* } $($rest:tt)*)) => {
        $crate::select_internal!(@parse $biased $arms (($($timeout)?) { $($body)* }) ($($rest)*))
    };
    (@parse $biased:tt $arms:tt ()
        (default($($timeout:expr $(,)?)?) => $body:expr)) => {
        $crate::select_internal!(@parse $biased $arms (($($timeout)?) { $body }) ())
    };
    (@parse $biased:tt $arms:tt () ($($wrong:tt)*)) => {
        $crate::select_wrong!($($wrong)*)
    };
    (@parse $biased:tt $arms:tt $default:tt ($kind:tt $($wrong:tt)*)) => {
        $crate::select_wrong_second!([$kind] $kind $($wrong)*)
    };

    // ---- @open biased (arms) (arms that have a name) (default)
    (@open $biased:tt ({recv ($receiver:expr) $pattern:tt $body:tt} $($arms:tt)*) ($($open:tt)*) $default:tt) => {
        match $receiver.recv_arm() {
            arm => $crate::select_internal!(@open $biased ($($arms)*) ($($open)* {arm}) $default),
        }
    };
    (@open $biased:tt ({send ($sender:expr, $message:expr) $pattern:tt $body:tt} $($arms:tt)*) ($($open:tt)*) $default:tt) => {
        match $crate::channel::internal::SendArm::new(&$sender) {
            arm => $crate::select_internal!(@open $biased ($($arms)*) ($($open)* {arm $message}) $default),
        }
    };
    (@open $biased:tt () ($({$arm:ident $($message:expr)?})*) $default:tt) => {{
        let which = {
            #[allow(unused_imports, reason = "arms of channels have a method of that name of their own")]
            use $crate::channel::internal::AsCase as _;
            $crate::select_internal!(@wait $biased (&mut [$($arm.as_case()),*]) $default)
        };
        $crate::select_internal!(@choose which ($({$arm $($message)?})*) $default)
    }};

    // ---- @wait biased (cases) (default): the index of an arm, or their number
    (@wait $biased:tt ($cases:expr) ()) => {
        $crate::channel::internal::wait($cases, $biased)
    };
    (@wait $biased:tt ($cases:expr) (() $body:tt)) => {
        $crate::channel::internal::look($cases, $biased)
    };
    (@wait $biased:tt ($cases:expr) (($timeout:expr) $body:tt)) => {
        $crate::channel::internal::wait_timeout($cases, $biased, $timeout)
    };

    // ---- @choose which (arms that have a name) (default): what arm n gave, as n times `Err` around an `Ok`
    (@choose $which:ident ({$arm:ident $($message:expr)?} $($arms:tt)*) $default:tt) => {
        if $which == 0 {
            ::core::result::Result::Ok($arm.complete($($message)?))
        } else {
            let which = $which - 1;
            ::core::result::Result::Err($crate::select_internal!(@choose which ($($arms)*) $default))
        }
    };
    (@choose $which:ident () ()) => {
        $crate::channel::internal::no_such_case($which)
    };
    (@choose $which:ident () $default:tt) => {
        $crate::channel::internal::the_default($which)
    };

    // ---- @run choice (arms) (default)
    (@run $choice:ident ({$kind:ident $args:tt ($pattern:pat) $body:tt} $($arms:tt)*) $default:tt) => {
        match $choice {
            ::core::result::Result::Ok(value) => {
                let $pattern = { value };
                $body
            }
            ::core::result::Result::Err(choice) => {
                $crate::select_internal!(@run choice ($($arms)*) $default)
            }
        }
    };
    (@run $choice:ident () ()) => {
        match $choice {}
    };
    (@run $choice:ident () ($timeout:tt $body:tt)) => {{
        let () = $choice;
        $body
    }};
}

/// Says what is wrong with an arm, and lets the compiler point at the token: of the macros below, each knows one form only.
#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong {
    (recv $($rest:tt)*) => {{
        ::core::compile_error!("this arm of `select!` is written `recv(receiver) -> message => body,`");
        $crate::select_wrong_recv!($($rest)*)
    }};
    (send $($rest:tt)*) => {{
        ::core::compile_error!("this arm of `select!` is written `send(sender, value) -> result => body,`");
        $crate::select_wrong_send!($($rest)*)
    }};
    (default $($rest:tt)*) => {{
        ::core::compile_error!("this arm of `select!` is written `default => body,` or `default(timeout) => body,`");
        $crate::select_wrong_default!($($rest)*)
    }};
    ($wrong:tt $($rest:tt)*) => {{
        ::core::compile_error!(::core::concat!(
            "an arm of `select!` begins with `recv`, `send` or `default`, not with `", ::core::stringify!($wrong), "`"
        ));
        $crate::select_wrong_kind!($wrong)
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong_recv {
    (($receiver:expr $(,)?) -> $message:pat => $body:expr $(, $($rest:tt)*)?) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong_send {
    (($sender:expr, $value:expr $(,)?) -> $result:pat => $body:expr $(, $($rest:tt)*)?) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong_default {
    ($(($($timeout:expr $(,)?)?))? => $body:expr $(, $($rest:tt)*)?) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong_kind {
    (recv) => {};
    (send) => {};
    (default) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong_second {
    ([default] $second:tt $($rest:tt)*) => {{
        ::core::compile_error!("`select!` can have one `default` arm only");
        $crate::select_wrong_none!($second)
    }};
    ([$kind:tt] $($arm:tt)*) => {
        $crate::select_wrong!($($arm)*)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! select_wrong_none {
    () => {};
}
