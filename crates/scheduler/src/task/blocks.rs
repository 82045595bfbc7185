//! Memory for tasks: the blocks of those that ended are kept for the next, so that a spawn does not ask the allocator.
//!
//! Knows nothing of tasks. Each worker keeps its own; a block may be kept by another worker than the one that made it.
//!
//! Debug builds keep nothing, so that a sanitizer sees who uses a task after its end.

use crate::current::with_worker;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Sizes are told apart in steps of this many bytes; the alignment of each block.
const GRAIN: usize = 16;
/// Sizes that are kept: up to 512 bytes, a closure of 380.
const SIZES: usize = 32;
/// Blocks that are kept of one size: a burst of spawns and ends as large as a worker's local queue.
const KEPT_MAX: usize = 256;

/// A worker's kept blocks.
pub(crate) struct Blocks {
    kept: [Vec<NonNull<u8>>; SIZES],
}

impl Blocks {
    pub(crate) fn new() -> Self {
        Self { kept: [const { Vec::new() }; SIZES] }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for (size, blocks) in self.kept.iter_mut().enumerate() {
            for block in blocks.drain(..) {
                // SAFETY: `give` puts only free blocks of this size here.
                unsafe { dealloc(block.as_ptr(), layout_of_size(size)) };
            }
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

/// Memory for a `T`.
#[inline]
pub(crate) fn take<T>() -> NonNull<T> {
    let layout = Layout::new::<T>();
    let Some(size) = size_of_layout(layout) else { return fresh(layout).cast() };
    let kept = with_worker(|worker| worker?.blocks.with(|blocks| blocks.kept[size].pop()));
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
        worker.is_some_and(|worker| {
            worker.blocks.with(|blocks| {
                let kept = &mut blocks.kept[size];
                let has_room = kept.len() < KEPT_MAX;
                if has_room {
                    kept.push(block);
                }
                has_room
            })
        })
    });
    if !is_kept {
        // SAFETY: the caller's promise.
        unsafe { dealloc(block.as_ptr(), layout_of_size(size)) };
    }
}
