//! Goal: the story of a failure tells what was done to the network, however long ago, and calls fibers by their numbers in the simulation.
//!
//! Method: a program that fails always, long after a cut; its report is read.

use sisal::sim::net::{heal, host, partition};
use sisal::{sim, spawn, time};
use std::time::Duration;

#[test]
fn the_network_is_part_of_the_story() {
    let report = sim::Builder::new().search(0..1, || {
        let (a, b) = (host("a"), host("b"));
        partition(&[&a], &[&b]);
        time::sleep(Duration::from_secs(1));
        heal();
        for _ in 0..100 {
            spawn(|| ()).join().unwrap();
        }
        spawn(|| time::sleep(Duration::from_millis(1))).join().unwrap();
        panic!("as planned");
    });
    let report = report.unwrap();
    let cut = report.find("a and b are cut off from one another");
    let healed = report.find("every link is whole again");
    assert!(cut.is_some() && cut < healed, "{report}");
    assert!(report.contains("join of #102"), "{report}");
    assert!(report.lines().count() < 80, "{report}");
}
