//! A long file holds more than one idea: shows the longest, and refuses the too long.

use super::sources::Source;

/// At about 400 lines one looks for the second idea; here there surely is one.
const MOST_LINES: usize = 600;
const SHOWN: usize = 10;

/// Prints the longest files, and gives those that are too long.
pub fn findings(sources: &[Source]) -> Vec<String> {
    let mut sizes: Vec<(usize, &str)> = sources.iter().map(|s| (s.text.lines().count(), s.path.as_str())).collect();
    sizes.sort_by(|a, b| b.cmp(a));
    for (lines, path) in sizes.iter().take(SHOWN) {
        println!("   {lines:>4} {path}");
    }
    let too_long = sizes.iter().filter(|(lines, _)| *lines > MOST_LINES);
    too_long
        .map(|(lines, path)| format!("{path} has {lines} lines, more than {MOST_LINES}: it holds a second idea"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_found() {
        let source = |path: &str, lines| Source { path: path.into(), text: "x\n".repeat(lines) };
        let found = findings(&[source("a.rs", MOST_LINES), source("b.rs", MOST_LINES + 1)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("b.rs has 601 lines"));
    }
}
