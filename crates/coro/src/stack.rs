//! One stack: a slot of memory, who owns it, and what stands where in it.
//!
//! Knows nothing of pools, except that whoever drops a stack sends it home (that is written in `pool`).

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::ptr::NonNull;

use crate::class::Class;
use crate::os::{self, Span};

/// The size of the room at the top of each stack that belongs to whoever owns the stack.
pub const HEADER_BYTES: usize = 512;

/// Slots begin at page borders, so the tops of all stacks would fall into the same few sets of a processor's cache
/// (1,000 fibers: 9.1 ns a switch; 10,000: 14.8). 32 offsets of a cache line each spread them (6.8; 9.5), and still
/// leave 1.5 KiB of the top page for the frames of a parked fiber.
const COLOURS: usize = 32;
const COLOUR_BYTES: usize = 64;
pub(crate) const COLOUR_BYTES_MAX: usize = (COLOURS - 1) * COLOUR_BYTES;

/// An owned slot, whose guard stands.
///
/// Give it back to a [`Pool`](crate::Pool) or a [`Cache`](crate::Cache); one that is dropped finds its way to its pool
/// by itself, more slowly.
///
/// ```
/// use sisal_coro::{Class, HEADER_BYTES, Pool};
///
/// let stack = Pool::global().take(Class::DEFAULT)?;
/// assert_eq!(stack.header().addr().get(), stack.base());
/// assert!(stack.usable().len() + HEADER_BYTES <= Class::DEFAULT.bytes());
/// assert!(stack.guard_contains(stack.limit()));
/// Pool::global().give(stack);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a stack that is not wanted should be given back"]
pub struct Stack {
    /// Where frames begin, downwards, and where the header begins, upwards.
    base: NonNull<u8>,
    /// The class, and above it the colour: how far below its slot's end the header ends, in units of `COLOUR_BYTES`. One
    /// word, so that a stack travels in two registers.
    class_and_colour: u64,
}

const _: () = assert!(size_of::<Stack>() == 16);
const _: () = assert!(HEADER_BYTES % 64 == 0 && COLOUR_BYTES % 64 == 0);

// SAFETY: a stack owns its slot as a `Box<[u8]>` owns its bytes, and gives no access to them through a shared reference.
unsafe impl Send for Stack {}
// SAFETY: as above; every method on `&self` only computes addresses.
unsafe impl Sync for Stack {}

impl Stack {
    /// The stack in the slot at `start`, whose place in its slab is `index`.
    ///
    /// # Safety
    ///
    /// The slot is `class.slot_bytes()` long, mapped, guarded at its lowest page, and no other `Stack` has it.
    pub(crate) unsafe fn in_slot(start: NonNull<u8>, class: Class, index: usize) -> Stack {
        let colour = index % COLOURS;
        let below_end = colour * COLOUR_BYTES + HEADER_BYTES;
        // SAFETY: within the slot: `below_end` is at most 2,496 bytes, and the least class has 64 KiB.
        let base = unsafe { start.add(class.slot_bytes() - below_end) };
        Stack { base, class_and_colour: u64::from(class.to_bits()) | (colour as u64) << 32 }
    }

    /// A second owner of the same slot, for when the first is about to go.
    ///
    /// # Safety
    ///
    /// `self` is never used again, and not dropped.
    pub(crate) unsafe fn duplicate(&self) -> Stack {
        Stack { base: self.base, class_and_colour: self.class_and_colour }
    }

    /// Its size class.
    #[inline]
    pub fn class(&self) -> Class {
        Class::from_bits(self.class_and_colour as u32)
    }

    /// The room of [`HEADER_BYTES`] bytes that no frame ever touches, aligned to 64. It borders on the first frames,
    /// so what is kept here shares their page.
    #[inline]
    pub fn header(&self) -> NonNull<u8> {
        self.base
    }

    /// The address at which frames begin, downwards.
    #[inline]
    pub fn base(&self) -> usize {
        self.base.addr().get()
    }

    /// The lowest address of the slot: where its guard begins.
    #[inline]
    pub fn limit(&self) -> usize {
        self.slot_end() - self.class().slot_bytes()
    }

    /// The addresses that frames may use.
    pub fn usable(&self) -> Range<usize> {
        self.limit() + os::page_size()..self.base()
    }

    /// Whether `addr` lies in this slot: in its frames, its header, or its guard.
    pub fn contains(&self, addr: usize) -> bool {
        (self.limit()..self.slot_end()).contains(&addr)
    }

    /// Whether `addr` lies in the guard: a fault there is an overflow of this stack.
    pub fn guard_contains(&self, addr: usize) -> bool {
        let limit = self.limit();
        (limit..limit + os::page_size()).contains(&addr)
    }

    /// How deep this stack has been since its pages were last given back, in bytes rounded up to pages; 0 if that is
    /// not known. What earlier owners touched counts too. It asks the kernel (about 1 µs for a 64 KiB stack).
    ///
    /// ```
    /// use sisal_coro::{Class, Pool, Resumable};
    ///
    /// let stack = Pool::global().take(Class::DEFAULT)?;
    /// let mut deep = Resumable::new(stack, |_| {
    ///     std::hint::black_box([1_u8; 20_000]);
    /// });
    /// deep.resume();
    /// assert!(deep.into_stack().high_water() >= 20_000);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn high_water(&self) -> usize {
        high_water(self.base(), self.class())
    }

    /// Gives all pages but the topmost back, if there are others, so that [`high_water`](Self::high_water) begins anew.
    /// Where the system keeps pages until it needs them (`MADV_FREE`), it stays what it was.
    pub fn reset_high_water(&mut self) {
        let page = os::page_size();
        if self.high_water() + HEADER_BYTES + COLOUR_BYTES_MAX > page {
            let below = self.limit() + page..self.slot_end() - page;
            os::discard(&[Span::new(below.start, below.len())]);
        }
    }

    #[inline]
    fn slot_end(&self) -> usize {
        let colour = (self.class_and_colour >> 32) as usize;
        self.base() + HEADER_BYTES + colour * COLOUR_BYTES
    }
}

/// [`Stack::usable`] of the stack whose frames begin at `base`, for whoever runs on it and does not have it at hand.
pub fn usable(base: usize, class: Class) -> Range<usize> {
    slot_end(base) - class.bytes()..base
}

/// [`Stack::high_water`] of the stack whose frames begin at `base`, for whoever runs on it and does not have it at hand.
pub fn high_water(base: usize, class: Class) -> usize {
    let first = usable(base, class).start;
    let deepest = os::resident(Span::new(first, slot_end(base) - first));
    deepest.map_or(0, |offset| base.saturating_sub(first + offset))
}

fn slot_end(base: usize) -> usize {
    // The header and the colour are less than a page.
    (base + HEADER_BYTES).next_multiple_of(os::page_size())
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("class", &self.class())
            .field("base", &format_args!("{:#x}", self.base()))
            .finish_non_exhaustive()
    }
}

// SAFETY: the lowest page of the slot is a guard that stands as long as the slot is mapped, and each class leaves far
// more than 4 KiB above it. `base` is 64-aligned, `limit` page-aligned, and `limit` includes the guard.
unsafe impl corosensei::stack::Stack for Stack {
    #[inline(always)]
    fn base(&self) -> NonZeroUsize {
        self.base.addr()
    }

    #[inline]
    fn limit(&self) -> NonZeroUsize {
        NonZeroUsize::new(Stack::limit(self)).unwrap_or(NonZeroUsize::MIN)
    }
}
