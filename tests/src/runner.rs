//! Replays cases recorded from PyTorch: any folder of files of the layout that `tests/conformance/FORMAT.md` describes.
//! It only calls the public API; all expected numbers come from the files.
mod module;
mod op;
mod optimizers;
mod report;
mod schedules;
mod steps;
mod training;
mod transform;

use crate::{
    compare::Tolerance,
    fault::{Fault, Res, unsupported, wrong},
    file::{self, CaseFile},
    value::Value,
};
pub use report::{Report, Status};
use serde_json::Value as Json;
use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Once,
};
use tensor_core::{Device, Tensor, manual_seed};

/// One case while it is replayed.
#[derive(Debug)]
pub struct Case<'a> {
    /// What to do.
    pub json: &'a Json,
    /// Where its tensors are.
    pub file: &'a CaseFile,
    /// Where to compute.
    pub device: &'a Device,
}

impl Case<'_> {
    /// The case's name.
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or("(a case without id)")
    }
    fn text(&self, key: &str) -> Res<&str> {
        self.json[key].as_str().ok_or_else(|| Fault::Wrong(format!("the case has no {key}")))
    }
    fn list(&self, key: &str) -> &[Json] {
        self.json[key].as_array().map_or(&[], Vec::as_slice)
    }
    /// A tensor of the file, where the case computes.
    fn tensor(&self, key: &Json) -> Res<Tensor> {
        match key.as_str() {
            Some(key) => Ok(self.file.tensor(key)?.to_device(self.device)?),
            None => wrong(format!("the case names a tensor {key}")),
        }
    }
    fn tolerance(&self) -> Tolerance {
        let number = |key: &str| self.json[key].as_f64().unwrap_or(0.0);
        Tolerance { rtol: number("rtol"), atol: number("atol") }
    }
    fn values(&self, json: &Json) -> Res<Vec<Value>> {
        let items = json.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().map(|v| Value::read(v, self.file, self.device)).collect()
    }
    fn named_values(&self, json: &Json) -> Res<Vec<(String, Value)>> {
        let Some(fields) = json.as_object() else { return Ok(Vec::new()) };
        fields.iter().map(|(k, v)| Ok((k.clone(), Value::read(v, self.file, self.device)?))).collect()
    }
}

fn replay(case: &Case<'_>) -> Res<()> {
    match case.text("kind")? {
        "op" => op::replay(case),
        "op_error" => op::replay_error(case),
        "module" => module::replay(case),
        "optim" => steps::replay(case),
        "scheduler" => schedules::replay(case),
        "training" => training::replay(case),
        "transform" => transform::replay(case),
        other => unsupported(format!("cases of kind {other}")),
    }
}

/// Replays every case below `folder` whose id `wanted` accepts, and tells `each` how it went.
pub fn run(
    folder: &Path,
    device: &Device,
    wanted: &dyn Fn(&str) -> bool,
    each: &mut dyn FnMut(&str, &str, Status, &str),
) -> Result<(), String> {
    for path in file::below(folder)? {
        let Some(file) = CaseFile::open(&path)? else { continue };
        for json in file.cases() {
            let case = Case { json, file: &file, device };
            if wanted(case.id()) {
                let kind = json["kind"].as_str().unwrap_or("unknown");
                let (status, why) = judge(&case);
                each(case.id(), kind, status, &why);
            }
        }
    }
    Ok(())
}

fn judge(case: &Case<'_>) -> (Status, String) {
    // Random operators are compared by shape only, but a case shall do the same each time.
    manual_seed(0);
    match caught(|| replay(case)) {
        Ok(Ok(())) => (Status::Passed, String::new()),
        Ok(Err(Fault::Unsupported(why) | Fault::Refused(why))) => (Status::Unsupported, why),
        Ok(Err(fault)) => (Status::Failed, fault.to_string()),
        Err(message) => (Status::Failed, format!("panic: {message}")),
    }
}

thread_local!(static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) });
thread_local!(static CATCHING: Cell<bool> = const { Cell::new(false) });

/// Runs `f`; a panic becomes its message, and is not printed.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let loud = std::panic::take_hook();
        // Only the panics of `f`: a failing test still says why.
        std::panic::set_hook(Box::new(move |info| match CATCHING.get() {
            true => LAST_PANIC.set(Some(info.to_string().replace('\n', " "))),
            false => loud(info),
        }));
    });
    let before = CATCHING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    CATCHING.set(before);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|s| s.to_string());
        LAST_PANIC
            .take()
            .or(text)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "of unknown origin".to_string())
    })
}
