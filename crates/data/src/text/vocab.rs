//! The numbers of tokens.
use serde_json::{Value, json};
use std::{collections::HashMap, fmt, io::Write, path::Path};
use tensor_core::{Error, ErrorKind, Result};

/// How [`Vocab::build`] chooses tokens. The default is torchtext's.
#[derive(Clone, Copy, Debug)]
pub struct VocabOptions<'a> {
    /// Tokens that come less often are left out; 1 keeps all.
    pub min_freq: usize,
    /// Tokens that are there whatever the texts hold, in this order: `<pad>`, `<unk>`..
    pub specials: &'a [&'a str],
    /// Whether the specials have the first numbers, or the last.
    pub special_first: bool,
    /// The most tokens, specials included: the most frequent ones stay.
    pub max_tokens: Option<usize>,
}

impl Default for VocabOptions<'_> {
    fn default() -> Self {
        VocabOptions { min_freq: 1, specials: &[], special_first: true, max_tokens: None }
    }
}

/// Tokens and their numbers, from 0 on without gaps.
///
/// ```
/// # use data::text::{Vocab, VocabOptions};
/// # fn main() -> tensor_core::Result<()> {
/// let texts = [vec!["b", "a", "b"], vec!["c", "b", "a"]];
/// let mut vocab = Vocab::build(&texts, VocabOptions { specials: &["<unk>"], min_freq: 2, ..Default::default() })?;
/// assert_eq!(vocab.tokens(), ["<unk>", "b", "a"]); // the most frequent first, equal ones by the alphabet
/// assert_eq!(vocab.encode(&["a", "b"])?, [2, 1]);
/// assert!(vocab.encode(&["c"]).is_err()); // until there is a number for unknown ones
/// vocab.set_default_index(Some(0))?;
/// assert_eq!(vocab.encode(&["c"])?, [0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Vocab {
    tokens: Vec<String>,
    /// The place of each token in `tokens`.
    numbers: HashMap<String, i64>,
    /// Below the number of tokens.
    default: Option<i64>,
}

impl Vocab {
    /// Exactly these tokens, numbered in their order; fails where one comes twice.
    pub fn new(tokens: impl IntoIterator<Item = impl Into<String>>) -> Result<Vocab> {
        let mut vocab = Vocab::default();
        for token in tokens {
            vocab.push(token.into())?;
        }
        Ok(vocab)
    }

    /// The tokens of texts: the most frequent first, equally frequent ones in the order of their characters.
    pub fn build<I>(texts: I, options: VocabOptions<'_>) -> Result<Vocab>
    where
        I: IntoIterator,
        I::Item: IntoIterator<Item: AsRef<str>>,
    {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for token in texts.into_iter().flatten() {
            match counts.get_mut(token.as_ref()) {
                Some(count) => *count += 1,
                None => drop(counts.insert(token.as_ref().to_string(), 1)),
            }
        }
        for special in options.specials {
            counts.remove(*special);
        }
        let mut found: Vec<(String, usize)> =
            counts.into_iter().filter(|&(_, count)| count >= options.min_freq).collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        if let Some(most) = options.max_tokens {
            let Some(most) = most.checked_sub(options.specials.len()) else {
                let why = format!("max_tokens is {most}, but there are {} specials", options.specials.len());
                return Err(Error::new("Vocab", why));
            };
            found.truncate(most);
        }
        let specials = || options.specials.iter().map(|special| special.to_string());
        let found = found.into_iter().map(|(token, _)| token);
        match options.special_first {
            true => Vocab::new(specials().chain(found)),
            false => Vocab::new(found.chain(specials())),
        }
    }

    /// The number that unknown tokens get; without one they are an error.
    pub fn set_default_index(&mut self, index: Option<i64>) -> Result<()> {
        if let Some(index) = index {
            self.token(index)?;
        }
        self.default = index;
        Ok(())
    }

    /// The number that unknown tokens get.
    pub fn default_index(&self) -> Option<i64> {
        self.default
    }

    /// Adds a token behind the last, and returns its number.
    pub fn push(&mut self, token: String) -> Result<i64> {
        let number = self.tokens.len() as i64;
        if let Some(known) = self.numbers.get(&token) {
            return Err(Error::new("Vocab", format!("token {token:?} is there twice, as {known} and {number}")));
        }
        self.numbers.insert(token.clone(), number);
        self.tokens.push(token);
        Ok(number)
    }

    /// How many tokens there are: the `num_embeddings` of an embedding.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// All tokens by number: torchtext's `get_itos`.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Whether a token is there.
    pub fn contains(&self, token: &str) -> bool {
        self.numbers.contains_key(token)
    }

    /// The number of a token, or the default one.
    pub fn index(&self, token: &str) -> Result<i64> {
        self.numbers.get(token).copied().or(self.default).ok_or_else(|| {
            Error::new("Vocab", format!("token {token:?} is none of {}", self.len()))
                .hint("`set_default_index` gives unknown tokens a number")
        })
    }

    /// The token of a number.
    pub fn token(&self, index: i64) -> Result<&str> {
        let token = usize::try_from(index).ok().and_then(|i| self.tokens.get(i));
        let missing = || Error::new("Vocab", format!("number {index} is none of {} tokens", self.len()));
        token.map(String::as_str).ok_or_else(missing)
    }

    /// The numbers of tokens.
    pub fn encode<T: AsRef<str>>(&self, tokens: &[T]) -> Result<Vec<i64>> {
        tokens.iter().map(|token| self.index(token.as_ref())).collect()
    }

    /// The tokens of numbers.
    pub fn decode(&self, indices: &[i64]) -> Result<Vec<&str>> {
        indices.iter().map(|&index| self.token(index)).collect()
    }

    /// Writes a JSON file, whole or not at all.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let text = json!({ "tokens": self.tokens, "default_index": self.default }).to_string();
        files::write_atomic(path, |file| Ok(file.write_all(text.as_bytes())?))
    }

    /// Reads what [`Vocab::save`] wrote.
    pub fn load(path: impl AsRef<Path>) -> Result<Vocab> {
        let path = path.as_ref();
        let refused = |why: String| Error::new("Vocab", format!("{}: {why}", path.display())).kind_of(ErrorKind::Io);
        let whole: Value =
            serde_json::from_str(&super::read_text("Vocab", path)?).map_err(|e| refused(e.to_string()))?;
        let Some(tokens) = whole["tokens"].as_array() else {
            return Err(refused("there is no list \"tokens\"".into()));
        };
        let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
        let tokens = tokens.ok_or_else(|| refused("a token is no text".into()))?;
        let mut vocab = Vocab::new(tokens).map_err(|e| refused(e.message().to_string()))?;
        let default = match &whole["default_index"] {
            Value::Null => None,
            value => Some(value.as_i64().ok_or_else(|| refused("\"default_index\" is no number".into()))?),
        };
        vocab.set_default_index(default).map_err(|e| refused(e.message().to_string()))?;
        Ok(vocab)
    }

    /// Reads a file with a token on each line, such as BERT's `vocab.txt`.
    pub fn from_lines(path: impl AsRef<Path>) -> Result<Vocab> {
        let path = path.as_ref();
        let text = super::read_text("Vocab", path)?;
        Vocab::new(text.lines()).map_err(|e| e.about(path.display()).kind_of(ErrorKind::Io))
    }
}

impl fmt::Debug for Vocab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocab").field("len", &self.len()).field("default_index", &self.default).finish_non_exhaustive()
    }
}
