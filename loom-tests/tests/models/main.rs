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
mod barrier_rounds;
#[cfg(sisal_loom)]
mod biased_lock_excludes;
#[cfg(sisal_loom)]
mod biased_lock_is_given_up;
#[cfg(sisal_loom)]
mod block_on_counts_calls;
#[cfg(sisal_loom)]
mod broadcast_counts_lost;
#[cfg(sisal_loom)]
mod broadcast_reaches_all;
#[cfg(sisal_loom)]
mod cancel_finds_both_scopes;
#[cfg(sisal_loom)]
mod cancel_finds_first_scope;
#[cfg(sisal_loom)]
mod cancel_lowest_first;
#[cfg(sisal_loom)]
mod cancel_passes_down;
#[cfg(sisal_loom)]
mod cancel_wakes;
#[cfg(sisal_loom)]
mod channel_array;
#[cfg(sisal_loom)]
mod channel_disconnect;
#[cfg(sisal_loom)]
mod channel_disconnect_senders;
#[cfg(sisal_loom)]
mod channel_list;
#[cfg(sisal_loom)]
mod channel_rendezvous;
#[cfg(sisal_loom)]
mod channel_send_timeout;
#[cfg(sisal_loom)]
mod channel_timeout;
#[cfg(sisal_loom)]
mod channel_timeout_promise;
#[cfg(sisal_loom)]
mod completion_wakes;
#[cfg(sisal_loom)]
mod condvar_no_lost_notice;
#[cfg(sisal_loom)]
mod condvar_notify_all;
#[cfg(sisal_loom)]
mod condvar_timeout;
#[cfg(sisal_loom)]
mod deque_last_item;
#[cfg(sisal_loom)]
mod deque_loot_stolen_again;
#[cfg(sisal_loom)]
mod deque_many;
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
mod fiber_is_joined;
#[cfg(sisal_loom)]
mod fiber_joins_fiber;
#[cfg(sisal_loom)]
mod fiber_parks_and_migrates;
#[cfg(sisal_loom)]
mod future_drops_message;
#[cfg(sisal_loom)]
mod future_drops_room;
#[cfg(sisal_loom)]
mod future_leaves_room;
#[cfg(sisal_loom)]
mod future_meets_future;
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
mod inbox_taken_back;
#[cfg(sisal_loom)]
mod inbox_two_pushers;
#[cfg(sisal_loom)]
mod inbox_wakes_its_worker;
#[cfg(sisal_loom)]
mod injector_hand_off;
#[cfg(sisal_loom)]
mod join_arm;
#[cfg(sisal_loom)]
mod join_changes_waker;
#[cfg(sisal_loom)]
mod join_drop;
#[cfg(sisal_loom)]
mod join_wakes;
#[cfg(sisal_loom)]
mod litmus;
#[cfg(sisal_loom)]
mod mutants;
#[cfg(sisal_loom)]
mod mutex_excludes;
#[cfg(sisal_loom)]
mod mutex_gives_up;
#[cfg(sisal_loom)]
mod mutex_hand_over;
#[cfg(sisal_loom)]
mod notify_is_kept;
#[cfg(sisal_loom)]
mod once_is_done_once;
#[cfg(sisal_loom)]
mod rwlock_excludes;
#[cfg(sisal_loom)]
mod rwlock_upgrade;
#[cfg(sisal_loom)]
mod rwlock_writer_gives_up;
#[cfg(sisal_loom)]
mod rwlock_writer_is_not_passed;
#[cfg(sisal_loom)]
mod select_against_select;
#[cfg(sisal_loom)]
mod select_gives_up_partner;
#[cfg(sisal_loom)]
mod select_gives_up_room;
#[cfg(sisal_loom)]
mod select_ready;
#[cfg(sisal_loom)]
mod select_timeout;
#[cfg(sisal_loom)]
mod select_two_senders;
#[cfg(sisal_loom)]
mod select_uses_room;
#[cfg(sisal_loom)]
mod semaphore_counts;
#[cfg(sisal_loom)]
mod semaphore_gives_up;
#[cfg(sisal_loom)]
mod semaphore_is_not_passed;
#[cfg(sisal_loom)]
mod spin_lock_excludes;
#[cfg(sisal_loom)]
mod ticket_claimed_once;
#[cfg(sisal_loom)]
mod wait_group_waits_for_all;
#[cfg(sisal_loom)]
mod wait_queue_hand_over;
#[cfg(sisal_loom)]
mod wait_queue_timeout;
#[cfg(sisal_loom)]
mod waiter_returns_before_wake;
#[cfg(sisal_loom)]
mod word_hand_over;
#[cfg(sisal_loom)]
mod word_nested_wait;
#[cfg(sisal_loom)]
mod word_permit;
#[cfg(sisal_loom)]
mod word_two_wakers;
