//! How a replay went, counted by kind.
use std::{collections::BTreeMap, fmt};

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As recorded.
    Passed,
    /// Not as recorded.
    Failed,
    /// The project does not have it.
    Unsupported,
}

impl Status {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Unsupported => "unsupported",
        }
    }
}

/// Cases passed, failed and unsupported.
#[derive(Clone, Copy, Debug, Default)]
struct Counts([usize; 3]);

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [passed, failed, unsupported] = self.0;
        write!(f, "passed {passed} failed {failed} unsupported {unsupported} of {}", passed + failed + unsupported)
    }
}

/// Counts by kind.
#[derive(Debug, Default)]
pub struct Report {
    kinds: BTreeMap<String, Counts>,
}

impl Report {
    /// Counts a case.
    pub fn add(&mut self, kind: &str, status: Status) {
        self.kinds.entry(kind.to_string()).or_default().0[status as usize] += 1;
    }
    /// The number of failed cases.
    pub fn failed(&self) -> usize {
        self.kinds.values().map(|c| c.0[Status::Failed as usize]).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut total = Counts::default();
        for (kind, counts) in &self.kinds {
            writeln!(f, "{kind} {counts}")?;
            (0..3).for_each(|i| total.0[i] += counts.0[i]);
        }
        write!(f, "total {total}")
    }
}
