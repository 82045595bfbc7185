//! The JSON of a comparison, as far as pictures need it.
//!
//! Knows nothing of SVG.

use serde_json::Value;
use std::io;

/// A comparison.
#[derive(Debug)]
pub struct Document {
    /// When and on what, in a line.
    pub caption: String,
    /// All figures of all rows, in the order of the table.
    pub figures: Vec<Figure>,
}

/// One figure of one row.
#[derive(Debug)]
pub struct Figure {
    /// The row's name.
    pub row: String,
    /// The row's title.
    pub title: String,
    /// The figure's name; alone in its row it adds nothing to the title.
    pub name: String,
    /// Whether it is in the mean.
    pub counts: bool,
    /// How many times as good as the best peer sisal is, and who that is.
    pub ratio: Option<(f64, String)>,
    /// The peers' medians.
    pub medians: Vec<(String, f64)>,
    is_alone: bool,
}

impl Document {
    /// Reads what `compare --json` has written.
    ///
    /// # Errors
    /// If it is something else.
    pub fn read(json: &str) -> io::Result<Self> {
        let value: Value = serde_json::from_str(json)?;
        let rows = value["rows"].as_array();
        let rows = rows.ok_or_else(|| io::Error::other("no rows: is this what `compare --json` writes?"))?;
        let figures = rows.iter().flat_map(figures_of).collect();
        let text = |key: &str| value["machine"][key].as_str().unwrap_or("?").to_owned();
        let caption = format!("{}; {}; {} workers", text("date"), text("processor"), value["workers"]);
        Ok(Self { caption, figures })
    }
}

fn figures_of(row: &Value) -> Vec<Figure> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let figures = row["figures"].as_array().map_or(&[][..], |figures| figures);
    let one = |figure: &Value| Figure {
        row: text(&row["name"]),
        title: text(&row["title"]),
        name: text(&figure["name"]),
        counts: figure["counts"] == true,
        ratio: figure["ratio"].as_f64().map(|ratio| (ratio, text(&figure["best_peer"]))),
        medians: medians(&figure["peers"]),
        is_alone: figures.len() == 1,
    };
    figures.iter().map(one).collect()
}

fn medians(peers: &Value) -> Vec<(String, f64)> {
    let peers = peers.as_object().into_iter().flatten();
    peers.filter_map(|(name, peer)| Some((name.clone(), peer["median"].as_f64()?))).collect()
}

impl Figure {
    /// The median of one peer.
    pub fn median(&self, peer: &str) -> Option<f64> {
        self.medians.iter().find(|(name, _)| name == peer).map(|(_, median)| *median)
    }

    /// What to call it.
    pub fn label(&self) -> String {
        if self.is_alone {
            return self.title.clone();
        }
        let name = match self.name.as_str() {
            "cpu_us" => "CPU each",
            "requests_per_s" => "requests/s",
            name => name.strip_suffix("_us").unwrap_or(name),
        };
        format!("{}: {}", self.title, name.replace('_', " "))
    }
}
