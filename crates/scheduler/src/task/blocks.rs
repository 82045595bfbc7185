//! Memory for tasks: the blocks of those that ended are kept for the next, so that a spawn does not ask the allocator.
//!
//! Knows nothing of tasks. Each worker keeps its own; a block may be kept by another worker than the one that made it. Where one
//! spawns what another runs, blocks travel back by the hundred through a shared [`Depot`] (after the magazines of J. Bonwick and
//! J. Adams, "Magazines and vmem", 2001): by way of the allocator, whose lock both would take, 10,000 detached spawns cost 370 ns
//! each on two workers.
//!
//! Debug builds keep nothing, so that a sanitizer sees who uses a task after its end.

use crate::current::with_worker;
use crate::worker::Worker;
use sisal_base::prefetch;
use sisal_base::sync::Mutex;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::Arc;

/// Sizes are told apart in steps of this many bytes; the alignment of each block.
const GRAIN: usize = 16;
/// Sizes that are kept: up to 512 bytes, a closure of 380.
const SIZES: usize = 32;
/// Blocks of one size that a worker keeps: a burst of spawns and ends as large as its local queue.
const KEPT_MAX: usize = 256;
/// Blocks that go to the depot, or come from it, at once.
const BATCH: usize = KEPT_MAX / 2;
/// A block of another worker is asked for when it is to be taken as the eighth from now: it comes in the time of some spawns.
const AHEAD: usize = 8;
/// For so many bytes of blocks the allocator is asked to make room at once. glibc's heaps of threads else grow by a page at a
/// time, with a system call for each 20 blocks (50 of the 210 ns that a spawn takes in fresh memory), and give back what is
/// free at their end from 128 KiB on.
const ROOM_BYTES: usize = 64 << 10;
/// What a small program takes, and needs no room for.
const ROOM_BYTES_FIRST: usize = 4 << 10;
/// Batches of one size in a depot: 16,384 blocks, of 3 MiB for small closures.
const BATCHES_MAX: usize = 128;

/// A worker's kept blocks.
pub(crate) struct Blocks {
    kept: [Vec<NonNull<u8>>; SIZES],
    /// So many of them, from the bottom, are in another core's cache and were not yet asked for.
    cold: [usize; SIZES],
    /// For so many bytes more the allocator has room.
    room: usize,
    depot: Arc<Depot>,
}

/// What the workers of a runtime have too much of.
pub(crate) struct Depot {
    shelves: [Mutex<Shelf>; SIZES],
}

/// Blocks of one size, in batches. Their arrays go round as they do.
struct Shelf {
    batches: Vec<Vec<NonNull<u8>>>,
    empty: Vec<Vec<NonNull<u8>>>,
}

// SAFETY: free blocks belong to who has them.
unsafe impl Send for Depot {}
// SAFETY: as above; they stand behind locks.
unsafe impl Sync for Depot {}

impl Depot {
    pub(crate) fn new() -> Self {
        const SHELF: Shelf = Shelf { batches: Vec::new(), empty: Vec::new() };
        Self { shelves: [const { Mutex::new(SHELF) }; SIZES] }
    }
}

impl Drop for Depot {
    fn drop(&mut self) {
        for (size, shelf) in self.shelves.iter_mut().enumerate() {
            shelf.get_mut().batches.drain(..).flatten().for_each(|block| free(block, size));
        }
    }
}

impl Blocks {
    pub(crate) fn new(depot: Arc<Depot>) -> Self {
        Self { kept: [const { Vec::new() }; SIZES], cold: [0; SIZES], room: ROOM_BYTES_FIRST, depot }
    }

    #[inline(always)]
    fn take(&mut self, size: usize) -> Option<NonNull<u8>> {
        let block = self.kept[size].pop().or_else(|| self.take_batch(size));
        self.fetch_ahead(size, AHEAD);
        block
    }

    /// Asks for a block that is to be taken soon.
    #[inline(always)]
    fn fetch_ahead(&mut self, size: usize, ahead: usize) {
        let kept = &self.kept[size];
        let index = kept.len().wrapping_sub(ahead);
        if index < self.cold[size] {
            self.cold[size] = index;
            prefetch::lines_to_write(kept[index].addr().get(), layout_of_size(size).size());
        }
    }

