//! The figures as Prometheus reads them.
//!
//! Knows nothing of HTTP: the text goes where the caller says.

use super::{Metrics, WorkerMetrics};
use std::fmt::{self, Write};

/// A metric of each worker: its name, its kind, what it says, its value.
type Row = (&'static str, &'static str, &'static str, fn(&WorkerMetrics) -> f64);

const ROWS: &[Row] = &[
    ("fibers_alive", "gauge", "Fibers that have started and not ended", |w| w.alive as f64),
    ("fibers_ready", "gauge", "Fibers that could run, at the last look around", |w| w.ready as f64),
    ("fibers_parked", "gauge", "Fibers that waited, at the last look around", |w| w.parked as f64),
    ("fibers_spawned_total", "counter", "Fibers spawned by fibers of this worker", |w| w.spawned as f64),
    ("fibers_finished_total", "counter", "Fibers that have ended", |w| w.finished as f64),
    ("fibers_panicked_total", "counter", "Fibers that have ended by a panic", |w| w.panicked as f64),
    ("switches_total", "counter", "Switches into fibers", |w| w.switches as f64),
    ("steals_tried_total", "counter", "Attempts to steal", |w| w.steals_tried as f64),
    ("steals_won_total", "counter", "Attempts to steal that brought something", |w| w.steals_won as f64),
    ("local_queue_depth", "gauge", "Fresh fibers in the worker's own queue", |w| w.local_depth as f64),
    ("searches_total", "counter", "Searches for work", |w| w.searches as f64),
    ("sleeps_total", "counter", "Sleeps for want of work", |w| w.sleeps as f64),
    ("wakeups_total", "counter", "Sleeps that others have ended", |w| w.wakeups as f64),
    ("timer_fires_total", "counter", "Fibers whose deadline came", |w| w.timer_fires as f64),
    ("io_events_total", "counter", "Events of sockets", |w| w.io_events as f64),
    ("longest_run_seconds", "gauge", "The longest time without a turn of the loop", |w| {
        w.longest_run.as_secs_f64()
    }),
    ("hogs_total", "counter", "Hogs that were reported", |w| w.hogs as f64),
];

impl Metrics {
    /// Writes the figures in Prometheus' text format (0.0.4): a row a worker, times in seconds, each name beginning with `sisal_`.
    ///
    /// # Errors
    /// What `out` reports.
    ///
    /// ```
    /// let mut text = String::new();
    /// sisal_scheduler::runtime::default_handle().metrics().write_prometheus(&mut text).unwrap();
    /// assert!(text.contains("# TYPE sisal_switches_total counter\n"));
    /// assert!(text.contains("sisal_fibers_alive{worker=\"0\"} 0\n"));
    /// ```
    pub fn write_prometheus(&self, mut out: impl Write) -> fmt::Result {
        for (name, kind, help, value) in ROWS {
            head(&mut out, name, kind, help)?;
            for (index, worker) in self.workers.iter().enumerate() {
                writeln!(out, "sisal_{name}{{worker=\"{index}\"}} {}", value(worker))?;
            }
        }
        self.write_delays(&mut out)?;
        let of_workers: u64 = self.workers.iter().map(|worker| worker.spawned).sum();
        let elsewhere = self.total.spawned - of_workers;
        let blocking = &self.blocking;
        let stacks = &self.stacks;
        for (name, kind, help, value) in [
            ("fibers_spawned_elsewhere_total", "counter", "Fibers spawned from other threads", elsewhere),
            ("injector_depth", "gauge", "Fresh fibers in the common queue", self.injector_depth),
            ("blocking_threads", "gauge", "Threads for blocking calls", blocking.threads),
            ("blocking_threads_idle", "gauge", "Those that have nothing to do", blocking.idle),
            ("blocking_queued", "gauge", "Blocking calls that wait for a thread", blocking.queued),
            ("blocking_calls_total", "counter", "Blocking calls", blocking.calls),
            ("stacks_in_use", "gauge", "Stacks of fibers and coroutines", stacks.in_use),
            ("stacks_cached", "gauge", "Stacks that wait for the next", stacks.cached),
            ("stacks_leaked", "gauge", "Stacks that are never used again", stacks.leaked),
            ("stacks_mapped_bytes", "gauge", "Address space reserved for stacks", stacks.mapped_bytes),
        ] {
            head(&mut out, name, kind, help)?;
            writeln!(out, "sisal_{name} {value}")?;
        }
        Ok(())
    }

    fn write_delays(&self, out: &mut impl Write) -> fmt::Result {
        const NAME: &str = "scheduling_delay_seconds";
        head(out, NAME, "histogram", "How long ready fibers waited for their turn, sampled")?;
        for (index, worker) in self.workers.iter().enumerate() {
            let mut sum = 0;
            for (bound, count) in worker.delays.buckets() {
                // Prometheus adds up from below.
                sum += count;
                write!(out, "sisal_{NAME}_bucket{{worker=\"{index}\",le=\"")?;
                match bound {
                    Some(bound) => write!(out, "{}", bound.as_secs_f64())?,
                    None => out.write_str("+Inf")?,
                }
                writeln!(out, "\"}} {sum}")?;
            }
            writeln!(out, "sisal_{NAME}_sum{{worker=\"{index}\"}} {}", worker.delays.sum().as_secs_f64())?;
            writeln!(out, "sisal_{NAME}_count{{worker=\"{index}\"}} {sum}")?;
        }
        Ok(())
    }
}

fn head(out: &mut impl Write, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP sisal_{name} {help}.\n# TYPE sisal_{name} {kind}")
}
