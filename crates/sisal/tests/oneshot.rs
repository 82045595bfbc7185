//! `channel::oneshot`: one message, to whoever waits in whatever way, or the news that there will be none.

mod common;

use common::executor::Executor;
use common::{on_each_size, some};
use sisal::channel::{self, RecvError, RecvTimeoutError, SendError, TryRecvError, oneshot};
use sisal::{block_on, go, select};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn the_message_reaches_every_kind_of_wait() {
    on_each_size(|| {
        for round in 0..some(100, 8) {
            let (sender, receiver) = oneshot();
            let (other, never) = oneshot::<u32>();
            go!(move || sender.send(round));
            let got = match round % 4 {
                0 => receiver.recv(),
                1 => receiver.recv_timeout(Duration::from_secs(60)).map_err(|_| RecvError),
                2 => block_on(receiver),
                _ => select! {
                    recv(receiver) -> message => message,
                    recv(never) -> _ => unreachable!(),
                },
            };
            assert_eq!(got, Ok(round));
            drop(other);
        }
    });
}

#[test]
fn the_end_of_a_side_is_told() {
    on_each_size(|| {
        let (sender, receiver) = oneshot::<u32>();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
        go!(move || drop(sender));
        assert_eq!(receiver.recv(), Err(RecvError));

        let (sender, receiver) = oneshot();
        assert!(!sender.is_closed());
        drop(receiver);
        assert!(sender.is_closed());
        assert_eq!(sender.send(7), Err(SendError(7)));
    });
}

#[test]
fn the_message_is_received_once_and_dropped_once() {
    let counted = Arc::new(());
    let (sender, receiver) = oneshot();
    sender.send(Arc::clone(&counted)).unwrap();
    assert!(receiver.try_recv().is_ok());
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    let (sender, receiver) = oneshot();
    sender.send(Arc::clone(&counted)).unwrap();
    drop(receiver);
    assert_eq!(Arc::strong_count(&counted), 1);
}

#[test]
fn questions_and_answers_across_executors() {
    on_each_size(|| {
        let (ask, questions) = channel::bounded::<(u64, oneshot::Sender<u64>)>(4);
        let server = go!(move || questions.iter().for_each(|(n, answer)| answer.send(n * n).unwrap()));
        let (give, sums) = channel::unbounded();
        let executor = Executor::new(2);
        for _ in 0..4 {
            let (ask, give) = (ask.clone(), give.clone());
            executor.spawn(async move {
                let mut sum = 0;
                for n in 0..100 {
                    let (sender, answer) = oneshot();
                    ask.send_async((n, sender)).await.unwrap();
                    sum += answer.await.unwrap();
                }
                give.send(sum).unwrap();
            });
        }
        drop((ask, give));
        let threads = executor.start();
        assert_eq!(sums.iter().collect::<Vec<_>>(), [328_350; 4]);
        server.join().unwrap();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

common::in_simulations! {
    the_message_reaches_every_kind_of_wait,
    the_end_of_a_side_is_told,
}
