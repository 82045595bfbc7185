//! The figures of `/debug/metrics`: those of each worker, and those of all.
//!
//! Knows nothing of what they mean.

use std::collections::BTreeMap;

/// A snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    workers: BTreeMap<usize, BTreeMap<String, f64>>,
    all: BTreeMap<String, f64>,
    /// For each worker the bounds of its delays, in seconds, and how many were no longer.
    delays: BTreeMap<usize, Vec<(f64, f64)>>,
}

impl Figures {
    /// Reads Prometheus' text; what is no figure of sisal is passed over.
    pub(crate) fn parse(page: &str) -> Self {
        let mut figures = Self::default();
        for line in page.lines() {
            if let Some((name, value)) = line.strip_prefix("sisal_").and_then(|line| line.rsplit_once(' ')) {
                if let Ok(value) = value.parse() {
                    figures.add(name, value);
                }
            }
        }
        figures
    }

    fn add(&mut self, name: &str, value: f64) {
        let Some((name, labels)) = name.split_once('{') else {
            self.all.insert(name.to_owned(), value);
            return;
        };
        let Some(worker) = label(labels, "worker").and_then(|worker| worker.parse().ok()) else { return };
        match label(labels, "le") {
            Some(bound) => {
                let bound = bound.parse().unwrap_or(f64::INFINITY);
                self.delays.entry(worker).or_default().push((bound, value));
            }
            None => {
                self.workers.entry(worker).or_default().insert(name.to_owned(), value);
            }
        }
    }

    /// The indices of the workers.
    pub(crate) fn workers(&self) -> impl Iterator<Item = usize> + '_ {
        self.workers.keys().copied()
    }

    /// A figure of one worker; 0 if there is none.
    pub(crate) fn of(&self, worker: usize, name: &str) -> f64 {
        self.workers.get(&worker).and_then(|figures| figures.get(name)).copied().unwrap_or(0.0)
    }

    /// That figure of all workers, added up; or that of the runtime.
    pub(crate) fn total(&self, name: &str) -> f64 {
        let of_all = self.all.get(name).copied();
        of_all.unwrap_or_else(|| self.workers().map(|worker| self.of(worker, name)).sum())
    }

    /// What 99 % of one worker's delays did not exceed, in seconds; `None` before the first.
    pub(crate) fn late(&self, worker: usize) -> Option<f64> {
        let buckets = self.delays.get(&worker)?;
        let wanted = buckets.last().map(|(_, count)| count * 0.99).filter(|wanted| *wanted > 0.0)?;
        buckets.iter().find(|(_, count)| *count >= wanted).map(|(bound, _)| *bound)
    }
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = labels.split_once(&format!("{name}=\""))?;
    value.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        let figures = Figures::parse(
            "# HELP sisal_switches_total x\n\
             sisal_switches_total{worker=\"0\"} 5\nsisal_switches_total{worker=\"1\"} 7.5\n\
             sisal_injector_depth 3\nother 9\nsisal_broken\n\
             sisal_scheduling_delay_seconds_bucket{worker=\"1\",le=\"0.001\"} 98\n\
             sisal_scheduling_delay_seconds_bucket{worker=\"1\",le=\"0.01\"} 100\n\
             sisal_scheduling_delay_seconds_bucket{worker=\"1\",le=\"+Inf\"} 100\n",
        );
        assert_eq!(figures.workers().collect::<Vec<_>>(), [0, 1]);
        assert_eq!((figures.of(1, "switches_total"), figures.total("switches_total")), (7.5, 12.5));
        assert_eq!((figures.total("injector_depth"), figures.total("nothing")), (3.0, 0.0));
        assert_eq!((figures.late(0), figures.late(1)), (None, Some(0.01)));
    }
}
