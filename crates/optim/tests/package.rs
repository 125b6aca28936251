//! Against trajectories of the Python package pytorch-optimizer 4.1.0 where `tests/conformance` has none: wrappers,
//! second-order optimizers, several groups. `fixtures/package.py` made the numbers, in 64 bits.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, BackwardOptions, Parameter};
use optim::{
    Adam, LBFGS, LBFGSOptions, LineSearch, Lookahead, Optim, Optimizer, Rule, SAM, SAMOptions, SGD, SGDOptions,
    Setting, centralize_grad_, clip_grad_adaptive_,
    extra::{AdaHessianOptions, AdamMiniOptions, SophiaHOptions},
    pc_grad, rule,
};
use serde_json::Value;
use tensor_core::Tensor;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/package.json")).unwrap()
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn tensor(json: &Value, shape: &[usize]) -> Tensor {
    Tensor::from_slice(&numbers(json), shape).unwrap()
}

/// The problem that all paths go down, from the same start.
struct Problem {
    json: Value,
    params: [Parameter; 2],
}

impl Problem {
    fn new() -> Problem {
        let json = fixture();
        let params = [("A", &[4, 3][..]), ("B", &[3][..])].map(|(k, s)| Parameter::new(tensor(&json[k], s)).unwrap());
        Problem { json, params }
    }

    fn all(&self) -> Vec<Parameter> {
        self.params.iter().map(Parameter::tied).collect()
    }

    /// Squares of the errors of `tanh(X A + B)`.
    fn loss(&self, targets: &str) -> Tensor {
        let (x, y) = (tensor(&self.json["X"], &[5, 4]), tensor(&self.json[targets], &[5, 3]));
        let z = x.matmul(&self.params[0]).unwrap().add(&*self.params[1]).unwrap();
        z.tanh().unwrap().sub(&y).unwrap().square().unwrap().sum().unwrap()
    }

    /// Fourth powers: their Hessian is a diagonal, which Hutchinson's estimate finds without chance.
    fn quartic(&self) -> Tensor {
        let part = |p: &Parameter, weights: &str| {
            p.pow(4.0).unwrap().mul(&tensor(&self.json[weights], p.shape())).unwrap().sum().unwrap()
        };
        part(&self.params[0], "C").add(&part(&self.params[1], "D")).unwrap()
    }

    fn zero_grad(&self) {
        self.params.iter().for_each(Parameter::zero_grad);
    }

    /// Steps as often as the path of this name has points, and compares.
    fn follows(&self, name: &str, mut step: impl FnMut()) {
        let path = self.json["paths"][name].as_array().unwrap();
        for (i, expected) in path.iter().enumerate() {
            step();
            // The package measures SAM's gradients and turns SOAP's bases in 32 bits; Adan's distance is a difference of
            // near sums.
            let in_single = ["SAM", "ASAM", "GSAM", "GASAM", "DAdaptAdan"].contains(&name) || name.starts_with("SOAP");
            let tolerance = if in_single { 1e-5 } else { 1e-8 };
            for (p, expected) in self.params.iter().zip(expected.as_array().unwrap()) {
                close(&format!("{name}, step {i}"), p, expected, tolerance);
            }
        }
    }

    /// The same for an optimizer that needs nothing but gradients.
    fn plainly(&self, name: &str, mut optimizer: impl Optimizer) {
        self.follows(name, || {
            self.zero_grad();
            self.loss("Y").backward().unwrap();
            optimizer.step().unwrap();
        });
    }
}

