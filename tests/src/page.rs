//! The page of operators, `docs/operators.md`: what the table has, what each row was found to take, and how its cases went.
use crate::{
    checks,
    runner::{self, Status},
    sample::{Input, Make, Sample},
    table::{self, Check, Row},
};
use serde_json::Value as Json;
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
    let mut limits = limits(cases)?;
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    runner::run(&cases.join("ops"), &Device::cpu(), &|_| true, &mut |id, _, status, why| {
        let Some(name) = id.split('/').nth(1) else { return };
        let count = counts.entry(name.to_string()).or_default();
        count.1 += 1;
        if status == Status::Passed {
            count.0 += 1;
            return;
        }
        match limits.iter_mut().find(|l| l.of(id)) {
            Some(limit) => {
                limit.used = true;
                open.entry(limit.why.clone()).or_default().push(format!("`{id}`"));
            }
            None => without.push(format!("{id} ({why})")),
        }
    })?;
    if !without.is_empty() {
        return Err(format!("these cases do not pass, and LIMITS.json has no reason for them: {}", without.join(", ")));
    }
    if let Some(limit) = limits.iter().find(|l| !l.used) {
        return Err(format!("LIMITS.json excuses {}, and every such case passes", limit.cases));
    }

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
    for (why, ids) in &open {
        let _ = writeln!(page, "- {}: {why}", ids.join(", "));
    }
    for (name, (passed, of)) in counts {
        let _ = writeln!(page, "- `{name}` is not in the table: {passed} of its {of} cases pass.");
    }
    Ok(page)
}

/// Why cases do not pass.
struct Limit {
    cases: String,
    why: String,
    used: bool,
}

impl Limit {
    fn of(&self, id: &str) -> bool {
        match self.cases.strip_suffix('*') {
            Some(start) => id.starts_with(start),
            None => id == self.cases,
        }
    }
}

fn limits(cases: &Path) -> Result<Vec<Limit>, String> {
    let file = cases.join("LIMITS.json");
    let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let text = std::fs::read_to_string(&file).map_err(|e| wrong(&e))?;
    let json: Json = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
    let fields = json.as_object().ok_or_else(|| wrong(&"not an object of cases and reasons"))?;
    let limit = |(cases, why): (&String, &Json)| match why.as_str() {
        Some(why) => Ok(Limit { cases: cases.clone(), why: why.to_string(), used: false }),
        None => Err(wrong(&format!("the reason of {cases} is no text"))),
    };
    fields.iter().filter(|(cases, _)| cases.starts_with("op")).map(limit).collect()
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
