//! Who gives back the last reference to a result's block, and nobody else, is told to free it.
//!
//! Method: references are taken and given back in one thread, in each order that matters.

use sisal_park::{Completed, JoinState};

#[test]
fn each_reference_counts() {
    let state = JoinState::new();
    state.retain();
    state.retain();
    assert!(!state.release());
    assert!(!state.release());
    assert!(!state.release_handle(), "the completer still holds it");
    assert!(state.release());
}

#[test]
fn the_handle_may_be_the_last() {
    let state = JoinState::new();
    assert!(!state.is_complete());
    assert!(
        matches!(state.complete(false), Completed::Done),
        "nobody waits: the completer's reference is given back"
    );
    assert!(state.is_complete());
    assert!(state.release_handle());
}
