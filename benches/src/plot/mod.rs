//! The comparison as pictures (SVG), from the JSON that `compare` writes: so that they can be drawn anew without measuring
//! anew, and show what was written down.
//!
//! [`canvas`] knows SVG and colours, [`document`] the JSON; the others draw one picture each.

pub mod canvas;
pub mod document;
mod growth;
mod ratios;
mod tails;

use document::Document;
use std::path::Path;
use std::{fs, io};

/// A picture's file, and what draws it; `None` where its rows were not measured.
type Picture = (&'static str, fn(&Document) -> Option<String>);

const PICTURES: &[Picture] =
    &[("ratios.svg", ratios::draw), ("tails.svg", tails::draw), ("growth.svg", growth::draw)];

/// Draws all pictures for which there are figures into `dir`; their names.
///
/// # Errors
/// If `json` is not what `compare` writes, or a file cannot be written.
pub fn write(json: &str, dir: &Path) -> io::Result<Vec<&'static str>> {
    let document = Document::read(json)?;
    fs::create_dir_all(dir)?;
    let mut written = Vec::new();
    for (name, draw) in PICTURES {
        if let Some(text) = draw(&document) {
            fs::write(dir.join(name), text)?;
            written.push(*name);
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{ "machine": { "date": "2026-11-21" }, "workers": 2, "rows": [
        { "name": "yield-2", "title": "yield, 2 tasks", "figures": [
            { "name": "ns", "unit": "ns", "more_is_better": false, "counts": true, "ratio": 4.0, "best_peer": "go",
              "peers": { "sisal": { "median": 10.0 }, "go": { "median": 40.0 }, "may": { "failure": "dies" } } } ] },
        { "name": "fairness", "title": "ticks & hogs", "figures": [
            { "name": "p99_us", "unit": "µs", "more_is_better": false, "counts": true, "ratio": 0.5, "best_peer": "go",
              "peers": { "sisal": { "median": 900.0 }, "go": { "median": 450.0 } } } ] }
    ] }"#;

    fn drawn(draw: fn(&Document) -> Option<String>) -> Option<String> {
        draw(&Document::read(JSON).unwrap())
    }

    #[test]
    fn every_row_that_counts_has_its_bar() {
        let text = drawn(ratios::draw).unwrap();
        assert!(text.contains("yield, 2 tasks") && text.contains("4.00x go"), "{text}");
        assert!(text.contains("0.50x go") && text.contains("ticks &amp; hogs"), "{text}");
        assert!(text.starts_with("<svg") && text.ends_with("</svg>\n"));
    }

    #[test]
    fn a_picture_without_figures_is_left_out() {
        assert!(drawn(growth::draw).is_none());
        assert!(drawn(tails::draw).unwrap().contains("ticks &amp; hogs"));
    }

    #[test]
    fn what_is_no_comparison_is_refused() {
        assert!(Document::read("{}").is_err() && Document::read("nothing").is_err());
    }
}
