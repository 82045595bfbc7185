//! All figures, with every sample, for other programs.

use super::machine::Machine;
use super::options::Options;
use super::results::{Cell, RowResult, mean_ratio};
use crate::row::{Counts, Figure, Peer};
use serde_json::{Map, Value, json};

/// The document.
pub fn text(options: &Options, machine: &Machine, results: &[RowResult]) -> String {
    let document = json!({
        "machine": {
            "processor": machine.processor,
            "system": machine.system,
            "versions": machine.versions,
            "date": machine.date,
            "load": machine.load,
        },
        "workers": options.workers,
        "runs": options.runs,
        "quick": options.quick,
        "allocator": if options.jemalloc { "jemalloc" } else { "system" },
        "geometric_mean": mean_ratio(results, Peer::Sisal).map(|(mean, _)| mean),
        "geometric_mean_migrate": mean_ratio(results, Peer::SisalMigrate).map(|(mean, _)| mean),
        "rows": results.iter().map(row).collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&document).expect("numbers and strings are JSON")
}

fn row(result: &RowResult) -> Value {
    let figures: Vec<Value> = result.row.figures.iter().map(|figure| one(result, figure)).collect();
    json!({ "name": result.row.name, "title": result.row.title, "figures": figures })
}

fn one(result: &RowResult, figure: &Figure) -> Value {
    let peers: Map<String, Value> =
        result.cells.iter().map(|(peer, cell)| (peer.to_string(), samples(cell, figure))).collect();
    json!({
        "name": figure.name,
        "unit": figure.unit,
        "more_is_better": figure.more_is_better,
        "counts": figure.counts == Counts::Yes,
        "target": figure.target,
        "ratio": result.ratio(Peer::Sisal, figure),
        "best_peer": result.best_rival(figure).map(|(peer, _)| peer.name()),
        "peers": peers,
    })
}

fn samples(cell: &Cell, figure: &Figure) -> Value {
    match &cell.failure {
        Some(why) => json!({ "failure": why }),
        None => json!({
            "median": cell.summary(figure).map(|summary| summary.median),
            "samples": cell.samples.get(figure.name),
        }),
    }
}
