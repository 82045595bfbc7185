//! What the rules allow. Whoever needs something new adds a row here, with its reason, where a reviewer sees it.

/// Which of our crates a crate depends on, dev-dependencies included.
#[derive(Clone, Copy, Debug)]
pub struct Edges {
    /// The crate.
    pub package: &'static str,
    /// What it depends on: exactly these.
    pub on: &'static [&'static str],
}

/// The floors of the house, from the ground up. A crate knows what stands in its row, and nothing else of ours.
pub const EDGES: &[Edges] = &[
    Edges { package: "sisal-base", on: &[] },
    Edges { package: "sisal-park", on: &["sisal-base", "sisal-coro"] },
    Edges { package: "sisal-queue", on: &["sisal-base"] },
    Edges { package: "sisal-coro", on: &[] },
    Edges { package: "sisal-sync", on: &["sisal-base", "sisal-park"] },
    Edges { package: "sisal-reactor", on: &["sisal-base", "sisal-park"] },
    Edges { package: "sisal-net", on: &["sisal-reactor", "sisal-park"] },
    Edges {
        package: "sisal-scheduler",
        on: &["sisal-base", "sisal-park", "sisal-queue", "sisal-coro", "sisal-reactor"],
    },
    Edges { package: "sisal-macros", on: &[] },
    Edges {
        package: "sisal",
        on: &["sisal-scheduler", "sisal-park", "sisal-sync", "sisal-net", "sisal-macros", "sisal-coro"],
    },
    Edges { package: "tidy", on: &[] },
    Edges { package: "conformance", on: &["sisal"] },
    Edges { package: "top", on: &[] },
    Edges { package: "examples", on: &["sisal"] },
    Edges { package: "examples-libraries", on: &["sisal", "examples"] },
    Edges { package: "benches", on: &["sisal", "sisal-queue"] },
    Edges { package: "instructions", on: &["sisal"] },
    Edges {
        package: "loom-tests",
        on: &["sisal", "sisal-base", "sisal-coro", "sisal-park", "sisal-queue", "sisal-sync"],
    },
];

/// A crate of others that one of ours depends on.
#[derive(Clone, Copy, Debug)]
pub struct ThirdParty {
    /// Our crate.
    pub package: &'static str,
    /// The crate of others.
    pub on: &'static str,
    /// Whether our users build it too (`[dependencies]`), or only our tests (`[dev-dependencies]`).
    pub ships: bool,
    /// What it does for us that we would do worse.
    pub reason: &'static str,
}

const fn ships(package: &'static str, on: &'static str, reason: &'static str) -> ThirdParty {
    ThirdParty { package, on, ships: true, reason }
}

const fn tests(package: &'static str, on: &'static str, reason: &'static str) -> ThirdParty {
    ThirdParty { package, on, ships: false, reason }
}

