//! BERT's tokenizer: words, then pieces of words.
use super::{Tokenizer, Vocab};
use regex::Regex;
use std::path::Path;
use tensor_core::{Error, Result};
use unicode_normalization::UnicodeNormalization;

/// Words are cut into the longest pieces that the vocabulary has, from the left; a piece that continues a word begins with
/// `##`. A word that cannot be cut is `[UNK]` as a whole (Wu et al. 2016, as BERT does it).
///
/// ```no_run
/// # use data::text::{Tokenizer, WordPiece};
/// # fn main() -> tensor_core::Result<()> {
/// let bert = WordPiece::load("bert-base-uncased/vocab.txt", true)?;
/// assert_eq!(bert.tokens("Embeddings!"), ["em", "##bed", "##ding", "##s", "!"]);
/// let ids = bert.encode("Embeddings!")?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct WordPiece {
    vocab: Vocab,
    lowercase: bool,
    words: Regex,
    control: Regex,
    accents: Regex,
}

/// Longer words are unknown.
const LONGEST_WORD: usize = 100;
const UNKNOWN: &str = "[UNK]";
/// Punctuation, in the sense of BERT: what Unicode calls so, and every ASCII sign that is no letter or digit.
const PUNCTUATION: &str = r"\p{P}!-/:-@\[-`{-~";
/// Chinese characters, which are words of their own.
const CHINESE: &str = r"\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2B73F}\x{2B740}-\x{2B81F}\x{2B820}-\x{2CEAF}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}";

impl WordPiece {
    /// With these pieces; `lowercase` also takes accents off letters. The vocabulary must have `[UNK]`.
    pub fn new(vocab: Vocab, lowercase: bool) -> Result<WordPiece> {
        if !vocab.contains(UNKNOWN) {
            return Err(Error::new("WordPiece", "the vocabulary has no [UNK]"));
        }
        let words = format!(r"\[(?:UNK|SEP|PAD|CLS|MASK)\]|[{PUNCTUATION}{CHINESE}]|[^\s{PUNCTUATION}{CHINESE}]+");
        let pattern = |text: &str| super::pattern("WordPiece", text);
        // Tab and line ends are spaces, not control characters.
        let (control, accents) = (pattern(r"[\p{C}\x{FFFD}&&[^\t\n\r]]")?, pattern(r"\p{Mn}")?);
        Ok(WordPiece { vocab, lowercase, words: pattern(&words)?, control, accents })
    }

    /// Reads BERT's `vocab.txt`.
    pub fn load(path: impl AsRef<Path>, lowercase: bool) -> Result<WordPiece> {
        WordPiece::new(Vocab::from_lines(path)?, lowercase)
    }

    /// The pieces and their numbers.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The numbers of the tokens of a text, without `[CLS]` and `[SEP]`.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        self.vocab.encode(&self.tokens(text))
    }

    /// The text of numbers: pieces are joined, words are apart.
    pub fn decode(&self, ids: &[i64]) -> Result<String> {
        let mut text = String::new();
        for token in self.vocab.decode(ids)? {
            match token.strip_prefix("##") {
                Some(piece) => text.push_str(piece),
                None if text.is_empty() => text.push_str(token),
                None => text.extend([" ", token]),
            }
        }
        Ok(text)
    }

    fn pieces(&self, word: &str, out: &mut Vec<String>) {
        let start = out.len();
        if self.vocab.contains(word) {
            return out.push(word.to_string());
        }
        if word.chars().count() > LONGEST_WORD {
            return out.push(UNKNOWN.to_string());
        }
        let mut rest = word;
        while !rest.is_empty() {
            let prefix = if rest.len() == word.len() { "" } else { "##" };
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            let mut pieces = ends.map(|end| (end, format!("{prefix}{}", &rest[..end])));
            let Some((end, piece)) = pieces.find(|(_, piece)| self.vocab.contains(piece)) else {
                out.truncate(start);
                return out.push(UNKNOWN.to_string());
            };
            out.push(piece);
            rest = &rest[end..];
        }
    }
}

impl Tokenizer for WordPiece {
    fn tokens(&self, text: &str) -> Vec<String> {
        let clean = self.control.replace_all(text, "");
        let mut out = Vec::new();
        for word in self.words.find_iter(&clean) {
            let word = word.as_str();
            if !self.lowercase || word.starts_with('[') && word.len() > 1 {
                self.pieces(word, &mut out);
                continue;
            }
            let decomposed: String = word.to_lowercase().nfd().collect();
            let bare = self.accents.replace_all(&decomposed, "");
            if !bare.is_empty() {
                self.pieces(&bare, &mut out);
            }
        }
        out
    }
}
