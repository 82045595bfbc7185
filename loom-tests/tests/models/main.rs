//! Every model, one file per promise. A model is called as its file.
//!
//! Without `--cfg sisal_loom` there is one test, which fails if `cargo loom` was meant.

#[cfg(not(sisal_loom))]
#[test]
fn not_run_by_accident() {
    assert!(
        std::env::var_os("SISAL_LOOM_EXPECTED").is_none(),
        "`cargo loom` was asked for, but built without `--cfg sisal_loom`: is RUSTFLAGS set?"
    );
}

#[cfg(sisal_loom)]
mod completion_wakes;
#[cfg(sisal_loom)]
mod deque_last_item;
#[cfg(sisal_loom)]
mod deque_loot_stolen_again;
#[cfg(sisal_loom)]
mod deque_mutual;
#[cfg(sisal_loom)]
mod deque_overflow;
#[cfg(sisal_loom)]
mod deque_slot_reuse;
#[cfg(sisal_loom)]
mod deque_two_ends;
#[cfg(sisal_loom)]
mod deque_two_thieves;
#[cfg(sisal_loom)]
mod deque_two_thieves_reuse;
#[cfg(sisal_loom)]
mod idle_dropped_permit;
#[cfg(sisal_loom)]
mod idle_last_searcher;
#[cfg(sisal_loom)]
mod idle_loot_in_flight;
#[cfg(sisal_loom)]
mod idle_no_lost_wake_up;
#[cfg(sisal_loom)]
mod idle_owed;
#[cfg(sisal_loom)]
mod idle_phantom;
#[cfg(sisal_loom)]
mod idle_pushed_work_is_stolen;
#[cfg(sisal_loom)]
mod idle_rung_sees_why;
#[cfg(sisal_loom)]
mod inbox_two_pushers;
#[cfg(sisal_loom)]
mod inbox_wakes_its_worker;
#[cfg(sisal_loom)]
mod join_drop;
#[cfg(sisal_loom)]
mod join_wakes;
#[cfg(sisal_loom)]
mod litmus;
#[cfg(sisal_loom)]
mod mutants;
#[cfg(sisal_loom)]
mod spin_lock_excludes;
#[cfg(sisal_loom)]
mod ticket_claimed_once;
#[cfg(sisal_loom)]
mod wait_queue_hand_over;
#[cfg(sisal_loom)]
mod wait_queue_timeout;
#[cfg(sisal_loom)]
mod word_hand_over;
#[cfg(sisal_loom)]
mod word_permit;
#[cfg(sisal_loom)]
mod word_two_wakers;
