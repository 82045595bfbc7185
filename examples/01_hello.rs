//! The smallest program: `go!` spawns a fiber, `#[sisal::main]` makes `main` one too.
//!
//! Look at: the two lines come in either order, since both fibers run at once; `join` waits for the other.
//!
//! ```text
//! $ cargo run --release --example 01_hello
//! hello from the main fiber
//! hello from fiber 'greeter' on worker 1
//! ```

use sisal::{fiber, go};

#[sisal::main]
fn main() {
    let greeter = go!(name = "greeter", {
        let me = fiber::current();
        println!("hello from fiber '{}' on worker {}", me.name().unwrap(), me.home().unwrap());
    });
    println!("hello from the main fiber");
    greeter.join().unwrap();
}
