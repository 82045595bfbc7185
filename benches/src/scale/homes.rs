//! Started fibers stay where they are, and some are busier than others: how uneven does that make the workers?
//!
//! The load is Zipf's: the connection of rank r asks r^-s times as often as the first. Homes are equal in number, as the
//! scheduler has them, and blind to load. The best that any scheduler can do is bounded too: one fiber runs in one place.

use super::{Draws, Ns};

/// How uneven workers are.
#[derive(Clone, Copy, Debug)]
pub struct Imbalance {
    /// The busiest worker's load beside the mean: 1 is even, and throughput ends at its reciprocal.
    pub home: f64,
    /// The same if fibers went wherever there is room: more than 1 only if one fiber is more than a worker can bear.
    pub anywhere: f64,
}

/// The loads of so many connections; in sum 1.
pub fn zipf(connections: usize, exponent: f64) -> Vec<f64> {
    let mut loads: Vec<f64> = (1..=connections).map(|rank| (rank as f64).powf(-exponent)).collect();
    let sum: f64 = loads.iter().sum();
    loads.iter_mut().for_each(|load| *load /= sum);
    loads
}

/// A home for each connection, equal in number.
pub fn homes(connections: usize, workers: usize, draws: &mut Draws) -> Vec<usize> {
    let mut homes: Vec<usize> = (0..connections).map(|index| index % workers).collect();
    for index in (1..connections).rev() {
        homes.swap(index, draws.below(index + 1));
    }
    homes
}

/// Shares the loads out, and looks at the busiest.
pub fn imbalance(loads: &[f64], workers: usize, draws: &mut Draws) -> Imbalance {
    let mut sums = vec![0.0; workers];
    for (load, home) in loads.iter().zip(homes(loads.len(), workers, draws)) {
        sums[home] += load;
    }
    let busiest = sums.iter().copied().fold(0.0, f64::max);
    let heaviest = loads.iter().copied().fold(0.0, f64::max);
    Imbalance { home: busiest * workers as f64, anywhere: (heaviest * workers as f64).max(1.0) }
}

/// How long requests take, from arrival to end, of 99 in 100: `(at home, wherever there is room)`. They come at random, each
/// takes `work`, and together they keep the workers busy for `share` of their time.
pub fn latency(loads: &[f64], workers: usize, share: f64, work: Ns, draws: &mut Draws) -> (Ns, Ns) {
    const REQUESTS: usize = 400_000;
    let homes = homes(loads.len(), workers, draws);
    let mut upto = 0.0;
    let bounds: Vec<f64> = loads.iter().map(|load| (upto += load, upto).1).collect();
    let between = work as f64 / (share * workers as f64);
    let (mut at_home, mut anywhere) = (vec![0.0_f64; workers], vec![0.0_f64; workers]);
    let (mut late_home, mut late_anywhere) = (Vec::new(), Vec::new());
    let mut now = 0.0;
    for _ in 0..REQUESTS {
        now -= between * (1.0 - draws.unit()).ln();
        let drawn = draws.unit();
        let connection = bounds.partition_point(|bound| *bound < drawn).min(loads.len() - 1);
        let serve = |free: &mut f64| {
            *free = free.max(now) + work as f64;
            *free - now
        };
        late_home.push(serve(&mut at_home[homes[connection]]));
        let first = anywhere.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("there are workers");
        late_anywhere.push(serve(first));
    }
    let p99 = |late: &mut Vec<f64>| crate::clock::percentile(late, 0.99) as Ns;
    (p99(&mut late_home), p99(&mut late_anywhere))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_loads_are_even() {
        let even = imbalance(&[0.01; 100], 4, &mut Draws::new(1));
        assert!((even.home - 1.0).abs() < 1e-9 && (even.anywhere - 1.0).abs() < 1e-9);
    }

    #[test]
    fn who_is_too_heavy_is_so_anywhere() {
        let uneven = imbalance(&zipf(1_000, 2.0), 8, &mut Draws::new(1));
        assert!(uneven.home >= uneven.anywhere && uneven.anywhere > 4.0, "{uneven:?}");
    }

    #[test]
    fn a_shared_queue_is_never_later() {
        let (home, anywhere) = latency(&zipf(1_000, 0.9), 4, 0.5, 6_000, &mut Draws::new(1));
        assert!(home >= anywhere && anywhere >= 6_000, "{home} {anywhere}");
    }
}
