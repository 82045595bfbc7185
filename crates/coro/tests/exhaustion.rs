//! No more stacks: the error says what was missing, nothing aborts, and all that is given back can be taken again.
//!
//! Method: a child process with a limit, which takes until it is refused.

mod support;

use std::io;
use std::thread;

use sisal_coro::{Class, GuardKind, Pool, Resumable, Resumed, Stack};

fn limit_address_space(bytes: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: it lowers a limit of this process.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) };
    assert_eq!(failed, 0, "setrlimit");
}

fn take_until_refused(pool: &'static Pool, class: Class) -> (Vec<Stack>, io::Error) {
    let mut stacks = Vec::new();
    loop {
        match pool.take(class) {
            Ok(stack) => stacks.push(stack),
            Err(error) => return (stacks, error),
        }
    }
}

/// What a program goes on doing when there are no more stacks.
fn rest_of_the_program_lives() {
    let large = vec![1_u8; 16 << 20];
    let sum = thread::spawn(move || large.iter().step_by(4096).map(|&byte| usize::from(byte)).sum::<usize>());
    assert_eq!(sum.join().expect("another thread"), 4096);
}

#[test]
fn address_space_runs_out() {
    support::assert_success(support::in_child("address_space_runs_out", || {
        limit_address_space(2_000_000_000);
        let pool = Pool::global();
        for bytes in [64 << 10, 1 << 20, 50 << 20] {
            let class = Class::for_size(bytes).expect("a possible size");
            let (stacks, error) = take_until_refused(pool, class);
            let text = error.to_string();
            assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
            assert!(text.contains("ulimit -v") && text.contains("RLIMIT_AS"), "{text}");
            assert!(text.contains(&format!("{} stacks exist", pool.stats().carved)), "{text}");
            if bytes == 64 << 10 {
                assert!(stacks.len() > 20_000, "only {}", stacks.len());
            }
            rest_of_the_program_lives();
            let count = stacks.len();
            drop(stacks);
            assert_eq!(take_until_refused(pool, class).0.len(), count, "all can be taken again");
        }
    }));
}

#[test]
fn a_tight_limit_still_gives_some() {
    support::assert_success(support::in_child("a_tight_limit_still_gives_some", || {
        let taken = support_bytes_mapped();
        limit_address_space(taken + (150 << 20));
        let (stacks, _) = take_until_refused(Pool::global(), Class::DEFAULT);
        assert!(stacks.len() > 500, "only {}", stacks.len());
        rest_of_the_program_lives();
    }));
}

/// How much address space this process has.
fn support_bytes_mapped() -> libc::rlim_t {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: libc::rlim_t = statm.split(' ').next().and_then(|word| word.parse().ok()).expect("a number");
    // SAFETY: a plain question.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as libc::rlim_t
}

#[test]
fn mappings_run_out() {
    support::assert_success(support::in_child("mappings_run_out", || {
        let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").expect("/proc");
        if limit.trim().parse::<usize>().expect("a number") > 100_000 {
            return;
        }
        let pool = Pool::with_guards(GuardKind::Protect);
        let (stacks, error) = take_until_refused(pool, Class::DEFAULT);
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        let text = error.to_string();
        assert!(text.contains("vm.max_map_count") && text.contains(limit.trim()), "{text}");
        assert!(text.contains(&format!("{} stacks exist", stacks.len())), "{text}");
        assert!(stacks.len() > 20_000 && stacks.len() < 40_000, "{}", stacks.len());
        rest_of_the_program_lives();
        let count = stacks.len();
        for stack in stacks {
            let mut body = Resumable::new(stack, |_| {});
            assert_eq!(body.resume(), Resumed::Finished);
            pool.give(body.into_stack());
        }
        assert_eq!(take_until_refused(pool, Class::DEFAULT).0.len(), count, "all can be taken again");
    }));
}