/// Every dependency on others, in the whole workspace.
pub const THIRD_PARTY: &[ThirdParty] = &[
    ships(
        "sisal-base",
        "parking_lot",
        "locks for OS threads: small, const, without poisoning; named here alone",
    ),
    ships("sisal-base", "crossbeam-utils", "`CachePadded`, which knows the cache line of each processor"),
    ships("sisal-base", "libc", "one call to the kernel: `membarrier`"),
    ships("sisal-base", "loom", "the model checker; under `cfg(sisal_loom)` only, so no user ever builds it"),
    ships("sisal-queue", "crossbeam-deque", "the global injector: an unbounded, segmented, well-worn queue"),
    ships(
        "sisal-coro",
        "corosensei",
        "the switch itself, for each processor in its own assembly; named here alone",
    ),
    ships("sisal-coro", "libc", "mapping and guarding stacks"),
    ships("sisal-reactor", "mio", "epoll, kqueue and their kin behind one face; named here alone"),
    ships("sisal-reactor", "slab", "registered sources by index, reused"),
    ships("sisal-reactor", "libc", "`poll(2)`, in which a bare thread waits"),
    ships("sisal-net", "socket2", "socket options and non-blocking connects that std does not offer"),
    ships("sisal-net", "rustix", "reads and writes that are no cancellation points of libc's"),
    ships("sisal-net", "libc", "the error codes of a pending connect"),
    ships("sisal-scheduler", "num_cpus", "the number of workers, which knows cgroup limits"),
    ships(
        "sisal",
        "signal-hook",
        "signal handlers that touch nothing unsafe to touch, and call those that were there before",
    ),
    tests("sisal", "serde_json", "reads the traces that are written"),
    ships("sisal-scheduler", "backtrace", "names for the addresses of a hog or a dump"),
    ships("sisal-scheduler", "libc", "a signal to one thread"),
    ships("sisal-scheduler", "tracing-core", "what a subscriber is told of spans; behind a feature"),
    tests("sisal", "tracing", "events under spans, counted"),
    tests("sisal", "tracing-subscriber", "the registry of spans that most subscribers stand on"),
    tests("sisal", "prometheus-parse", "reads what the metrics write"),
    tests("sisal", "proptest", "draws programs over channels, and makes those that fail smaller"),
    ships("sisal-scheduler", "libc", "a signal to one thread, and a last word at exit"),
    tests("sisal", "rand", "a real thread-local generator, held across suspensions"),
    tests("sisal", "trybuild", "what must not compile, and how the message reads"),
    tests("sisal", "libc", "the OS thread's id, and CPU clocks"),
    tests("sisal", "socket2", "resets and small buffers, for the sockets of the other side"),
    tests("tidy", "serde_json", "reads `cargo metadata`"),
    ships("conformance", "serde_json", "reads what cargo says"),
    tests("conformance", "crossbeam-channel", "its sources in the registry: the tests that we run"),
    tests("conformance", "parking_lot", "its sources in the registry: the tests that we run"),
    tests("conformance", "rand", "what both their tests draw from, in their version"),
    ships("top", "ratatui", "tables in a terminal"),
    ships("examples", "httparse", "the head of an HTTP/1.1 request, parsed in place"),
    ships("examples", "libc", "signal handlers"),
    tests("examples-libraries", "httparse", "blocking code of others, run over our sockets as it is"),
    tests("examples-libraries", "rcgen", "the certificate of `https`, made when it starts"),
    tests("examples-libraries", "rustls", "TLS over plain `Read` and `Write`, shown to work as it is"),
    tests("examples-libraries", "serde_json", "blocking code of others, run over our sockets as it is"),
    tests(
        "examples-libraries",
        "tungstenite",
        "WebSockets over plain `Read` and `Write`, shown to work as they are",
    ),
    ships("benches", "bytes", "the bodies of hyper's answers"),
    ships("benches", "corosensei", "the yardstick for coroutines"),
    ships("benches", "crossbeam-channel", "a peer: channels of OS threads"),
    ships("benches", "generator", "the coroutines of may"),
    ships("benches", "http-body-util", "the bodies of hyper's answers"),
    ships("benches", "hyper", "a peer: HTTP on tokio"),
    ships("benches", "hyper-util", "hyper's way to tokio's sockets"),
    ships("benches", "libc", "maps and guards pages, to measure what the kernel takes for it"),
    ships("benches", "may", "a peer: coroutines"),
    ships("benches", "may_minihttp", "a peer: HTTP on may"),
    ships("benches", "serde_json", "writes the figures for other programs"),
    ships("benches", "smol", "a peer: futures"),
    ships("benches", "tikv-jemallocator", "the other allocator; behind a feature"),
    ships("benches", "tokio", "a peer: futures"),
    tests("benches", "criterion", "statistics of measured times"),
    tests("benches", "crossbeam-deque", "the yardstick for the local queue"),
    ships("loom-tests", "loom", "the model checker; under `cfg(sisal_loom)` only"),
];

/// A name in `cfg(..)` and the files that may use it.
#[derive(Clone, Copy, Debug)]
pub struct Cfg {
    /// The name: `test`, `target_os`, `sisal_loom`.
    pub name: &'static str,
    /// What the file's path begins with; the empty string means everywhere.
    pub places: &'static [&'static str],
    /// Why there, and not elsewhere.
    pub reason: &'static str,
}

