//! The plots, as SVG: how many times slower each peer is than sisal, and how figures grow with the number of fibers.

use super::results::RowResult;
use crate::row::{Counts, Figure, Peer};
use std::fmt::Write;

/// The peers that are drawn, each with its colour.
const COLOURS: &[(Peer, &str)] = &[
    (Peer::Sisal, "#111111"),
    (Peer::SisalMigrate, "#888888"),
    (Peer::Tokio, "#d1495b"),
    (Peer::May, "#8e6c8a"),
    (Peer::Smol, "#2e86ab"),
    (Peer::Threads, "#c9a227"),
    (Peer::Go, "#00add8"),
];
const LEFT: f64 = 310.0;
const WIDTH: f64 = 960.0;
const LINE: f64 = 20.0;
const TOP: f64 = 60.0;
/// What lies outside is drawn at the edge.
const RATIOS: (f64, f64) = (1.0 / 32.0, 1024.0);

fn open(text: &mut String, height: f64) {
    _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    );
}

fn legend(text: &mut String, peers: &[Peer]) {
    let mut x = LEFT;
    for (peer, colour) in COLOURS.iter().filter(|(peer, _)| peers.contains(peer)) {
        _ = writeln!(
            text,
            "<circle cx=\"{x}\" cy=\"16\" r=\"5\" fill=\"{colour}\"/><text x=\"{}\" y=\"20\">{peer}</text>",
            x + 9.0
        );
        x += 92.0;
    }
}

/// A line a figure, a dot a peer, on a logarithmic axis: right of sisal's 1 is worse than sisal.
pub fn ratios(results: &[RowResult]) -> String {
    let mut lines = Vec::new();
    for result in results {
        let figures = result.row.figures.iter().filter(|figure| figure.counts == Counts::Yes);
        lines.extend(
            figures.filter(|figure| result.ratio(Peer::Sisal, figure).is_some()).map(|f| (result, f)),
        );
    }
    let height = TOP + LINE * lines.len() as f64 + 20.0;
    let at = |ratio: f64| {
        let (low, high) = (RATIOS.0.log2(), RATIOS.1.log2());
        let share = (ratio.clamp(RATIOS.0, RATIOS.1).log2() - low) / (high - low);
        LEFT + share * (WIDTH - LEFT - 20.0)
    };
    let mut text = String::new();
    open(&mut text, height);
    legend(&mut text, &COLOURS.iter().map(|(peer, _)| *peer).collect::<Vec<_>>());
    for power in -5..=10 {
        let (ratio, bottom) = (f64::from(power).exp2(), height - 15.0);
        let label = if power < 0 { format!("1/{}", 1.0 / ratio) } else { ratio.to_string() };
        let (x, colour) = (at(ratio), if power == 0 { "#111" } else { "#ddd" });
        _ = writeln!(
            text,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"45\" y2=\"{bottom}\" stroke=\"{colour}\"/>\
             <text x=\"{x:.1}\" y=\"40\" text-anchor=\"middle\" fill=\"#555\">{label}x</text>"
        );
    }
    for (index, (result, figure)) in lines.iter().enumerate() {
        let y = TOP + LINE * index as f64;
        _ = writeln!(
            text,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 12.0,
            y + 4.0,
            label(result, figure)
        );
        let own = result.summary(Peer::Sisal, figure).map_or(1.0, |summary| summary.median);
        for (peer, colour) in COLOURS.iter().rev() {
            let Some(summary) = result.summary(*peer, figure) else { continue };
            let ratio = if figure.more_is_better { own / summary.median } else { summary.median / own };
            let x = at(ratio);
            _ = writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{colour}\"/>");
        }
    }
    text.push_str("</svg>\n");
    text
}

fn label(result: &RowResult, figure: &Figure) -> String {
    let title = result.row.title.replace('&', "&amp;");
    if result.row.figures.len() == 1 { title } else { format!("{title}: {}", figure.name.replace('_', " ")) }
}

/// What a panel of [`growth`] shows: a figure of the rows `growth-*`, over their number of fibers.
const PANELS: &[(&str, &str)] =
    &[("bytes", "bytes a parked fiber"), ("create_ns", "creation, ns"), ("switch_ns", "yield, ns")];
const PANEL: f64 = 260.0;

/// Bytes, creation and switch from a hundred fibers to a million, both axes logarithmic; none if those rows did not run.
pub fn growth(results: &[RowResult]) -> Option<String> {
    let rows: Vec<_> = results.iter().filter(|result| result.row.name.starts_with("growth-")).collect();
    if rows.len() < 2 {
        return None;
    }
    let mut text = String::new();
    open(&mut text, 330.0);
    legend(&mut text, &COLOURS.iter().map(|(peer, _)| *peer).collect::<Vec<_>>());
    for (index, (name, title)) in PANELS.iter().enumerate() {
        panel(&mut text, &rows, name, title, 55.0 + index as f64 * (PANEL + 30.0));
    }
    text.push_str("</svg>\n");
    Some(text)
}

fn panel(text: &mut String, rows: &[&RowResult], name: &str, title: &str, left: f64) {
    let (bottom, top) = (300.0, 60.0);
    let value = |row: &RowResult, peer: Peer| {
        let figure = row.row.figures.iter().find(|figure| figure.name == name)?;
        row.summary(peer, figure).map(|summary| summary.median.max(1.0))
    };
    let all = || rows.iter().flat_map(|row| COLOURS.iter().filter_map(|(peer, _)| value(row, *peer)));
    let low = all().fold(f64::MAX, f64::min).log10().floor();
    let high = all().fold(1.0, f64::max).log10().ceil().max(low + 1.0);
    let x = |fibers: usize| left + ((fibers as f64).log10() - 2.0) / 4.0 * (PANEL - 20.0);
    let y = |value: f64| bottom - (value.log10() - low) / (high - low) * (bottom - top);
    _ = writeln!(text, "<text x=\"{left}\" y=\"48\" font-weight=\"bold\">{title}</text>");
    for power in low as i32..=high as i32 {
        let (at, right) = (y(10_f64.powi(power)), x(1_000_000));
        _ = writeln!(
            text,
            "<line x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{}</text>",
            left - 4.0,
            at + 4.0,
            super::markdown::number(10_f64.powi(power))
        );
    }
    for power in 2..=6 {
        let at = x(10_usize.pow(power));
        _ = writeln!(
            text,
            "<text x=\"{at:.1}\" y=\"318\" text-anchor=\"middle\" fill=\"#555\">10^{power}</text>"
        );
    }
    for (peer, colour) in COLOURS.iter().rev() {
        let points: Vec<String> = rows
            .iter()
            .filter_map(|row| Some(format!("{:.1},{:.1}", x(row.row.params[0]), y(value(row, *peer)?))))
            .collect();
        _ = writeln!(
            text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    }
}
