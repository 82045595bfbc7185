//! A coroutine may be forgotten, so it borrows nothing.

fn main() {
    let text = String::from("borrowed");
    let words = sisal::coroutine::iter(|yielder| text.split(' ').for_each(|word| yielder.yield_(word.len())));
    drop(words);
}
