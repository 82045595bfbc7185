//! A signal to one thread, whose handler notes what is interrupted.
//!
//! The signal is `SIGURG`: whoever does not handle it is not disturbed by it, and those who do must expect it at any time
//! (Go's runtime chose it for the same reasons). A handler that was there before is called for what is not ours.
//!
//! | `STATE` | means | left by |
//! |---|---|---|
//! | `FREE` | nobody asks | who asks, under the lock: `=> ASKED` |
//! | `ASKED` | the thread `THREAD` is to note what it does | its handler: `=> WRITING`; who asked, tired of waiting: `=> FREE` |
//! | `WRITING` | the handler writes the note | the handler: `=> WRITTEN` |
//! | `WRITTEN` | the note is there | who asked: `=> FREE` |

use super::Sample;
use crate::current::with_worker;
use crate::dump::Notes;
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use sisal_park::AgentId;
use std::mem;
use std::panic::Location;
use std::ptr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const FREE: u8 = 0;
const ASKED: u8 = 1;
const WRITING: u8 = 2;
const WRITTEN: u8 = 3;

/// How long an answer may take: the kernel delivers within microseconds, if the thread gets a CPU.
const ANSWER_TIME: Duration = Duration::from_millis(500);
/// The bytes of a name that a note has room for.
const NAME_BYTES: usize = 64;

/// One at a time, of all monitors.
static ASKING: Mutex<()> = Mutex::new(());
static STATE: AtomicU8 = AtomicU8::new(FREE);
static THREAD: AtomicU64 = AtomicU64::new(0);
/// The note. Written by the handler in `WRITING`, read by who asked in `WRITTEN`.
static ID: AtomicU64 = AtomicU64::new(0);
static SITE: AtomicPtr<Location<'static>> = AtomicPtr::new(ptr::null_mut());
static PLACE: AtomicUsize = AtomicUsize::new(0);
/// Where the handler is to note what other fibers do, or null.
static NOTES: AtomicPtr<Notes> = AtomicPtr::new(ptr::null_mut());
static NAME: [AtomicU8; NAME_BYTES] = [const { AtomicU8::new(0) }; NAME_BYTES];
/// The name's length, and `usize::MAX` for a fiber without one.
static NAME_LEN: AtomicUsize = AtomicUsize::new(0);

static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// The calling thread's number.
pub(crate) fn own_thread() -> u64 {
    // SAFETY: no precondition.
    unsafe { libc::gettid() as u64 }
}

/// The CPU time that the thread of that number has used; 0 if it has ended.
pub(crate) fn cpu_time(thread: u64) -> Duration {
    // The clock of a thread, as the kernel's `posix-timers.h` makes its number: bit 2, a thread's; 2, all of its time.
    let clock = (!(thread as libc::clockid_t) << 3) | 6;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to `time` alone.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Whether the thread of that number would run, if the system let it: its state in `/proc` is `R`, or it has yet to say its number,
/// which is 0 until then.
pub(crate) fn waits_for_cpu(thread: u64) -> bool {
    if thread == 0 {
        return true;
    }
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    // After the name, which stands in brackets and may contain anything.
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('R'))
}

/// What the thread of that number, of this process, is doing; and, in `notes`, what the other fibers do that live there.
pub(crate) fn take(thread: u64, notes: Option<&mut Notes>) -> Sample {
    let _asking = ASKING.lock();
    install();
    NOTES.store(notes.map_or(ptr::null_mut(), ptr::from_mut), Ordering::Relaxed);
    THREAD.store(thread, Ordering::Relaxed);
    // Release: pairs with the Acquire of the handler's CAS: `THREAD`.
    STATE.store(ASKED, Ordering::Release);
    // SAFETY: a thread of our own process; if it has ended, the kernel says so, or a new thread of that number ignores it.
    let sent =
        unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread as libc::pid_t, libc::SIGURG) };
    let start = Instant::now();
    // Acquire: pairs with the handler's Release: the note.
    while sent == 0 && STATE.load(Ordering::Acquire) != WRITTEN && start.elapsed() < ANSWER_TIME {
        std::thread::sleep(Duration::from_micros(50));
    }
    if STATE.compare_exchange(ASKED, FREE, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        return Sample::NoAnswer;
    }
    // The handler writes for some nanoseconds, if its thread runs.
    while STATE.load(Ordering::Acquire) != WRITTEN {
        std::thread::yield_now();
    }
    let sample = read();
    STATE.store(FREE, Ordering::Relaxed);
    sample
}

