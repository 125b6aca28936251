//! A run in stages: each announces itself, is timed and counted, and none stops the ones after it.

use crate::Result;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a stage found.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Outcome {
    /// How many things held.
    pub passed: usize,
    /// How many did not; the run fails unless this is 0 in every stage.
    pub failed: usize,
    /// What else there is to say, in a few words.
    pub note: String,
}

impl Outcome {
    /// One thing looked at as a whole.
    pub fn whole(holds: bool, note: impl Into<String>) -> Outcome {
        Outcome { passed: usize::from(holds), failed: usize::from(!holds), note: note.into() }
    }
}

/// The stages so far.
#[derive(Debug, Default)]
pub struct Stages {
    done: Vec<(String, Outcome, Duration)>,
}

impl Stages {
    /// Runs one stage. A stage that could not be run at all has failed once.
    pub fn run(&mut self, name: &str, stage: impl FnOnce() -> Result<Outcome>) {
        println!("── {name}");
        let start = Instant::now();
        let outcome = stage().unwrap_or_else(|why| {
            println!("error: {why}");
            Outcome::whole(false, "could not be run")
        });
        self.done.push((name.to_string(), outcome, start.elapsed()));
    }

    /// Prints a line per stage and the sums, and gives the exit code.
    pub fn finish(self) -> ExitCode {
        println!();
        for (name, outcome, time) in &self.done {
            let Outcome { passed, failed, note } = outcome;
            println!(
                "{}",
                format!("{name:<32} {passed:>6} passed {failed:>4} failed {:>8.1} s  {note}", time.as_secs_f64())
                    .trim_end()
            );
        }
        let passed: usize = self.done.iter().map(|(_, o, _)| o.passed).sum();
        let failed: usize = self.done.iter().map(|(_, o, _)| o.failed).sum();
        let time: Duration = self.done.iter().map(|(_, _, t)| *t).sum();
        println!("{passed} passed, {failed} failed in {:.0} s", time.as_secs_f64());
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
