//! First names of very different lengths on two lists, inside the program.
use crate::dataset::{Dataset, check_index};
use flate2::read::GzDecoder;
use std::{collections::HashSet, io::Read, sync::Arc};
use tensor_core::{Error, Result};

// A name, its frequency, the cumulative frequency and its rank on each line.
const FILES: [&[u8]; 2] =
    [include_bytes!("../../data/first_names_female.txt.gz"), include_bytes!("../../data/first_names_male.txt.gz")];

/// The first names that the US census of 1990 lists for women (label 0: 4,275) and men (label 1: 1,219), in capitals,
/// the most frequent of each list first. 331 of them are on both.
///
/// From the U.S. Census Bureau (public domain), as packaged by `names` (MIT); see the NOTICE beside the files.
///
/// ```
/// # use data::{Dataset, datasets::FirstNames};
/// # fn main() -> tensor_core::Result<()> {
/// assert_eq!(FirstNames::all()?.get(0)?, ("MARY".to_string(), 0));
/// assert_eq!(FirstNames::on_one_list()?.len(), 3944 + 888);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct FirstNames {
    names: Arc<[(String, i64)]>,
}

impl FirstNames {
    /// All entries of both lists.
    pub fn all() -> Result<FirstNames> {
        let mut names = Vec::new();
        for (label, file) in FILES.into_iter().enumerate() {
            names.extend(read(file)?.into_iter().map(|name| (name, label as i64)));
        }
        Ok(FirstNames { names: names.into() })
    }

    /// Those that tell which list they are from: without the names that are on both.
    pub fn on_one_list() -> Result<FirstNames> {
        let all = FirstNames::all()?;
        let of = |label: i64| all.names.iter().filter(move |(_, l)| *l == label).map(|(name, _)| name.as_str());
        let lists: [HashSet<&str>; 2] = [of(0).collect(), of(1).collect()];
        let alone = |(name, label): &&(String, i64)| !lists[usize::from(*label == 0)].contains(name.as_str());
        Ok(FirstNames { names: all.names.iter().filter(alone).cloned().collect() })
    }
}

fn read(file: &[u8]) -> Result<Vec<String>> {
    let mut text = String::new();
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .map_err(|_| Error::new("FirstNames", "the data inside the program is damaged"))?;
    Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_string).collect())
}

impl Dataset for FirstNames {
    type Item = (String, i64);
    fn len(&self) -> usize {
        self.names.len()
    }
    fn get(&self, index: usize) -> Result<(String, i64)> {
        check_index("FirstNames", index, self.names.len())?;
        Ok(self.names[index].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_the_published_ones() {
        let all = FirstNames::all().unwrap();
        let men = all.names.iter().filter(|(_, label)| *label == 1).count();
        assert_eq!((all.len(), men), (5494, 1219));
        assert_eq!(all.get(4275).unwrap(), ("JAMES".to_string(), 1));
        assert!(all.names.iter().all(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase())));
        let alone = FirstNames::on_one_list().unwrap();
        // JAMES is on both lists.
        assert!(!alone.names.iter().any(|(name, _)| name == "JAMES"));
        assert!(alone.get(alone.len()).is_err());
    }
}
