//! How many times as good as the best peer sisal is, row by row: a bar to the right is ahead, one to the left behind.

use super::canvas::{Anchor, Axis, Canvas};
use super::document::Document;

const LEFT: f64 = 300.0;
const WIDTH: f64 = 900.0;
const LINE: f64 = 20.0;
const TOP: f64 = 64.0;

pub(super) fn draw(document: &Document) -> Option<String> {
    let counted = document.figures.iter().filter(|figure| figure.counts);
    let bars: Vec<_> = counted.filter_map(|figure| Some((figure, figure.ratio.as_ref()?))).collect();
    if bars.is_empty() {
        return None;
    }
    let bottom = TOP + LINE * bars.len() as f64;
    let mut canvas =
        Canvas::new(WIDTH, bottom + 30.0, "sisal beside the best of its peers, row by row: right is better");
    // Room beside the longest bars for their labels.
    let axis = Axis { values: (1.0 / 16.0, 32.0), places: (LEFT + 80.0, WIDTH - 110.0) };
    for power in -4..=5 {
        let ratio = f64::from(power).exp2();
        let label = if power < 0 { format!("1/{}", 1.0 / ratio) } else { format!("{ratio}x") };
        let x = axis.at(ratio);
        canvas.line((x, TOP - 10.0), (x, bottom), power == 0);
        canvas.aside(x, TOP - 16.0, Anchor::Middle, &label);
    }
    for (index, (figure, (ratio, best))) in bars.iter().enumerate() {
        let y = TOP + LINE * (index as f64 + 0.5);
        let end = axis.at(*ratio);
        canvas.words(LEFT, y + 4.0, Anchor::End, &figure.label());
        canvas.bar(axis.at(1.0), end, y, 12.0, *ratio >= 1.0);
        let (x, anchor) = if *ratio >= 1.0 { (end + 6.0, Anchor::Start) } else { (end - 6.0, Anchor::End) };
        canvas.aside(x, y + 4.0, anchor, &format!("{ratio:.2}x {best}"));
    }
    canvas.aside(16.0, bottom + 20.0, Anchor::Start, &document.caption);
    Some(canvas.finish())
}