fn close(what: &str, p: &Tensor, expected: &Value, tolerance: f64) {
    for (got, expected) in p.to_vec::<f64>().unwrap().iter().zip(numbers(expected)) {
        assert!((got - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {got} is not {expected}");
    }
}

fn sgd(problem: &Problem) -> SGD {
    SGD::new(problem.all(), SGDOptions { lr: 0.05, momentum: 0.9, ..Default::default() }).unwrap()
}

#[test]
fn lookahead_goes_the_packages_way() {
    let problem = Problem::new();
    problem.plainly("Lookahead(SGD)", Lookahead::new(sgd(&problem), 3, 0.4).unwrap());
    let problem = Problem::new();
    let adam = Adam::new(problem.all(), 0.1).unwrap();
    problem.plainly("Lookahead(Adam)", Lookahead::new(adam, 2, 0.8).unwrap());
}

#[test]
fn sam_asam_and_gsam_go_the_packages_way() {
    for (name, adaptive, alpha) in
        [("SAM", false, 0.0), ("ASAM", true, 0.0), ("GSAM", false, 0.4), ("GASAM", true, 0.4)]
    {
        let problem = Problem::new();
        let mut sam = SAM::new(sgd(&problem), SAMOptions { rho: 0.3, adaptive, alpha }).unwrap();
        problem.follows(name, || {
            let mut closure = || {
                problem.zero_grad();
                let loss = problem.loss("Y");
                loss.backward()?;
                Ok(loss)
            };
            sam.step_with(&mut closure).unwrap();
        });
    }
}

#[test]
fn what_is_done_to_gradients_is_what_the_package_does() {
    let problem = Problem::new();
    let mut optimizer = sgd(&problem);
    problem.follows("GC(SGD)", || {
        problem.zero_grad();
        problem.loss("Y").backward().unwrap();
        centralize_grad_(&problem.params).unwrap();
        optimizer.step().unwrap();
    });
    let problem = Problem::new();
    let mut optimizer = sgd(&problem);
    problem.follows("AGC(SGD)", || {
        problem.zero_grad();
        problem.loss("Y").backward().unwrap();
        clip_grad_adaptive_(&problem.params, 0.05, 1e-3).unwrap();
        optimizer.step().unwrap();
    });
    let problem = Problem::new();
    let mut optimizer = sgd(&problem);
    problem.follows("PCGrad(SGD)", || {
        problem.zero_grad();
        pc_grad(&[&problem.loss("Y"), &problem.loss("Y2")], &problem.params).unwrap();
        optimizer.step().unwrap();
    });
}

#[test]
fn second_order_goes_the_packages_way() {
    let run = |name: &str, rule: Box<dyn Rule + Send>| {
        let problem = Problem::new();
        let mut optimizer = Optim::<Box<dyn Rule + Send>>::new(problem.all(), rule).unwrap();
        problem.follows(name, || {
            problem.zero_grad();
            let options = BackwardOptions { create_graph: true, ..Default::default() };
            problem.quartic().backward_with(None, options).unwrap();
            optimizer.step().unwrap();
        });
    };
    run("AdaHessian", Box::new(AdaHessianOptions { lr: 0.1, weight_decay: 0.01, ..Default::default() }));
    let powered = AdaHessianOptions { betas: (0.8, 0.95), hessian_power: 0.5, update_period: 3, ..Default::default() };
    run("AdaHessian/power", Box::new(powered));
    let sophia = SophiaHOptions {
        lr: 0.06,
        weight_decay: 0.05,
        gaussian: false,
        update_period: 3,
        p: 0.5,
        ..Default::default()
    };
    run("SophiaH", Box::new(sophia));
}

type Settings<'a> = &'a [(&'a str, Setting)];

/// An optimizer by name, with a group for each parameter: settings of both, and more of the second.
fn grouped(problem: &Problem, name: &str, both: Settings<'_>, second: Settings<'_>) -> Optim<Box<dyn Rule + Send>> {
    let with = |settings: &[Settings<'_>]| {
        let mut rule = rule(name).unwrap();
        for (setting, value) in settings.iter().copied().flatten() {
            assert!(rule.set(setting, value), "{name} has no {setting}");
        }
        rule
    };
    let mut optimizer = Optim::<Box<dyn Rule + Send>>::new([problem.params[0].tied()], with(&[both])).unwrap();
    optimizer.add_group([problem.params[1].tied()], with(&[both, second])).unwrap();
    optimizer
}

#[test]
fn distances_are_estimated_over_all_groups() {
    let d0: [(&str, Setting); 1] = [("d0", 1e-2.into())];
    let decay: [(&str, Setting); 1] = [("weight_decay", 0.1.into())];
    let rows: [(&str, Settings<'_>, Settings<'_>); 6] = [
        ("Prodigy", &[("betas", (0.9, 0.99).into())], &[decay[0].clone(), ("lr", 0.5.into())]),
        ("DAdaptAdam", &d0, &[decay[0].clone(), ("eps", 1e-3.into())]),
        ("DAdaptSGD", &d0, &[decay[0].clone(), ("momentum", 0.5.into())]),
        ("DAdaptAdaGrad", &d0, &decay),
        ("DAdaptAdan", &d0, &decay),
        ("DAdaptLion", &d0, &decay),
    ];
    for (name, both, second) in rows {
        let problem = Problem::new();
        problem.plainly(name, grouped(&problem, name, both, second));
    }
}

#[test]
fn ranger21_goes_the_packages_way() {
    let problem = Problem::new();
    let both: Settings<'_> = &[
        ("num_iterations", 20.into()),
        ("lr", 0.05.into()),
        ("agc_clipping_value", 0.3.into()),
        ("lookahead_merge_time", 3.into()),
    ];
    problem.plainly("Ranger21", grouped(&problem, "ranger21", both, &[("weight_decay", 0.3.into())]));

    let problem = Problem::new();
    let long = [
        ("num_iterations", 10000.into()),
        ("lr", 0.5.into()),
        ("beta0", 0.7.into()),
        ("use_softplus", false.into()),
        ("normalize_gradients", false.into()),
        ("betas", (0.8, 0.9).into()),
    ];
    problem.plainly("Ranger21/long", optim::with_settings("ranger21", problem.all(), &long).unwrap());

    let problem = Problem::new();
    let plain = [
        ("num_iterations", 8.into()),
        ("lr", 0.05.into()),
        ("disable_lr_scheduler", true.into()),
        ("centralize_gradients", false.into()),
        ("weight_decay", 0.2.into()),
        ("fixed_decay", true.into()),
        ("norm_loss_factor", 0.01.into()),
    ];
    problem.plainly("Ranger21/plain", optim::with_settings("ranger21", problem.all(), &plain).unwrap());
}

/// In 32 bits the roots and bases of nearly singular matrices are noise, also between two machines of the package; in 64
/// bits they are not.
#[cfg(feature = "linalg")]
#[test]
fn those_that_decompose_matrices_go_the_packages_way() {
    let json = fixture();
    for (key, settings) in json["named"].as_object().unwrap() {
        let settings: Vec<(&str, Setting)> = settings
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Bool(b) => (*b).into(),
                    Value::String(text) => text.as_str().into(),
                    Value::Array(_) => numbers(value).into(),
                    number => number.as_f64().unwrap().into(),
                };
                (name.as_str(), value)
            })
            .collect();
        let problem = Problem::new();
        let name = format!("pytorch_optimizer.{}", key.split('/').next().unwrap());
        let optimizer = optim::with_settings(&name, problem.all(), &settings).unwrap();
        problem.plainly(key, optimizer);
    }
}

