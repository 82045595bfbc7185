//! A borrow may not leave the scope through a child.
fn main() {
    let mut kept: Option<&i32> = None;
    {
        let short = 1;
        sisal::scope(|s| {
            s.spawn(|| kept = Some(&short));
        });
    }
    println!("{kept:?}");
}
