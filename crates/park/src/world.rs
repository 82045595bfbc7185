//! What a simulation lends to those who cannot know it: room for what they simulate in it, and a place for each agent.
//!
//! Knows nothing of schedules, nor of what its guests are. A world belongs to one run on one OS thread, and ends with it.
//!
//! A *place* is a number that an agent has from who spawned it: the simulated machine on which it runs. Place 0 is where a run begins.

use crate::{AgentId, with_current};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Instant;

/// The simulated world in which an agent lives; see [`Agent::world`](crate::Agent::world).
///
/// ```
/// use sisal_park::World;
/// use std::cell::Cell;
///
/// let world = World::new(false);
/// world.guest(|| Cell::new(1)).set(7);
/// assert_eq!(world.guest(|| Cell::new(1)).get(), 7, "made once");
/// ```
pub struct World {
    guests: RefCell<Vec<Rc<dyn Any>>>,
    /// Of agents that are elsewhere than at place 0.
    places: RefCell<BTreeMap<AgentId, u32>>,
    is_told: bool,
    news: RefCell<Vec<String>>,
    has_news: Cell<bool>,
    busy_until: Cell<Option<Instant>>,
}

impl World {
    /// An empty world; `is_told` if somebody will [take](Self::take_news) the news.
    pub fn new(is_told: bool) -> Self {
        Self {
            guests: RefCell::default(),
            places: RefCell::default(),
            is_told,
            news: RefCell::default(),
            has_news: Cell::new(false),
            busy_until: Cell::new(None),
        }
    }

    /// The one `T` of this world, which `make` makes when it is first asked for.
    pub fn guest<T: 'static>(&self, make: impl FnOnce() -> T) -> Rc<T> {
        let known = self.guests.borrow().iter().find_map(|guest| Rc::clone(guest).downcast::<T>().ok());
        known.unwrap_or_else(|| {
            let guest = Rc::new(make());
            self.guests.borrow_mut().push(Rc::clone(&guest) as Rc<dyn Any>);
            guest
        })
    }

    /// Where the running agent is.
    pub fn place(&self) -> u32 {
        let id = with_current(|agent| agent.id());
        self.places.borrow().get(&id).copied().unwrap_or(0)
    }

    /// Moves the running agent; gives where it was.
    pub fn set_place(&self, place: u32) -> u32 {
        let id = with_current(|agent| agent.id());
        let mut places = self.places.borrow_mut();
        let before = if place == 0 { places.remove(&id) } else { places.insert(id, place) };
        before.unwrap_or(0)
    }

    /// The running agent spawns `child`, which begins at the same place.
    pub fn born(&self, child: AgentId) {
        if self.places.borrow().is_empty() {
            return;
        }
        let place = self.place();
        if place != 0 {
            self.places.borrow_mut().insert(child, place);
        }
    }

    /// Something is under way that will happen then, whatever the agents do.
    pub fn expect(&self, at: Instant) {
        self.busy_until.set(self.busy_until.get().max(Some(at)));
    }

    /// Until when something is under way, as far as anybody has [said](Self::expect).
    pub fn busy_until(&self) -> Option<Instant> {
        self.busy_until.get()
    }

    /// Something has happened that the story of the run should tell.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            self.news.borrow_mut().push(what());
            self.has_news.set(true);
        }
    }

    /// What has happened since this was last called.
    pub fn take_news(&self) -> Vec<String> {
        if self.has_news.replace(false) { self.news.take() } else { Vec::new() }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("guests", &self.guests.borrow().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::World;
    use crate::AgentId;

    #[test]
    fn places_are_left_and_inherited() {
        let world = World::new(true);
        assert_eq!((world.set_place(3), world.place()), (0, 3));
        world.born(AgentId::from_u64(u64::MAX));
        assert_eq!(world.places.borrow().get(&AgentId::from_u64(u64::MAX)), Some(&3));
        assert_eq!((world.set_place(0), world.place()), (3, 0));
        world.tell(|| "x".to_owned());
        assert_eq!((world.take_news().len(), world.take_news().len()), (1, 0));
    }
}
