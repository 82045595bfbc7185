//! What is drawn: a bar and a row for each worker, then the fibers by place.
//!
//! Knows nothing of where it comes from.

use crate::Look;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table};

/// The width of a full bar.
const BAR: usize = 20;

const WORKERS: [(&str, u16); 10] = [
    ("worker", 6),
    ("busy", BAR as u16),
    ("switches", 9),
    ("ready", 6),
    ("parked", 8),
    ("fresh", 6),
    ("stolen", 8),
    ("tried", 8),
    ("late", 8),
    ("hog", 8),
];

/// Draws what the last look has shown, and what has changed since the one before.
pub(crate) fn draw(frame: &mut Frame<'_>, title: &str, now: &Look, before: Option<&Look>) {
    let workers = now.figures.workers().count() as u16;
    let parts = [Constraint::Length(2), Constraint::Length(workers + 2), Constraint::Min(2)];
    let [head, middle, rest] = Layout::vertical(parts).areas(frame.area());
    frame.render_widget(Line::from(heading(title, now)), head);

    let widths = WORKERS.map(|(_, width)| Constraint::Length(width));
    let table = Table::new(worker_rows(now, before), widths).header(header(WORKERS.map(|(name, _)| name)));
    frame.render_widget(table, middle);

    let rows = now
        .sites
        .iter()
        .map(|site| Row::new([site.count.to_string(), site.state.clone(), site.place.clone()]));
    let widths = [Constraint::Length(10), Constraint::Length(8), Constraint::Min(20)];
    frame.render_widget(Table::new(rows, widths).header(header(["fibers", "state", "spawned at"])), rest);
}

fn header<const N: usize>(names: [&'static str; N]) -> Row<'static> {
    Row::new(names.map(Cell::from)).style(Style::new().add_modifier(Modifier::BOLD))
}

fn heading(title: &str, now: &Look) -> String {
    let figures = &now.figures;
    format!(
        "{title} · {} fibers · injector {} · blocking {} of {} threads busy · {} stacks, {} cached",
        figures.total("fibers_alive"),
        figures.total("injector_depth"),
        figures.total("blocking_threads") - figures.total("blocking_threads_idle"),
        figures.total("blocking_threads"),
        figures.total("stacks_in_use"),
        figures.total("stacks_cached"),
    )
}

fn worker_rows(now: &Look, before: Option<&Look>) -> Vec<Row<'static>> {
    let figures = &now.figures;
    let since = |worker, name: &str| {
        let old = before.map_or(0.0, |before| before.figures.of(worker, name));
        // Less than before: another process has taken the address.
        Some(figures.of(worker, name) - old).filter(|new| *new >= 0.0).unwrap_or_default()
    };
    let most = figures.workers().map(|worker| since(worker, "switches_total")).fold(0.0, f64::max);
    let row = |worker| {
        let switches = since(worker, "switches_total");
        let share = if most > 0.0 { switches / most } else { 0.0 };
        Row::new([
            worker.to_string(),
            bar(share),
            switches.to_string(),
            figures.of(worker, "fibers_ready").to_string(),
            figures.of(worker, "fibers_parked").to_string(),
            figures.of(worker, "local_queue_depth").to_string(),
            since(worker, "steals_won_total").to_string(),
            since(worker, "steals_tried_total").to_string(),
            figures.late(worker).map(time).unwrap_or_default(),
            time(figures.of(worker, "longest_run_seconds")),
        ])
    };
    figures.workers().map(row).collect()
}

fn bar(share: f64) -> String {
    let full = (share * BAR as f64).round() as usize;
    "█".repeat(full.min(BAR)) + &"·".repeat(BAR.saturating_sub(full))
}

/// `12 µs`, `3.4 ms`, `5.0 s`.
fn time(seconds: f64) -> String {
    match seconds {
        0.0 => "0".to_owned(),
        s if s < 0.001 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s.is_finite() => format!("{s:.1} s"),
        _ => "> 2 s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use crate::sites;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn look(switches: [u64; 2]) -> Look {
        let [a, b] = switches;
        let figures = Figures::parse(&format!(
            "sisal_switches_total{{worker=\"0\"}} {a}\nsisal_switches_total{{worker=\"1\"}} {b}\n\
             sisal_fibers_alive{{worker=\"0\"}} 7\nsisal_fibers_alive{{worker=\"1\"}} 5\n\
             sisal_longest_run_seconds{{worker=\"1\"}} 0.25\nsisal_injector_depth 4\n"
        ));
        Look { figures, sites: sites::parse("parked\t11\tsrc/main.rs:7\n") }
    }

    #[test]
    fn what_has_changed_is_drawn() {
        let mut terminal = Terminal::new(TestBackend::new(110, 10)).unwrap();
        let (now, before) = (look([1_100, 600]), look([100, 100]));
        terminal.draw(|frame| draw(frame, "here:80", &now, Some(&before))).unwrap();
        let text = terminal.backend().to_string();
        let full = "█".repeat(BAR);
        let half = "█".repeat(BAR / 2) + &"·".repeat(BAR / 2);
        for part in
            ["here:80 · 12 fibers · injector 4", &full, &half, "1000", "500", "250.0 ms", "src/main.rs:7"]
        {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }

    #[test]
    fn a_process_that_was_started_anew_has_done_nothing_yet() {
        let mut terminal = Terminal::new(TestBackend::new(110, 10)).unwrap();
        terminal.draw(|frame| draw(frame, "x", &look([1, 1]), Some(&look([100, 100])))).unwrap();
        assert!(terminal.backend().to_string().contains(&"·".repeat(BAR)));
    }

    #[test]
    fn times_have_units() {
        assert_eq!(
            [0.0, 0.000_012, 0.0034, 5.0, f64::INFINITY].map(time),
            ["0", "12 µs", "3.4 ms", "5.0 s", "> 2 s"]
        );
    }
}
