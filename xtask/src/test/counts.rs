//! The counts in a line `test result: ok. 12 passed; 0 failed; 1 ignored; ...` of a test program.

/// How many tests passed, failed and were left out.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub ignored: usize,
}

impl Counts {
    /// The counts of one line, `None` where it is another line.
    pub fn of(line: &str) -> Option<Counts> {
        let after = line.strip_prefix("test result: ")?;
        Some(Counts {
            passed: number(after, "passed")?,
            failed: number(after, "failed")?,
            ignored: number(after, "ignored")?,
        })
    }

    /// Adds another program's.
    pub fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// The number that stands before `word`.
pub fn number(text: &str, word: &str) -> Option<usize> {
    words(text).windows(2).find(|pair| pair[1] == word)?[0].parse().ok()
}

/// The number that stands after `word`.
pub fn number_after(text: &str, word: &str) -> Option<usize> {
    words(text).windows(2).find(|pair| pair[0] == word)?[1].parse().ok()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().map(|word| word.trim_end_matches([';', ',', '.', ':'])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_gives_its_counts() {
        let line = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 7 filtered out; finished in 0.01s";
        assert_eq!(Counts::of(line), Some(Counts { passed: 12, failed: 0, ignored: 3 }));
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 9.80s";
        assert_eq!(Counts::of(line), Some(Counts { passed: 1, failed: 2, ignored: 0 }));
    }

    #[test]
    fn other_lines_have_none() {
        for line in [
            "",
            "running 12 tests",
            "test result_is_ok ... ok",
            "    test result: ok. 1 passed; 0 failed",
            "test result: ok.",
        ] {
            assert_eq!(Counts::of(line), None, "{line:?}");
        }
    }
}
