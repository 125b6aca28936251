//! GPT-2's tokenizer: byte pair encoding of bytes.
use super::{Tokenizer, Vocab};
use regex::Regex;
use std::{collections::HashMap, path::Path};
use tensor_core::{Error, ErrorKind, Result};

/// Every text can be encoded, and decodes to itself: the pieces are made of bytes. From single bytes on, the pair of
/// neighbours that was merged first in training is merged, until none is left (Sennrich et al. 2016, Radford et al. 2019).
///
/// ```no_run
/// # use data::text::Bpe;
/// # fn main() -> tensor_core::Result<()> {
/// let gpt2 = Bpe::load("gpt2/vocab.json", "gpt2/merges.txt")?;
/// assert_eq!(gpt2.encode("Hello world")?, [15496, 995]);
/// assert_eq!(gpt2.decode(&[15496, 995])?, "Hello world");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Bpe {
    vocab: Vocab,
    /// For a pair of neighbours, how early it is merged, and into what.
    merges: HashMap<(i64, i64), (usize, i64)>,
    /// The number of each byte.
    bytes: [i64; 256],
    words: Regex,
}

fn refused(why: impl Into<String>) -> Error {
    Error::new("Bpe", why).kind_of(ErrorKind::Io)
}

impl Bpe {
    /// Reads GPT-2's `vocab.json` and `merges.txt`.
    pub fn load(vocab: impl AsRef<Path>, merges: impl AsRef<Path>) -> Result<Bpe> {
        let (vocab, merges) = (vocab.as_ref(), merges.as_ref());
        Bpe::from_text(&super::read_text("Bpe", vocab)?, &super::read_text("Bpe", merges)?)
            .map_err(|e| e.about(format!("{}, {}", vocab.display(), merges.display())))
    }

    /// The same from the content of both files.
    pub fn from_text(vocab: &str, merges: &str) -> Result<Bpe> {
        let vocab = numbered(vocab)?;
        let number = |token: &str| vocab.index(token).map_err(|_| refused(format!("{token:?} is no token")));
        let mut bytes = [0; 256];
        for (byte, letter) in letters().into_iter().enumerate() {
            bytes[byte] = number(letter.encode_utf8(&mut [0; 4]))?;
        }
        let mut ranks = HashMap::new();
        let lines = merges.lines().filter(|line| !line.starts_with("#version") && !line.trim().is_empty());
        for (rank, line) in lines.enumerate() {
            let Some((left, right)) = line.trim_end().split_once(' ') else {
                return Err(refused(format!("{line:?} is no pair to merge")));
            };
            let merged = number(&format!("{left}{right}"))?;
            ranks.entry((number(left)?, number(right)?)).or_insert((rank, merged));
        }
        // The pattern of GPT-2, but for its last part, `\s+(?!\S)`: see `cut`.
        let words = super::pattern("Bpe", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+")?;
        Ok(Bpe { vocab, merges: ranks, bytes, words })
    }

    /// The pieces and their numbers. Bytes that are no printable ASCII are written as other letters: a space is `Ġ`.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The numbers of a text.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>> {
        let mut ids = Vec::new();
        for word in self.cut(text) {
            let mut pieces: Vec<i64> = word.bytes().map(|byte| self.bytes[usize::from(byte)]).collect();
            while let Some((_, at, merged)) = self.first_merge(&pieces) {
                pieces[at] = merged;
                pieces.remove(at + 1);
            }
            ids.extend(pieces);
        }
        Ok(ids)
    }

    /// The text of numbers; bytes that are no text are written as `U+FFFD`.
    pub fn decode(&self, ids: &[i64]) -> Result<String> {
        let bytes: HashMap<char, u8> = letters().into_iter().zip(0..=255).collect();
        let mut text = Vec::new();
        for token in self.vocab.decode(ids)? {
            match token.chars().map(|c| bytes.get(&c).copied()).collect::<Option<Vec<u8>>>() {
                Some(piece) => text.extend(piece),
                // A special token, such as `<|endoftext|>`, may be spelled with anything.
                None => text.extend(token.bytes()),
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The pair that was learned first: its rank, its place, and what it becomes.
    fn first_merge(&self, pieces: &[i64]) -> Option<(usize, usize, i64)> {
        let pairs = pieces.windows(2).enumerate();
        pairs.filter_map(|(at, p)| self.merges.get(&(p[0], p[1])).map(|&(rank, merged)| (rank, at, merged))).min()
    }

    /// Words with the space before them. Of several spaces before a word, the last belongs to the word.
    fn cut<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = self.words.find_at(text, at)?;
            let mut end = found.end();
            let last = found.as_str().chars().next_back()?;
            let spaces = found.as_str().chars().all(char::is_whitespace);
            if spaces && end < text.len() && found.len() > last.len_utf8() {
                end -= last.len_utf8();
            }
            at = end;
            text.get(found.start()..end)
        })
    }
}

impl Tokenizer for Bpe {
    fn tokens(&self, text: &str) -> Vec<String> {
        let tokens =
            self.encode(text).and_then(|ids| Ok(self.vocab.decode(&ids)?.into_iter().map(String::from).collect()));
        // Every number that `encode` gives is one of the vocabulary's.
        tokens.unwrap_or_default()
    }
}

/// `{"token": number}` with numbers from 0 on without gaps.
fn numbered(text: &str) -> Result<Vocab> {
    let map: HashMap<String, usize> = serde_json::from_str(text).map_err(|e| refused(format!("no vocabulary: {e}")))?;
    let mut tokens = vec![None; map.len()];
    for (token, number) in map {
        match tokens.get_mut(number) {
            Some(slot @ None) => *slot = Some(token),
            _ => return Err(refused(format!("token {token:?} has number {number}, which is taken or leaves a gap"))),
        }
    }
    Vocab::new(tokens.into_iter().flatten())
}

/// The letter that stands for each byte: itself where it is printable, else one behind U+0100, in order.
fn letters() -> [char; 256] {
    let mut next = 0x100..;
    std::array::from_fn(|byte| match byte as u8 {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte as u8),
        _ => next.next().and_then(char::from_u32).unwrap_or_default(),
    })
}
