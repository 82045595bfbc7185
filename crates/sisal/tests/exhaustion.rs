//! No room for more stacks: `spawn` says what was missing and which limit to raise, nothing aborts, and what ends makes room
//! again.
//!
//! Method: children with a limit on themselves, which park fibers until they are refused, let them go, and do it again. The
//! guards of kernels before 6.13 are had by a filter that refuses the advice which makes the newer ones.

#![cfg(target_os = "linux")]

use sisal::fiber::{self, JoinHandle};
use sisal::runtime::Runtime;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

const CHILD: &str = "SISAL_TEST_EXHAUSTION";

/// Runs `body` in a child process, as the test of that name. It must end well.
fn in_child(test: &str, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{}: {text}", child.status);
}

fn limit_address_space(bytes: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: it lowers a limit of this process.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
}

/// Takes all address space but this.
fn leave_address_space(bytes: usize) {
    const PIECE: usize = 1 << 20;
    let map = || {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping wherever the kernel likes.
        let piece = unsafe { libc::mmap(std::ptr::null_mut(), PIECE, libc::PROT_NONE, flags, -1, 0) };
        (piece != libc::MAP_FAILED).then_some(piece)
    };
    let pieces: Vec<_> = std::iter::from_fn(map).collect();
    for piece in pieces.iter().rev().take(bytes / PIECE) {
        // SAFETY: mapped above, known to nobody.
        unsafe { libc::munmap(*piece, PIECE) };
    }
}

/// As on a kernel that has no guard markers.
fn refuse_guard_markers() {
    const MADV_GUARD_INSTALL: u32 = 102;
    let load = |offset: u32| libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: offset };
    let skip_unless = |value: u32, jf: u8| libc::sock_filter { code: 0x15, jt: 0, jf, k: value };
    let answer = |k: u32| libc::sock_filter { code: 0x06, jt: 0, jf: 0, k };
    let invalid = answer(libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32);
    // The low half of the third argument (all machines that fibers run on have it first): the advice.
    let advice = 32;
    let mut program = [
        load(0),
        skip_unless(libc::SYS_process_madvise as u32, 1),
        invalid,
        skip_unless(libc::SYS_madvise as u32, 3),
        load(advice),
        skip_unless(MADV_GUARD_INSTALL, 1),
        invalid,
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: a filter for this thread and those that it starts, read by the kernel during the call.
    let failed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            | libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    assert_eq!(failed, 0, "{}", io::Error::last_os_error());
}

fn builder(stack_size: usize) -> fiber::Builder {
    fiber::Builder::new().stack_size(stack_size)
}

/// Parks fibers until one is refused, and lets them go: how many had a stack, and why there was not one more. The rest of
/// the program goes on meanwhile.
fn park_until_refused(runtime: &Runtime, stack_size: usize, count_max: usize) -> (usize, Option<String>) {
    let mut parked: Vec<JoinHandle<()>> = Vec::new();
    let mut refused = None;
    while parked.len() < count_max && refused.is_none() {
        match builder(stack_size).spawn_on(runtime.handle(), fiber::park) {
            Ok(handle) => parked.push(handle),
            Err(error) => refused = Some(error),
        }
        if parked.len() % 64 == 0 {
            // Stacks are taken when fibers start: let them.
            let start = Instant::now();
            while runtime.handle().live_fibers() < parked.len() && start.elapsed() < Duration::from_millis(20)
            {
                std::thread::yield_now();
            }
        }
    }
    if let Some(error) = &refused {
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        let large = std::thread::spawn(|| vec![1_u8; 16 << 20].iter().step_by(4096).count());
        assert_eq!(large.join().unwrap(), 4096);
    }
    parked.iter().for_each(|handle| handle.fiber().unpark());
    // Who was on its way when the last stack went is told at `join`.
    let had_one = |handle: JoinHandle<()>| match handle.join() {
        Ok(()) => true,
        Err(payload) => {
            let text = payload.downcast_ref::<String>().expect("a text");
            assert!(text.contains("no stack for this fiber"), "{text}");
            false
        }
    };
    (
        parked.into_iter().filter_map(|handle| had_one(handle).then_some(())).count(),
        refused.map(|e| e.to_string()),
    )
}