#[test]
fn lbfgs_goes_pytorchs_way() {
    let wolfe = LineSearch::StrongWolfe;
    let rows = [
        ("LBFGS", 1.0, LBFGSOptions { lr: 0.1, max_iter: 4, ..Default::default() }),
        ("LBFGS/wolfe", 1.0, LBFGSOptions { line_search_fn: wolfe, max_iter: 3, ..Default::default() }),
        (
            "LBFGS/maximize",
            -1.0,
            LBFGSOptions { line_search_fn: wolfe, max_iter: 3, maximize: true, ..Default::default() },
        ),
        (
            "LBFGS/short",
            1.0,
            LBFGSOptions { lr: 0.2, max_iter: 5, history_size: 2, max_eval: Some(4), ..Default::default() },
        ),
    ];
    for (name, sign, options) in rows {
        let problem = Problem::new();
        let mut lbfgs = LBFGS::new(problem.all(), options).unwrap();
        problem.follows(name, || {
            let mut closure = || {
                problem.zero_grad();
                let loss = problem.loss("Y").mul(sign)?;
                loss.backward()?;
                Ok(loss)
            };
            lbfgs.step_with(&mut closure).unwrap();
        });
    }
}

#[test]
fn adam_mini_finds_its_blocks_by_name() {
    let json = &fixture()["AdamMini"];
    let list = |key: &str| json[key].as_array().unwrap().clone();
    let shapes: Vec<Vec<usize>> =
        list("shapes").iter().map(|s| numbers(s).into_iter().map(|n| n as usize).collect()).collect();
    let params: Vec<Parameter> = list("start")
        .iter()
        .zip(&shapes)
        .zip(list("names"))
        .map(|((start, shape), name)| {
            let p = Parameter::new(tensor(start, shape)).unwrap();
            p.set_name(name.as_str().unwrap());
            p
        })
        .collect();
    let options = AdamMiniOptions {
        lr: 0.05,
        betas: (0.8, 0.95),
        weight_decay: 0.1,
        num_embeds: 4,
        num_heads: 2,
        ..Default::default()
    };
    let mut optimizer = optim::extra::AdamMini::new(params.iter().map(Parameter::tied), options).unwrap();
    for (i, (grads, expected)) in list("grads").iter().zip(list("path")).enumerate() {
        for (k, p) in params.iter().enumerate() {
            p.set_grad(Some(tensor(&grads[k], p.shape())));
        }
        optimizer.step().unwrap();
        for (k, p) in params.iter().enumerate() {
            // The package keeps moments in 32 bits.
            close(&format!("{} after {} steps", p.name(), i + 1), p, &expected[k], 1e-5);
        }
    }
}
