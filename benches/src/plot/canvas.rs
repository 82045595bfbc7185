//! What the pictures are drawn on: lines, bars, dots and words, in colours that suit a light page and a dark one.
//!
//! Knows nothing of benchmarks but the peers' colours. The page behind is part of the picture, since a picture cannot know
//! on which page it is shown, only what its reader prefers.

use std::fmt::Write;

/// The peers, each with a colour that is seen on both pages; sisal has the colour of ink.
const PEERS: &[(&str, &str)] = &[
    ("sisal", "var(--ink)"),
    ("sisal-migrate", "var(--dim)"),
    ("tokio", "#d1495b"),
    ("may", "#a06cd5"),
    ("smol", "#2e86ab"),
    ("threads", "#c28f00"),
    ("go", "#00a29c"),
];

const STYLE: &str = "\
svg{--page:#fff;--ink:#1f2328;--dim:#6e7781;--grid:#d8dee4;--good:#2a9d6f;--bad:#d97706}
@media(prefers-color-scheme:dark){svg{--page:#0d1117;--ink:#e6edf3;--dim:#8d96a0;--grid:#30363d;--good:#3fb98a;--bad:#e8912d}}
text{fill:var(--ink);font:12px sans-serif}.dim{fill:var(--dim)}.title{font-weight:bold;font-size:14px}";

/// Where a word stands beside its point.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// A picture in the making.
#[derive(Debug)]
pub struct Canvas {
    text: String,
}

impl Canvas {
    /// An empty one, with a title.
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        let mut canvas = Self { text: String::new() };
        let title = escaped(title);
        canvas.push(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"var(--page)\"/>\n\
             <text x=\"16\" y=\"24\" class=\"title\">{title}</text>"
        ));
        canvas
    }

    /// Words in ink.
    pub fn words(&mut self, x: f64, y: f64, anchor: Anchor, words: &str) {
        self.classed(x, y, anchor, "", words);
    }

    /// Words that say less.
    pub fn aside(&mut self, x: f64, y: f64, anchor: Anchor, words: &str) {
        self.classed(x, y, anchor, " class=\"dim\"", words);
    }

    fn classed(&mut self, x: f64, y: f64, anchor: Anchor, class: &str, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let words = escaped(words);
        self.push(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{class}>{words}</text>"
        ));
    }

    /// A straight line; `strong` is one that matters.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), strong: bool) {
        let colour = if strong { "--dim" } else { "--grid" };
        self.push(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"var({colour})\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    /// A bar between two places, whichever is the left one, `thick` and centred on `y`.
    pub fn bar(&mut self, from: f64, to: f64, y: f64, thick: f64, good: bool) {
        let colour = if good { "--good" } else { "--bad" };
        self.push(format_args!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{thick}\" rx=\"2\" fill=\"var({colour})\"/>",
            from.min(to),
            y - thick / 2.0,
            (to - from).abs().max(1.0),
        ));
    }

    /// A peer's figure.
    pub fn dot(&mut self, x: f64, y: f64, peer: &str) {
        let colour = colour(peer);
        self.push(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{colour}\" stroke=\"var(--page)\"/>"
        ));
    }

    /// A peer's figures, joined.
    pub fn path(&mut self, points: &[(f64, f64)], peer: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.push(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            points.join(" "),
            colour(peer)
        ));
    }

    /// Who has which colour.
    pub fn legend(&mut self, x: f64, y: f64) {
        for (index, (peer, _)) in PEERS.iter().enumerate() {
            let x = x + 108.0 * index as f64;
            self.dot(x, y - 4.0, peer);
            self.words(x + 10.0, y, Anchor::Start, peer);
        }
    }

    /// The SVG.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        _ = writeln!(self.text, "{line}");
    }
}

/// The peers that are drawn; the last ones lie on top of the others.
pub fn peers() -> impl Iterator<Item = &'static str> {
    PEERS.iter().rev().map(|(peer, _)| *peer)
}

fn colour(peer: &str) -> &'static str {
    PEERS.iter().find(|(known, _)| *known == peer).map_or("var(--grid)", |(_, colour)| colour)
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;")
}

/// A logarithmic axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// The values at its ends; what lies outside is drawn at the nearer one.
    pub values: (f64, f64),
    /// Where its ends are.
    pub places: (f64, f64),
}

impl Axis {
    /// Where `value` is.
    pub fn at(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let share = (value.clamp(low, high) / low).ln() / (high / low).ln();
        self.places.0 + share * (self.places.1 - self.places.0)
    }
}
