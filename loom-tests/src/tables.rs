//! Which models there are, and which of them kills which mutant.
//!
//! Knows nothing of how either is run. Tests keep these tables true: each model is a test and each test a model, each
//! mutant stands in the sources and each one in the sources stands here.

/// The folders of the crates whose planted mutants must all stand in these tables.
pub const PACKAGES: &[&str] = &["crates/base", "crates/park", "crates/queue", "crates/sync", "loom-tests"];

/// Every model: the name of its file under `tests/models`.
pub const MODELS: &[&str] = &[
    "barrier_rounds",
    "biased_lock_excludes",
    "block_on_counts_calls",
    "broadcast_counts_lost",
    "broadcast_reaches_all",
    "cancel_finds_both_scopes",
    "cancel_finds_first_scope",
    "cancel_lowest_first",
    "cancel_passes_down",
    "cancel_wakes",
    "channel_array",
    "channel_disconnect",
    "channel_disconnect_senders",
    "channel_list",
    "channel_rendezvous",
    "channel_send_timeout",
    "channel_timeout",
    "channel_timeout_promise",
    "completion_wakes",
    "condvar_no_lost_notice",
    "condvar_notify_all",
    "condvar_timeout",
    "deque_last_item",
    "deque_loot_stolen_again",
    "deque_mutual",
    "deque_overflow",
    "deque_slot_reuse",
    "deque_two_ends",
    "deque_two_thieves",
    "deque_two_thieves_reuse",
    "fiber_is_joined",
    "fiber_parks_and_migrates",
    "future_drops_message",
    "future_drops_room",
    "future_leaves_room",
    "future_meets_future",
    "idle_dropped_permit",
    "idle_last_searcher",
    "idle_loot_in_flight",
    "idle_no_lost_wake_up",
    "idle_owed",
    "idle_phantom",
    "idle_pushed_work_is_stolen",
    "idle_rung_sees_why",
    "inbox_two_pushers",
    "inbox_wakes_its_worker",
    "injector_hand_off",
    "join_arm",
    "join_changes_waker",
    "join_drop",
    "join_wakes",
    "mutex_excludes",
    "mutex_gives_up",
    "mutex_hand_over",
    "notify_is_kept",
    "once_is_done_once",
    "rwlock_excludes",
    "rwlock_upgrade",
    "rwlock_writer_gives_up",
    "rwlock_writer_is_not_passed",
    "select_against_select",
    "select_gives_up_partner",
    "select_gives_up_room",
    "select_ready",
    "select_timeout",
    "select_two_senders",
    "select_uses_room",
    "semaphore_counts",
    "semaphore_gives_up",
    "semaphore_is_not_passed",
    "spin_lock_excludes",
    "ticket_claimed_once",
    "wait_group_waits_for_all",
    "wait_queue_hand_over",
    "wait_queue_timeout",
    "waiter_returns_before_wake",
    "word_hand_over",
    "word_nested_wait",
    "word_permit",
    "word_two_wakers",
];

/// A planted mistake, and the model that fails with it.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// As in `fault!("..")`.
    pub name: &'static str,
    /// A model.
    pub killed_by: &'static str,
}

const fn mutant(name: &'static str, killed_by: &'static str) -> Mutant {
    Mutant { name, killed_by }
}

