//! How a row is timed: the protocol of all compared programs.
use super::Call;
use flambeau::prelude::*;
use std::time::{Duration, Instant};

/// How long a row is timed.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Calls before the first timed one.
    pub warm_up: usize,
    /// No further call starts after this time, except the first three.
    pub budget: Duration,
    /// The most timed calls.
    pub calls: usize,
}

impl Effort {
    /// For numbers that are to be compared.
    pub const FULL: Effort = Effort { warm_up: 3, budget: Duration::from_secs(1), calls: 50 };
    /// For a first look.
    pub const QUICK: Effort = Effort { warm_up: 1, budget: Duration::from_millis(200), calls: 5 };
}

/// What a row took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// The middle one of the timed calls.
    pub median: f64,
    /// The fastest.
    pub min: f64,
    /// How many there were.
    pub calls: usize,
}

/// Times `call`, one call after the other.
pub fn measure(call: &mut Call, effort: Effort) -> Result<Timing> {
    for _ in 0..effort.warm_up {
        call()?;
    }
    let mut times = Vec::with_capacity(effort.calls);
    let start = Instant::now();
    while times.len() < effort.calls && (start.elapsed() < effort.budget || times.len() < 3) {
        let before = Instant::now();
        call()?;
        times.push(before.elapsed().as_secs_f64() * 1e3);
    }
    Ok(summary(times))
}

fn summary(mut times: Vec<f64>) -> Timing {
    times.sort_by(f64::total_cmp);
    let calls = times.len();
    // As Python's `statistics.median`: the mean of the two in the middle where there are two.
    let median = (times[(calls - 1) / 2] + times[calls / 2]) / 2.0;
    Timing { median, min: times[0], calls }
}

/// The most memory this process has had, in MB; `None` where the system does not say in Linux's way.
pub fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_between_the_two_in_the_middle() {
        assert_eq!(summary(vec![3.0, 1.0, 2.0]), Timing { median: 2.0, min: 1.0, calls: 3 });
        assert_eq!(summary(vec![4.0, 1.0, 2.0, 9.0]).median, 3.0);
    }

    #[test]
    fn a_slow_call_is_still_timed_three_times_and_a_fast_one_at_most_as_often_as_asked() {
        let effort = Effort { warm_up: 2, budget: Duration::ZERO, calls: 50 };
        let mut slow: Call = Box::new(|| Ok(()));
        assert_eq!(measure(&mut slow, effort).unwrap().calls, 3);
        let mut fast: Call = Box::new(|| Ok(()));
        assert_eq!(measure(&mut fast, Effort { budget: Duration::from_secs(60), ..effort }).unwrap().calls, 50);
    }
}
