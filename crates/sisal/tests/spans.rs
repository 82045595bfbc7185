//! Goal: with the feature `tracing`, what a fiber says stands under the spans that it has entered itself, whoever runs on its thread in
//! between; without it, next to nothing does, which is why there is the feature.
//! Method: a layer on the registry of tracing-subscriber, which most subscribers stand on, looks up the spans of each event, and compares the
//! number in them with the one in the event. Without the feature a subscriber of our own does: spans that are left in another order than
//! they were entered in bring that registry into circles, and the process to its end.

use sisal::channel;
use sisal::runtime::Runtime;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::{info, info_span};

const FIBERS: u64 = 32;
const ROUNDS: u64 = 32;

static RIGHT: AtomicUsize = AtomicUsize::new(0);
static WRONG: AtomicUsize = AtomicUsize::new(0);

/// The number that a span or an event carries.
#[derive(Default)]
struct Number(u64);

impl Visit for Number {
    fn record_u64(&mut self, _: &Field, value: u64) {
        self.0 = value;
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn count_event(is_right: bool) {
    if is_right { &RIGHT } else { &WRONG }.fetch_add(1, Ordering::Relaxed);
}

/// Waits in every way between two words.
fn talk(n: u64, ping: &channel::Sender<u64>, pong: &channel::Receiver<u64>) {
    let outer = info_span!("outer", n);
    let _outer = outer.enter();
    for round in 0..ROUNDS {
        let inner = info_span!("inner", n);
        let _inner = inner.enter();
        match round % 4 {
            0 => sisal::sleep(Duration::from_micros(50)),
            1 => drop(ping.send(n)),
            2 => drop(pong.recv()),
            _ => sisal::yield_now(),
        }
        info!(n);
        // A span that ends while others are entered.
        info_span!(parent: None, "short").in_scope(sisal::yield_now);
    }
}

/// Events that stood where they should, and those that did not.
fn count(workers: usize, migrate: bool) -> (usize, usize) {
    begin();
    let builder = Runtime::builder().workers(workers);
    let runtime = match migrate {
        // SAFETY: of the fibers below, none keeps anything of its thread across a wait but entered spans, which follow it.
        true => unsafe { builder.migrate_started_fibers(true) },
        false => builder,
    };
    let runtime = runtime.build().unwrap();
    runtime.run(|| {
        let (ping, pong) = channel::bounded(4);
        let fibers: Vec<_> = (0..FIBERS)
            .map(|n| {
                let (ping, pong) = (ping.clone(), pong.clone());
                sisal::spawn(move || talk(n, &ping, &pong))
            })
            .collect();
        fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    });
    (RIGHT.load(Ordering::Relaxed), WRONG.load(Ordering::Relaxed))
}

/// Counts from 0.
fn begin() {
    RIGHT.store(0, Ordering::Relaxed);
    WRONG.store(0, Ordering::Relaxed);
}

#[cfg(feature = "tracing")]
mod subscriber {
    use super::{Number, count_event};
    use tracing::span::{Attributes, Id};
    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
    use tracing_subscriber::registry::{LookupSpan, SpanRef};

    /// Judges each event.
    struct Judge;

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Judge {
        fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
            let mut number = Number::default();
            attributes.record(&mut number);
            context.span(id).unwrap().extensions_mut().insert(number);
        }

        fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
            let mut number = Number::default();
            event.record(&mut number);
            let scope = context.event_scope(event);
            let spans: Vec<_> = scope.into_iter().flatten().map(|span| own(&span)).collect();
            // The innermost first.
            let is_right = spans == [("inner", number.0), ("outer", number.0)];
            count_event(is_right);
        }
    }

    fn own<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> (&'static str, u64) {
        (span.name(), span.extensions().get::<Number>().unwrap().0)
    }

    pub(super) fn subscribe() {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Judge)).unwrap();
    }
}

#[cfg(not(feature = "tracing"))]
mod subscriber {
    use super::{Number, count_event};
    use std::cell::RefCell;
    use std::sync::Mutex;
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    thread_local! {
        /// The spans that were entered on this thread.
        static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    }

    /// The numbers of all spans there have been.
    struct Judge(Mutex<Vec<u64>>);

    impl Subscriber for Judge {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, attributes: &Attributes<'_>) -> Id {
            let mut number = Number::default();
            attributes.record(&mut number);
            let mut spans = self.0.lock().unwrap();
            spans.push(number.0);
            Id::from_u64(spans.len() as u64)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut number = Number::default();
            event.record(&mut number);
            let current = ENTERED.with_borrow(|entered| entered.last().copied());
            let spans = self.0.lock().unwrap();
            count_event(current.is_some_and(|span| spans[span as usize - 1] == number.0));
        }

        fn enter(&self, span: &Id) {
            ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
        }

        fn exit(&self, span: &Id) {
            ENTERED.with_borrow_mut(|entered| {
                if let Some(place) = entered.iter().rposition(|other| *other == span.into_u64()) {
                    entered.remove(place);
                }
            });
        }
    }

    pub(super) fn subscribe() {
        tracing::subscriber::set_global_default(Judge(Mutex::new(Vec::new()))).unwrap();
    }
}

#[cfg(feature = "tracing")]
#[test]
fn all_events_stand_under_their_own_spans() {
    subscriber::subscribe();
    for workers in [1, 2, 4] {
        for migrate in [false, true] {
            let counts = count(workers, migrate);
            assert_eq!(counts, ((FIBERS * ROUNDS) as usize, 0), "{workers} workers, migrate: {migrate}");
        }
    }
    // No span of theirs is left on the thread that runs this.
    assert!(tracing::Span::current().is_none());
    a_panic_takes_its_spans_along();
}

#[cfg(feature = "tracing")]
fn a_panic_takes_its_spans_along() {
    struct Waits;
    impl Drop for Waits {
        fn drop(&mut self) {
            sisal::yield_now();
            info!(n = 7_u64);
        }
    }
    begin();
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let ends = runtime.spawn(|| {
        let _outer = info_span!("outer", n = 7_u64).entered();
        let _inner = info_span!("inner", n = 7_u64).entered();
        let _waits = Waits;
        std::panic::resume_unwind(Box::new(()));
    });
    let _other = runtime.spawn(|| info_span!("other").in_scope(sisal::yield_now));
    assert!(ends.join().is_err());
    assert_eq!((RIGHT.load(Ordering::Relaxed), WRONG.load(Ordering::Relaxed)), (1, 0));
}

#[cfg(not(feature = "tracing"))]
#[test]
fn without_the_feature_most_stand_under_others() {
    subscriber::subscribe();
    let (right, wrong) = count(1, false);
    assert_eq!((right + wrong) as u64, FIBERS * ROUNDS);
    assert!(right < wrong, "{right} of {} are right", right + wrong);
    println!("{right} of {} are right", right + wrong);
}
