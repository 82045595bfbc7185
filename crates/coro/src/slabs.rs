//! The table of all slabs of this process: which addresses are stacks, and whose.
//!
//! Knows nothing of pools (an owner is an opaque pointer), and nothing of what runs on a stack. Signal handlers read
//! it, so reading takes no lock and allocates nothing.
//!
//! | row's `start` | meaning | left by |
//! |---|---|---|
//! | 0 | free; the other fields mean nothing | `enter`, under `WRITER` |
//! | else | a slab of `slots` slots of `stride` bytes begins there | `leave`, under `WRITER` |
//!
//! 1. The fields of a row change only while its `start` is 0.
//! 2. Rows and chunks of rows are never freed.
//!
//! A reader of a row that changes meanwhile sees `start` change (a sequence lock whose sequence is the address), and
//! takes the row for free. That misses nothing: who looks up an address owns the stack around it, or runs on it, and
//! that slab's row does not change.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, PoisonError};

/// Some eleven slabs a class reach a million stacks; what fills more rows is stacks that are mapped alone.
const ROWS: usize = 64;

struct Row {
    start: AtomicUsize,
    stride: AtomicUsize,
    slots: AtomicUsize,
    owner: AtomicPtr<()>,
}

impl Row {
    const fn free() -> Row {
        Row {
            start: AtomicUsize::new(0),
            stride: AtomicUsize::new(0),
            slots: AtomicUsize::new(0),
            owner: AtomicPtr::new(ptr::null_mut()),
        }
    }
}

struct Chunk {
    rows: [Row; ROWS],
    next: AtomicPtr<Chunk>,
}

impl Chunk {
    const fn new() -> Chunk {
        Chunk { rows: [const { Row::free() }; ROWS], next: AtomicPtr::new(ptr::null_mut()) }
    }

    fn next(&self) -> Option<&'static Chunk> {
        // Acquire: pairs with the Release in `add_chunk`.
        let next = self.next.load(Ordering::Acquire);
        // SAFETY: null, or a chunk that was leaked (invariant 2).
        unsafe { next.as_ref() }
    }
}

static FIRST: Chunk = Chunk::new();
static WRITER: Mutex<()> = Mutex::new(());

/// A row as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slab {
    pub(crate) start: usize,
    pub(crate) stride: usize,
    pub(crate) slots: usize,
    pub(crate) owner: *mut (),
}

impl Slab {
    fn contains(&self, addr: usize) -> bool {
        addr >= self.start && addr - self.start < self.stride * self.slots
    }

    /// How far above its slot's lowest address `addr` lies.
    pub(crate) fn offset_in_slot(&self, addr: usize) -> usize {
        (addr - self.start) % self.stride
    }
}

/// Makes a slab known. Called before the first of its stacks is.
pub(crate) fn enter(slab: Slab) {
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let row = free_row();
    // Release: a reader that sees one of the fields below, and then looks at `start` again behind its own fence, sees
    // that it changed. Twin of the fence in `read`.
    fence(Ordering::Release);
    row.stride.store(slab.stride, Ordering::Relaxed);
    row.slots.store(slab.slots, Ordering::Relaxed);
    row.owner.store(slab.owner, Ordering::Relaxed);
    // Release: pairs with the Acquire in `read`.
    row.start.store(slab.start, Ordering::Release);
}

/// Forgets the slab at `start`. Called before it is unmapped, so that nobody else can enter its addresses first.
pub(crate) fn leave(start: usize) {
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    // Relaxed: only writers change rows, and this one has the lock.
    if let Some(row) = rows().find(|row| row.start.load(Ordering::Relaxed) == start) {
        row.start.store(0, Ordering::Relaxed);
    }
}

/// The slab around `addr`. Async-signal-safe.
pub(crate) fn find(addr: usize) -> Option<Slab> {
    rows().filter_map(read).find(|slab| slab.contains(addr))
}

fn read(row: &Row) -> Option<Slab> {
    // Acquire: pairs with the Release in `enter`.
    let start = row.start.load(Ordering::Acquire);
    if start == 0 {
        return None;
    }
    let stride = row.stride.load(Ordering::Relaxed);
    let slots = row.slots.load(Ordering::Relaxed);
    let owner = row.owner.load(Ordering::Relaxed);
    // Acquire: twin of the fence in `enter`.
    fence(Ordering::Acquire);
    let is_same = row.start.load(Ordering::Relaxed) == start && stride != 0;
    is_same.then_some(Slab { start, stride, slots, owner })
}

fn rows() -> impl Iterator<Item = &'static Row> {
    std::iter::successors(Some(&FIRST), |chunk| chunk.next()).flat_map(|chunk| &chunk.rows)
}

/// A free row, from a new chunk if need be. The caller has `WRITER`.
fn free_row() -> &'static Row {
    rows().find(|row| row.start.load(Ordering::Relaxed) == 0).unwrap_or_else(|| &add_chunk().rows[0])
}

#[cold]
fn add_chunk() -> &'static Chunk {
    let mut last = &FIRST;
    while let Some(next) = last.next() {
        last = next;
    }
    let chunk: &'static Chunk = Box::leak(Box::new(Chunk::new()));
    // Release: pairs with the Acquire in `Chunk::next`.
    last.next.store(ptr::from_ref(chunk).cast_mut(), Ordering::Release);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that no mapping of this process has.
    const NOWHERE: usize = 1 << 60;

    fn slab(index: usize) -> Slab {
        let start = NOWHERE + index * 0x10_0000;
        Slab { start, stride: 0x1_0000, slots: 4, owner: ptr::null_mut() }
    }

    #[test]
    fn more_slabs_than_rows() {
        for index in 0..3 * ROWS {
            enter(slab(index));
        }
        for index in 0..3 * ROWS {
            let it = slab(index);
            assert_eq!(find(it.start), Some(it));
            assert_eq!(find(it.start + 0x3_FFFF), Some(it));
            assert_eq!(find(it.start + 0x4_0000), None);
            assert_eq!(it.offset_in_slot(it.start + 0x2_0010), 0x10);
        }
        for index in 0..3 * ROWS {
            leave(slab(index).start);
            assert_eq!(find(slab(index).start), None);
        }
    }
}
