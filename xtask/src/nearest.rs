//! What the user probably meant: the known word nearest to a misspelt one.

/// The nearest of `known`, where one is near enough to be worth suggesting.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = known.into_iter().map(|k| (distance(word, k), k)).min_by_key(|&(d, _)| d)?;
    // Two swapped letters count as two edits; more than that, in a short word, is another word.
    (distance <= (best.len() / 3).max(2)).then_some(best)
}

/// The number of letters to insert, delete or replace (Levenshtein), kept one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_typing_error_is_recognised_and_another_word_is_not() {
        let known = ["test", "check", "gradcheck", "bench"];
        assert_eq!(nearest("tset", known), Some("test"));
        assert_eq!(nearest("tests", known), Some("test"));
        assert_eq!(nearest("gradchek", known), Some("gradcheck"));
        assert_eq!(nearest("deploy", known), None);
    }
}
