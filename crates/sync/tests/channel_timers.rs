//! Goal: `after` and `at` deliver once, whoever receives; `tick` in step with the clock, and no tick twice; `never` never.
//! Method: several receivers of one channel, and the times of what they got.

use sisal_sync::channel::{after, at, never, tick};
use sisal_sync::select;
use std::thread;
use std::time::{Duration, Instant};

const PERIOD: Duration = Duration::from_millis(4);

#[test]
fn one_message_among_many() {
    let start = Instant::now();
    let receiver = after(PERIOD);
    let got = thread::scope(|scope| {
        let receives: Vec<_> = (0..4)
            .map(|n| {
                let receiver = receiver.clone();
                scope.spawn(move || {
                    let time = 5 * PERIOD;
                    if n % 2 == 0 {
                        receiver.recv_timeout(time).ok()
                    } else {
                        select! { recv(receiver) -> message => message.ok(), default(time) => None }
                    }
                })
            })
            .collect();
        receives.into_iter().filter_map(|receive| receive.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(got.len() == 1 && got[0] >= start + PERIOD);
    assert!(receiver.is_empty() && receiver.try_recv().is_err() && receiver.capacity() == Some(1));
}

#[test]
fn ticks_in_step() {
    let start = Instant::now();
    let ticker = tick(PERIOD);
    let (first, second) = (ticker.recv().unwrap(), ticker.recv().unwrap());
    assert!(first >= start + PERIOD && second >= first + PERIOD && second <= Instant::now());
    let third = select! { recv(ticker) -> time => time.unwrap() };
    assert!(third >= second + PERIOD);
    thread::sleep(4 * PERIOD);
    // Of those that nobody took one is left.
    assert!(ticker.len() == 1 && ticker.is_full());
    assert_eq!(ticker.try_iter().count(), 1);
}

#[test]
fn the_earliest_of_several() {
    let start = Instant::now();
    let (late, soon, past) = (after(Duration::from_secs(60)), after(PERIOD), at(start));
    select! {
        recv(late) -> _ => unreachable!(),
        recv(past) -> time => assert_eq!(time, Ok(start)),
    }
    select! {
        recv(late) -> _ => unreachable!(),
        recv(past) -> _ => unreachable!(),
        recv(never::<()>()) -> _ => unreachable!(),
        recv(soon) -> time => assert!(time.unwrap() >= start + PERIOD),
    }
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_time_beyond_all_time_never_comes() {
    for receiver in [after(Duration::MAX), tick(Duration::MAX), never()] {
        assert!(receiver.recv_timeout(PERIOD / 4).unwrap_err().is_timeout());
        assert!(receiver.is_empty() && receiver.same_channel(&never()));
    }
}
