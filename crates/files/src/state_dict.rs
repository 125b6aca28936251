//! Tensors by name, in the order in which they were put in.
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};
use tensor_core::{Result, Tensor};

/// Named tensors in order, with a few words about them: what a model's weights are on their way to and from a file.
///
/// ```
/// # use files::StateDict;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let mut dict = StateDict::new();
/// dict.insert("lin1.weight", Tensor::ones([2, 3])?);
/// let bytes = dict.to_bytes()?;
/// let again = StateDict::from_bytes(&bytes)?;
/// assert_eq!(again.names().collect::<Vec<_>>(), ["lin1.weight"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StateDict {
    entries: Vec<(String, Tensor)>,
    /// Where each name stands in `entries`.
    index: HashMap<String, usize>,
    /// Free text by key, stored in the file beside the tensors.
    pub metadata: BTreeMap<String, String>,
}

impl StateDict {
    /// Nothing yet.
    pub fn new() -> StateDict {
        StateDict::default()
    }

    /// Puts `tensor` (its values of now, without history) under `name`; returns what stood there.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) -> Option<Tensor> {
        let name = name.into();
        let tensor = tensor.detach();
        if let Some(&i) = self.index.get(&name) {
            return Some(std::mem::replace(&mut self.entries[i].1, tensor));
        }
        self.index.insert(name.clone(), self.entries.len());
        self.entries.push((name, tensor));
        None
    }

    /// The tensor under `name`.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.index.get(name).map(|&i| &self.entries[i].1)
    }

    /// Takes the tensor under `name` out; the order of the others stays.
    pub fn remove(&mut self, name: &str) -> Option<Tensor> {
        let at = self.index.remove(name)?;
        let (_, tensor) = self.entries.remove(at);
        for i in self.index.values_mut().filter(|i| **i > at) {
            *i -= 1;
        }
        Some(tensor)
    }

    /// Whether there is a tensor under `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }
    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }
    /// Names and tensors, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The tensors whose names start with `prefix`, under the rest of their names: one model out of a file of several.
    ///
    /// ```
    /// # use files::StateDict;
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let mut dict = StateDict::new();
    /// dict.insert("encoder.weight", Tensor::ones([2])?);
    /// dict.insert("decoder.weight", Tensor::ones([3])?);
    /// assert_eq!(dict.strip_prefix("encoder.").names().collect::<Vec<_>>(), ["weight"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn strip_prefix(&self, prefix: &str) -> StateDict {
        self.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_string(), t.clone()))).collect()
    }

    /// All tensors of `other` under `prefix` and their name.
    pub fn insert_all(&mut self, prefix: &str, other: &StateDict) {
        for (name, tensor) in other.iter() {
            self.insert(format!("{prefix}{name}"), tensor.clone());
        }
    }

    /// Reads a safetensors file.
    pub fn load(path: impl AsRef<Path>) -> Result<StateDict> {
        crate::safetensors::load(path)
    }
    /// Writes a safetensors file: whoever reads `path` finds the old content or the new, never a half.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::safetensors::save(self, path)
    }
    /// Reads the bytes of a safetensors file.
    pub fn from_bytes(bytes: &[u8]) -> Result<StateDict> {
        crate::safetensors::from_bytes(bytes)
    }
    /// The bytes of a safetensors file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        crate::safetensors::to_bytes(self)
    }
}

impl<S: Into<String>> FromIterator<(S, Tensor)> for StateDict {
    fn from_iter<I: IntoIterator<Item = (S, Tensor)>>(entries: I) -> StateDict {
        let mut dict = StateDict::new();
        dict.extend(entries);
        dict
    }
}

impl<S: Into<String>> Extend<(S, Tensor)> for StateDict {
    fn extend<I: IntoIterator<Item = (S, Tensor)>>(&mut self, entries: I) {
        for (name, tensor) in entries {
            self.insert(name, tensor);
        }
    }
}

impl IntoIterator for StateDict {
    type Item = (String, Tensor);
    type IntoIter = std::vec::IntoIter<(String, Tensor)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_insertion_and_survives_removal() {
        let t = || Tensor::ones([1]).unwrap();
        let mut dict: StateDict = [("b", t()), ("a", t()), ("c", t())].into_iter().collect();
        assert!(dict.insert("a", t()).is_some());
        assert_eq!(dict.names().collect::<Vec<_>>(), ["b", "a", "c"]);
        assert!(dict.remove("b").is_some() && dict.remove("b").is_none());
        assert_eq!(dict.names().collect::<Vec<_>>(), ["a", "c"]);
        assert!(dict.get("c").is_some() && !dict.contains("b") && dict.len() == 2);
    }
}
