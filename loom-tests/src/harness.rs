//! Runs one model, and refuses to believe that it was run when it was not.
//!
//! Knows nothing of what the models are about.
//!
//! - Bounds stand in the code. `SISAL_LOOM_PREEMPTIONS=3` may raise them, nothing may lower them.
//! - Executions are counted here, and a model that explores fewer than its recorded minimum fails: a model whose threads
//!   never meet passes quickly.
//! - loom's own `LOOM_MAX_DURATION` and `LOOM_MAX_PERMUTATIONS` end a search early and let it pass, and
//!   `LOOM_CHECKPOINT_FILE` begins in the middle, so they are refused; `LOOM_MAX_PREEMPTIONS` is without effect.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Atomic operations and switches in one execution, beyond which loom says that the model never ends.
const BRANCHES_MAX: usize = 20_000;

/// The environment variable that raises the bound.
const RAISE: &str = "SISAL_LOOM_PREEMPTIONS";

/// Printed by a child process when its mutant's place was executed.
pub(crate) const REACHED: &str = "the mutant was reached";
/// Printed by a child process whose model passed all the same.
pub(crate) const SURVIVED: &str = "the mutant survived";
/// Printed by a child process before the number of the execution that failed.
pub(crate) const FAILED_IN: &str = "failed in execution ";

/// How far a model is explored.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `None`: as far as loom goes.
    preemptions: Option<usize>,
    executions_min: usize,
}

impl Bounds {
    /// At most so many preemptions an execution, and at least so many executions.
    pub const fn new(preemptions: usize, executions_min: usize) -> Self {
        Self { preemptions: Some(preemptions), executions_min }
    }

    /// Any number of preemptions, and at least so many executions: for models of two threads that end in seconds.
    pub const fn unbounded(executions_min: usize) -> Self {
        Self { preemptions: None, executions_min }
    }

    /// The bound of preemptions, as the environment has raised it.
    fn raised(self, raise: Option<&str>) -> Option<usize> {
        let raise = raise.map_or(0, |number| number.parse().expect("a number of preemptions"));
        self.preemptions.map(|preemptions| preemptions.max(raise))
    }
}

/// Runs `f` in every way that loom finds within `bounds`. In the child process of a mutant it says whether the mutant was
/// reached, and whether it survived.
///
/// # Panics
/// If an execution fails, if there are too few of them, or if the environment would cut the search short.
pub fn model(name: &str, bounds: Bounds, f: impl Fn() + Send + Sync + 'static) {
    for refused in ["LOOM_MAX_DURATION", "LOOM_MAX_PERMUTATIONS", "LOOM_CHECKPOINT_FILE"] {
        assert!(env::var_os(refused).is_none(), "{refused} would skip executions and let the model pass");
    }
    let mutant = env::var("SISAL_FAULT").ok();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = bounds.raised(env::var(RAISE).ok().as_deref());
    builder.max_branches = BRANCHES_MAX;
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executions);
    let started = Instant::now();
    if mutant.is_some() {
        report_to_parent(Arc::clone(&executions));
    }
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        f();
    });
    let executions = executions.load(Ordering::Relaxed);
    let bound = builder.preemption_bound.map_or("none".to_owned(), |bound| bound.to_string());
    println!("model {name}: {executions} executions, bound {bound}, {:.1?}", started.elapsed());
    let least = bounds.executions_min;
    match mutant {
        None => assert!(executions >= least, "{name}: only {executions} executions of at least {least}"),
        Some(mutant) => eprintln!("{SURVIVED}: {mutant}"),
    }
}

/// Says at once that the mutant was reached, and where the model failed: it may abort in the middle of unwinding, or hang.
fn report_to_parent(executions: Arc<AtomicUsize>) {
    static SAID: AtomicBool = AtomicBool::new(false);
    static FAILED: OnceLock<usize> = OnceLock::new();
    fn say() {
        if sisal_base::reached() && !SAID.swap(true, Ordering::Relaxed) {
            eprintln!("{REACHED}");
        }
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        say();
        let now = executions.load(Ordering::Relaxed);
        if *FAILED.get_or_init(|| now) == now {
            eprintln!("{FAILED_IN}{now}");
        }
        before(info);
    }));
    std::thread::spawn(|| {
        while !SAID.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(2));
            say();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_only_raises() {
        let two = Bounds::new(2, 10);
        assert_eq!(two.raised(None), Some(2));
        assert_eq!((two.raised(Some("1")), two.raised(Some("4"))), (Some(2), Some(4)));
        assert_eq!(Bounds::unbounded(1).raised(Some("3")), None);
    }

    #[test]
    fn counts_and_minds_the_minimum() {
        model("harness, enough", Bounds::new(2, 1), || {});
        let too_few = std::panic::catch_unwind(|| model("harness, too few", Bounds::new(2, 2), || {}));
        assert!(too_few.is_err());
    }
}
