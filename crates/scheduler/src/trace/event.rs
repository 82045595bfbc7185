//! What happens on a worker, as it is kept on its tape.
//!
//! Knows nothing of tapes. An event is plain data of 32 bytes, so that to keep one is to copy it.

use sisal_park::{AgentId, Reason};
use std::panic::Location;

/// Something that has happened on a worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// Nanoseconds since the runtime's recorder was made.
    pub(crate) at_ns: u64,
    pub(crate) what: What,
}

const _: () = assert!(size_of::<Event>() <= 32);

/// What has happened. What a fiber does is said of the one that the worker has begun to run last.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// The worker begins to run this fiber.
    Run { fiber: AgentId, site: &'static Location<'static> },
    /// The fiber lets others run.
    Yield,
    /// The fiber waits.
    Park(Reason),
    /// The fiber has ended.
    End,
    /// The fiber panics.
    Panic,
    /// A fiber that was about to wait need not; or one has been woken, by the fiber that runs here if there is one.
    Wake(AgentId),
    /// The fiber that runs here has spawned this one.
    Spawn(AgentId),
    /// The worker has taken fresh work, of which this fiber is the first, from the worker of that index.
    Steal { fiber: AgentId, from: u32 },
    /// The worker sleeps, for want of work.
    Sleep,
    /// It has been woken.
    Rise,
}

/// The bytes of a name that are kept.
const NAME_MAX: usize = 55;

/// The name of a fiber, or its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) fiber: AgentId,
    len: u8,
    bytes: [u8; NAME_MAX],
}

const _: () = assert!(size_of::<Name>() == 64);

impl Name {
    pub(crate) fn new(fiber: AgentId, name: &str) -> Self {
        let end = (0..=name.len().min(NAME_MAX)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        let mut bytes = [0; NAME_MAX];
        bytes[..end].copy_from_slice(&name.as_bytes()[..end]);
        Self { fiber, len: end as u8, bytes }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_end_at_a_character() {
        let id = AgentId::from_u64(1);
        assert_eq!(Name::new(id, "short").text(), "short");
        assert_eq!(Name::new(id, &"ä".repeat(40)).text(), "ä".repeat(27));
        assert_eq!(Name::new(id, "").text(), "");
    }
}
