//! The page of operators: what the table has, what each row was found to take, and how its cases went.
use super::limits::Limits;
use crate::{
    checks,
    runner::{self, Status},
    sample::{Input, Make, Sample},
    table::{self, Check, Row},
};
use std::{collections::BTreeMap, fmt::Write, path::Path};
use tensor_core::{DType, Device};

const HEAD: &str = "\
# Operators

Every operator under PyTorch's name, family by family. `cargo xtask docs` writes this page from the table of operators
and `cargo xtask test` fails when it is not current, so it says what was found, not what was meant:

- **dtypes**: the element types of its float inputs with which it gave a result; the others are refused with an error.
- **derivative**: *any order* where first and second order were compared with finite differences; otherwise why not.
- **cases**: how many of the cases recorded from PyTorch pass, refusals of wrong calls included. A name without cases is
  held by the other checks of its row: a naive second backend, strided inputs, and the other dtypes.

Most are methods of `Tensor`; those that PyTorch has in `torch.nn.functional` are also in `nn::functional`, and those of
`torch.linalg` in the crate `linalg`.
";

/// The text of the page. `cases` is the folder of recorded cases, with the reasons of those that do not pass in its
/// `LIMITS.json`; a case that does not pass and has no reason is an error, and so is a reason that nothing needs.
pub fn operators(cases: &Path) -> Result<String, String> {
    let mut limits = Limits::of(cases, "op")?;
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    runner::run(&cases.join("ops"), &Device::cpu(), &|_| true, &mut |id, _, status, why| {
        let Some(name) = id.split('/').nth(1) else { return };
        let count = counts.entry(name.to_string()).or_default();
        count.1 += 1;
        match status {
            Status::Passed => count.0 += 1,
            _ => limits.excuse(id, why),
        }
    })?;
    let open = limits.used()?;

    let mut page = HEAD.to_string();
    let mut family = "";
    for row in table::rows() {
        if row.family != family {
            family = row.family;
            let _ = write!(page, "\n## {family}\n\n| operator | dtypes | derivative | cases |\n|---|---|---|---|\n");
        }
        let cases = counts.remove(row.name).map_or("–".to_string(), |(passed, of)| format!("{passed}/{of}"));
        let _ = writeln!(page, "| `{}` | {} | {} | {cases} |", row.name, dtypes(row), derivative(row));
    }
    page.push_str("\n## Recorded cases that do not pass\n\n");
    for (why, ids) in open {
        let _ = writeln!(page, "- {}: {why}", ids.join(", "));
    }
    for (name, (passed, of)) in counts {
        let _ = writeln!(page, "- `{name}` is not in the table: {passed} of its {of} cases pass.");
    }
    Ok(page)
}

/// The dtypes with which one of the row's samples gives a result.
fn dtypes(row: &Row) -> String {
    let samples: Vec<&Sample> = row.samples.iter().filter(|s| s.places.iter().any(has_floats)).collect();
    if samples.is_empty() {
        return "–".into();
    }
    let takes = |dtype: DType| {
        let how = Make { dtype, device: Device::cpu(), requires_grad: false };
        samples.iter().any(|s| s.make(&how).is_ok_and(|args| matches!(checks::outcome(row, &args), Ok(Ok(_)))))
    };
    let (taken, refused): (Vec<DType>, Vec<DType>) = DType::ALL.into_iter().partition(|&d| takes(d));
    let named = |dtypes: &[DType]| dtypes.iter().map(DType::to_string).collect::<Vec<_>>().join(" ");
    match (taken.len(), refused.len()) {
        (_, 0) => "all".into(),
        (4, _) if taken.iter().all(|d| d.is_float()) => "floats".into(),
        (_, 1 | 2) => format!("all but {}", named(&refused)),
        _ => named(&taken),
    }
}

fn has_floats(input: &Input) -> bool {
    match input {
        Input::Floats(..) => true,
        Input::List(items) => items.iter().any(has_floats),
        _ => false,
    }
}

fn derivative(row: &Row) -> String {
    match (row.skipped(Check::Gradient), row.skipped(Check::SecondOrder)) {
        (Some(why), _) => format!("none: {why}"),
        (None, Some(why)) => format!("first order: {why}"),
        (None, None) if row.samples.iter().any(|s| s.places.iter().any(has_floats)) => "any order".into(),
        (None, None) => "–".into(),
    }
}
