//! The order of things: row by row, and within a row the peers in turn, so that a slow spell of the machine hits all of them.

use super::options::Options;
use super::process;
use super::programs::Programs;
use super::results::{Cell, RowResult};
use super::serve;
use crate::row::{Kind, Peer, Row};
use std::collections::BTreeMap;

/// Runs everything that was asked for.
pub fn measure(options: &Options, programs: &Programs) -> Vec<RowResult> {
    let mut results = Vec::new();
    for (index, row) in options.rows.iter().enumerate() {
        eprintln!("[{}/{}] {}", index + 1, options.rows.len(), row.title);
        let cells = in_turn(options, row, |peer| {
            let mut command = programs.command(options, row, peer)?;
            match row.kind {
                Kind::Measure => parse(&process::output(&mut command)?),
                Kind::Serve(load) => serve::measure(row, load, command, options.quick),
            }
        });
        results.push(RowResult { row, cells });
    }
    results
}

/// Runs the peers of `row` in turn, each time another one first, and collects what `once` gives. One that died is not asked
/// again.
fn in_turn(
    options: &Options,
    row: &Row,
    mut once: impl FnMut(Peer) -> Result<Vec<(String, f64)>, String>,
) -> BTreeMap<Peer, Cell> {
    let mut cells = BTreeMap::<Peer, Cell>::new();
    let mut peers: Vec<Peer> = options.peers.iter().copied().filter(|peer| row.has(*peer)).collect();
    for _ in 0..options.runs {
        for peer in &peers {
            let cell = cells.entry(*peer).or_default();
            if cell.failure.is_some() {
                continue;
            }
            match once(*peer) {
                Ok(figures) => figures
                    .into_iter()
                    .for_each(|(name, value)| cell.samples.entry(name).or_default().push(value)),
                Err(why) => {
                    eprintln!("    {peer}: {why}");
                    cell.failure = Some(why);
                }
            }
        }
        if !peers.is_empty() {
            peers.rotate_left(1);
        }
    }
    cells
}

/// The figures that a child printed.
pub(super) fn parse(said: &str) -> Result<Vec<(String, f64)>, String> {
    let figures: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("figure ")?.split_once(' '))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect();
    if figures.is_empty() { Err("printed no figure".to_owned()) } else { Ok(figures) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_among_noise() {
        let said = "hello\nfigure ns 2.5\nfigure bytes 1e3\nfigure broken x\n";
        assert_eq!(parse(said), Ok(vec![("ns".to_owned(), 2.5), ("bytes".to_owned(), 1e3)]));
        assert!(parse("nothing").is_err());
    }
}
