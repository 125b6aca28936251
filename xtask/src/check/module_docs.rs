//! Every file opens by saying what it is for.

use super::sources::Source;

/// The files that do not open with `//!` and some words.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let silent = |source: &&Source| !opens_with_docs(&source.text);
    sources.iter().filter(silent).map(|s| format!("{}: the first line is no `//!` sentence", s.path)).collect()
}

fn opens_with_docs(text: &str) -> bool {
    text.lines().next().and_then(|line| line.strip_prefix("//!")).is_some_and(|words| !words.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_a_sentence_about_the_file() {
        assert!(opens_with_docs("//! What it is for.\n\nuse a::b;"));
        assert!(!opens_with_docs("use a::b;\n//! Too late."));
        assert!(!opens_with_docs("//!\n"));
        assert!(!opens_with_docs("/// About the next item.\nfn f() {}"));
        assert!(!opens_with_docs(""));
    }
}
