//! `gradcheck`: compares every derivative, first and second order, with finite differences, row by row of the table.
use flambeau_tests::{
    checks::{self, Gradients},
    table,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

fn main() -> ExitCode {
    let results: Vec<Gradients> = table::rows().iter().map(checks::gradients).collect();
    let mut families: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut recorded = BTreeSet::new();
    let mut failures = Vec::new();
    for result in results {
        let counts = families.entry(result.row.family).or_default();
        counts[0] += 1;
        counts[1] += result.passed;
        counts[2] += result.failures.len();
        recorded.extend(result.recorded);
        failures.extend(result.failures);
    }
    for (family, [rows, passed, failed]) in &families {
        println!("{family}: {rows} rows, {passed} comparisons hold, {failed} do not");
    }
    let unreached = checks::unreached(&recorded);
    failures.extend(unreached.into_iter().map(|kind| format!("no checked row records the operation {kind}")));
    println!("\nwithout a gradient:");
    for row in table::rows() {
        if let Some(why) = row.skipped(table::Check::Gradient) {
            println!("  {}: {why}", row.name);
        }
    }
    failures.iter().for_each(|failure| println!("{failure}"));
    let passed: usize = families.values().map(|counts| counts[1]).sum();
    println!("{passed} passed, {} failed", failures.len());
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
