//! Of a handle's drop and the completion, whoever comes second drops the result, and whoever is last frees the block.
//!
//! Method: as `join_wakes`, with a handle that is dropped instead.

use super::join_wakes::Block;
use loom::thread;
use loom_tests::{Bounds, model};

#[test]
fn holds() {
    model("join_drop", Bounds::unbounded(6), || {
        let block = Block::new();
        let completer = {
            let block = block.clone();
            thread::spawn(move || block.complete())
        };
        let by_handle = block.drop_handle();
        let by_completer = completer.join().unwrap();
        assert!(by_handle != by_completer, "the result is dropped once");
        // SAFETY: both sides are done.
        assert!(block.freed.with(|freed| unsafe { *freed }), "leaked");
    });
}