/// Every mutant.
pub const MUTANTS: &[Mutant] = &[
    mutant("biased.disown.no_fence", "biased_lock_excludes"),
    mutant("biased.disown.relaxed", "biased_lock_excludes"),
    mutant("biased.disown.waits_not", "biased_lock_excludes"),
    mutant("biased.enter.looks_once", "biased_lock_excludes"),
    mutant("biased.enter.no_fence", "biased_lock_excludes"),
    mutant("biased.hold.relaxed", "biased_lock_excludes"),
    mutant("biased.unlock.relaxed", "biased_lock_excludes"),
    mutant("block_on.call.relaxed", "block_on_counts_calls"),
    mutant("block_on.call.wakes_first", "block_on_counts_calls"),
    mutant("block_on.count.late", "block_on_counts_calls"),
    mutant("block_on.count.relaxed", "block_on_counts_calls"),
    mutant("block_on.parks_blindly", "block_on_counts_calls"),
    mutant("broadcast.drop_sender.tells_nobody", "broadcast_reaches_all"),
    mutant("broadcast.recv.gap", "broadcast_reaches_all"),
    mutant("broadcast.tell.one_batch", "broadcast_reaches_all"),
    mutant("cancel.is_asked.relaxed", "cancel_finds_first_scope"),
    mutant("cancel.is_raised.relaxed", "cancel_wakes"),
    mutant("cancel.listen.no_look", "cancel_passes_down"),
    mutant("cancel.put_root.blind", "cancel_finds_first_scope"),
    mutant("cancel.put_root.forgets", "cancel_finds_both_scopes"),
    mutant("cancel.raise.list_first", "cancel_wakes"),
    mutant("cancel.raise.top_first", "cancel_lowest_first"),
    mutant("chan.accept.does_not_wait", "select_against_select"),
    mutant("chan.arm.ends_partner", "select_gives_up_partner"),
    mutant("chan.arm.gives_back_silently", "select_gives_up_room"),
    mutant("chan.arm.leaves_room_empty", "select_uses_room"),
    mutant("chan.disconnect.one_batch", "channel_disconnect"),
    mutant("chan.drop_recv.tells_nobody", "future_drops_message"),
    mutant("chan.drop_send.tells_nobody", "future_drops_room"),
    mutant("chan.enter.offers_no_hand", "future_meets_future"),
    mutant("chan.offer.leaves_receivers", "channel_list"),
    mutant("chan.poll_send.keeps_room", "future_leaves_room"),
    mutant("chan.push.tells_nobody", "future_drops_message"),
    mutant("chan.recv.gap", "channel_array"),
    mutant("chan.select.registers_blindly", "select_ready"),
    mutant("chan.select.stays_open", "select_timeout"),
    mutant("chan.send.gap", "channel_disconnect_senders"),
    mutant("chan.take.leaves_senders", "channel_array"),
    mutant("chan.unlock.forgets_watchers", "select_ready"),
    mutant("chan.wait.forgets_claimant", "channel_timeout_promise"),
    mutant("completion.complete.acquire_only", "completion_wakes"),
    mutant("completion.complete.forgets_waker", "completion_wakes"),
    mutant("completion.is_done.relaxed", "completion_wakes"),
    mutant("completion.register.blind_store", "completion_wakes"),
    mutant("completion.register.relaxed", "completion_wakes"),
    mutant("condvar.wait.unlocks_first", "condvar_no_lost_notice"),
    mutant("crowd.call_all.ignores_round", "barrier_rounds"),
    mutant("crowd.call_all.one_batch", "condvar_notify_all"),
    mutant("deque.claim.acquire", "deque_last_item"),
    mutant("deque.claim.no_cas", "deque_last_item"),
    mutant("deque.claim.reserves_nothing", "deque_slot_reuse"),
    mutant("deque.claim.second", "deque_two_thieves_reuse"),
    mutant("deque.give_back.no_cas", "deque_last_item"),
    mutant("deque.give_back.own_end", "deque_two_ends"),
    mutant("deque.give_back.release", "deque_slot_reuse"),
    mutant("deque.pop_old.forgets_claim", "deque_slot_reuse"),
    mutant("deque.pop_old.no_cas", "deque_two_ends"),
    mutant("deque.pop_young.no_cas", "deque_last_item"),
    mutant("deque.push.ignores_claim", "deque_overflow"),
    mutant("deque.push.publish", "deque_last_item"),
    mutant("deque.push.publish_first", "deque_two_thieves"),
    mutant("deque.push.reuse", "deque_slot_reuse"),
    mutant("deque.steal.ignores_room", "deque_mutual"),
    mutant("deque.steal.publish", "deque_loot_stolen_again"),
    mutant("deque.steal.reuse", "deque_mutual"),
    mutant("fiber.commit.before_leaving", "fiber_parks_and_migrates"),
    mutant("fiber.waker.no_ref", "waiter_returns_before_wake"),
    mutant("gate.announce.blind", "mutex_hand_over"),
    mutant("gate.change.relaxed", "rwlock_upgrade"),
    mutant("gate.coming.stays", "mutex_excludes"),
    mutant("gate.enter.relaxed", "mutex_excludes"),
    mutant("gate.give_up.no_look", "rwlock_writer_gives_up"),
    mutant("gate.hand_over.never", "mutex_hand_over"),
    mutant("gate.leave.forgets_line", "mutex_excludes"),
    mutant("gate.leave.relaxed", "mutex_excludes"),
    mutant("gate.let_in.no_cas", "mutex_gives_up"),
    mutant("gate.let_in.relaxed", "mutex_excludes"),
    mutant("idle.announce.acqrel_fence", "idle_no_lost_wake_up"),
    mutant("idle.announce.counts_late", "idle_pushed_work_is_stolen"),
    mutant("idle.announce.no_fence", "idle_no_lost_wake_up"),
    mutant("idle.drop.no_fence", "idle_dropped_permit"),
    mutant("idle.drop.owes_nothing", "idle_dropped_permit"),
    mutant("idle.found.no_fence", "idle_last_searcher"),
    mutant("idle.found.wakes_nobody", "idle_loot_in_flight"),
    mutant("idle.give_up.keeps_permit", "idle_pushed_work_is_stolen"),
    mutant("idle.pay.clears_late", "idle_owed"),
    mutant("idle.permit.no_cas", "idle_last_searcher"),
    mutant("idle.submit.acqrel_fence", "idle_no_lost_wake_up"),
    mutant("idle.submit.no_fence", "idle_no_lost_wake_up"),
    mutant("idle.wake_one.no_fence", "idle_phantom"),
    mutant("idle.wake_one.no_second_look", "idle_phantom"),
    mutant("idle.wake_one.takes_no_permit", "idle_last_searcher"),
    mutant("idle.withdraw.acquire", "idle_rung_sees_why"),
    mutant("idle.withdraw.forgets_permit", "idle_last_searcher"),
    mutant("idle.withdraw.load_store", "idle_no_lost_wake_up"),
    mutant("idle.withdraw.not_counted", "idle_no_lost_wake_up"),
    mutant("inbox.push.no_cas", "inbox_two_pushers"),
    mutant("inbox.push.release", "inbox_wakes_its_worker"),
    mutant("inbox.take.acquire", "inbox_two_pushers"),
    mutant("inbox.take.load_store", "inbox_two_pushers"),
    mutant("inbox.take.youngest_first", "inbox_two_pushers"),
    mutant("join.complete.acquire_only", "join_wakes"),
    mutant("join.complete.releases_before_waker", "join_wakes"),
    mutant("join.drop_handle.load_store", "join_drop"),
    mutant("join.is_complete.relaxed", "join_wakes"),
    mutant("join.register.relaxed", "join_wakes"),
    mutant("nested.wait.token_alone", "word_nested_wait"),
    mutant("join.take_back.blind", "join_changes_waker"),
    mutant("once.finish.relaxed", "once_is_done_once"),
    mutant("once.look.relaxed", "once_is_done_once"),
    mutant("once.wait.looks_unlocked", "once_is_done_once"),
    mutant("relay.wake.claims_nothing", "join_arm"),
    mutant("rwlock.read.passes_writers", "rwlock_writer_is_not_passed"),
    mutant("rwlock.unlock.forgets_upgrader", "rwlock_upgrade"),
    mutant("rwlock.write.ignores_readers", "rwlock_excludes"),
    mutant("semaphore.acquire.passes_line", "semaphore_is_not_passed"),
    mutant("semaphore.drop.gives_one", "semaphore_counts"),
    mutant("sleeper.rouse.no_cas", "idle_pushed_work_is_stolen"),
    mutant("sleeper.wake.acqrel_fence", "inbox_wakes_its_worker"),
    mutant("sleeper.wake.no_fence", "inbox_wakes_its_worker"),
    mutant("spin.lock.looks_only", "spin_lock_excludes"),
    mutant("spin.lock.relaxed", "spin_lock_excludes"),
    mutant("spin.unlock.relaxed", "spin_lock_excludes"),
    mutant("stand.timeout.loses_call", "condvar_timeout"),
    mutant("thread.wake.no_gate", "word_hand_over"),
    mutant("ticket.claim.load_store", "ticket_claimed_once"),
    mutant("wait_group.done.relaxed", "wait_group_waits_for_all"),
    mutant("wait_group.is_over.relaxed", "wait_group_waits_for_all"),
    mutant("waiter.finish.done_first", "wait_queue_hand_over"),
    mutant("waiter.finish.relaxed", "wait_queue_hand_over"),
    mutant("waiter.is_done.relaxed", "wait_queue_hand_over"),
    mutant("word.commit.blind", "word_hand_over"),
    mutant("word.commit.relaxed", "word_hand_over"),
    mutant("word.wake.no_token", "word_hand_over"),
    mutant("word.wake.relaxed", "word_hand_over"),
    mutant("word.wake.token_early_out", "word_two_wakers"),
    mutant("word.win.relaxed", "waiter_returns_before_wake"),
    mutant("word.win.runs_who_runs", "waiter_returns_before_wake"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::mutants_planted;

    const README: &str = include_str!("../README.md");

    #[test]
    fn every_planted_mutant_stands_here_and_the_other_way_round() {
        let mut planted: Vec<String> = PACKAGES.iter().copied().flat_map(mutants_planted).collect();
        let mut listed: Vec<&str> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        planted.sort();
        listed.sort();
        assert_eq!(planted, listed);
    }

    #[test]
    fn every_mutant_has_a_model_and_both_stand_in_the_readme() {
        for mutant in MUTANTS {
            assert!(MODELS.contains(&mutant.killed_by), "{} is not a model", mutant.killed_by);
            let row = format!("| `{}` | `{}` |", mutant.name, mutant.killed_by);
            assert!(README.contains(&row), "not in the README: {row}");
        }
        for model in MODELS {
            assert!(README.contains(&format!("| `{model}` |")), "not in the README: {model}");
        }
    }
}
