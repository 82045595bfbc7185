//! Coroutines as values: `yield` and `resume` by hand, as in Lua, Python's generators, or Kotlin's sequences.
//!
//! A [fiber](crate::fiber) runs by itself, when the scheduler says so. A [`Coroutine`] runs when somebody resumes it, until it
//! yields. It has a stack of its own, so it may yield from however deep a call.
//!
//! ```
//! use sisal::coroutine::{Coroutine, CoroutineState};
//!
//! let total = Coroutine::new(|yielder, first: i32| {
//!     let mut total = first;
//!     while total < 40 {
//!         total += yielder.yield_(total);
//!     }
//!     "enough"
//! });
//! assert_eq!(total.resume(10), CoroutineState::Yielded(10));
//! assert_eq!(total.resume(20), CoroutineState::Yielded(30));
//! assert_eq!(total.resume(15), CoroutineState::Complete("enough"));
//! ```
//!
//! | form | for |
//! |---|---|
//! | [`Coroutine`] | values both ways |
//! | [`iter()`] | values out only, as an [`Iterator`] |
//! | [`scoped()`] | a body that borrows from the caller's frame |
//!
//! # Where it may run
//!
//! A coroutine belongs to the fiber or OS thread that first resumes it. It works on both, it may resume others, and a fiber may
//! wait (on a channel, a socket, a lock) while it is inside one: then the whole fiber waits. A coroutine is not [`Send`]: like
//! a started fiber, it may hold anything across a yield.
//!
//! Deadlines and cancel scopes that it opens stay its own while it is suspended; those of whoever resumes it do not reach into
//! it, but a cancel of its fiber does.
//!
//! # Its end
//!
//! Dropping a suspended coroutine unwinds it: its destructors run, and must not yield. Three cases leak it instead, stack and
//! all, and count it: a [`forget`](std::mem::forget), a drop by another fiber or thread than the one that it belongs
//! to, and `panic = "abort"`, where nothing can unwind. This is why what it is made of is `'static`.

use sisal_coro::{Class, Stack};
use sisal_park::cancel::Detached;
use sisal_park::with_current;
use sisal_scheduler::{give_stack, take_stack};
use std::cell::Cell;
use std::fmt;
use std::io;
use std::iter::FusedIterator;

pub use sisal_coro::{CoroutineState, State, Yielder};

/// A computation that takes an `R` each time it is resumed, gives a `Y` each time it yields, and in the end a `T`.
///
/// See the [module](self) for an example.
///
/// It is not `Send`:
///
/// ```compile_fail
/// let counter = sisal::coroutine::Coroutine::new(|_, ()| 1);
/// std::thread::spawn(move || counter.resume(()));
/// ```
///
/// and borrows nothing, since it may be forgotten; see [`scoped()`]:
///
/// ```compile_fail
/// let text = String::from("borrowed");
/// let words = sisal::coroutine::Coroutine::new(|y, ()| text.split(' ').for_each(|word| y.yield_(word)));
/// ```
pub struct Coroutine<R, Y, T> {
    inner: sisal_coro::Coroutine<R, Y, T>,
    owner: Owner,
    /// The deadlines and cancel scopes that it has left open.
    scopes: Detached,
}

/// The agent that a coroutine belongs to, by its number; 0 before the first resume.
struct Owner(Cell<u64>);

impl Owner {
    const fn nobody() -> Self {
        Self(Cell::new(0))
    }

    #[inline]
    fn is_other(&self, own: u64) -> bool {
        self.0.get() != 0 && self.0.get() != own
    }

    /// Makes it the caller's, unless it is somebody else's.
    #[inline]
    fn claim(&self, own: u64) {
        if self.0.get() != own {
            if self.is_other(own) {
                belongs_to_another();
            }
            self.0.set(own);
        }
    }
}

#[cold]
fn belongs_to_another() -> ! {
    panic!("resumed a coroutine that belongs to another fiber or thread")
}

/// Resumes `inner` in the name of its owner, under the scopes that it has left open and no others.
#[inline(always)]
fn resume<R, Y, T>(
    inner: &sisal_coro::Coroutine<R, Y, T>,
    owner: &Owner,
    scopes: &Detached,
    value: R,
) -> CoroutineState<Y, T> {
    scopes.run_current(|own| owner.claim(own.as_u64()), || inner.resume(value))
}

#[inline]
fn own_id() -> u64 {
    with_current(|agent| agent.id()).as_u64()
}

