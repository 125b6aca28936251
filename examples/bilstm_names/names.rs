//! From names to numbers.
use flambeau::prelude::*;

/// Padding, and the letters from A to Z.
pub const LETTERS: usize = 27;

/// A letter is its place in the alphabet, 1 to 26; 0 pads. Small letters are as capitals, and what joins names
/// (`-`, `'`, spaces) is left out.
pub fn encode(name: &str) -> Result<Tensor> {
    let mut ids = Vec::with_capacity(name.len());
    for c in name.chars() {
        match c.to_ascii_uppercase() {
            c @ 'A'..='Z' => ids.push(i64::from(u32::from(c) - u32::from('A')) + 1),
            '-' | '\'' | ' ' => {}
            _ => {
                return Err(Error::new("encode", format!("{c:?} is no letter from A to Z"))
                    .hint("the lists write names without accents"));
            }
        }
    }
    if ids.is_empty() {
        return Err(Error::new("encode", "a name has at least one letter"));
    }
    Tensor::from_slice(&ids, [ids.len()])
}
