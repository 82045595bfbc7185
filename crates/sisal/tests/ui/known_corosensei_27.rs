//! The program of corosensei#27: a coroutine is forgotten while a thread that it has scoped still reads what was lent to it.

use sisal::coroutine::Coroutine;
use std::sync::mpsc;

fn main() {
    let mut text = String::from("lent");
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel();
    {
        let lent = text.as_str();
        let coroutine = Coroutine::new(move |yielder, ()| {
            std::thread::scope(move |s| {
                s.spawn(move || {
                    goes_on.recv().unwrap();
                    answer.send(lent.to_owned()).unwrap();
                });
                yielder.yield_(());
            });
        });
        let _ = coroutine.resume(());
        std::mem::forget(coroutine);
    }
    text.clear();
    go_on.send(()).unwrap();
    println!("{text} {}", answered.recv().unwrap());
}