impl<R, Y, T> Coroutine<R, Y, T>
where
    R: 'static,
    Y: 'static,
    T: 'static,
{
    /// A coroutine on a stack of 64 KiB. It runs nothing yet. `body` gets what it yields with, and the value of the first
    /// [`resume`](Self::resume).
    ///
    /// # Panics
    /// If there is no room for another stack; [`Builder::build`] gives an error instead.
    pub fn new<F>(body: F) -> Self
    where
        F: FnOnce(&Yielder<R, Y>, R) -> T + 'static,
    {
        Self::on(expect_stack(take_stack(Class::DEFAULT)), body)
    }

    #[inline(always)]
    fn on<F>(stack: Stack, body: F) -> Self
    where
        F: FnOnce(&Yielder<R, Y>, R) -> T + 'static,
    {
        let inner = sisal_coro::Coroutine::new(stack, body);
        Self { inner, owner: Owner::nobody(), scopes: Detached::new() }
    }
}

impl<R, Y, T> Coroutine<R, Y, T> {
    /// Runs it until it yields or returns. The first value goes to the body, each later one to the [`yield_`](Yielder::yield_)
    /// that waits.
    ///
    /// # Panics
    /// If it is running or complete, or belongs to another fiber or thread. With the panic of its body, after which it is
    /// complete.
    #[inline]
    pub fn resume(&self, value: R) -> CoroutineState<Y, T> {
        resume(&self.inner, &self.owner, &self.scopes, value)
    }

    /// Where it is in its life. A coroutine that runs can only be asked from inside, or by others while its fiber waits.
    ///
    /// ```
    /// use sisal::coroutine::{Coroutine, CoroutineState, State};
    ///
    /// let coroutine = Coroutine::new(|yielder, ()| yielder.yield_(1));
    /// assert_eq!(coroutine.state(), State::Created);
    /// assert_eq!(coroutine.resume(()), CoroutineState::Yielded(1));
    /// assert_eq!(coroutine.state(), State::Suspended);
    /// assert_eq!(coroutine.resume(()), CoroutineState::Complete(()));
    /// assert_eq!(coroutine.state(), State::Complete);
    /// ```
    #[inline]
    pub fn state(&self) -> State {
        self.inner.state()
    }

    /// Ends one that has not completed; its stack, unless it has to be left behind.
    #[cold]
    fn end(&mut self) -> Option<Stack> {
        if self.inner.state() == State::Suspended && self.owner.is_other(own_id()) {
            self.inner.leak();
            return None;
        }
        with_current(|agent| self.scopes.run(agent.cancel_scopes(), || self.inner.take_stack()))
    }
}

impl<R, Y, T> Drop for Coroutine<R, Y, T> {
    fn drop(&mut self) {
        let is_complete = self.inner.state() == State::Complete;
        let stack = if is_complete { self.inner.take_stack() } else { self.end() };
        if let Some(stack) = stack {
            give_stack(stack);
        }
    }
}

impl<R, Y, T> fmt::Debug for Coroutine<R, Y, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coroutine").field("state", &self.state()).finish_non_exhaustive()
    }
}

#[inline]
fn expect_stack<T>(made: io::Result<T>) -> T {
    made.unwrap_or_else(|error| panic!("cannot make a coroutine: {error}"))
}

/// Makes coroutines whose stacks are larger.
///
/// ```
/// use sisal::coroutine::{Builder, CoroutineState, Yielder};
///
/// let deep = Builder::new().stack_size(1 << 20).build(|_: &Yielder<_, ()>, n: usize| [n as u8; 100_000].len())?;
/// assert_eq!(deep.resume(7), CoroutineState::Complete(100_000));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    stack_size: Option<usize>,
}

impl Builder {
    /// With stacks of 64 KiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size of the stack in bytes, rounded up to a size class.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Makes a coroutine.
    ///
    /// # Errors
    /// If the size is out of range, or if there is no room for another stack: the text names the limit.
    #[inline]
    pub fn build<R, Y, T, F>(&self, body: F) -> io::Result<Coroutine<R, Y, T>>
    where
        F: FnOnce(&Yielder<R, Y>, R) -> T + 'static,
        R: 'static,
        Y: 'static,
        T: 'static,
    {
        Ok(Coroutine::on(take_stack(self.class()?)?, body))
    }

    /// [`scoped()`] with this builder's stack.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn scoped<R, Y, T, U>(
        &self,
        body: impl FnOnce(&Yielder<R, Y>, R) -> T,
        f: impl FnOnce(&mut Scoped<'_, R, Y, T>) -> U,
    ) -> io::Result<U> {
        let stack = take_stack(self.class()?)?;
        let scopes = Detached::new();
        let (result, stack) = sisal_coro::scoped(stack, body, |inner| {
            f(&mut Scoped { inner, owner: Owner::nobody(), scopes: &scopes })
        });
        if let Some(stack) = stack {
            give_stack(stack);
        }
        Ok(result)
    }

