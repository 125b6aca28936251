//! The page of optimizers: their names, what they do, their settings, and how many recorded ways they are held to.
use super::limits::Limits;
use crate::runner::{self, Status};
use optim::Setting;
use std::{collections::BTreeMap, fmt::Write, path::Path};
use tensor_core::Device;

const HEAD: &str = "\
# Optimizers

Every optimizer by the name that `optim::by_name`, `optim::with_settings` and `examples/compare_optimizers` take: case, `-`
and `_` do not matter, and without its package a name means PyTorch's optimizer, then pytorch-optimizer's, then
torch-optimizer's. Each is also a type: `optim::Adam`, `optim::extra::Lion`, `optim::torch_optimizer::Yogi`. `cargo xtask
docs` writes this page from the optimizers themselves and `cargo xtask test` fails when it is not current.

Behind each name stand what it does, its settings with their defaults (in the type's options, and by name), and how many ways
recorded from the original are replayed step by step. Not in this list: `optim::LBFGS`, which takes a closure, and what goes
around an optimizer (`optim::Lookahead`, `optim::SAM`).
";

/// The sections, by the package that a name begins with.
const PACKAGES: [(&str, &str, &str); 4] = [
    ("", "PyTorch", "`torch.optim` of PyTorch 2.15."),
    ("pytorch_optimizer", "pytorch-optimizer", "<https://github.com/kozistr/pytorch_optimizer>, version 4.1.0."),
    ("torch_optimizer", "torch-optimizer", "<https://github.com/jettify/pytorch-optimizer>, version 0.3.0."),
    ("c_optim", "C-Optim", "<https://github.com/kyleliang919/C-Optim>."),
];

/// The text of the page. `cases` is the folder of recorded cases with its `LIMITS.json`; a case that does not pass and has no
/// reason there is an error. Whether a case with a reason passes can depend on the machine, so the page does not say it.
pub fn optimizers(cases: &Path) -> Result<String, String> {
    let mut limits = Limits::of(cases, "optim")?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for folder in ["optims", "optims_extra", "optims_more"] {
        runner::run(&cases.join(folder), &Device::cpu(), &|_| true, &mut |id, _, status, why| {
            let Some(name) = id.split('/').nth(1) else { return };
            *counts.entry(name.to_string()).or_default() += 1;
            if status != Status::Passed {
                limits.excuse(id, why);
            }
        })?;
    }
    let mut page = HEAD.to_string();
    let names = optim::names();
    for (package, title, origin) in PACKAGES {
        let _ = write!(page, "\n## {title}\n\n{origin}\n\n");
        for name in names.iter().filter(|name| name.rsplit_once('.').map_or("", |(package, _)| package) == package) {
            let rule = optim::rule(name).map_err(|e| e.to_string())?;
            let recorded = counts.remove(name).map_or(String::new(), |count| format!(" {count} recorded ways."));
            let settings: Vec<String> =
                rule.settings().iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
            let _ = writeln!(page, "- **`{name}`** {} `{}`.{recorded}", paragraph(rule.about()), settings.join(", "));
        }
    }
    page.push_str("\n## Recorded ways that rounding decides\n\n");
    for (cases, why) in limits.all()? {
        let _ = writeln!(page, "- `{cases}`: {why}");
    }
    Ok(page)
}

/// The first paragraph of a documentation in one line, its links to other items as their names.
fn paragraph(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty() && !line.starts_with("```"));
    let text = lines.collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else { break };
        let _ = write!(out, "{before}`{}`", name.rsplit("::").next().unwrap_or(name));
        // The target, where it is written behind the name.
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    out + rest
}

fn shown(value: &Setting) -> String {
    match value {
        Setting::None => "None".into(),
        Setting::Bool(b) => b.to_string(),
        Setting::Int(n) => n.to_string(),
        // The shorter of `0.000001` and `1e-6`.
        Setting::Float(x) => {
            let (plain, scientific) = (x.to_string(), format!("{x:e}"));
            if plain.len() <= scientific.len() { plain } else { scientific }
        }
        Setting::Text(text) => format!("\"{text}\""),
        Setting::List(items) => format!("({})", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_names_and_the_rest_of_a_documentation_is_left_out() {
        let text = " Adam as [`crate::Adam`] has it,\n with [`Muon`](super::Muon) (2024).\n\n More.\n";
        assert_eq!(paragraph(text), "Adam as `Adam` has it, with `Muon` (2024).");
        assert_eq!(paragraph(" One line.\n ```\n code\n ```\n"), "One line.");
        assert_eq!(paragraph(""), "");
    }

    #[test]
    fn settings_are_short() {
        let list = Setting::List(vec![0.9.into(), 1e-8.into(), Setting::None]);
        assert_eq!([shown(&list), shown(&f64::INFINITY.into())], ["(0.9, 1e-8, None)", "inf"]);
    }
}
