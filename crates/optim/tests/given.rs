//! Against trajectories of the Python package pytorch-optimizer 4.1.0 that need more than gradients: numbers that it drew,
//! losses, logits. `fixtures/given.py` made them, in 64 bits.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Parameter;
use files::StateDict;
use optim::{
    Optimizer, Setting,
    extra::{MuonClipOptions, QkPart},
    with_settings,
};
use serde_json::Value;
use tensor_core::Tensor;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/given.json")).unwrap()
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn tensor(json: &Value) -> Tensor {
    let shape: Vec<usize> = numbers(&json["shape"]).into_iter().map(|size| size as usize).collect();
    Tensor::from_slice(&numbers(&json["values"]), shape).unwrap()
}

fn setting(value: &Value) -> Setting {
    match value {
        Value::Bool(b) => (*b).into(),
        Value::String(text) => text.as_str().into(),
        other => other.as_f64().unwrap().into(),
    }
}

/// The package measures the gradients of AliG, and logits, in 32 bits.
fn close(what: &str, p: &Tensor, expected: &Value, single: bool) {
    let tolerance = if single { 1e-6 } else { 1e-8 };
    for (got, expected) in p.to_vec::<f64>().unwrap().iter().zip(numbers(expected)) {
        assert!((got - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {got} is not {expected}");
    }
}

#[test]
fn what_is_drawn_or_told_leads_the_packages_way() {
    for case in fixture()["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let what = format!("{name} with {}", case["kwargs"]);
        let params: Vec<Parameter> =
            case["start"].as_array().unwrap().iter().map(|p| Parameter::new(tensor(p)).unwrap()).collect();
        let kwargs = case["kwargs"].as_object().unwrap();
        let settings: Vec<(&str, Setting)> =
            kwargs.iter().map(|(name, value)| (name.as_str(), setting(value))).collect();
        let mut optimizer = with_settings(name, params.iter().map(Parameter::tied), &settings).unwrap();
        let mut drawn = StateDict::new();
        for (i, state) in case["state"].as_array().unwrap().iter().enumerate() {
            for (name, value) in state.as_object().unwrap() {
                drawn.insert(format!("state.{i}.{name}"), tensor(value));
            }
        }
        optimizer.load_state_dict(&drawn).unwrap();
        for (i, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            for (p, g) in params.iter().zip(step["grads"].as_array().unwrap()) {
                p.set_grad(Some(Tensor::from_slice(&numbers(g), p.shape()).unwrap()));
            }
            match step["loss"].as_f64() {
                Some(loss) => optimizer.step_with(&mut || Tensor::full((), loss)).map(drop).unwrap(),
                None => optimizer.step().unwrap(),
            }
            for (p, expected) in params.iter().zip(step["params"].as_array().unwrap()) {
                close(&format!("{what}, step {i}"), p, expected, name.ends_with("AliG"));
            }
        }
    }
}

#[test]
fn queries_and_keys_are_clipped_as_by_the_package() {
    for case in fixture()["clips"].as_array().unwrap() {
        let part = match case["part"].as_str().unwrap() {
            "query" => QkPart::Query,
            "key" => QkPart::Key,
            _ => QkPart::QueryRotary,
        };
        let qk_clip_alpha = case["alpha"].as_f64().unwrap();
        let options = MuonClipOptions { qk_clip_threshold: 3.0, qk_clip_alpha, ..Default::default() };
        let weight = Parameter::new(tensor(&case["start"])).unwrap();
        options.clip(part, &weight, &numbers(&case["logits"])).unwrap();
        close(&format!("{part:?} at {qk_clip_alpha}"), &weight, &case["end"], true);
    }
    let weight = Parameter::new(Tensor::ones([6, 2]).unwrap()).unwrap();
    let error = MuonClipOptions::default().clip(QkPart::Key, &weight, &[1.0; 4]).unwrap_err().to_string();
    assert!(error.contains("6 rows are not those of 4 heads"), "{error}");
}

/// AliG's rate is one for all groups, from the gradients of both.
#[test]
fn alig_looks_at_all_groups() {
    let [a, b] = [3.0, 4.0].map(|g| {
        let p = Parameter::new(Tensor::zeros([1]).unwrap()).unwrap();
        p.set_grad(Some(Tensor::full([1], g).unwrap()));
        p
    });
    let mut optimizer = optim::extra::AliG::new([a.tied()], 1.0).unwrap();
    optimizer.add_group([b.tied()], 0.1).unwrap();
    optimizer.step_with(&mut || Tensor::full((), 10.0)).unwrap();
    // 10 / (9 + 16), and the second group's bound.
    assert!((a.item::<f64>().unwrap() + 3.0 * 0.4).abs() < 1e-6);
    assert!((b.item::<f64>().unwrap() + 4.0 * 0.1).abs() < 1e-6);
    assert!(optimizer.step().unwrap_err().to_string().contains("a step needs the loss"));
}