fn read() -> Sample {
    // SAFETY: null, or what the handler took from a task: a static.
    let Some(site) = (unsafe { SITE.load(Ordering::Relaxed).as_ref() }) else { return Sample::Nobody };
    let len = NAME_LEN.load(Ordering::Relaxed);
    let name = (len <= NAME_BYTES).then(|| {
        let bytes: Vec<u8> = NAME[..len].iter().map(|byte| byte.load(Ordering::Relaxed)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let id = AgentId::from_u64(ID.load(Ordering::Relaxed));
    Sample::Fiber { id, name, site, place: PLACE.load(Ordering::Relaxed) }
}

/// The function that this instruction is in, and its line; nothing where address space is limited: names are looked for in all
/// that the program's files say for debuggers, which is mapped and unpacked, and an allocator that finds no room for it ends the process.
pub(crate) fn name_of(place: usize) -> Option<String> {
    if is_address_space_limited() {
        return None;
    }
    let mut text: Option<String> = None;
    // Inlined functions come first; the last is the one that was called.
    // It takes an address for one to return to, and looks at the byte before it.
    backtrace::resolve(ptr::without_provenance_mut(place + 1), |symbol| {
        text = symbol.name().map(|name| match (symbol.filename(), symbol.lineno()) {
            (Some(file), Some(line)) => format!("{name:#} at {}:{line}", file.display()),
            _ => format!("{name:#}"),
        });
    });
    text
}

fn is_address_space_limited() -> bool {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: it writes to `limit` alone.
    unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) };
    limit.rlim_cur != libc::RLIM_INFINITY
}

fn install() {
    BEFORE.get_or_init(|| {
        // SAFETY: plain structs, for which zeros are a value.
        let (mut before, mut ours): (libc::sigaction, libc::sigaction) = unsafe { mem::zeroed() };
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_signal;
        ours.sa_sigaction = handler as *const () as libc::sighandler_t;
        // A fiber's stack may be too small for a signal frame.
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: `on_signal` does only what a handler may.
        unsafe { libc::sigaction(libc::SIGURG, &ours, &mut before) };
        before
    });
}

/// Nothing here allocates, takes a lock or waits.
extern "C" fn on_signal(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: errno is the thread's own.
    let errno = unsafe { *libc::__errno_location() };
    let is_asked = THREAD.load(Ordering::Relaxed) == own_thread()
        // Acquire: pairs with the Release in `take`.
        && STATE.compare_exchange(ASKED, WRITING, Ordering::Acquire, Ordering::Relaxed).is_ok();
    if is_asked {
        write(context.cast());
        // Release: pairs with the Acquire in `take`: the note.
        STATE.store(WRITTEN, Ordering::Release);
    } else {
        pass_on(signal, info, context);
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

fn write(context: *const libc::ucontext_t) {
    SITE.store(ptr::null_mut(), Ordering::Relaxed);
    PLACE.store(instruction(context), Ordering::Relaxed);
    with_worker(|worker| {
        // The fiber is interrupted, and its task was not given back.
        let Some(task) = worker.and_then(|worker| worker.interrupted()) else { return };
        let header = task.header();
        ID.store(header.id.as_u64(), Ordering::Relaxed);
        let name = header.name();
        let bytes = name.unwrap_or_default().as_bytes();
        for (place, byte) in NAME.iter().zip(bytes) {
            place.store(*byte, Ordering::Relaxed);
        }
        NAME_LEN.store(name.map_or(usize::MAX, |_| bytes.len().min(NAME_BYTES)), Ordering::Relaxed);
        SITE.store(ptr::from_ref(header.site).cast_mut(), Ordering::Relaxed);
        // SAFETY: null, or what `take` was given, which waits for us and does not touch it meanwhile.
        if let (Some(notes), Some(worker)) = (unsafe { NOTES.load(Ordering::Relaxed).as_mut() }, worker) {
            worker.fill(notes);
        }
    });
}

/// Where the thread was interrupted; 0 if that is not known.
fn instruction(context: *const libc::ucontext_t) -> usize {
    // SAFETY: what the kernel passes to a handler with `SA_SIGINFO`.
    let machine = unsafe { &(*context).uc_mcontext };
    #[cfg(target_arch = "x86_64")]
    return machine.gregs[libc::REG_RIP as usize] as usize;
    #[cfg(target_arch = "aarch64")]
    return machine.pc as usize;
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let _ = machine;
        0
    }
}

fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let Some(before) = BEFORE.get() else { return };
    match before.sa_sigaction {
        // By default this signal does nothing.
        libc::SIG_DFL | libc::SIG_IGN => {}
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: with this flag, the handler has this signature.
            let handler = unsafe {
                mem::transmute::<
                    libc::sighandler_t,
                    extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void),
                >(handler)
            };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without the flag, the handler has this one.
            let handler =
                unsafe { mem::transmute::<libc::sighandler_t, extern "C" fn(libc::c_int)>(handler) };
            handler(signal);
        }
    }
}
