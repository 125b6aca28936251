//! The page about lints says what the lints say.
use std::{collections::BTreeSet, path::Path};
use train::Lint;

#[test]
fn the_page_lists_every_lint_with_its_fix() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/training-lints.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let mut expected = BTreeSet::new();
    let text: Vec<String> =
        Lint::ALL.iter().map(|l| format!("| `{}` | {} | {} |", l.name(), l.seen(), l.fix())).collect();
    expected.extend(text.iter().map(String::as_str));
    assert_eq!(rows, expected, "the rows of docs/training-lints.md are these:\n{}", text.join("\n"));
}
