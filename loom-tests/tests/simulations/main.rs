//! Tests of `sisal` that notice planted mistakes when they run in simulations, and the test that they do: see `mutants.rs`.
//!
//! Without `--cfg sisal_fault` there is one test, which fails if `cargo sim-mutants` was meant.

#[cfg(not(sisal_fault))]
#[test]
fn not_run_by_accident() {
    assert!(
        std::env::var_os("SISAL_FAULT_EXPECTED").is_none(),
        "`cargo sim-mutants` was asked for, but built without `--cfg sisal_fault`: is RUSTFLAGS set?"
    );
}

#[cfg(sisal_fault)]
#[path = "../../../crates/sisal/tests/block_on.rs"]
mod block_on;
#[cfg(sisal_fault)]
#[path = "../../../crates/sisal/tests/cancel_scopes.rs"]
mod cancel_scopes;
#[cfg(sisal_fault)]
#[path = "../../../crates/sisal/tests/channels.rs"]
mod channels;
#[cfg(sisal_fault)]
mod mutants;
#[cfg(sisal_fault)]
#[path = "../../../crates/sisal/tests/waits.rs"]
mod waits;
#[cfg(sisal_fault)]
#[path = "../../../crates/sisal/tests/waits_on_channels.rs"]
mod waits_on_channels;
