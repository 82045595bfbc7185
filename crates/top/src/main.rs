#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod fetch;
mod figures;
mod sites;
mod view;

use figures::Figures;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use sites::Site;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, io};

/// What one look has shown.
#[derive(Clone, Debug, Default)]
struct Look {
    figures: Figures,
    sites: Vec<Site>,
}

impl Look {
    fn at(address: &str) -> io::Result<Self> {
        let figures = Figures::parse(&fetch::page(address, "/debug/metrics")?);
        Ok(Self { figures, sites: sites::parse(&fetch::page(address, "/debug/sites")?) })
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (address, seconds) = match &*arguments {
        [address] => (address, Some(1.0)),
        [address, seconds] => (address, seconds.parse().ok()),
        _ => return usage(),
    };
    let Some(seconds) = seconds.filter(|seconds| (0.01..=3600.0).contains(seconds)) else { return usage() };
    let mut terminal = ratatui::init();
    let ended = run(&mut terminal, address, Duration::from_secs_f64(seconds));
    ratatui::restore();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sisal-top: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "sisal-top ADDRESS [SECONDS]: looks at the debug pages of that server, for instance 127.0.0.1:8080"
    );
    ExitCode::FAILURE
}

/// Looks and draws, until a key ends it.
fn run(terminal: &mut ratatui::DefaultTerminal, address: &str, pause: Duration) -> io::Result<()> {
    let (mut now, mut before) = (Look::default(), None);
    let mut next = Instant::now();
    let mut trouble = None;
    loop {
        if Instant::now() >= next {
            next = Instant::now() + pause;
            match Look::at(address) {
                Ok(look) => {
                    before = Some(std::mem::replace(&mut now, look));
                    trouble = None;
                }
                Err(error) => trouble = Some(format!("{address}: {error}")),
            }
        }
        let title = trouble.as_deref().unwrap_or(address);
        terminal.draw(|frame| view::draw(frame, title, &now, before.as_ref()))?;
        if event::poll(next.saturating_duration_since(Instant::now()))? && is_end(&event::read()?) {
            return Ok(());
        }
    }
}

fn is_end(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}