    #[inline]
    fn class(&self) -> io::Result<Class> {
        self.stack_size.map_or(Ok(Class::DEFAULT), Class::for_size)
    }
}

/// Calls `f` with a coroutine that may borrow from the caller's frame, and unwinds it at the end if it is suspended then.
///
/// # Panics
/// With the panic of `f`. If there is no room for another stack.
///
/// ```
/// use sisal::coroutine::{self, CoroutineState, Yielder};
///
/// let words = String::from("to be continued");
/// let mut seen = Vec::new();
/// coroutine::scoped(
///     |yielder: &Yielder<(), &str>, ()| words.split(' ').for_each(|word| yielder.yield_(word)),
///     |words| {
///         while let CoroutineState::Yielded(word) = words.resume(()) {
///             seen.push(word);
///         }
///     },
/// );
/// assert_eq!(seen, ["to", "be", "continued"]);
/// ```
pub fn scoped<R, Y, T, U>(
    body: impl FnOnce(&Yielder<R, Y>, R) -> T,
    f: impl FnOnce(&mut Scoped<'_, R, Y, T>) -> U,
) -> U {
    expect_stack(Builder::new().scoped(body, f))
}

/// A coroutine that ends with the call of [`scoped()`] that made it.
pub struct Scoped<'a, R, Y, T> {
    inner: &'a sisal_coro::Coroutine<R, Y, T>,
    owner: Owner,
    scopes: &'a Detached,
}

impl<R, Y, T> Scoped<'_, R, Y, T> {
    /// As [`Coroutine::resume`].
    ///
    /// # Panics
    /// As [`Coroutine::resume`]. If the coroutine yields inside a [`fiber::scope`](crate::fiber::scope), whose fibers may
    /// borrow from frames that this one is about to unwind, or inside a deadline or shield.
    #[inline]
    pub fn resume(&mut self, value: R) -> CoroutineState<Y, T> {
        let state = resume(self.inner, &self.owner, self.scopes, value);
        if self.scopes.is_open() && self.state() == State::Suspended {
            panic!("a scoped coroutine has yielded inside a scope, a deadline or a shield");
        }
        state
    }

    /// Where it is in its life.
    #[inline]
    pub fn state(&self) -> State {
        self.inner.state()
    }
}

impl<R, Y, T> fmt::Debug for Scoped<'_, R, Y, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// An iterator over what `body` yields, from however deep a call.
///
/// # Panics
/// If there is no room for another stack. A panic of the body comes out of [`next`](Iterator::next).
///
/// ```
/// use sisal::coroutine::{self, Yielder};
///
/// enum Tree {
///     Leaf(i32),
///     Node(Box<Tree>, Box<Tree>),
/// }
///
/// fn walk(tree: &Tree, yielder: &Yielder<(), i32>) {
///     match tree {
///         Tree::Leaf(value) => yielder.yield_(*value),
///         Tree::Node(left, right) => {
///             walk(left, yielder);
///             walk(right, yielder);
///         }
///     }
/// }
///
/// let tree = Tree::Node(Box::new(Tree::Leaf(1)), Box::new(Tree::Leaf(2)));
/// let leaves: Vec<i32> = coroutine::iter(move |yielder| walk(&tree, yielder)).collect();
/// assert_eq!(leaves, [1, 2]);
/// ```
///
/// The body must own what it uses, hence the `move`: an iterator can be forgotten, and would leave its borrows behind. To
/// borrow, use [`scoped()`].
pub fn iter<Y, F>(body: F) -> Iter<Y>
where
    F: FnOnce(&Yielder<(), Y>) + 'static,
    Y: 'static,
{
    Iter { coroutine: Coroutine::new(|yielder, ()| body(yielder)) }
}

/// What [`iter()`] returns.
#[derive(Debug)]
pub struct Iter<Y> {
    coroutine: Coroutine<(), Y, ()>,
}

impl<Y> Iterator for Iter<Y> {
    type Item = Y;

    #[inline]
    fn next(&mut self) -> Option<Y> {
        if self.coroutine.state() == State::Complete {
            return None;
        }
        match self.coroutine.resume(()) {
            CoroutineState::Yielded(value) => Some(value),
            CoroutineState::Complete(()) => None,
        }
    }
}

impl<Y> FusedIterator for Iter<Y> {}
