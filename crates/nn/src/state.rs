//! Loading a state dict, and saying what does not fit.
use crate::{Seen, StateDict, Visitor};
use autograd::{Buffer, Parameter};
use std::fmt;
use tensor_core::{Error, Result};

/// How a walk over the module's parts is started.
type Walk<'a, 'm> = &'a mut dyn FnMut(&mut Visitor<'m, '_>);

/// What [`crate::Module::load_state_dict_partial`] loaded, and what it did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it says which parts kept their old values"]
pub struct LoadReport {
    /// Parts that have new values.
    pub loaded: Vec<String>,
    /// Parts without a tensor of their name.
    pub missing: Vec<String>,
    /// Tensors that no part has the name of.
    pub unexpected: Vec<String>,
    /// Parts whose tensor has another shape: name, shape of the part, shape of the tensor.
    pub misshaped: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl LoadReport {
    /// Whether every part was loaded and every tensor used.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshaped.is_empty()
    }
}

/// How many names of a kind are shown: a wrong file has hundreds.
const SHOWN: usize = 8;

/// `2 missing: lin1.weight (there is fc1.weight), lin1.bias; 1 unexpected: ...`
impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|name| match nearest(name, &self.unexpected) {
            Some(near) => format!("{name} (there is {near})"),
            None => name.clone(),
        });
        let misshaped =
            self.misshaped.iter().map(|(name, part, tensor)| format!("{name} is {part:?}, the dict has {tensor:?}"));
        let kinds = [
            ("missing", missing.collect::<Vec<_>>()),
            ("unexpected", self.unexpected.clone()),
            ("of another shape", misshaped.collect()),
        ];
        let mut first = true;
        for (kind, names) in kinds.iter().filter(|(_, names)| !names.is_empty()) {
            let shown = names[..names.len().min(SHOWN)].join(", ");
            let more = if names.len() > SHOWN { ", ..." } else { "" };
            write!(f, "{}{} {kind}: {shown}{more}", if first { "" } else { "; " }, names.len())?;
            first = false;
        }
        if first {
            write!(f, "all {} loaded", self.loaded.len())?;
        }
        Ok(())
    }
}

pub(crate) fn load_strict(walk: Walk<'_, '_>, dict: &StateDict) -> Result<()> {
    let (report, targets) = compare(walk, dict);
    if report.is_complete() {
        return write(targets, dict);
    }
    let error = Error::new("load_state_dict", format!("the state dict does not fit: {report}"));
    let wrapped = !report.unexpected.is_empty() && dict.names().all(|name| name.starts_with("module."));
    Err(if wrapped {
        error.hint("it was saved from a DataParallel model: load dict.strip_prefix(\"module.\")")
    } else {
        error.hint("load_state_dict_partial takes over what fits")
    })
}

pub(crate) fn load_partial(walk: Walk<'_, '_>, dict: &StateDict) -> Result<LoadReport> {
    let (report, targets) = compare(walk, dict);
    write(targets, dict)?;
    if !report.is_complete() {
        log::info!("load_state_dict_partial: {report}");
    }
    Ok(report)
}

/// A part that a tensor of the dict fits.
enum Target {
    Parameter(Parameter),
    Buffer(Buffer),
}

impl Target {
    fn is_tied_to(&self, other: &Target) -> bool {
        match (self, other) {
            (Target::Parameter(a), Target::Parameter(b)) => a.is_tied_to(b),
            (Target::Buffer(a), Target::Buffer(b)) => a.is_tied_to(b),
            _ => false,
        }
    }
}

/// What fits and what does not; changes nothing.
fn compare(walk: Walk<'_, '_>, dict: &StateDict) -> (LoadReport, Vec<(String, Target)>) {
    let mut report = LoadReport::default();
    let mut targets: Vec<(String, Target)> = Vec::new();
    let mut absent = Vec::new();
    let mut known = std::collections::HashSet::new();
    walk(&mut Visitor::new(&mut |path, seen| {
        let (shape, target) = match seen {
            Seen::Parameter(p) => (p.shape(), Target::Parameter(p.tied())),
            Seen::Buffer(b) => (b.shape(), Target::Buffer(b.tied())),
            _ => return,
        };
        known.insert(path.to_string());
        match dict.get(path) {
            None => absent.push((path.to_string(), target)),
            Some(t) if t.shape() != shape => {
                report.misshaped.push((path.to_string(), shape.to_vec(), t.shape().to_vec()));
            }
            Some(_) => {
                report.loaded.push(path.to_string());
                targets.push((path.to_string(), target));
            }
        }
    }));
    // One of the names of a shared part is enough: safetensors files hold no more.
    absent.retain(|(_, part)| !targets.iter().any(|(_, target)| target.is_tied_to(part)));
    report.missing = absent.into_iter().map(|(path, _)| path).collect();
    report.unexpected = dict.names().filter(|name| !known.contains(*name)).map(str::to_string).collect();
    (report, targets)
}

fn write(targets: Vec<(String, Target)>, dict: &StateDict) -> Result<()> {
    for (name, target) in targets {
        let Some(values) = dict.get(&name) else { continue };
        match target {
            Target::Parameter(p) => p.replace(values),
            Target::Buffer(b) => b.replace(values),
        }
        .map_err(|e| e.within(&name))?;
    }
    Ok(())
}

/// The error of a name that is not there, with the one that is nearest.
pub(crate) fn no_such<'a>(
    op: &'static str,
    what: &str,
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Error {
    let candidates: Vec<String> = candidates.map(str::to_string).collect();
    let error = Error::new(op, format!("there is no {what} {name:?}"));
    match nearest(name, &candidates) {
        Some(near) if !near.is_empty() => error.hint(format!("there is {near:?}")),
        _ => error,
    }
}

/// The candidate that differs in the fewest characters, if that is at most half of the name.
fn nearest<'a>(name: &str, candidates: &'a [String]) -> Option<&'a str> {
    // Beyond this many pairs the list of names tells enough.
    if candidates.len() > 1000 {
        return None;
    }
    candidates
        .iter()
        .map(|candidate| (distance(name, candidate), candidate.as_str()))
        .min()
        .filter(|(d, _)| *d <= name.len() / 2)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's: insertions, deletions and replacements of bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_levenshteins() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("fc1.weight", "fc1.weight"), 0);
    }

    #[test]
    fn a_report_says_what_is_near() {
        let report = LoadReport {
            missing: vec!["lin1.weight".into()],
            unexpected: vec!["zzz".into(), "fc1.weight".into()],
            ..Default::default()
        };
        let text = report.to_string();
        assert_eq!(text, "1 missing: lin1.weight (there is fc1.weight); 2 unexpected: zzz, fc1.weight");
    }
}