/// Where conditional compilation may stand.
pub const CFGS: &[Cfg] = &[
    Cfg { name: "test", places: &[""], reason: "tests stand beside what they test" },
    Cfg {
        name: "doctest",
        places: &["examples/src/lib.rs"],
        reason: "the front page's example, which belongs to no crate",
    },
    Cfg { name: "debug_assertions", places: &[""], reason: "assertions that cost" },
    Cfg {
        name: "feature",
        places: &["crates/scheduler/src/spans/mod.rs", "crates/sisal/tests/spans.rs"],
        reason: "to follow spans, or to know nothing of them",
    },
    Cfg { name: "target_os", places: &[""], reason: "the choice of an operating system" },
    Cfg { name: "target_arch", places: &[""], reason: "the choice of a processor" },
    Cfg { name: "target_pointer_width", places: &[""], reason: "sizes of words" },
    Cfg {
        name: "panic",
        places: &["crates/coro/src/coroutine/", "crates/scheduler/src/hook_caller.rs"],
        reason: "where nothing can unwind, a coroutine is leaked, and no panic may be made for an answer",
    },
    Cfg {
        name: "miri",
        places: &["crates/park/src/agent.rs", "crates/scheduler/src/current.rs"],
        reason: "an empty `asm!`, which hides a function from the optimiser and which miri cannot run",
    },
    Cfg {
        name: "sisal_loom",
        places: &["crates/base/", "loom-tests/"],
        reason: "one door to std or loom; code above goes through it",
    },
    Cfg {
        name: "sisal_fault",
        places: &["crates/base/", "loom-tests/"],
        reason: "mutants, through `fault!`",
    },
];

/// A file that may contain `unsafe`.
#[derive(Clone, Copy, Debug)]
pub struct Unsafe {
    /// The file.
    pub path: &'static str,
    /// What it needs it for.
    pub reason: &'static str,
}

const fn unsafety(path: &'static str, reason: &'static str) -> Unsafe {
    Unsafe { path, reason }
}

