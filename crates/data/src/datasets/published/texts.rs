//! Texts in memory, one after the other in one buffer.
use crate::dataset::{Dataset, check_index};
use tensor_core::Result;

/// Texts, such as the lines of a file. A sample is a `String`.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    buffer: String,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
        self.ends.push(self.buffer.len());
    }

    pub(super) fn of_lines(text: &str) -> Texts {
        let mut lines = Texts::default();
        text.lines().for_each(|line| lines.push(line));
        lines
    }

    /// A text where it lies, without a copy; `None` past the end.
    pub fn text(&self, index: usize) -> Option<&str> {
        let end = *self.ends.as_slice().get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.buffer.get(start..end)
    }

    /// All texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|i| self.text(i))
    }
}

impl Dataset for Texts {
    type Item = String;
    fn len(&self) -> usize {
        self.ends.len()
    }
    fn get(&self, index: usize) -> Result<String> {
        check_index("Texts", index, self.ends.len())?;
        Ok(self.text(index).unwrap_or_default().to_string())
    }
}

/// Texts with labels. A sample is `(label, text)`, as torchtext gives them; labels are numbered as in the files, mostly
/// from 1.
#[derive(Clone, Debug, Default)]
pub struct TextSet {
    texts: Texts,
    labels: Vec<i64>,
}

impl TextSet {
    pub(super) fn push(&mut self, label: i64, text: &str) {
        self.labels.push(label);
        self.texts.push(text);
    }

    /// The texts alone.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The labels alone.
    pub fn labels(&self) -> &[i64] {
        &self.labels
    }
}

impl Dataset for TextSet {
    type Item = (i64, String);
    fn len(&self) -> usize {
        self.labels.len()
    }
    fn get(&self, index: usize) -> Result<(i64, String)> {
        Ok((self.labels.as_slice().get(index).copied().unwrap_or_default(), self.texts.get(index)?))
    }
}
