//! What happens when a stack is too small: a message that says whose it was, and the end of the process.
//!
//! Knows nothing of fibers: who runs is asked of a [reporter](set_reporter). Everything below [`install`] is called in
//! signal handlers, so it allocates nothing and takes no lock.
//!
//! ```text
//!   frame ──▶ touches the guard ──▶ SIGSEGV or SIGBUS, on the thread's alternate stack
//!               │
//!               ├─ the address lies in a guard of ours:  write the message, abort
//!               └─ elsewhere:                            the handler that was there before (std's, or the user's)
//! ```
//!
//! A frame that is larger than the guard does not jump over it: Rust touches each page of a large frame in turn, from the
//! top, before it uses any. (C code built without `-fstack-clash-protection` may.)

use std::fmt::{self, Write};
use std::mem;
use std::ptr;
use std::sync::{Once, OnceLock};

use crate::alt_stack::AltStack;
use crate::{os, slabs};

/// Writes who runs on this thread, as the subject of a sentence: `fiber 'name' (spawned at file:line:col)`. It gets the
/// address that was touched, and a place to write to. It runs in a signal handler: no allocation, no lock.
pub type Reporter = fn(fault_addr: usize, out: &mut dyn FnMut(&str));

static REPORTER: OnceLock<Reporter> = OnceLock::new();

/// What was there before, for each of [`SIGNALS`].
static BEFORE: [OnceLock<libc::sigaction>; 2] = [const { OnceLock::new() }; 2];

/// A guard says SIGSEGV on Linux, and SIGBUS on some other systems.
const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// Installs the handler, once a process; later calls do nothing. Faults that are no overflow of ours go on to the handler
/// that was there before.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
            install_one(signal, before);
        }
    });
}

/// Gives this thread an alternate stack for the handler, as long as the value lives. Every thread on which fibers run needs
/// one.
///
/// ```
/// use sisal_coro::overflow;
///
/// overflow::install();
/// let armed = overflow::arm_thread();
/// // .. resume fibers ..
/// drop(armed);
/// ```
pub fn arm_thread() -> AltStack {
    AltStack::arm()
}

/// Says who can tell whose stack has overflowed. The first one stays; returns whether this was it.
pub fn set_reporter(reporter: Reporter) -> bool {
    REPORTER.set(reporter).is_ok()
}

fn install_one(signal: libc::c_int, before: &OnceLock<libc::sigaction>) {
    // SAFETY: plain structs, for which zeros are a value.
    let (mut old, mut new): (libc::sigaction, libc::sigaction) = unsafe { mem::zeroed() };
    // SAFETY: a question; it writes to `old` alone.
    unsafe { libc::sigaction(signal, ptr::null(), &mut old) };
    // Before ours is there: a fault may come at once.
    let _ = before.set(old);
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = on_fault;
    new.sa_sigaction = handler as *const () as libc::sighandler_t;
    new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: `on_fault` does only what a handler may, and passes on what is not its own.
    unsafe { libc::sigaction(signal, &new, ptr::null_mut()) };
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid `info` (SA_SIGINFO).
    let (code, addr) = unsafe { ((*info).si_code, (*info).si_addr().addr()) };
    // What somebody has sent by `kill` has no address.
    let is_fault = code > 0;
    if is_fault {
        if let Some(stack_bytes) = overflown(addr) {
            report(addr, stack_bytes);
            // SAFETY: no precondition.
            unsafe { libc::abort() };
        }
    }
    let index = SIGNALS.iter().position(|known| *known == signal).unwrap_or(0);
    if let Some(before) = BEFORE[index].get() {
        // SAFETY: these are the kernel's own arguments.
        unsafe { pass_on(before, signal, info, context, is_fault) };
    }
}

/// The size of the stack whose guard contains `addr`.
fn overflown(addr: usize) -> Option<usize> {
    let slab = slabs::find(addr)?;
    (slab.offset_in_slot(addr) < os::page_size()).then(|| slab.stride - os::page_size())
}

fn report(addr: usize, stack_bytes: usize) {
    let mut line = Line { bytes: [0; 512], length: 0 };
    line.push("\n");
    let mut is_named = false;
    if let Some(reporter) = REPORTER.get() {
        reporter(addr, &mut |text| {
            is_named |= !text.is_empty();
            line.push(text);
        });
    }
    if !is_named {
        line.push("a fiber");
    }
    let kib = stack_bytes / 1024;
    // A `Line` takes everything.
    let _ = writeln!(
        line,
        " has overflowed its stack of {kib} KiB; raise it with Builder::stack_size, fiber::grow or SISAL_STACK_SIZE, that of \
         `run` and `main` with root_stack_size"
    );
    line.flush();
}

/// Does what would have happened without us.
///
/// # Safety
///
/// `info` and `context` are what the kernel gave for `signal`.
unsafe fn pass_on(
    before: &libc::sigaction,
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
    is_fault: bool,
) {
    match before.sa_sigaction {
        libc::SIG_IGN if !is_fault => {}
        // A fault cannot be ignored: the kernel ends the process then, too.
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: zeros are SIG_DFL without flags. The faulting instruction runs again when we return, and ends the process
            // with the right signal; one that was sent is sent again, and waits until we return.
            unsafe {
                let default: libc::sigaction = mem::zeroed();
                libc::sigaction(signal, &default, ptr::null_mut());
                if !is_fault {
                    libc::raise(signal);
                }
            }
        }
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

/// A message, put together without allocation and written at once, so that two threads' messages do not mix.
struct Line {
    bytes: [u8; 512],
    length: usize,
}

impl Line {
    fn push(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            if self.length == self.bytes.len() {
                self.flush();
            }
            self.bytes[self.length] = byte;
            self.length += 1;
        }
    }

    fn flush(&mut self) {
        os::write_error(&self.bytes[..self.length]);
        self.length = 0;
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, Pool};

    #[test]
    fn a_guard_is_known_for_what_it_is() {
        let page = os::page_size();
        for bytes in [64 << 10, 256 << 10, 1 << 20, 8 << 20, 20 << 20] {
            let class = Class::for_size(bytes).expect("a possible size");
            let stack = Pool::global().take(class).expect("a stack");
            let guard = stack.limit();
            assert_eq!(overflown(guard), Some(class.bytes()));
            assert_eq!(overflown(guard + page - 1), Some(class.bytes()));
            assert_eq!(overflown(guard + page), None);
            assert_eq!(overflown(stack.base()), None);
            Pool::global().give(stack);
        }
        let local = 0_u8;
        assert_eq!(overflown(ptr::from_ref(&local).addr()), None);
    }
}
