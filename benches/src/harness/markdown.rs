//! The table.

use super::machine::{Machine, load as load_now};
use super::options::Options;
use super::results::{RowResult, Summary, mean_ratio};
use crate::row::{Counts, Figure, Peer};
use std::fmt::Write;

/// The table, with what one must know to read it.
pub fn table(options: &Options, machine: &Machine, results: &[RowResult]) -> String {
    let mut text = String::new();
    head(&mut text, options, machine).expect("a String takes anything");
    let took_part = |peer: &Peer| results.iter().any(|result| result.cells.contains_key(peer));
    let peers: Vec<Peer> = Peer::ALL.into_iter().filter(took_part).collect();
    let names: Vec<&str> = peers.iter().map(|peer| peer.name()).collect();
    _ = writeln!(text, "| row | unit | {} | best peer / sisal | target |", names.join(" | "));
    _ = writeln!(text, "|{}", "---|".repeat(names.len() + 4));
    let mut notes = Vec::new();
    for result in results {
        for figure in result.row.figures {
            line(&mut text, options, result, figure, &peers, &mut notes).expect("a String takes anything");
        }
    }
    for (peer, how) in [(Peer::Sisal, "staying home"), (Peer::SisalMigrate, "with migration")] {
        if let Some((mean, count)) = mean_ratio(results, peer) {
            _ = writeln!(
                text,
                "\nGeometric mean of sisal's ratio to the best peer, {how}, over the {count} figures that count: **{mean:.2}**."
            );
        }
    }
    for (index, note) in notes.iter().enumerate() {
        _ = writeln!(text, "\n[{}] {note}", index + 1);
    }
    text
}

fn head(text: &mut String, options: &Options, machine: &Machine) -> std::fmt::Result {
    let Machine { processor, system, versions, date, load } = machine;
    writeln!(
        text,
        "{date}; {processor}; {system}; load {load} before the run and {} after; {versions}.",
        load_now()
    )?;
    let allocator = if options.jemalloc { "jemalloc in the Rust peers" } else { "the system's allocator" };
    writeln!(
        text,
        "{} workers unless the row says otherwise; {allocator}; median of {} processes, each the median of its rounds (smallest \
         and largest process in parentheses where they are 10 % apart or more).",
        options.workers, options.runs
    )?;
    if options.quick {
        writeln!(text, "\n**A quick run: it shows that everything works, not how fast.**")?;
    }
    writeln!(text)
}

fn line(
    text: &mut String,
    options: &Options,
    result: &RowResult,
    figure: &Figure,
    peers: &[Peer],
    notes: &mut Vec<String>,
) -> std::fmt::Result {
    let more = if result.row.figures.len() > 1 {
        format!(": {}", figure.name.replace('_', " "))
    } else {
        String::new()
    };
    write!(text, "| {}{more} | {} |", result.row.title, figure.unit)?;
    let best = result.best_rival(figure).map(|(peer, _)| peer);
    for peer in peers {
        let Some(cell) = result.cells.get(peer) else {
            text.write_str(" |")?;
            continue;
        };
        match (cell.summary(figure), &cell.failure) {
            (Some(summary), None) if best == Some(*peer) => write!(text, " **{}** |", shown(summary))?,
            (Some(summary), None) => write!(text, " {} |", shown(summary))?,
            (_, Some(why)) => write!(text, " dies [{}] |", note(notes, format!("{peer}: {why}")))?,
            (None, None) => text.write_str(" – |")?,
        }
    }
    match (result.ratio(Peer::Sisal, figure), figure.counts) {
        (Some(ratio), Counts::Yes) => write!(text, " {ratio:.2} |")?,
        (Some(ratio), Counts::No(reason)) => {
            write!(text, " ({ratio:.2}) [{}] |", note(notes, format!("Left out of the mean: {reason}.")))?;
        }
        (None, _) => text.write_str(" – |")?,
    }
    match (figure.target, result.summary(Peer::Sisal, figure)) {
        (Some(target), Some(summary)) if !options.quick => {
            let met = if figure.more_is_better { summary.median >= target } else { summary.median <= target };
            let sign = if figure.more_is_better { "≥" } else { "≤" };
            writeln!(text, " {sign} {}{} |", number(target), if met { " ✓" } else { "" })
        }
        _ => writeln!(text, " |"),
    }
}

/// The number of a note, which is written once however often it is meant.
fn note(notes: &mut Vec<String>, text: String) -> usize {
    notes.iter().position(|known| *known == text).unwrap_or_else(|| {
        notes.push(text);
        notes.len() - 1
    }) + 1
}

fn shown(summary: Summary) -> String {
    let Summary { median, min, max } = summary;
    if max > min * 1.1 {
        format!("{} ({}–{})", number(median), number(min), number(max))
    } else {
        number(median)
    }
}

/// Three digits that count, thousands apart.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => return "0".to_owned(),
        size if size < 1.0 => return format!("{value:.3}"),
        size if size < 10.0 => return format!("{value:.2}"),
        size if size < 100.0 => return format!("{value:.1}"),
        _ => {}
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        let numbers = [0.0, 0.1234, 2.345, 23.45, 234.5, 2_345.0, 1_234_567.0].map(number);
        assert_eq!(numbers, ["0", "0.123", "2.35", "23.4", "234", "2,345", "1,234,567"]);
    }

    #[test]
    fn noise_is_shown_where_there_is_some() {
        assert_eq!(shown(Summary { median: 10.0, min: 9.8, max: 10.2 }), "10.0");
        assert_eq!(shown(Summary { median: 10.0, min: 9.0, max: 12.0 }), "10.0 (9.00–12.0)");
    }

    #[test]
    fn a_note_is_written_once() {
        let mut notes = Vec::new();
        let numbers = ["a", "b", "a"].map(|text| note(&mut notes, text.to_owned()));
        assert_eq!((numbers, notes.len()), ([1, 2, 1], 2));
    }
}
