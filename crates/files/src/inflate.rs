//! Files of a zip archive, with a bound on what a small one can grow to.
use std::io::{Error, Read, Result};

/// How many bytes an archive may still give.
pub(crate) struct Inflated {
    left: u64,
    /// The archive's own length.
    length: u64,
}

/// What any archive may give, and how many times its own length beyond that. Floats compress little; arrays of zeros
/// compress a thousandfold, as bombs do.
const FREE: u64 = 1 << 28;
const TIMES: u64 = 64;

impl Inflated {
    /// For an archive of `length` bytes.
    pub fn new(length: u64) -> Inflated {
        Inflated { left: FREE.saturating_add(length.saturating_mul(TIMES)), length }
    }

    /// The content of a file. Room is made for what the file claims, but not for more than the archive is long; beyond
    /// that, for what comes.
    pub fn read(&mut self, entry: impl Read, claimed: u64) -> Result<Vec<u8>> {
        let room = claimed.min(self.length).min(self.left);
        let mut content = Vec::new();
        content.try_reserve_exact(usize::try_from(room).unwrap_or(0)).map_err(Error::other)?;
        entry.take(self.left.saturating_add(1)).read_to_end(&mut content)?;
        self.left = self.left.checked_sub(content.len() as u64).ok_or_else(|| {
            Error::other(format!("it grows to more than {TIMES} times the archive's {} bytes", self.length))
        })?;
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_beyond_its_bound_is_refused_and_not_held() {
        let mut inflated = Inflated { left: 1000, length: 10 };
        assert_eq!(inflated.read(std::io::repeat(0).take(900), u64::MAX).unwrap().len(), 900);
        assert!(inflated.read(std::io::repeat(0), 50).unwrap_err().to_string().contains("grows"));
        let mut inflated = Inflated { left: 1000, length: 10 };
        assert!(inflated.read(std::io::repeat(0), u64::MAX).is_err());
    }
}
