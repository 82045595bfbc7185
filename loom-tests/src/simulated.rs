//! Which planted mistakes the tests of `sisal` notice in simulations, and which not.
//!
//! Knows nothing of how they run: see `tests/simulations`. A test compares it with the README, which says why not.

/// Seeds of each test that is to find one.
pub const SEEDS: u64 = 300;

/// A mutant that is noticed.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The mutant's name.
    pub mutant: &'static str,
    /// The test, with its file.
    pub found_by: &'static str,
    /// The report's first word.
    pub kind: &'static str,
}

const fn found(mutant: &'static str, found_by: &'static str, kind: &'static str) -> Found {
    Found { mutant, found_by, kind }
}

/// Those that are noticed.
pub const FOUND: &[Found] = &[
    found("block_on.count.late", "block_on::in_simulations::a_wait_inside_the_poll_eats_no_call", "deadlock"),
    found(
        "block_on.parks_blindly",
        "block_on::in_simulations::a_wait_inside_the_poll_eats_no_call",
        "deadlock",
    ),
    found("cancel.listen.no_look", "waits::in_simulations::cancels_that_meet_what_they_cancel", "deadlock"),
    found(
        "cancel.put_root.blind",
        "cancel_scopes::in_simulations::a_cancel_reaches_the_scopes_on_every_stack_of_a_fiber",
        "deadlock",
    ),
    found(
        "chan.arm.leaves_room_empty",
        "waits_on_channels::in_simulations::room_that_a_select_leaves",
        "deadlock",
    ),
    found(
        "chan.disconnect.one_batch",
        "channels::in_simulations::a_disconnect_wakes_all_who_wait",
        "deadlock",
    ),
    found(
        "chan.offer.leaves_receivers",
        "waits_on_channels::in_simulations::messages_that_meet_timeouts",
        "panic",
    ),
    found(
        "chan.poll_send.keeps_room",
        "waits_on_channels::in_simulations::futures_that_are_dropped_pass_on_what_they_were_told",
        "deadlock",
    ),
    found(
        "chan.take.leaves_senders",
        "waits_on_channels::in_simulations::futures_that_are_dropped_pass_on_what_they_were_told",
        "deadlock",
    ),
    found(
        "chan.unlock.forgets_watchers",
        "waits_on_channels::in_simulations::what_is_ready_is_told",
        "deadlock",
    ),
    found("crowd.call_all.one_batch", "waits::in_simulations::a_call_to_all_reaches_many", "deadlock"),
    found("gate.announce.blind", "waits::in_simulations::a_mutex_that_is_let_go_for_good", "deadlock"),
    found("gate.coming.stays", "waits::in_simulations::a_mutex_and_its_timeout", "deadlock"),
    found("gate.leave.forgets_line", "waits::in_simulations::a_mutex_and_its_timeout", "deadlock"),
    found(
        "relay.wake.claims_nothing",
        "waits::in_simulations::ends_of_fibers_that_meet_who_waits_for_them",
        "deadlock",
    ),
    found(
        "rwlock.unlock.forgets_upgrader",
        "waits::in_simulations::readers_a_writer_and_an_upgrade",
        "deadlock",
    ),
    found("rwlock.write.ignores_readers", "waits::in_simulations::readers_a_writer_and_an_upgrade", "panic"),
    found(
        "semaphore.drop.gives_one",
        "waits::in_simulations::permits_one_by_one_and_many_at_once",
        "deadlock",
    ),
    found(
        "chan.drop_recv.tells_nobody",
        "waits_on_channels::in_simulations::a_future_that_is_dropped_leaves_its_message_to_another",
        "deadlock",
    ),
    found(
        "chan.drop_send.tells_nobody",
        "waits_on_channels::in_simulations::a_future_that_is_dropped_leaves_its_room_to_another",
        "deadlock",
    ),
    found(
        "chan.enter.offers_no_hand",
        "waits_on_channels::in_simulations::a_future_that_is_dropped_leaves_its_message_to_another",
        "deadlock",
    ),
    found(
        "chan.push.tells_nobody",
        "waits_on_channels::in_simulations::a_future_that_is_dropped_leaves_its_message_to_another",
        "deadlock",
    ),
];

/// Those that were tried, and are not.
pub const NOT_FOUND: &[&str] = &[
    "block_on.call.wakes_first",
    "cancel.put_root.forgets",
    "cancel.raise.list_first",
    "cancel.raise.top_first",
    "chan.accept.does_not_wait",
    "chan.arm.ends_partner",
    "chan.arm.gives_back_silently",
    "chan.recv.gap",
    "chan.select.registers_blindly",
    "chan.select.stays_open",
    "chan.send.gap",
    "chan.wait.forgets_claimant",
    "completion.complete.forgets_waker",
    "completion.register.blind_store",
    "condvar.wait.unlocks_first",
    "crowd.call_all.ignores_round",
    "gate.give_up.no_look",
    "gate.hand_over.never",
    "idle.announce.counts_late",
    "idle.drop.owes_nothing",
    "idle.found.wakes_nobody",
    "idle.give_up.keeps_permit",
    "idle.pay.clears_late",
    "idle.wake_one.no_second_look",
    "idle.wake_one.takes_no_permit",
    "idle.withdraw.forgets_permit",
    "idle.withdraw.not_counted",
    "inbox.take.youngest_first",
    "join.take_back.blind",
    "once.wait.looks_unlocked",
    "rwlock.read.passes_writers",
    "stand.timeout.loses_call",
    "waiter.finish.done_first",
    "word.commit.blind",
    "word.wake.no_token",
    "word.wake.token_early_out",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::MUTANTS;
    use std::collections::BTreeSet;

    const README: &str = include_str!("../README.md");

    #[test]
    fn the_readme_says_the_same() {
        let (_, part) = README.split_once("## The mutants in simulations").unwrap();
        let (part, _) = part.split_once("\n## ").unwrap();
        let count = format!("Of {} tried, {} are found", FOUND.len() + NOT_FOUND.len(), FOUND.len());
        assert!(part.contains(&count), "the README does not say: {count}");
        let (table, reasons) = part.split_once("And ").unwrap();
        for row in FOUND {
            let start = format!("| `{}` | `{}` | ", row.mutant, row.found_by);
            let line = table.lines().find(|line| line.starts_with(&start));
            assert!(
                line.is_some_and(|line| line.ends_with(&format!(" | {} |", row.kind))),
                "no row: {start}"
            );
        }
        for mutant in NOT_FOUND {
            assert!(reasons.contains(&format!("`{mutant}`")), "no reason why {mutant} is not found");
        }
        assert!(reasons.starts_with(&format!("{} are not", NOT_FOUND.len())));
    }

    #[test]
    fn each_is_a_mutant_and_stands_here_once() {
        let tried = FOUND.iter().map(|row| row.mutant).chain(NOT_FOUND.iter().copied());
        let once: BTreeSet<_> = tried.clone().collect();
        assert_eq!(once.len(), tried.count());
        for name in once {
            assert!(MUTANTS.iter().any(|mutant| mutant.name == name), "{name} is not planted");
        }
    }
}