fn assert_recovers(runtime: &Runtime, stack_size: usize, count: usize) {
    let again = park_until_refused(runtime, stack_size, usize::MAX).0;
    assert!(again >= count - count / 20, "{count} fibers at first, {again} afterwards");
    let parent = builder(stack_size)
        .spawn_on(runtime.handle(), move || builder(stack_size).spawn(|| 7).unwrap().join());
    assert_eq!(parent.unwrap().join().unwrap().unwrap(), 7);
}

fn address_space_runs_out(stack_size: usize, least: usize) {
    limit_address_space(2_000_000_000);
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let (count, refused) = park_until_refused(&runtime, stack_size, usize::MAX);
    assert!(count > least, "only {count} fibers");
    let text = refused.unwrap();
    assert!(text.contains("ulimit -v") && text.contains("stacks exist in"), "{text}");
    assert_recovers(&runtime, stack_size, count);
}

#[test]
fn address_space_for_small_stacks() {
    in_child("address_space_for_small_stacks", || address_space_runs_out(64 << 10, 15_000));
}

#[test]
fn address_space_for_large_stacks() {
    in_child("address_space_for_large_stacks", || address_space_runs_out(1 << 20, 800));
}

#[test]
fn forty_thousand_fibers_under_the_older_guards() {
    in_child("forty_thousand_fibers_under_the_older_guards", || {
        let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap();
        if limit.trim().parse::<usize>().unwrap() > 80_000 {
            return eprintln!("skipped: vm.max_map_count is {limit}");
        }
        refuse_guard_markers();
        let runtime = Runtime::builder().workers(2).build().unwrap();
        let (count, refused) = park_until_refused(&runtime, 64 << 10, 40_000);
        assert!((20_000..40_000).contains(&count), "{count} fibers");
        let text = refused.unwrap();
        assert!(text.contains("vm.max_map_count") && text.contains(limit.trim()), "{text}");
        assert_recovers(&runtime, 64 << 10, count);
    });
}

#[test]
fn spawn_panics_with_the_same_text() {
    in_child("spawn_panics_with_the_same_text", || {
        limit_address_space(2_000_000_000);
        let runtime = Runtime::builder().workers(2).stack_size(8 << 20).build().unwrap();
        let mut parked = Vec::new();
        let start = Instant::now();
        let payload = loop {
            let spawn = || runtime.spawn(fiber::park);
            match std::panic::catch_unwind(std::panic::AssertUnwindSafe(spawn)) {
                Ok(handle) => parked.push(handle),
                Err(payload) => break payload,
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{} fibers", parked.len());
            std::thread::sleep(Duration::from_micros(100));
        };
        let text = payload.downcast_ref::<String>().expect("a text");
        assert!(text.contains("cannot spawn a fiber") && text.contains("ulimit -v"), "{text}");
        parked.iter().for_each(|handle| handle.fiber().unpark());
        parked.into_iter().for_each(|handle| drop(handle.join()));
        assert_eq!(runtime.spawn(|| 7).join().unwrap(), 7);
    });
}

/// Who hogs a worker is reported, and to find the name of its function takes hundreds of megabytes.
#[test]
fn a_hog_is_reported_meanwhile() {
    in_child("a_hog_is_reported_meanwhile", || {
        limit_address_space(2_000_000_000);
        let runtime = Runtime::builder().workers(2).build().unwrap();
        let hog = runtime.spawn(|| {
            fiber::park();
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(600) {}
        });
        let mut parked = Vec::new();
        while let Ok(handle) = builder(64 << 10).spawn_on(runtime.handle(), fiber::park) {
            parked.push(handle);
            if parked.len() % 64 == 0 {
                std::thread::sleep(Duration::from_micros(100));
            }
        }
        leave_address_space(32 << 20);
        hog.fiber().unpark();
        hog.join().unwrap();
        parked.iter().for_each(|handle| handle.fiber().unpark());
        parked.into_iter().for_each(|handle| drop(handle.join()));
    });
}
