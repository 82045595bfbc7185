//! Goal: the figures of a runtime agree with what it was made to do, and Prometheus can read them.
//! Method: known numbers of spawns, panics, sleeps and blocking calls; the text goes through a parser of others.

use prometheus_parse::{Scrape, Value};
use sisal::runtime::{Metrics, PanicPolicy, Runtime};
use std::time::{Duration, Instant};

const FIBERS: u64 = 1_000;
const PANICS: u64 = 3;

fn runtime(workers: usize) -> Runtime {
    let quiet = PanicPolicy::Callback(Box::new(|_| ()));
    Runtime::builder().workers(workers).on_panic(quiet).build().unwrap()
}

/// Its figures, once they satisfy `settled`: those of a fiber's end come a moment after its `join`.
fn settled(runtime: &Runtime, settled: impl Fn(&Metrics) -> bool) -> Metrics {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let metrics = runtime.metrics();
        if settled(&metrics) {
            return metrics;
        }
        assert!(Instant::now() < deadline, "the figures do not come: {metrics:#?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn work() {
    let fibers: Vec<_> = (0..FIBERS).map(|_| sisal::spawn(sisal::yield_now)).collect();
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    let panics: Vec<_> =
        (0..PANICS).map(|_| sisal::spawn(|| std::panic::resume_unwind(Box::new(())))).collect();
    panics.into_iter().for_each(|fiber| assert!(fiber.join().is_err()));
    (0..5).for_each(|_| sisal::sleep(Duration::from_millis(1)));
    assert_eq!((0..7).map(|n| sisal::blocking(move || n)).sum::<u32>(), 21);
}

#[test]
fn what_was_done_is_counted() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        runtime.run(work);
        // The fiber of `run`, too.
        let all = FIBERS + PANICS + 1;
        let metrics = settled(&runtime, |metrics| metrics.total.finished == all);
        let total = metrics.total;
        assert_eq!((metrics.workers.len(), total.alive), (workers, 0));
        assert_eq!((total.spawned, total.panicked), (all, PANICS));
        assert!(total.switches >= all, "{total:?}");
        assert!(total.timer_fires >= 5, "{total:?}");
        assert!(total.steals_won <= total.steals_tried, "{total:?}");
        assert!(total.sleeps >= total.wakeups && total.sleeps > 0, "{total:?}");
        assert_eq!((metrics.blocking.calls, metrics.blocking.queued), (7, 0));
        assert!(metrics.stacks.leaked == 0 && metrics.stacks.mapped_bytes > 0);
    }
}

#[test]
fn waiting_fibers_are_parked() {
    let runtime = runtime(2);
    let (send, receive) = sisal::channel::bounded::<()>(0);
    let waiting: Vec<_> = (0..FIBERS)
        .map(|_| {
            runtime.spawn({
                let receive = receive.clone();
                move || receive.recv()
            })
        })
        .collect();
    let metrics = settled(&runtime, |metrics| metrics.total.parked == FIBERS);
    assert_eq!((metrics.total.alive, metrics.total.ready), (FIBERS, 0));
    drop(send);
    waiting.into_iter().for_each(|fiber| assert!(fiber.join().unwrap().is_err()));
}

#[test]
fn delays_and_long_runs_are_seen() {
    let runtime = runtime(1);
    let handle = runtime.handle().clone();
    let end = Instant::now() + Duration::from_secs(60);
    let in_time = move || assert!(Instant::now() < end, "it is never seen");
    runtime.run(move || {
        // Without giving way, until the monitor has noticed.
        while handle.metrics().total.longest_run < Duration::from_millis(20) {
            in_time();
        }
        // Giving way all the time, until one of the two has been followed.
        let yields = move || {
            while handle.metrics().total.delays.count() == 0 {
                in_time();
                sisal::yield_now();
            }
        };
        let other = sisal::spawn(yields.clone());
        yields();
        other.join().unwrap();
    });
    let delays = runtime.metrics().total.delays;
    assert!(delays.count() > 0 && delays.sum() > Duration::ZERO, "{delays:?}");
}

#[test]
fn hogs_are_counted() {
    let runtime = Runtime::builder().workers(1).hog_threshold(Duration::from_millis(20)).build().unwrap();
    assert_eq!(runtime.metrics().total.hogs, 0);
    let (seen, is_seen) = std::sync::mpsc::channel::<()>();
    let hog = runtime.spawn(move || is_seen.recv().unwrap());
    settled(&runtime, |metrics| metrics.total.hogs == 1);
    seen.send(()).unwrap();
    hog.join().unwrap();
}

#[test]
fn a_parser_reads_what_is_written() {
    let runtime = runtime(2);
    runtime.run(work);
    let metrics = settled(&runtime, |metrics| metrics.total.finished == FIBERS + PANICS + 1);
    let mut text = String::new();
    metrics.write_prometheus(&mut text).unwrap();
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let sum = |name: &str| {
        let of_name = scrape.samples.iter().filter(|sample| sample.metric == name);
        of_name
            .map(|sample| match sample.value {
                Value::Counter(value) | Value::Gauge(value) => value,
                ref other => panic!("{name}: {other:?}"),
            })
            .sum::<f64>() as u64
    };
    let total = metrics.total;
    assert_eq!(sum("sisal_fibers_finished_total"), total.finished);
    assert_eq!(
        sum("sisal_fibers_spawned_total") + sum("sisal_fibers_spawned_elsewhere_total"),
        total.spawned
    );
    assert_eq!(sum("sisal_switches_total"), total.switches);
    assert_eq!(sum("sisal_blocking_calls_total"), 7);
    assert_eq!(sum("sisal_stacks_in_use"), metrics.stacks.in_use);
    let histograms = scrape.samples.iter().filter(|sample| matches!(sample.value, Value::Histogram(_)));
    assert_eq!(histograms.count(), 2, "one a worker");
    for name in scrape.samples.iter().map(|sample| &sample.metric) {
        let family = name.trim_end_matches("_count").trim_end_matches("_sum");
        assert!(scrape.docs.contains_key(family), "{name} has no help");
    }
}
