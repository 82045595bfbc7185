//! What could be done with a channel now, for selects that look at each of their arms before they do one; and the guard that keeps it true.
//!
//! Knows nothing of what it follows from. It stands beside the lock, not behind it: to look at four channels by their locks took a
//! select a third of its time, and to look at those of another worker that worker's time as well.
//!
//! | outlook | means | left by |
//! |---|---|---|
//! | `RECEIVE` | there was something to receive when the lock was last released; or nobody has ever asked for this bit to be kept | whoever releases the lock |
//! | `SEND` | a message would have been taken; or nobody has ever asked | whoever releases the lock |
//!
//! Invariants:
//! 1. It is written under the channel's lock only.
//! 2. It is advice. Who acts upon it looks again under the lock, and who finds nothing in it looks under the lock before it waits. (All is
//!    relaxed: what has happened before the look is seen, being older in each view of this one place.)
//!
//! An arm that finds nothing to do, where it seemed possible, asks for its bit to be kept: a channel that is in no select pays for all
//! this with one look at a flag, and one whose room nobody selects does not tell of its room.

use super::state::State;
use sisal_base::sync::BiasedGuard;
use sisal_base::sync::atomic::{AtomicU8, Ordering};
use std::ops::{Deref, DerefMut};

/// There is something to receive.
pub(super) const RECEIVE: u8 = 1;
/// A message would be taken.
pub(super) const SEND: u8 = 2;
/// No part of an outlook: somebody has waited until it changes.
pub(super) const WATCHED: u8 = 1 << 2;

/// What could be done.
pub(super) struct Outlook(AtomicU8);

impl Outlook {
    pub(super) fn unknown() -> Self {
        Self(AtomicU8::new(RECEIVE | SEND))
    }

    /// Whether it is worth looking for one of `wanted` under the lock.
    #[inline(always)]
    pub(super) fn may(&self, wanted: u8) -> bool {
        self.0.load(Ordering::Relaxed) & wanted != 0
    }

    /// Writes only what has changed: others keep the line.
    #[inline]
    fn set(&self, outlook: u8) {
        if self.0.load(Ordering::Relaxed) != outlook {
            self.0.store(outlook, Ordering::Relaxed);
        }
    }
}

/// A channel's state, locked.
pub(super) struct Locked<'a, T>(BiasedGuard<'a, State<T>, Outlook>);

impl<'a, T> Locked<'a, T> {
    #[inline(always)]
    pub(super) fn new(state: BiasedGuard<'a, State<T>, Outlook>) -> Self {
        Self(state)
    }

    /// As [`BiasedGuard::count_operation`].
    #[inline(always)]
    pub(super) fn count_operation(&self) -> Option<u32> {
        self.0.count_operation()
    }
}

/// By parts: a guard whose address is taken lies in memory, where it is written and read in different widths.
#[inline(never)]
fn show<T>(outlook: &Outlook, state: &State<T>) {
    outlook.set(state.outlook());
}

impl<T> Deref for Locked<'_, T> {
    type Target = State<T>;
    #[inline(always)]
    fn deref(&self) -> &State<T> {
        &self.0
    }
}

impl<T> DerefMut for Locked<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut State<T> {
        &mut self.0
    }
}

impl<T> Drop for Locked<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0.is_followed() {
            show(self.0.beside(), &self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{Receiver, Select, Sender, bounded};

    /// Whether a message may be received, and whether one may be sent, as it is seen from outside.
    fn seen(sender: &Sender<u8>) -> (bool, bool) {
        let outlook = sender.channel().outlook();
        (outlook.may(RECEIVE), outlook.may(SEND))
    }

    fn select_nothing(sender: Option<&Sender<u8>>, receiver: Option<&Receiver<u8>>) {
        let mut select = Select::new();
        sender.map(|sender| select.send(sender));
        receiver.map(|receiver| select.recv(receiver));
        assert!(select.try_select().is_err());
    }

    /// A select goes by nothing else: where changes were not seen, it would look at each channel under its lock, or never have an arm.
    #[test]
    fn who_has_selected_in_vain_sees_what_happens_from_then_on() {
        let (sender, receiver) = bounded(1);
        assert_eq!(seen(&sender), (true, true), "nobody has asked");
        select_nothing(None, Some(&receiver));
        assert_eq!(seen(&sender), (false, true));
        sender.send(1).unwrap();
        assert_eq!(seen(&sender), (true, true), "there is a message; nobody has asked for room");
        select_nothing(Some(&sender), None);
        assert_eq!(seen(&sender), (true, false));
        receiver.recv().unwrap();
        assert_eq!(seen(&sender), (false, true));
        drop(receiver);
        assert_eq!(seen(&sender), (true, true), "no arm of a channel that has lost a side waits");
    }
}
