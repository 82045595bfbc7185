//! Many rounds of a bit of everything, each with another seed of unlikely choices: memory, descriptors and threads stay flat.

use crate::bench::{Baseline, in_child, soak_time, with_traffic_on};
use crate::server::kilobytes;
use sisal::process::Command;
use sisal::runtime::Runtime;
use std::process::id;
use std::time::{Duration, Instant};

/// What memory may have grown by from the end of the first tenth on.
const GROWTH_MAX_KB: u64 = 32 * 1024;

/// Fibers that end well, panic, are cancelled in their sleep, call what blocks, and start a program.
fn a_bit_of_everything(runtime: &Runtime) {
    let fibers: Vec<_> = (0..200_u32)
        .map(|n| {
            runtime.spawn(move || match n % 4 {
                0 => std::panic::resume_unwind(Box::new(n)),
                1 => sisal::blocking(|| ()),
                2 => sisal::sleep(Duration::from_secs(3_600)),
                _ => sisal::yield_now(),
            })
        })
        .collect();
    fibers.iter().skip(2).step_by(4).for_each(sisal::fiber::JoinHandle::cancel);
    let panicked = fibers.into_iter().filter_map(|fiber| fiber.join().err()).count();
    assert_eq!(panicked, 50);
    assert!(runtime.run(|| Command::new("true").status().unwrap().success()));
}

#[test]
#[ignore = "takes SISAL_SOAK_SECONDS, or 10 s"]
fn rounds_with_changing_seeds() {
    in_child("soak::rounds_with_changing_seeds", &[], || {
        let (start, time) = (Instant::now(), soak_time());
        let (mut early, mut most, mut seed) = (None, 0, 0);
        let round = |seed| {
            let builder = Runtime::builder().workers(2).hog_threshold(Duration::MAX).chaos(seed);
            with_traffic_on(builder.build().unwrap(), a_bit_of_everything);
        };
        let idle = Baseline::take();
        round(0);
        // A thread that is just ending would be missed for ever after.
        idle.wait();
        let before = Baseline::take();
        while start.elapsed() < time {
            seed += 1;
            round(seed);
            before.assert_back();
            let memory = kilobytes(id(), "VmRSS:");
            if start.elapsed() > time / 10 {
                early.get_or_insert(memory);
                most = most.max(memory);
            }
        }
        let early = early.unwrap_or(most);
        eprintln!(
            "soak: {seed} rounds; {early} KB resident after a tenth of the time, {most} KB at the most"
        );
        assert!(most <= early + GROWTH_MAX_KB, "{early} KB, then {most} KB");
    });
}
