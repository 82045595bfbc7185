//! A worker's own stacks: no lock, no atomic read-modify-write, no system call.
//!
//! Knows nothing of workers: whoever owns it uses it.

use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::class::Class;
use crate::pool::{Gauge, Pool};
use crate::stack::Stack;

/// How much address space of each class a cache keeps: 64 stacks of 64 KiB, 16, 4, and one of 8 MiB.
///
/// A stack that has just been left is worth having because its top pages are in this processor's cache. 64 of them with
/// a page or two each fill a quarter of a second-level cache of 1 to 2 MiB; more would only keep stacks from the others.
const KEPT_BYTES: usize = 4 << 20;

/// How many stacks ahead [`Cache::cold_ahead`] looks. Measured: a million fibers start on warm stacks in 190 ns each if the next
/// one is asked for, in 153 if the second, in 142 if the fourth.
const AHEAD: usize = 4;

/// Stacks of one thread, the last one given first, over a [`Pool`].
///
/// When it runs dry it takes half of what it may keep, and when it is full it gives half back, so that a thread which
/// takes and gives in turn does not go to the pool each time.
///
/// ```
/// use sisal_coro::{Cache, Class, Pool};
///
/// let mut cache = Cache::new(Pool::global());
/// let stack = cache.take(Class::DEFAULT)?;
/// let base = stack.base();
/// cache.give(stack);
/// assert_eq!(cache.take(Class::DEFAULT)?.base(), base);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    shelves: [Vec<Stack>; Class::KEPT.len()],
    /// So many at the bottom of each shelf came from the pool, and [`cold_ahead`](Self::cold_ahead) has not told of them.
    cold: [usize; Class::KEPT.len()],
    held: usize,
    gauge: Arc<Gauge>,
    pool: &'static Pool,
    /// One owner at a time: `!Sync`.
    marker: PhantomData<Cell<()>>,
}

impl Cache {
    /// An empty cache over `pool`.
    pub fn new(pool: &'static Pool) -> Cache {
        Cache {
            shelves: Class::KEPT.map(|class| Vec::with_capacity(kept_max(class))),
            cold: [0; Class::KEPT.len()],
            held: 0,
            gauge: pool.add_gauge(),
            pool,
            marker: PhantomData,
        }
    }

    /// A stack of this class: the one that was given back last, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Pool::take`].
    #[inline]
    pub fn take(&mut self, class: Class) -> io::Result<Stack> {
        let Some(shelf) = class.shelf() else { return self.pool.take(class) };
        if self.shelves[shelf].is_empty() {
            self.refill(shelf, class)?;
        }
        // `refill` brings at least one, or an error.
        let stack = self.shelves[shelf].pop().ok_or(io::ErrorKind::OutOfMemory)?;
        self.set_held(self.held - 1);
        Ok(stack)
    }

    /// Where the frames of a stack of this class will begin that is to be taken soon (as the fourth from now), if nobody has run
    /// on it since it came from the pool: its memory is not in the processor's cache, and it helps to ask for it early. (The
    /// next one would come too late: memory takes longer than a short run.) Told once of each.
    ///
    /// ```
    /// use sisal_coro::{Cache, Class, Pool};
    ///
    /// let mut cache = Cache::new(Pool::global());
    /// let stack = cache.take(Class::DEFAULT)?;
    /// let ahead = cache.cold_ahead(Class::DEFAULT);
    /// let next = [(); 4].map(|()| cache.take(Class::DEFAULT).unwrap());
    /// assert_eq!(ahead, Some(next[3].base()));
    /// next.into_iter().for_each(|stack| cache.give(stack));
    /// assert_eq!(cache.cold_ahead(Class::DEFAULT), None);
    /// # cache.give(stack);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn cold_ahead(&mut self, class: Class) -> Option<usize> {
        let shelf = class.shelf()?;
        let (stacks, cold) = (&self.shelves[shelf], &mut self.cold[shelf]);
        let index = stacks.len().checked_sub(AHEAD)?;
        if index >= *cold {
            return None;
        }
        *cold = index;
        Some(stacks[index].base())
    }

    /// Takes a stack back.
    #[inline]
    pub fn give(&mut self, stack: Stack) {
        if let Some(shelf) = stack.class().shelf() {
            let stacks = &mut self.shelves[shelf];
            if stacks.len() < stacks.capacity() {
                stacks.push(stack);
                self.set_held(self.held + 1);
                return;
            }
        }
        self.give_slow(stack);
    }

    /// Gives everything to the pool: for a thread that will need no stacks for a while.
    pub fn flush(&mut self) {
        for (shelf, stacks) in self.shelves.iter_mut().enumerate() {
            if !stacks.is_empty() {
                self.pool.give_many(shelf, stacks.drain(..));
            }
        }
        self.cold = [0; Class::KEPT.len()];
        self.set_held(0);
    }

    #[inline]
    fn set_held(&mut self, held: usize) {
        self.held = held;
        self.gauge.set(held);
    }

    #[cold]
    fn refill(&mut self, shelf: usize, class: Class) -> io::Result<()> {
        let stacks = &mut self.shelves[shelf];
        self.pool.take_many(shelf, class, stacks, kept_max(class).div_ceil(2))?;
        self.cold[shelf] = self.shelves[shelf].len();
        self.held += self.shelves[shelf].len();
        Ok(())
    }

    #[cold]
    fn give_slow(&mut self, stack: Stack) {
        let class = stack.class();
        let Some(shelf) = class.shelf() else { return self.pool.give(stack) };
        let stacks = &mut self.shelves[shelf];
        // The older half: the bottom.
        let spilled = stacks.len().div_ceil(2);
        self.pool.give_many(shelf, stacks.drain(..spilled));
        self.cold[shelf] = self.cold[shelf].saturating_sub(spilled);
        stacks.push(stack);
        let held = self.held + 1 - spilled;
        self.set_held(held);
    }
}

fn kept_max(class: Class) -> usize {
    (KEPT_BYTES / class.bytes()).max(1)
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.flush();
    }
}
