//! Cutting a text into pieces.
use regex::Regex;
use tensor_core::Result;

/// Cuts texts into tokens. Any function `Fn(&str) -> Vec<String>` is one.
pub trait Tokenizer: Send + Sync {
    /// The tokens of a text, in order.
    fn tokens(&self, text: &str) -> Vec<String>;
}

impl<F: Fn(&str) -> Vec<String> + Send + Sync> Tokenizer for F {
    fn tokens(&self, text: &str) -> Vec<String> {
        self(text)
    }
}

/// Words between spaces, as they are.
#[derive(Clone, Copy, Debug)]
pub struct Words;

impl Tokenizer for Words {
    fn tokens(&self, text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }
}

/// torchtext's `basic_english`: small letters, punctuation apart, quotation marks, colons and semicolons left out.
///
/// ```
/// # use data::text::{BasicEnglish, Tokenizer};
/// assert_eq!(BasicEnglish.tokens("You can't: it's (too) late!"), [
///     "you", "can", "'", "t", "it", "'", "s", "(", "too", ")", "late", "!",
/// ]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BasicEnglish;

impl Tokenizer for BasicEnglish {
    fn tokens(&self, text: &str) -> Vec<String> {
        let mut spaced = String::with_capacity(text.len() + text.len() / 4);
        for c in text.to_lowercase().replace("<br />", " ").chars() {
            match c {
                '\'' | '.' | ',' | '(' | ')' | '!' | '?' => spaced.extend([' ', c, ' ']),
                '"' => {}
                ';' | ':' => spaced.push(' '),
                _ => spaced.push(c),
            }
        }
        Words.tokens(&spaced)
    }
}

/// Each character, spaces included.
#[derive(Clone, Copy, Debug)]
pub struct Characters;

impl Tokenizer for Characters {
    fn tokens(&self, text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }
}

/// What a regular expression matches, or what lies between its matches.
///
/// ```
/// # use data::text::{RegexTokenizer, Tokenizer};
/// # fn main() -> tensor_core::Result<()> {
/// assert_eq!(RegexTokenizer::new(r"\w+|\$[\d.]+")?.tokens("It costs $3.88!"), ["It", "costs", "$3.88"]);
/// assert_eq!(RegexTokenizer::splitting(r"\s*,\s*")?.tokens("a, b ,c"), ["a", "b", "c"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RegexTokenizer {
    pattern: Regex,
    between: bool,
}

impl RegexTokenizer {
    /// Tokens are what `pattern` matches; empty matches are none.
    pub fn new(pattern: &str) -> Result<RegexTokenizer> {
        Ok(RegexTokenizer { pattern: super::pattern("RegexTokenizer", pattern)?, between: false })
    }

    /// Tokens are what lies between matches, where that is not empty.
    pub fn splitting(pattern: &str) -> Result<RegexTokenizer> {
        Ok(RegexTokenizer { between: true, ..RegexTokenizer::new(pattern)? })
    }
}

impl Tokenizer for RegexTokenizer {
    fn tokens(&self, text: &str) -> Vec<String> {
        let full = |piece: &&str| !piece.is_empty();
        match self.between {
            true => self.pattern.split(text).filter(full).map(String::from).collect(),
            false => self.pattern.find_iter(text).map(|m| m.as_str()).filter(full).map(String::from).collect(),
        }
    }
}

/// The tokens, then all runs of two of them, of three and so on up to `n`, joined by spaces: torchtext's
/// `ngrams_iterator`.
///
/// ```
/// # use data::text::ngrams;
/// let tokens = ["here", "we", "are"].map(String::from);
/// assert_eq!(ngrams(&tokens, 2), ["here", "we", "are", "here we", "we are"]);
/// ```
pub fn ngrams(tokens: &[String], n: usize) -> Vec<String> {
    (1..=n.min(tokens.len())).flat_map(|size| tokens.windows(size).map(|run| run.join(" "))).collect()
}
