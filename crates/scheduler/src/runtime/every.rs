//! The runtimes of the process, for whoever asks after all of its fibers.
//!
//! Knows nothing of what is asked. It keeps none of them alive.

use crate::crew::Crew;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

static CREWS: Mutex<Vec<Weak<Crew>>> = Mutex::new(Vec::new());

/// The number of the next runtime.
pub(super) fn next_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn add(crew: &Arc<Crew>) {
    let mut crews = CREWS.lock().unwrap_or_else(PoisonError::into_inner);
    crews.retain(|crew| crew.strong_count() > 0);
    crews.push(Arc::downgrade(crew));
}

/// All of them, in the order of their numbers.
pub(crate) fn every_crew() -> Vec<Arc<Crew>> {
    let crews = CREWS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut crews: Vec<_> = crews.iter().filter_map(Weak::upgrade).collect();
    crews.sort_by_key(|crew| crew.number);
    crews
}
