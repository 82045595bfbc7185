//! How late, at the median and in the tails: ticks beside hogs, timers, servers.

use super::canvas::{self, Anchor, Axis, Canvas};
use super::document::{Document, Figure};

const LEFT: f64 = 330.0;
const WIDTH: f64 = 900.0;
const LINE: f64 = 24.0;
const TOP: f64 = 88.0;
const SHOWN: &[&str] = &["p50_us", "p99_us", "max_us", "late_p50_us", "late_p99_us", "late_max_us"];

pub(super) fn draw(document: &Document) -> Option<String> {
    let is_shown =
        |figure: &&Figure| SHOWN.contains(&figure.name.as_str()) && figure.median("sisal").is_some();
    let lines: Vec<_> = document.figures.iter().filter(is_shown).collect();
    let all = || lines.iter().flat_map(|line| line.medians.iter().map(|(_, median)| *median));
    if lines.is_empty() {
        return None;
    }
    let low = 10_f64.powf(all().fold(f64::MAX, f64::min).log10().floor());
    let high = 10_f64.powf(all().fold(low * 10.0, f64::max).log10().ceil());
    let bottom = TOP + LINE * lines.len() as f64;
    let mut canvas =
        Canvas::new(WIDTH, bottom + 30.0, "how late, at the median and in the tails: left is better");
    canvas.legend(24.0, 48.0);
    let axis = Axis { values: (low, high), places: (LEFT + 20.0, WIDTH - 30.0) };
    let mut value = low;
    while value <= high * 1.01 {
        let x = axis.at(value);
        canvas.line((x, TOP - 6.0), (x, bottom), false);
        canvas.aside(x, TOP - 12.0, Anchor::Middle, &time(value));
        value *= 10.0;
    }
    for (index, line) in lines.iter().enumerate() {
        let y = TOP + LINE * (index as f64 + 0.5);
        canvas.words(LEFT, y + 4.0, Anchor::End, &line.label());
        canvas.line((axis.at(low), y), (axis.at(high), y), false);
        for peer in canvas::peers() {
            if let Some(median) = line.median(peer) {
                canvas.dot(axis.at(median), y, peer);
            }
        }
    }
    canvas.aside(16.0, bottom + 20.0, Anchor::Start, &document.caption);
    Some(canvas.finish())
}

fn time(us: f64) -> String {
    match us {
        us if us >= 1e6 => format!("{} s", us / 1e6),
        us if us >= 1e3 => format!("{} ms", us / 1e3),
        us => format!("{us} µs"),
    }
}
