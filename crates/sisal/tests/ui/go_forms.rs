//! Wrong forms of `go!` say what is wrong.
fn main() {
    sisal::go!();
    sisal::go!(nmae = "typo", { 1 });
    sisal::go!(name = "no body");
    sisal::go!(|x: i32| x);
    sisal::go!(move |x: i32, y: i32| x + y);
}
