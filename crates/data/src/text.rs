//! From text to numbers: tokenizers cut it up, a [`Vocab`] numbers the pieces, [`pad_ids`] makes a batch. With the feature
//! `text`.
//!
//! ```
//! use data::text::{BasicEnglish, Tokenizer, Vocab, VocabOptions, pad_ids};
//! # fn main() -> tensor_core::Result<()> {
//! let texts = ["You can now install it.", "Can you?"];
//! let tokens: Vec<Vec<String>> = texts.iter().map(|text| BasicEnglish.tokens(text)).collect();
//! let mut vocab = Vocab::build(&tokens, VocabOptions { specials: &["<pad>", "<unk>"], ..Default::default() })?;
//! vocab.set_default_index(Some(1))?;
//! let ids = tokens.iter().map(|tokens| vocab.encode(tokens)).collect::<Result<Vec<_>, _>>()?;
//! let batch = pad_ids(&ids, 0)?;
//! assert_eq!(batch.shape(), [2, 6]);
//! assert_eq!(vocab.encode(&["zebra"])?, [1]);
//! # Ok(()) }
//! ```
mod bpe;
mod pad;
#[cfg(test)]
mod tests;
mod tokenize;
mod vocab;
mod wordpiece;

pub use bpe::Bpe;
pub use pad::{pad_ids, pad_ids_collate, truncate};
pub use tokenize::{BasicEnglish, Characters, RegexTokenizer, Tokenizer, Words, ngrams};
pub use vocab::{Vocab, VocabOptions};
pub use wordpiece::WordPiece;

use regex::Regex;
use tensor_core::{Error, ErrorKind, Result};

/// A pattern that is part of the program, or the error of a user's.
fn pattern(op: &'static str, pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|e| Error::new(op, format!("the pattern cannot be used: {e}")))
}

/// The text of a vocabulary file.
fn read_text(op: &'static str, path: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        Error::new(op, format!("{} cannot be read: {e}", path.display())).kind_of(ErrorKind::Io).source_of(e)
    })
}
