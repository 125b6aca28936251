//! Arrows point down only: which crate may depend on which, and whether it does.

use crate::Result;
use crate::cargo::{cargo, output};
use crate::stages::Outcome;
use serde_json::Value;

/// Each package, bottom-up, with those of ours that it may depend on. Whoever wants another line here changes the
/// architecture, and says so in `docs/architecture.md`.
const MAY_DEPEND: &[(&str, &[&str])] = &[
    ("tensor-core", &[]),
    ("autograd", &["tensor-core"]),
    ("files", &["tensor-core"]),
    ("linalg", &["tensor-core", "autograd"]),
    ("tensor-cuda", &["tensor-core"]),
    ("nn-derive", &[]),
    ("nn", &["tensor-core", "autograd", "files", "nn-derive"]),
    ("optim", &["tensor-core", "autograd", "files", "linalg"]), // Takes parameters, so it never sees nn.
    ("data-derive", &[]),
    ("data", &["tensor-core", "files", "data-derive"]),
    ("parallel", &["tensor-core", "autograd", "nn", "optim"]),
    ("train", &["tensor-core", "autograd", "files", "nn", "optim", "data", "parallel"]),
    // The only one that names a device's crate.
    (
        FACADE,
        &[
            "tensor-core",
            "autograd",
            "files",
            "linalg",
            "tensor-cuda",
            "nn-derive",
            "nn",
            "optim",
            "data-derive",
            "data",
            "parallel",
            "train",
        ],
    ),
    ("examples", &[FACADE]), // What a user sees.
    (
        "flambeau-tests",
        &[
            "tensor-core",
            "autograd",
            "files",
            "linalg",
            "tensor-cuda",
            "nn-derive",
            "nn",
            "optim",
            "data",
            "parallel",
            "train",
            FACADE,
        ],
    ),
    ("cuda-sim", &[]), // Stands in for a driver, which knows none of us.
    ("xtask", &[]),    // Must run when another does not compile.
];

const FACADE: &str = "flambeau";

/// Compares the manifests with the table.
pub fn run() -> Result<Outcome> {
    let packages = packages()?;
    let findings = findings(&packages)?;
    findings.iter().for_each(|finding| println!("   {finding}"));
    Ok(Outcome::whole(findings.is_empty(), format!("{} packages", packages.len())))
}

/// The names of the library crates that exist.
pub fn crates() -> Result<Vec<String>> {
    let in_crates =
        |p: &&Value| p["manifest_path"].as_str().is_some_and(|path| path.replace('\\', "/").contains("/crates/"));
    Ok(packages()?.iter().filter(in_crates).filter_map(|p| p["name"].as_str().map(String::from)).collect())
}

fn packages() -> Result<Vec<Value>> {
    let (status, text) = output(cargo("metadata").args(["--format-version", "1", "--no-deps"]))?;
    if !status.success() {
        return Err("cargo metadata failed".into());
    }
    let metadata: Value = serde_json::from_str(&text).map_err(|why| format!("cargo metadata: {why}"))?;
    metadata["packages"].as_array().cloned().ok_or_else(|| "cargo metadata lists no packages".into())
}

fn findings(packages: &[Value]) -> Result<Vec<String>> {
    let name_of =
        |value: &Value| value["name"].as_str().map(String::from).ok_or("cargo metadata: a package without a name");
    let ours: Vec<String> = packages.iter().map(name_of).collect::<std::result::Result<_, _>>()?;
    let mut findings = Vec::new();
    for (package, name) in packages.iter().zip(&ours) {
        let Some((_, allowed)) = MAY_DEPEND.iter().find(|(n, _)| n == name) else {
            findings.push(format!("{name} is in no layer: give it a line in {}", file!()));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = name_of(dependency)?;
            if !ours.contains(&on) || allowed.contains(&on.as_str()) {
                continue;
            }
            // The examples in a crate's documentation show what a user writes, so they may name the facade. Any other arrow
            // up would bring a second copy of the crate under test: such a test belongs to `tests`, above all of them.
            let for_tests = dependency["kind"] == "dev";
            if for_tests && on == FACADE {
                continue;
            }
            let how = if for_tests { "its tests depend" } else { "it depends" };
            findings.push(format!("{name} may depend on {}, but {how} on {on}", list(allowed)));
        }
    }
    Ok(findings)
}

fn list(allowed: &[&str]) -> String {
    if allowed.is_empty() { "none of ours".into() } else { allowed.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<Value> =
            dependencies.iter().map(|(on, kind)| json!({"name": on, "kind": kind})).collect();
        json!({"name": name, "dependencies": dependencies})
    }

    /// What is wrong with one package among these.
    fn wrong(name: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<String> {
        let others = ["tensor-core", "autograd", "files", "nn", "flambeau", "tensor-cuda"];
        let others = others.into_iter().filter(|other| *other != name).map(|other| package(other, &[]));
        let packages: Vec<Value> = others.chain([package(name, dependencies)]).collect();
        findings(&packages).unwrap()
    }

    #[test]
    fn arrows_down_and_to_other_peoples_crates_are_fine() {
        assert!(wrong("nn", &[("tensor-core", None), ("files", None), ("half", None)]).is_empty());
        assert!(wrong("flambeau", &[("tensor-cuda", None), ("nn", None)]).is_empty());
    }

    #[test]
    fn arrows_up_and_sideways_are_not() {
        assert_eq!(
            wrong("tensor-core", &[("nn", None)]),
            ["tensor-core may depend on none of ours, but it depends on nn"]
        );
        assert_eq!(wrong("optim", &[("nn", None)]).len(), 1);
        assert_eq!(wrong("autograd", &[("files", Some("build"))]).len(), 1);
        assert_eq!(wrong("xtask", &[("tensor-core", None)]).len(), 1);
    }

    #[test]
    fn nothing_below_the_facade_names_a_device() {
        for name in ["autograd", "nn", "train"] {
            assert_eq!(wrong(name, &[("tensor-cuda", None)]).len(), 1, "{name}");
        }
    }

    #[test]
    fn tests_may_use_the_facade_but_no_other_crate_above() {
        assert!(wrong("tensor-core", &[("flambeau", Some("dev"))]).is_empty());
        assert_eq!(wrong("tensor-core", &[("nn", Some("dev"))]).len(), 1);
    }

    #[test]
    fn a_package_that_the_table_does_not_know_is_a_finding() {
        assert!(wrong("helpers", &[])[0].starts_with("helpers is in no layer"));
    }

    #[test]
    fn the_table_is_bottom_up() {
        for (i, (name, allowed)) in MAY_DEPEND.iter().enumerate() {
            for on in *allowed {
                assert!(MAY_DEPEND[..i].iter().any(|(below, _)| below == on), "{name} is listed before {on}");
            }
        }
    }
}