    #[cold]
    fn take_batch(&mut self, size: usize) -> Option<NonNull<u8>> {
        // Looked at by each spawn of a burst that has used everything up, so nobody waits here.
        let shelf = &self.depot.shelves[size];
        if let Some(mut batch) = shelf.try_lock().and_then(|mut shelf| shelf.batches.pop()) {
            self.kept[size].append(&mut batch);
            if let Some(mut shelf) = shelf.try_lock() {
                shelf.empty.push(batch);
            }
            self.cold[size] = self.kept[size].len();
            (2..=AHEAD).for_each(|ahead| self.fetch_ahead(size, ahead));
            return self.kept[size].pop();
        }
        let bytes = layout_of_size(size).size();
        if self.room < bytes {
            make_room();
            // The rest is the allocator's own words, and what others ask it for.
            self.room = ROOM_BYTES / 4 * 3;
        }
        self.room -= bytes;
        None
    }

    #[inline(always)]
    fn give(&mut self, size: usize, block: NonNull<u8>) {
        if self.kept[size].len() == KEPT_MAX {
            self.give_batch(size);
        }
        self.kept[size].push(block);
    }

    /// Half of what is kept goes to the depot, or back to the allocator if that is full.
    #[cold]
    fn give_batch(&mut self, size: usize) {
        let surplus = self.kept[size].drain(KEPT_MAX - BATCH..);
        self.cold[size] = self.cold[size].min(KEPT_MAX - BATCH);
        let mut shelf = self.depot.shelves[size].lock();
        if shelf.batches.len() < BATCHES_MAX {
            let mut batch = shelf.empty.pop().unwrap_or_else(|| Vec::with_capacity(BATCH));
            batch.extend(surplus);
            return shelf.batches.push(batch);
        }
        drop(shelf);
        surplus.for_each(|block| free(block, size));
    }
}

/// Has the allocator's heap grow, if there is no room in it.
fn make_room() {
    const ROOM: Layout = layout_of_size(ROOM_BYTES / GRAIN - 1);
    // SAFETY: its size is not zero. That nobody uses it is hidden from the optimiser, which would leave both calls out.
    if let Some(room) = NonNull::new(std::hint::black_box(unsafe { alloc(ROOM) })) {
        // SAFETY: allocated just above.
        unsafe { dealloc(room.as_ptr(), ROOM) };
    }
}

/// Gives a kept block back to the allocator.
fn free(block: NonNull<u8>, size: usize) {
    // SAFETY: `give` puts only free blocks of this size where this comes from.
    unsafe { dealloc(block.as_ptr(), layout_of_size(size)) };
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for (size, blocks) in self.kept.iter_mut().enumerate() {
            blocks.drain(..).for_each(|block| free(block, size));
        }
    }
}

/// The index of the size of which a block for `layout` is, if that is kept.
#[inline(always)]
const fn size_of_layout(layout: Layout) -> Option<usize> {
    if cfg!(debug_assertions) || layout.align() > GRAIN || layout.size() > SIZES * GRAIN {
        return None;
    }
    Some(layout.size().div_ceil(GRAIN).saturating_sub(1))
}

const fn layout_of_size(size: usize) -> Layout {
    match Layout::from_size_align((size + 1) * GRAIN, GRAIN) {
        Ok(layout) => layout,
        Err(_) => panic!("a small size"),
    }
}

/// Memory for a `T`: of what this thread's worker keeps, if it is one.
#[inline(always)]
pub(crate) fn take<T>(worker: Option<&Worker>) -> NonNull<T> {
    let layout = Layout::new::<T>();
    let Some(size) = size_of_layout(layout) else { return fresh(layout).cast() };
    let kept = worker.and_then(|worker| worker.blocks.with(|blocks| blocks.take(size)));
    kept.unwrap_or_else(|| fresh(layout_of_size(size))).cast()
}

#[inline(never)]
fn fresh(layout: Layout) -> NonNull<u8> {
    // SAFETY: a task has a header, so its size is not zero.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Takes the memory of a `T` back.
///
/// # Safety
/// It comes from [`take`] for the same type, and nobody uses it any more.
#[inline]
pub(crate) unsafe fn give<T>(block: NonNull<T>) {
    let block: NonNull<u8> = block.cast();
    let Some(size) = size_of_layout(Layout::new::<T>()) else {
        // SAFETY: the caller's promise.
        return unsafe { dealloc(block.as_ptr(), Layout::new::<T>()) };
    };
    let is_kept = with_worker(|worker| {
        let Some(worker) = worker else { return false };
        worker.blocks.with(|blocks| blocks.give(size, block));
        true
    });
    if !is_kept {
        // SAFETY: the caller's promise.
        unsafe { dealloc(block.as_ptr(), layout_of_size(size)) };
    }
}
