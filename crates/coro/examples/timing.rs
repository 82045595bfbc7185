//! What taking, giving, switching and parking cost: best of some rounds, in nanoseconds of this thread's CPU time.
//!
//! ```text
//! $ cargo run --release -p sisal-coro --example timing
//! ```

use std::hint::black_box;
use std::time::Duration;

use sisal_coro::{Cache, Class, Pool, Resumable, Resumed, call_on};

const ROUNDS: usize = 15;

/// The least time of a step in any of some rounds of `steps` steps.
fn best(name: &str, steps: usize, mut round: impl FnMut(usize)) {
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let before = cpu_time();
        round(steps);
        least = least.min((cpu_time() - before).as_nanos() as f64 / steps as f64);
    }
    println!("{name:<48} {least:>8.1} ns");
}

fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to `time` alone.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn hot(cache: &mut Cache) {
    best("take + give, hot", 1_000_000, |steps| {
        for _ in 0..steps {
            let stack = cache.take(Class::DEFAULT).expect("a stack");
            cache.give(black_box(stack));
        }
    });
    best("take + give, 16 at a time", 1_000_000, |steps| {
        let mut held = Vec::with_capacity(16);
        for _ in 0..steps / 16 {
            for _ in 0..16 {
                held.push(cache.take(Class::DEFAULT).expect("a stack"));
            }
            held.drain(..).for_each(|stack| cache.give(stack));
        }
    });
    best("take + give, 1,000 at a time (spills)", 1_000_000, |steps| {
        let mut held = Vec::with_capacity(1_000);
        for _ in 0..steps / 1_000 {
            for _ in 0..1_000 {
                held.push(cache.take(Class::DEFAULT).expect("a stack"));
            }
            held.drain(..).for_each(|stack| cache.give(stack));
        }
    });
    best("Pool::take + Pool::give", 1_000_000, |steps| {
        for _ in 0..steps {
            let stack = Pool::global().take(Class::DEFAULT).expect("a stack");
            Pool::global().give(black_box(stack));
        }
    });
    let mut stack = cache.take(Class::DEFAULT).ok();
    best("new + resume to its end, on the same stack", 1_000_000, |steps| {
        for step in 0..steps {
            let mut body = Resumable::new(stack.take().expect("the stack"), move |_| {
                black_box(step);
            });
            let _ = body.resume();
            stack = Some(body.into_stack());
        }
    });
    best("take + new + resume to its end + give", 1_000_000, |steps| {
        for step in 0..steps {
            let stack = cache.take(Class::DEFAULT).expect("a stack");
            let mut body = Resumable::new(stack, move |_| {
                black_box(step);
            });
            let _ = body.resume();
            cache.give(body.into_stack());
        }
    });
}

fn switches(cache: &mut Cache) {
    let stack = cache.take(Class::DEFAULT).expect("a stack");
    let mut endless = Resumable::new(stack, |suspender| {
        loop {
            suspender.suspend();
        }
    });
    best("resume + suspend", 5_000_000, |steps| {
        for _ in 0..steps {
            let _ = endless.resume();
        }
    });
    for count in [1_000, 10_000] {
        let mut many: Vec<_> = (0..count)
            .map(|_| {
                Resumable::new(cache.take(Class::DEFAULT).expect("a stack"), |suspender| {
                    loop {
                        suspender.suspend();
                    }
                })
            })
            .collect();
        best(&format!("resume + suspend, {count} in turn"), 20 * count, |steps| {
            for _ in 0..steps / count {
                for body in &mut many {
                    let _ = body.resume();
                }
            }
        });
    }
    let mut other = cache.take(Class::DEFAULT).expect("a stack");
    best("call_on", 1_000_000, |steps| {
        for step in 0..steps {
            black_box(call_on(&mut other, || black_box(step) + 1));
        }
    });
}

/// This process's memory and page tables, where the system says.
fn memory_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("VmRSS:") || line.starts_with("VmPTE:"));
    lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<usize>().ok()).sum::<usize>() * 1024
}

/// Parks `count` computations, resumes them to their end, and does it again on warm stacks.
fn park(cache: &mut Cache, count: usize) {
    let mut parked = Vec::with_capacity(count);
    for name in ["cold", "warm"] {
        let (memory_before, before) = (memory_bytes(), cpu_time());
        for _ in 0..count {
            let stack = cache.take(Class::DEFAULT).expect("a stack");
            let mut body = Resumable::new(stack, |suspender| suspender.suspend());
            assert_eq!(body.resume(), Resumed::Suspended);
            parked.push(body);
        }
        let spent = cpu_time() - before;
        let each_bytes = memory_bytes().saturating_sub(memory_before) / count;
        let created = cpu_time();
        for mut body in parked.drain(..) {
            assert_eq!(body.resume(), Resumed::Finished);
            cache.give(body.into_stack());
        }
        let drained = cpu_time();
        let each = |time: Duration| time.as_nanos() as f64 / count as f64;
        println!(
            "{count} parked, {name}: create {:.0} ns, drain {:.0} ns, {each_bytes} bytes more each",
            each(spent),
            each(drained - created)
        );
    }
    let before = cpu_time();
    let mut trimmed = 0;
    while let more @ 1.. = Pool::global().trim() {
        trimmed += more;
    }
    println!(
        "trim of {trimmed}: {:.0} ns each",
        (cpu_time() - before).as_nanos() as f64 / trimmed.max(1) as f64
    );
}

fn main() {
    let mut cache = Cache::new(Pool::global());
    println!("guards: {:?}", Pool::global().guard_kind());
    hot(&mut cache);
    switches(&mut cache);
    for count in [10_000, 100_000, 1_000_000] {
        park(&mut cache, count);
    }
    println!("{:?}", Pool::global().stats());
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    println!("{} mappings", maps.lines().count());
}
