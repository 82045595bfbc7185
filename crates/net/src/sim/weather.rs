//! What becomes of bytes between two hosts: how long they are under way, and whether they arrive.
//!
//! Knows nothing of connections. Each choice is the run's, and 0 is always the calm one: the shortest way, and no mishap.

use sisal_park::with_current;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// From which host to which.
pub(super) type Way = (u32, u32);

/// Into how many steps a range of latencies is divided.
const STEPS: usize = 64;
/// What chances are counted in.
const CHANCES: usize = 1 << 16;
/// After what time TCP sends again what was lost: Linux's least.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How often one piece can be lost in a row.
const LOSSES_MAX: usize = 8;

/// A choice in `0..bound`.
pub(super) fn choose(bound: usize) -> usize {
    with_current(|agent| agent.choose(bound))
}

/// The run is not over before that.
fn expect(at: Instant) {
    if let Some(world) = with_current(|agent| agent.world()) {
        world.expect(at);
    }
}

/// A chance, of which none asks for no choice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chance(usize);

impl Chance {
    /// # Panics
    /// If it is none.
    #[track_caller]
    pub(super) fn of(chance: f64) -> Self {
        assert!((0.0..=1.0).contains(&chance), "a chance of {chance}: it must be between 0 and 1");
        Self((chance * CHANCES as f64).ceil() as usize)
    }

    pub(super) fn strikes(self) -> bool {
        self.0 > 0 && choose(CHANCES) >= CHANCES - self.0
    }
}

/// What a link is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    pub(super) latency: (Duration, Duration),
    pub(super) bytes_per_second: Option<u64>,
    pub(super) loss: Chance,
    pub(super) duplication: Chance,
    pub(super) resets: Chance,
    /// Bytes of a connection that are under way or wait to be read.
    pub(super) capacity: usize,
}

impl Weather {
    const fn with_latency(least: u64, most: u64) -> Self {
        Self {
            latency: (Duration::from_micros(least), Duration::from_micros(most)),
            bytes_per_second: None,
            loss: Chance(0),
            duplication: Chance(0),
            resets: Chance(0),
            capacity: 64 * 1024,
        }
    }

    fn draw_latency(&self) -> Duration {
        let (least, most) = self.latency;
        if least == most {
            return least;
        }
        least + (most - least) * choose(STEPS) as u32 / (STEPS as u32 - 1)
    }
}

/// All links.
pub(super) struct Links {
    usual: Weather,
    /// Within one host.
    inside: Weather,
    own: BTreeMap<Way, Weather>,
    cuts: BTreeSet<Way>,
    /// Until when what was sent fills the link.
    busy_until: BTreeMap<Way, Instant>,
}

impl Links {
    pub(super) fn new() -> Self {
        Self {
            usual: Weather::with_latency(100, 1_000),
            inside: Weather::with_latency(10, 50),
            own: BTreeMap::new(),
            cuts: BTreeSet::new(),
            busy_until: BTreeMap::new(),
        }
    }

    pub(super) fn weather(&self, way: Way) -> Weather {
        let usual = if way.0 == way.1 { self.inside } else { self.usual };
        self.own.get(&way).copied().unwrap_or(usual)
    }

    /// Changes what a link is like, or all between different hosts.
    pub(super) fn change(&mut self, ways: Option<&[Way]>, change: impl Fn(&mut Weather)) {
        match ways {
            None => {
                change(&mut self.usual);
                self.own.iter_mut().filter(|(way, _)| way.0 != way.1).for_each(|(_, own)| change(own));
            }
            Some(ways) => {
                for way in ways {
                    let mut own = self.weather(*way);
                    change(&mut own);
                    self.own.insert(*way, own);
                }
            }
        }
    }

    pub(super) fn is_cut(&self, way: Way) -> bool {
        self.cuts.contains(&way)
    }

    pub(super) fn cut(&mut self, way: Way) {
        self.cuts.insert(way);
    }

    /// Whether it was cut.
    pub(super) fn heal(&mut self, way: Way) -> bool {
        self.cuts.remove(&way)
    }

    /// All that are cut.
    pub(super) fn cuts(&self) -> Vec<Way> {
        self.cuts.iter().copied().collect()
    }

    /// When so many bytes arrive that are sent at `now`, if nothing is lost.
    pub(super) fn arrival(&mut self, way: Way, bytes: usize, now: Instant) -> Instant {
        let weather = self.weather(way);
        let mut leaves = now;
        if let Some(speed) = weather.bytes_per_second {
            let busy_until = self.busy_until.entry(way).or_insert(now);
            let ns = (bytes as u64).saturating_mul(1_000_000_000) / speed;
            leaves = now.max(*busy_until) + Duration::from_nanos(ns);
            *busy_until = leaves;
        }
        let arrives = leaves + weather.draw_latency();
        expect(arrives);
        arrives
    }

    /// When so many bytes arrive that are sent again until they do; never, if the link is cut.
    pub(super) fn arrival_at_last(&mut self, way: Way, bytes: usize, now: Instant) -> Option<Instant> {
        if self.is_cut(way) {
            return None;
        }
        let loss = self.weather(way).loss;
        let losses = (0..LOSSES_MAX).take_while(|_| loss.strikes()).count();
        let arrives = self.arrival(way, bytes, now) + AGAIN_AFTER * losses as u32;
        expect(arrives);
        Some(arrives)
    }
}

/// When what was sent during a cut arrives at the end of it: as late as TCP happens to try again.
pub(super) fn pause_after(cut: Duration) -> Duration {
    /// Linux's longest pause between two tries.
    const PAUSE_MAX: Duration = Duration::from_secs(120);
    cut.min(PAUSE_MAX) * choose(STEPS) as u32 / (STEPS as u32 - 1)
}
