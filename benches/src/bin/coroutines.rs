//! What does a coroutine cost: a resume with the yield that answers it, and a whole life on a warm stack? sisal's beside
//! corosensei (which is underneath), generator (on which may is built), and Python's and Lua's for orientation.
//!
//! ```text
//! cargo run --release -p benches --bin coroutines
//! ```
//!
//! The contestants take turns within a run, each in a loop of some millions; shown is the median of the rounds
//! and their range, in nanoseconds of CPU time, which a busy machine distorts least. An interpreter that is not there is
//! left out.

use benches::clock::median;
use sisal::coroutine::{Coroutine, CoroutineState, Yielder};
use std::hint::black_box;
use std::process::Command;

const ROUNDS: usize = 7;
const RESUMES: usize = 5_000_000;
const LIVES: usize = 1_000_000;
/// Who takes longer does it so many times less often.
const FEWER: usize = 10;

/// Nanoseconds of one of `ops` operations; `None` where it cannot be run.
type Measure = fn(usize) -> Option<f64>;

struct Contestant {
    name: &'static str,
    resume: Measure,
    life: Measure,
}

const CONTESTANTS: &[Contestant] = &[
    Contestant { name: "sisal, on a thread", resume: sisal_resume, life: sisal_life },
    Contestant {
        name: "sisal, on a fiber",
        resume: |ops| sisal::run(move || sisal_resume(ops)),
        life: |ops| sisal::run(move || sisal_life(ops)),
    },
    Contestant { name: "corosensei, on a kept stack", resume: corosensei_resume, life: corosensei_life },
    Contestant { name: "generator", resume: generator_resume, life: generator_life },
    Contestant {
        name: "Python",
        resume: |ops| python(ops, PYTHON_RESUME),
        life: |ops| python(ops, PYTHON_LIFE),
    },
    Contestant { name: "Lua", resume: |ops| lua(ops, LUA_RESUME), life: |ops| lua(ops, LUA_LIFE) },
];

fn sisal_resume(ops: usize) -> Option<f64> {
    let next = Coroutine::new(|yielder: &Yielder<usize, usize>, mut value| -> () {
        loop {
            value = yielder.yield_(value + 1);
        }
    });
    Some(timed(ops, |n| assert_eq!(next.resume(n), CoroutineState::Yielded(n + 1))))
}

fn sisal_life(ops: usize) -> Option<f64> {
    Some(timed(ops, |n| {
        let once = Coroutine::new(|_: &Yielder<usize, ()>, value| black_box(value));
        assert_eq!(once.resume(n), CoroutineState::Complete(n));
    }))
}

fn corosensei_resume(ops: usize) -> Option<f64> {
    let mut next = corosensei::Coroutine::<usize, usize, ()>::new(|yielder, mut value| {
        loop {
            value = yielder.suspend(value + 1);
        }
    });
    Some(timed(ops, |n| assert_eq!(next.resume(n).as_yield(), Some(n + 1))))
}

/// It has no cache of stacks, so that each life begins with the stack of the last.
fn corosensei_life(ops: usize) -> Option<f64> {
    let mut stack = Some(corosensei::stack::DefaultStack::default());
    Some(timed(ops, |n| {
        let kept = stack.take().expect("put back each time");
        let mut once =
            corosensei::Coroutine::<usize, (), usize, _>::with_stack(kept, |_, value| black_box(value));
        assert_eq!(once.resume(n).as_return(), Some(n));
        stack = Some(once.into_stack());
    }))
}

fn generator_resume(ops: usize) -> Option<f64> {
    let mut next = generator::Gn::<usize>::new_scoped(|mut scope| {
        let mut value = 0;
        while let Some(next) = scope.yield_(value + 1) {
            value = next;
        }
        0
    });
    let mut last = next.send(0);
    let ns = timed(ops, |_| last = black_box(next.send(last)));
    // Its drop would unwind it.
    std::mem::forget(next);
    Some(ns)
}

/// It maps its stack anew each time.
fn generator_life(ops: usize) -> Option<f64> {
    Some(timed(ops / FEWER, |n| {
        let mut once = generator::Gn::<()>::new_scoped(move |_| black_box(n));
        assert_eq!(once.resume(), Some(n));
    }))
}

const PYTHON_RESUME: &str = "
def body():
    value = 0
    while True:
        value = yield value
send = body().send
send(None)
t = time.process_time_ns()
for n in range(ops):
    send(n)
";

const PYTHON_LIFE: &str = "
def body(n):
    return n
    yield
t = time.process_time_ns()
for n in range(ops):
    next(body(n), None)
";

fn python(ops: usize, program: &str) -> Option<f64> {
    let end = "print((time.process_time_ns() - t) / ops)";
    printed(
        Command::new("python3").args(["-c", &format!("import time\nops = {}{program}{end}", ops / FEWER)]),
    )
}

const LUA_RESUME: &str = "
local body = coroutine.create(function(value) while true do value = coroutine.yield(value) end end)
local resume = coroutine.resume
local t = os.clock()
for n = 1, ops do resume(body, n) end
";

const LUA_LIFE: &str = "
local create, resume = coroutine.create, coroutine.resume
local function body(n) return n end
local t = os.clock()
for n = 1, ops do resume(create(body), n) end
";

fn lua(ops: usize, program: &str) -> Option<f64> {
    let end = "print((os.clock() - t) * 1e9 / ops)";
    let program = format!("local ops = {}{program}{end}", ops / FEWER);
    ["lua5.4", "lua"].into_iter().find_map(|lua| printed(Command::new(lua).args(["-e", &program])))
}

/// The number that a program prints, if it runs.
fn printed(program: &mut Command) -> Option<f64> {
    let output = program.output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// What one of `ops` calls takes.
#[inline(always)]
fn timed(ops: usize, mut f: impl FnMut(usize)) -> f64 {
    let began = cpu_ns();
    for n in 0..ops {
        f(n);
    }
    (cpu_ns() - began) / ops as f64
}

/// The CPU time of this thread. (A coroutine's fiber stays on its worker.) What stands in `/proc` is as of the last tick, and a
/// tick is a sixth of what is measured here.
fn cpu_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is the place for the answer.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "a clock that every Unix has");
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// One cell of the table.
fn shown(figures: &mut [f64]) -> String {
    if figures.is_empty() {
        return "–".into();
    }
    let median = median(figures);
    // `median` has sorted them.
    format!("{median:.1} ({:.1} to {:.1})", figures[0], figures[figures.len() - 1])
}

fn main() {
    let mut figures: Vec<[Vec<f64>; 2]> = CONTESTANTS.iter().map(|_| Default::default()).collect();
    for round in 0..=ROUNDS {
        for (contestant, figures) in CONTESTANTS.iter().zip(&mut figures) {
            let measured = [(contestant.resume)(RESUMES), (contestant.life)(LIVES)];
            // The first round warms up.
            if round > 0 {
                figures.iter_mut().zip(measured).for_each(|(figures, measured)| figures.extend(measured));
            }
        }
    }
    println!(
        "| coroutines, ns of CPU time, medians (least to most) | resume + yield | made, run to its end, dropped |"
    );
    println!("|---|---|---|");
    for (contestant, [resume, life]) in CONTESTANTS.iter().zip(&mut figures) {
        println!("| {} | {} | {} |", contestant.name, shown(resume), shown(life));
    }
}
