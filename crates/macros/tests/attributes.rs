//! What the attributes write does what the README says. Method: this crate takes the name `sisal`, and its `run`, `Test` and
//! builders note how they were called.

#![allow(clippy::unused_unit, reason = "an explicit `-> ()` is one of the cases")]

extern crate self as sisal;

use std::cell::RefCell;
use std::error::Error;
use std::process::{ExitCode, Termination};

thread_local! {
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(call: impl Into<String>) {
    CALLS.with_borrow_mut(|calls| calls.push(call.into()));
}

fn calls() -> Vec<String> {
    CALLS.take()
}

pub(crate) fn run<F: FnOnce() -> T + Send, T: Send>(f: F) -> T {
    note("run");
    f()
}

pub(crate) mod runtime {
    //! Stands for `sisal::runtime`.

    use super::note;

    pub(crate) struct Builder;

    impl Builder {
        pub(crate) fn new() -> Self {
            note("new");
            Self
        }

        pub(crate) fn workers(self, workers: usize) -> Self {
            note(format!("workers {workers}"));
            self
        }

        pub(crate) fn thread_name(self, name: impl Into<String>) -> Self {
            note(format!("thread_name {}", name.into()));
            self
        }

        pub(crate) fn detect_deadlock(self, detect: bool) -> Self {
            note(format!("detect_deadlock {detect}"));
            self
        }

        pub(crate) fn build(self) -> std::io::Result<Runtime> {
            note("build");
            Ok(Runtime)
        }

        pub(crate) fn build_global(self) -> std::io::Result<()> {
            note("build_global");
            Ok(())
        }
    }

    pub(crate) struct Runtime;

    impl Runtime {
        pub(crate) fn run<F: FnOnce() -> T + Send, T: Send>(&self, f: F) -> T {
            note("run on it");
            f()
        }
    }

    impl Drop for Runtime {
        fn drop(&mut self) {
            note("drop");
        }
    }
}

pub(crate) mod sim {
    //! Stands for `sisal::sim`.

    use super::note;

    pub(crate) struct Builder;

    impl Builder {
        pub(crate) fn new() -> Self {
            note("new simulation");
            Self
        }

        pub(crate) fn workers(self, workers: usize) -> Self {
            note(format!("workers {workers}"));
            self
        }
    }
}

pub(crate) mod testing {
    //! Stands for `sisal::testing`.

    use super::{note, runtime, sim};
    use std::time::Duration;

    pub(crate) const SEEDS: u64 = 3;

    pub(crate) struct Test;

    impl Test {
        pub(crate) fn new(path: &str) -> Self {
            note(path);
            Self
        }

        pub(crate) fn timeout(self, timeout: Duration) -> Self {
            note(format!("timeout {timeout:?}"));
            self
        }

        pub(crate) fn run<F, T>(self, f: F) -> Result<T, String>
        where
            F: FnOnce() -> T + Send + 'static,
            T: Send + 'static,
        {
            note("run");
            Ok(f())
        }

        pub(crate) fn run_on<F, T>(self, _: runtime::Builder, f: F) -> Result<T, String>
        where
            F: FnOnce() -> T + Send + 'static,
            T: Send + 'static,
        {
            note("run on it");
            Ok(f())
        }

        pub(crate) fn simulate<T>(
            self,
            _: sim::Builder,
            seeds: u64,
            f: impl Fn() -> T + Send + 'static,
        ) -> Result<(), String> {
            note(format!("simulate {seeds}"));
            f();
            Ok(())
        }
    }
}

mod plain {
    //! A `main` without options and result.

    #[sisal_macros::main]
    pub(crate) fn main() {
        super::note("body");
    }
}

mod with_options {
    //! A `main` with options, whose error type is not `Send`.

    #[sisal_macros::main(workers = 1 + 2, detect_deadlock = true, thread_name = [String::from("io"), String::new()].concat(),)]
    pub(crate) fn main() -> Result<(), Box<dyn super::Error>> {
        Err("not today")?;
        Ok(())
    }
}

mod opaque {
    //! A `main` whose result has no name.

    #[sisal_macros::main]
    pub(crate) fn main() -> impl super::Termination {
        super::ExitCode::from(3)
    }
}

mod never {
    //! A `main` that does not return.

    #[sisal_macros::main]
    pub(crate) fn main() -> ! {
        panic!("over")
    }
}

/// A function of another name gives back what its body gives.
#[must_use]
#[sisal_macros::main]
fn answer() -> Vec<u32> {
    vec![42]
}

#[sisal_macros::main(workers = 2)]
fn answer_of_a_runtime_of_its_own() -> u32 {
    42
}

#[test]
fn options_of_another_function_are_those_of_a_runtime_of_its_own() {
    assert_eq!(answer_of_a_runtime_of_its_own(), 42);
    assert_eq!(calls(), ["new", "workers 2", "build", "run on it", "drop"]);
}

#[sisal_macros::test(workers = 4)]
fn on_a_runtime_of_its_own() {
    assert_eq!(calls(), ["attributes::on_a_runtime_of_its_own", "new", "workers 4", "run on it"]);
}

#[sisal_macros::test]
fn with_a_result() -> Result<(), Box<dyn Error>> {
    assert_eq!(calls(), ["attributes::with_a_result", "run"]);
    Ok(())
}

#[sisal_macros::test(timeout = std::time::Duration::from_secs(5))]
fn in_time() {
    assert_eq!(calls(), ["attributes::in_time", "timeout 5s", "run"]);
}

mod simulated {
    //! The test's path has the module.

    use super::calls;

    #[sisal_macros::test(sim)]
    fn for_some_seeds() {
        assert_eq!(calls(), ["attributes::simulated::for_some_seeds", "new simulation", "simulate 3"]);
    }

    #[sisal_macros::test(seeds = 10 * 10, workers = 2, sim,)]
    fn for_so_many_seeds() -> Result<(), Box<dyn super::Error>> {
        let called =
            ["attributes::simulated::for_so_many_seeds", "new simulation", "workers 2", "simulate 100"];
        assert_eq!(calls(), called);
        Ok(())
    }
}

#[sisal_macros::test]
#[should_panic(expected = "as it should")]
fn that_panics() -> () {
    panic!("as it should");
}

#[sisal_macros::test]
#[ignore = "shows that the attribute stays"]
fn that_is_ignored() {
    panic!("was run");
}

#[test]
fn main_runs_as_a_fiber() {
    plain::main();
    assert_eq!(calls(), ["run", "body"]);
}

#[test]
fn options_of_main_are_those_of_the_default_runtime() {
    assert_eq!(format!("{:?}", with_options::main()), format!("{:?}", ExitCode::FAILURE));
    assert_eq!(
        calls(),
        ["new", "workers 3", "detect_deadlock true", "thread_name io", "build_global", "run"]
    );
}

#[test]
fn results_pass_through() {
    assert_eq!(format!("{:?}", opaque::main().report()), format!("{:?}", ExitCode::from(3)));
    assert_eq!(answer(), [42]);
    let panic = std::panic::catch_unwind(|| never::main()).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"over"));
}
