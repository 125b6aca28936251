//! Bytes of a stranger's file: what is not there is an error, and room is only made for what is.
use super::refused;
use std::io::{Read, Seek};
use tensor_core::{Error, Result};

/// A file, or bytes in memory.
pub(super) trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// Reads from the front, and counts.
pub(super) struct Input<'a> {
    source: &'a mut dyn Source,
    /// What is left of the file, at most.
    left: u64,
}

impl<'a> Input<'a> {
    /// A reader of the `left` bytes from where `source` stands.
    pub fn new(source: &'a mut dyn Source, left: u64) -> Input<'a> {
        Input { source, left }
    }

    /// Bytes that are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    pub fn bytes(&mut self, n: u64) -> Result<Vec<u8>> {
        let Some(left) = self.left.checked_sub(n) else { return Err(cut()) };
        self.left = left;
        // No longer than the file.
        let mut bytes = vec![0; usize::try_from(n).map_err(|_| cut())?];
        self.source.read_exact(&mut bytes).map_err(|e| cut().source_of(e))?;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.left = self.left.checked_sub(N as u64).ok_or_else(cut)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(|e| cut().source_of(e))?;
        Ok(bytes)
    }

    /// Text up to the end of the line, at most a kilobyte.
    pub fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        loop {
            match self.array::<1>()? {
                [b'\n'] => break,
                _ if line.len() == 1024 => return Err(refused("the pickle is damaged: a name has no end")),
                [byte] => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|e| refused("the pickle is damaged: a name is no text").source_of(e))
    }
}

pub(super) fn cut() -> Error {
    refused("the file ends too early").hint("it is cut off: copy or save it again")
}
