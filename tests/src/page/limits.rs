//! `LIMITS.json`: why recorded cases do not pass.
use serde_json::Value as Json;
use std::{collections::BTreeMap, path::Path};

/// The reasons of one kind of cases, and for which they were needed.
#[derive(Debug)]
pub(super) struct Limits {
    reasons: Vec<Limit>,
    without: Vec<String>,
    excused: BTreeMap<String, Vec<String>>,
}

/// Why some cases do not pass: one by its name, or all that begin as far as a `*`.
#[derive(Debug)]
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

impl Limits {
    /// Those of a kind, from the folder of cases.
    pub(super) fn of(cases: &Path, kind: &str) -> Result<Limits, String> {
        let file = cases.join("LIMITS.json");
        let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|e| wrong(&e))?;
        let json: Json = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
        let fields = json.as_object().ok_or_else(|| wrong(&"not an object of cases and reasons"))?;
        let limit = |(cases, why): (&String, &Json)| match why.as_str() {
            Some(why) => Ok(Limit { cases: cases.clone(), why: why.to_string(), used: false }),
            None => Err(wrong(&format!("the reason of {cases} is no text"))),
        };
        let kind = format!("{kind}/");
        let reasons =
            fields.iter().filter(|(cases, _)| cases.starts_with(&kind)).map(limit).collect::<Result<_, _>>()?;
        Ok(Limits { reasons, without: Vec::new(), excused: BTreeMap::new() })
    }

    /// A case that does not pass, because of `why`.
    pub(super) fn excuse(&mut self, id: &str, why: &str) {
        match self.reasons.iter_mut().find(|l| l.of(id)) {
            Some(limit) => {
                limit.used = true;
                self.excused.entry(limit.why.clone()).or_default().push(format!("`{id}`"));
            }
            None => self.without.push(format!("{id} ({why})")),
        }
    }

    /// Reasons, and the cases for which they were needed. A case without a reason is an error.
    fn excused(&self) -> Result<&BTreeMap<String, Vec<String>>, String> {
        match &self.without[..] {
            [] => Ok(&self.excused),
            without => {
                Err(format!("these cases do not pass, and LIMITS.json has no reason for them: {}", without.join(", ")))
            }
        }
    }

    /// The same; a reason that nothing needs is an error, too.
    pub(super) fn used(&self) -> Result<&BTreeMap<String, Vec<String>>, String> {
        match self.reasons.iter().find(|l| !l.used) {
            Some(limit) => Err(format!("LIMITS.json excuses {}, and every such case passes", limit.cases)),
            None => self.excused(),
        }
    }

    /// All reasons with what they are for, needed or not, for cases that pass on some machines. A case without a reason is
    /// an error.
    pub(super) fn all(&self) -> Result<impl Iterator<Item = (&str, &str)>, String> {
        self.excused()?;
        Ok(self.reasons.iter().map(|limit| (limit.cases.as_str(), limit.why.as_str())))
    }
}
