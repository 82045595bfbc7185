//! What came out: samples by row, peer and figure.

use crate::clock::median;
use crate::row::{Counts, Figure, Peer, Row};
use std::collections::BTreeMap;

/// What one peer did in one row.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// A sample a child process, for each figure.
    pub samples: BTreeMap<String, Vec<f64>>,
    /// Why it died, if it did.
    pub failure: Option<String>,
}

/// The samples of one figure, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Cell {
    /// The samples of `figure`, if the peer lived to give some.
    pub fn summary(&self, figure: &Figure) -> Option<Summary> {
        let mut samples = self.samples.get(figure.name)?.clone();
        let median = median(&mut samples);
        Some(Summary { median, min: samples[0], max: samples[samples.len() - 1] })
    }
}

/// All cells of one row.
#[derive(Clone, Debug)]
pub struct RowResult {
    /// The row.
    pub row: &'static Row,
    /// Those who took part.
    pub cells: BTreeMap<Peer, Cell>,
}

impl RowResult {
    /// What `peer` did for `figure`.
    pub fn summary(&self, peer: Peer, figure: &Figure) -> Option<Summary> {
        self.cells.get(&peer)?.summary(figure)
    }

    /// The best of the rivals, and its median.
    pub fn best_rival(&self, figure: &Figure) -> Option<(Peer, f64)> {
        let medians = self.cells.iter().filter(|(peer, cell)| peer.is_rival() && cell.failure.is_none());
        let medians = medians.filter_map(|(peer, cell)| Some((*peer, cell.summary(figure)?.median)));
        medians.min_by(|(_, a), (_, b)| if figure.more_is_better { b.total_cmp(a) } else { a.total_cmp(b) })
    }

    /// How many times as good as the best rival `peer` is: above 1, it wins.
    pub fn ratio(&self, peer: Peer, figure: &Figure) -> Option<f64> {
        let (own, (_, rival)) = (self.summary(peer, figure)?.median, self.best_rival(figure)?);
        let ratio = if figure.more_is_better { own / rival } else { rival / own };
        ratio.is_finite().then_some(ratio)
    }
}

/// The geometric mean of `peer`'s ratios over the figures that count, and how many there are.
pub fn mean_ratio(results: &[RowResult], peer: Peer) -> Option<(f64, usize)> {
    let mut logs = Vec::new();
    for result in results {
        for figure in result.row.figures.iter().filter(|figure| figure.counts == Counts::Yes) {
            logs.extend(result.ratio(peer, figure).filter(|ratio| *ratio > 0.0).map(f64::ln));
        }
    }
    (!logs.is_empty()).then(|| ((logs.iter().sum::<f64>() / logs.len() as f64).exp(), logs.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FALLING: Figure = Figure::new("ns", "ns");
    const RISING: Figure = Figure::new("rate", "/s").rising();
    const ROW: Row = Row::new("test", "test", &[FALLING, RISING]);

    fn cell(ns: &[f64], rate: f64) -> Cell {
        let samples = BTreeMap::from([("ns".to_owned(), ns.to_vec()), ("rate".to_owned(), vec![rate])]);
        Cell { samples, failure: None }
    }

    fn result() -> RowResult {
        let dead = Cell { failure: Some("dies".to_owned()), ..cell(&[1.0], 1e9) };
        let cells = BTreeMap::from([
            (Peer::Sisal, cell(&[12.0, 9.0, 10.0], 300.0)),
            (Peer::Tokio, cell(&[40.0], 100.0)),
            (Peer::Go, cell(&[20.0], 50.0)),
            (Peer::May, dead),
        ]);
        RowResult { row: &ROW, cells }
    }

    #[test]
    fn the_best_rival_is_alive() {
        assert_eq!(result().best_rival(&FALLING), Some((Peer::Go, 20.0)));
        assert_eq!(result().best_rival(&RISING), Some((Peer::Tokio, 100.0)));
    }

    #[test]
    fn ratios_above_one_win() {
        let summary = result().summary(Peer::Sisal, &FALLING).unwrap();
        assert_eq!(summary, Summary { median: 10.0, min: 9.0, max: 12.0 });
        assert_eq!(result().ratio(Peer::Sisal, &FALLING), Some(2.0));
        assert_eq!(result().ratio(Peer::Sisal, &RISING), Some(3.0));
        let (mean, count) = mean_ratio(&[result()], Peer::Sisal).unwrap();
        assert!((mean - 6.0_f64.sqrt()).abs() < 1e-9 && count == 2);
    }
}
