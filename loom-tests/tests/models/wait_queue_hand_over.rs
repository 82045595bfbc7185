//! Who pops a waiter writes into its packet, and is done with the node before the waiter returns and its frame ends.
//!
//! Method: a receiver whose node and packet are on its own stack, and one provider. Loom watches the packet and the node's
//! waker, which the receiver drops as soon as it is done.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, SpinLock, UnsafeCell};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Outcome, Reason, WaitQueue, Waiter};
use std::pin::pin;

#[derive(Default)]
struct Channel {
    value: Option<u32>,
    receivers: WaitQueue,
}

#[test]
fn holds() {
    model("wait_queue_hand_over", Bounds::unbounded(1243), || {
        let channel = Arc::new(SpinLock::new(Channel::default()));
        let provider = {
            let channel = channel.clone();
            thread::spawn(move || {
                let waker = {
                    let mut channel = channel.lock();
                    match channel.receivers.pop() {
                        None => {
                            channel.value = Some(7);
                            None
                        }
                        Some(claimed) => {
                            // SAFETY: the receiver's packet is such a cell, and it is not done yet.
                            let packet = unsafe { &*claimed.packet().cast::<UnsafeCell<u32>>() };
                            // SAFETY: the receiver reads once it is done.
                            packet.with_mut(|packet| unsafe { *packet = 7 });
                            Some(claimed.finish())
                        }
                    }
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            })
        };
        assert_eq!(receive(&channel), 7);
        provider.join().unwrap();
    });
}

fn receive(channel: &SpinLock<Channel>) -> u32 {
    let agent = ThreadAgent::new();
    let packet = UnsafeCell::new(0_u32);
    let waiter = pin!(Waiter::new(&agent as &dyn Agent, (&raw const packet).cast_mut().cast()));
    {
        let mut channel = channel.lock();
        if let Some(value) = channel.value.take() {
            return value;
        }
        // SAFETY: it is done before this function returns.
        unsafe { channel.receivers.push(waiter.as_ref()) };
    }
    assert_eq!(waiter.wait(&agent, None, Reason::Park, Cancellable::Never), Outcome::Woken);
    // SAFETY: done: the provider has written.
    packet.with(|packet| unsafe { *packet })
}