/// Where `unsafe` may stand. Everything not listed is safe code.
pub const UNSAFE: &[Unsafe] = &[
    unsafety("benches/src/bin/coroutines.rs", "asks for the CPU time of a thread"),
    unsafety("benches/src/peers/sisal.rs", "signs the contract of `migrate_started_fibers`"),
    unsafety("benches/src/rows/floor.rs", "maps, guards and touches pages as stacks are"),
    unsafety("crates/base/src/biased.rs", "the value behind the lock, and records that live for ever"),
    unsafety("crates/base/src/list.rs", "nodes that live on others' stacks"),
    unsafety("crates/base/src/prefetch.rs", "an instruction"),
    unsafety("crates/base/src/process_fence.rs", "calls to the kernel"),
    unsafety("crates/base/src/spin.rs", "the value behind the lock"),
    unsafety("crates/base/src/thread_pointer.rs", "reads a register"),
    unsafety("crates/coro/examples/timing.rs", "measures what the scheduler does"),
    unsafety("crates/coro/src/alt_stack.rs", "the handler's stack"),
    unsafety("crates/coro/src/coroutine/mod.rs", "values that pass between two stacks"),
    unsafety("crates/coro/src/coroutine/scoped.rs", "a body that borrows, unwound in time"),
    unsafety("crates/coro/src/coroutine/yielder.rs", "values that pass between two stacks, seen from within"),
    unsafety("crates/coro/src/guard.rs", "its tests map memory"),
    unsafety("crates/coro/src/os/linux.rs", "calls to the kernel"),
    unsafety("crates/coro/src/os/posix.rs", "calls to the kernel"),
    unsafety("crates/coro/src/os/unix.rs", "calls to the kernel"),
    unsafety("crates/coro/src/overflow.rs", "the signal handler"),
    unsafety("crates/coro/src/panics.rs", "moves a suspended panic between threads"),
    unsafety("crates/coro/src/pool.rs", "slots that change owners"),
    unsafety("crates/coro/src/shelf.rs", "slots that change owners"),
    unsafety("crates/coro/src/slabs.rs", "mapped memory, cut into slots"),
    unsafety("crates/coro/src/stack.rs", "the slot that a stack owns"),
    unsafety(
        "crates/coro/src/switch.rs",
        "the switch, and the one place where a computation changes threads",
    ),
    unsafety("crates/coro/tests/cache.rs", "writes to stacks"),
    unsafety("crates/coro/tests/exhaustion.rs", "limits the process"),
    unsafety("crates/coro/tests/overflow.rs", "overflows"),
    unsafety("crates/coro/tests/pool.rs", "writes to stacks"),
    unsafety("crates/coro/tests/resumable.rs", "moves a computation between threads"),
    unsafety("crates/net/src/macros.rs", "`FromRawFd`"),
    unsafety("crates/net/src/sys.rs", "socket calls with flags"),
    unsafety("crates/net/tests/churn.rs", "counts descriptors"),
    unsafety("crates/park/src/agent.rs", "the slot with the current agent"),
    unsafety("crates/park/tests/common/mod.rs", "installs an agent of its own"),
    unsafety("crates/park/tests/cancel_tokens.rs", "arms of selects, reached by address"),
    unsafety("crates/park/tests/detached.rs", "another thread stands for a stack of the same agent"),
    unsafety("crates/park/tests/join_marks.rs", "takes the steps of the one handle"),
    unsafety("crates/park/tests/waiting.rs", "a waiter that leaves while it is in a queue"),
    unsafety("crates/park/src/block_on.rs", "its tests wait inside a poll"),
    unsafety("crates/park/src/cancel/detached.rs", "keeps the running agent's scopes over a resume"),
    unsafety("crates/park/src/cancel/flag.rs", "listeners on the listening stacks"),
    unsafety("crates/park/src/cancel/frame.rs", "frames that point to one another"),
    unsafety("crates/park/src/cancel/root.rs", "a count in a word"),
    unsafety("crates/park/src/cancel/scopes.rs", "the chain of frames"),
    unsafety("crates/park/src/cancel/token.rs", "an arm of a select, reached by address"),
    unsafety("crates/park/src/blocking_io.rs", "waits for a completion, as one agent"),
    unsafety("crates/park/src/completion.rs", "one slot that two agents hand over by a state"),
    unsafety("crates/park/src/join.rs", "one slot that two sides hand over by a state"),
    unsafety("crates/park/src/place.rs", "waiters inside arms"),
    unsafety("crates/park/src/relay.rs", "the ticket of a select, reached by address"),
    unsafety("crates/park/src/reason.rs", "reads the word of a mutex that is waited for"),
    unsafety("crates/park/src/selectable.rs", "arms that others reach by address"),
    unsafety("crates/park/src/thread.rs", "the functions behind a bare thread's waker"),
    unsafety("crates/park/src/wait_queue.rs", "waiters on the waiting stacks"),
    unsafety("crates/park/src/waker.rs", "the waker's table of functions"),
    unsafety("crates/queue/src/chain.rs", "links inside nodes that it does not own"),
    unsafety("crates/queue/src/deque.rs", "slots that owner and thieves claim before they touch them"),
    unsafety("crates/queue/src/inbox.rs", "nodes between the pusher's hand and the owner's"),
    unsafety("crates/queue/tests/inbox.rs", "nodes of its own"),
    unsafety("crates/reactor/src/direction.rs", "waiters on the waiting stacks"),
    unsafety("crates/reactor/src/readiness.rs", "waiters inside arms"),
    unsafety("crates/reactor/src/os/linux.rs", "calls to the kernel"),
    unsafety("crates/reactor/src/os/mod.rs", "calls to the kernel, and an opaque `asm!`"),
    unsafety("crates/reactor/src/os/other.rs", "calls to the kernel"),
    unsafety("crates/reactor/tests/turn.rs", "asks the kernel for its clock"),
    unsafety("crates/scheduler/src/blocking.rs", "jobs that borrow from a waiting frame"),
    unsafety("crates/scheduler/src/current.rs", "the slot with the current worker"),
    unsafety("crates/scheduler/src/dump/answer.rs", "looks at fibers that wait"),
    unsafety("crates/scheduler/src/dump/name.rs", "asks the kernel for the addresses of a descriptor"),
    unsafety("crates/scheduler/src/dump/photo.rs", "walks frames"),
    unsafety("crates/scheduler/src/event.rs", "a waiter on its own stack"),
    unsafety("crates/scheduler/src/handle.rs", "the result's place, typed by the handle"),
    unsafety("crates/scheduler/src/hog/sample/linux.rs", "a signal handler"),
    unsafety("crates/scheduler/src/live.rs", "a table with one owner, or a lock"),
    unsafety("crates/scheduler/src/local.rs", "a fiber's own values, reached by that fiber alone"),
    unsafety("crates/scheduler/src/owner.rs", "a cell for one thread, the only one of its kind"),
    unsafety("crates/scheduler/src/pool_agent.rs", "installs the agent of a thread"),
    unsafety("crates/scheduler/src/post.rs", "tasks between two workers"),
    unsafety(
        "crates/scheduler/src/runtime/builder.rs",
        "`migrate_started_fibers`, whose contract the user signs",
    ),
    unsafety("crates/scheduler/src/runtime/global.rs", "what is said at the end of the process"),
    unsafety("crates/scheduler/src/runtime/run.rs", "a fiber that borrows from the frame that waits for it"),
    unsafety("crates/scheduler/src/scope.rs", "children that borrow from the frame that waits for them"),
    unsafety("crates/scheduler/src/sim/play.rs", "a fiber that borrows from the frame that plays it"),
    unsafety(
        "crates/scheduler/src/sim/stage.rs",
        "the agent's slot between turns, and a worker beside its life",
    ),
    unsafety("crates/scheduler/src/sim/world.rs", "the way out of a worker's stack"),
    unsafety("crates/scheduler/src/spawn.rs", "the first references on a task"),
    unsafety("crates/scheduler/src/task/blocks.rs", "memory of tasks, by hand"),
    unsafety("crates/scheduler/src/task/cell.rs", "the closure, and in its place the result"),
    unsafety("crates/scheduler/src/task/header.rs", "a task behind one pointer, whatever its closure"),
    unsafety("crates/scheduler/src/task/refs.rs", "who may still touch a task, and who takes its result"),
    unsafety("crates/scheduler/src/task/waker.rs", "a task behind a waker's pointer"),
    unsafety("crates/scheduler/src/task/record.rs", "what stands at the top of a fiber's stack"),
    unsafety("crates/scheduler/src/worker/ahead.rs", "looks at who is ready"),
    unsafety("crates/scheduler/src/worker/ready.rs", "passes chains' promises on"),
    unsafety("crates/scheduler/src/worker/agent.rs", "the record of the fiber that runs"),
    unsafety(
        "crates/scheduler/src/worker/life.rs",
        "what stands on a fiber's stack, written and taken apart",
    ),
    unsafety("crates/scheduler/src/worker/mod.rs", "resuming a fiber"),
    unsafety("crates/scheduler/src/worker/search.rs", "the agent's slot while no fiber runs"),
    unsafety("crates/scheduler/src/worker/show.rs", "looks at the worker's own table"),
    unsafety("crates/scheduler/src/worker/simulated.rs", "references on tasks that change queues"),
    unsafety("crates/scheduler/src/worker/turn.rs", "references on tasks that change queues"),
    unsafety("crates/sisal/tests/coroutine.rs", "a destructor that yields"),
    unsafety("crates/sisal/tests/deadlock.rs", "forks, for a process with one thread"),
    unsafety("crates/sisal/tests/faults/filtered.rs", "filters system calls"),
    unsafety("crates/sisal/tests/faults/kernel.rs", "signals, and how they are handled"),
    unsafety("crates/sisal/tests/faults/missing.rs", "limits the process"),
    unsafety("crates/sisal/tests/faults/programs.rs", "forks"),
    unsafety("crates/sisal/tests/exhaustion.rs", "limits the process, and filters its system calls"),
    unsafety("crates/sisal/tests/spans.rs", "signs the contract of `migrate_started_fibers`"),
    unsafety("crates/sisal/tests/migrate.rs", "signs the contract of `migrate_started_fibers`"),
    unsafety("crates/sisal/tests/panicking_wakers.rs", "wakers made by hand"),
    unsafety("crates/sisal/tests/shutdown_starved.rs", "pins threads, and asks for their time"),
    unsafety("crates/sisal/tests/steady_state.rs", "filters its system calls, and asks for its page faults"),
    unsafety("crates/sync/src/channel/broadcast/arm.rs", "waiters inside arms"),
    unsafety("crates/sync/src/channel/broadcast/future.rs", "seats inside pinned futures"),
    unsafety("crates/sync/src/channel/buffer/blocks.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/buffer/ring.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/core.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/future.rs", "seats inside pinned futures"),
    unsafety("crates/sync/src/channel/packet.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/seat.rs", "waiters inside pinned futures"),
    unsafety("crates/sync/src/channel/state.rs", "lets waiters stand in its lines"),
    unsafety("crates/sync/src/channel/select/arms.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/select/dynamic.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/select/selected.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/channel/select/wait.rs", "messages on the waiting stacks"),
    unsafety("crates/sync/src/gate.rs", "waiters on the waiting stacks"),
    unsafety("crates/sync/src/lazy_lock.rs", "the value that is written once"),
    unsafety("crates/sync/src/line.rs", "waiters on the waiting stacks"),
    unsafety("crates/sync/src/mutex.rs", "the value behind the lock"),
    unsafety("crates/sync/src/mutex_guard.rs", "the value behind the lock"),
    unsafety("crates/sync/src/once_lock.rs", "the value that is written once"),
    unsafety("crates/sync/src/rwlock.rs", "the value behind the lock"),
    unsafety("crates/sync/src/rwlock_guard.rs", "the value behind the lock"),
    unsafety("crates/sync/src/rwlock_upgradable.rs", "the value behind the lock"),
    unsafety("crates/sync/tests/lock_hand_over.rs", "an agent of its own"),
    unsafety("crates/sync/tests/unwinding_park.rs", "installs an agent that may not park"),
    unsafety("examples/src/server/descriptors.rs", "asks for the limit of descriptors"),
    unsafety("examples/src/server/signal.rs", "the signal handler"),
    unsafety("loom-tests/src/agent.rs", "installs an agent of its own"),
    unsafety("loom-tests/src/asked.rs", "installs an agent of its own, and a cell that loom watches"),
    unsafety("loom-tests/src/fiber.rs", "a computation that changes threads, and its wakers"),
    unsafety("loom-tests/src/ledger.rs", "cells that loom watches"),
    unsafety("loom-tests/src/watched.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/block_on_counts_calls.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/cancel_wakes.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/completion_wakes.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/inbox_taken_back.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/inbox_two_pushers.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/inbox_wakes_its_worker.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/join_arm.rs", "the promises of an arm of a select"),
    unsafety("loom-tests/tests/models/join_changes_waker.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/join_drop.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/join_wakes.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/ticket_claimed_once.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/wait_queue_hand_over.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/wait_queue_timeout.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/waiter_returns_before_wake.rs", "a waiter on a fiber's stack"),
    unsafety("loom-tests/tests/models/word_hand_over.rs", "cells that loom watches"),
    unsafety("loom-tests/tests/models/word_permit.rs", "cells that loom watches"),
];

/// Names in the root folder, besides those that begin with a dot.
pub const TOP_LEVEL: &[&str] = &[
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "crates",
    "deny.toml",
    "examples",
    "loom-tests",
    "rustfmt.toml",
];

/// Members under `crates/` that a bare `cargo test` leaves out, because they build much that a newcomer does not need.
pub const NOT_DEFAULT: &[&str] = &["crates/conformance", "crates/top"];

/// Words that say that something is unfinished. One that ends in `!` is a macro. (Written in two halves, so that this
/// file keeps its own rule.)
pub const WORDS: &[&str] =
    &[concat!("to", "do!"), concat!("unimpl", "emented!"), concat!("FIX", "ME"), concat!("X", "XX")];

/// How a path begins that is true on one machine only.
pub const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
    concat!("C:", "\\"),
];
