//! The program of corosensei#60: a scoped coroutine that borrows changes places with one that lives longer.

use sisal::coroutine::{self, Scoped};
use std::sync::mpsc;

fn main() {
    coroutine::scoped(
        |_, ()| (),
        |outer: &mut Scoped<'_, (), (), ()>| {
            let mut text = String::from("lent");
            let (go_on, goes_on) = mpsc::channel::<()>();
            {
                let lent = text.as_str();
                coroutine::scoped(
                    |yielder, ()| {
                        std::thread::scope(move |s| {
                            s.spawn(move || {
                                goes_on.recv().unwrap();
                                println!("{lent}");
                            });
                            yielder.yield_(());
                        });
                    },
                    |inner: &mut Scoped<'_, (), (), ()>| {
                        let _ = inner.resume(());
                        std::mem::swap(inner, outer);
                    },
                );
            }
            text.clear();
            go_on.send(()).unwrap();
        },
    );
}
