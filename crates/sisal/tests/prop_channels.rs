//! Random programs over one channel do what a sequential model of a channel can do.
//!
//! Method: see `model`. One agent alone must see exactly what the model says; of several, each operation must take effect
//! at some moment between its call and its return.

mod model;

use model::harness::check;
use model::program::{concurrent, sequential};
use model::run::Host;

#[test]
fn one_fiber() {
    check(sequential(1, 1), Host::Fibers);
}

#[test]
fn one_thread() {
    check(sequential(1, 1), Host::Threads);
}

#[test]
fn fibers() {
    check(concurrent(1, 1), Host::Fibers);
}

#[test]
fn threads() {
    check(concurrent(1, 1), Host::Threads);
}

#[test]
fn fibers_and_threads() {
    check(concurrent(1, 1), Host::Mixed);
}
