//! What must hold for every row of the table of operators; each test reports all rows that break it.
use flambeau_tests::{checks, table};
use std::collections::BTreeSet;

#[track_caller]
fn none(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn names_are_unique_and_every_row_has_samples() {
    let mut seen = BTreeSet::new();
    let rows = table::rows().iter();
    let twice = rows.clone().filter(|row| !seen.insert(row.name)).map(|row| format!("{} is there twice", row.name));
    let bare = rows.filter(|row| row.samples.is_empty()).map(|row| format!("{} has no samples", row.name));
    none(twice.chain(bare).collect());
}

#[test]
fn gradients_are_those_of_finite_differences_and_cover_every_operation() {
    let results: Vec<_> = table::rows().iter().map(checks::gradients).collect();
    let mut failures: Vec<String> = results.iter().flat_map(|r| r.failures.clone()).collect();
    let recorded = results.into_iter().flat_map(|r| r.recorded).collect();
    failures.extend(checks::unreached(&recorded).into_iter().map(|kind| format!("no row records {kind}")));
    none(failures);
}

#[test]
fn the_naive_backend_agrees() {
    none(checks::naive_agrees());
}

#[test]
fn layouts_do_not_matter() {
    none(checks::layouts_do_not_matter());
}

#[test]
fn singles_are_near_doubles() {
    none(checks::singles_are_near());
}

#[test]
fn halves_are_singles_rounded_once() {
    none(checks::halves_are_rounded_once());
}

#[test]
fn nothing_panics() {
    none(checks::nothing_panics());
}

#[test]
fn random_arguments_give_errors_and_never_a_panic() {
    none(checks::random_arguments(400_000));
}
