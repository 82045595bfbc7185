//! Bytes, creation and switch from a hundred fibers to a million, both axes logarithmic.

use super::canvas::{self, Anchor, Axis, Canvas};
use super::document::{Document, Figure};
use crate::harness::markdown::number;

/// What a panel shows: a figure of the rows `growth-N`, over N.
const PANELS: &[(&str, &str)] =
    &[("bytes", "bytes a parked task"), ("create_ns", "creation, ns"), ("switch_ns", "yield, ns")];
const PANEL: f64 = 230.0;
const TOP: f64 = 100.0;
const BOTTOM: f64 = 320.0;

pub(super) fn draw(document: &Document) -> Option<String> {
    let rows: Vec<(f64, &Figure)> = document
        .figures
        .iter()
        .filter_map(|figure| Some((figure.row.strip_prefix("growth-")?.parse().ok()?, figure)))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mut canvas = Canvas::new(900.0, 372.0, "from a hundred tasks to a million: lower is better");
    canvas.legend(24.0, 48.0);
    for (index, (name, title)) in PANELS.iter().enumerate() {
        let of_panel: Vec<_> = rows.iter().filter(|(_, figure)| figure.name == *name).copied().collect();
        panel(&mut canvas, &of_panel, title, 64.0 + index as f64 * (PANEL + 56.0));
    }
    canvas.aside(16.0, 362.0, Anchor::Start, &document.caption);
    Some(canvas.finish())
}

fn panel(canvas: &mut Canvas, rows: &[(f64, &Figure)], title: &str, left: f64) {
    let all = || rows.iter().flat_map(|(_, figure)| figure.medians.iter().map(|(_, median)| median.max(1.0)));
    let low = all().fold(1e9, f64::min).log10().floor() as i32;
    let high = (all().fold(1.0, f64::max).log10().ceil() as i32).max(low + 1);
    let x = Axis { values: (1e2, 1e6), places: (left, left + PANEL - 20.0) };
    let y = Axis { values: (10_f64.powi(low), 10_f64.powi(high)), places: (BOTTOM, TOP) };
    canvas.words(left, TOP - 18.0, Anchor::Start, title);
    for power in low..=high {
        let value = 10_f64.powi(power);
        canvas.line((x.places.0, y.at(value)), (x.places.1, y.at(value)), false);
        canvas.aside(left - 6.0, y.at(value) + 4.0, Anchor::End, &number(value));
    }
    for (power, label) in ["100", "1,000", "10⁴", "10⁵", "10⁶"].iter().enumerate() {
        canvas.aside(x.at(10_f64.powi(power as i32 + 2)), BOTTOM + 18.0, Anchor::Middle, label);
    }
    for peer in canvas::peers() {
        let value =
            |(count, figure): &(f64, &Figure)| Some((x.at(*count), y.at(figure.median(peer)?.max(1.0))));
        let points: Vec<(f64, f64)> = rows.iter().filter_map(value).collect();
        canvas.path(&points, peer);
    }
}
