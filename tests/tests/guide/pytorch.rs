//! Numbers that PyTorch 2.15 gave for the same models on the same inputs, in double precision. Parameters and inputs are
//! waves that both sides calculate; of results two sums are kept, one of them weighted by the place of each element.
use flambeau::prelude::*;
use serde_json::Value;
use std::sync::OnceLock;

/// What PyTorch gave under this name.
pub fn numbers(name: &str) -> Vec<f64> {
    flat(&all()[name])
}

/// The same of a list of cases.
pub fn cases(name: &str) -> Vec<Vec<f64>> {
    all()[name].as_array().unwrap().iter().map(flat).collect()
}

/// The count of a model's parameters, the FNV-1a hash of their names joined by commas, and the count of elements.
pub fn names(model: &str) -> (usize, u64, usize) {
    let entry = &all()["names"][model];
    let count = |i: usize| entry[i].as_u64().unwrap() as usize;
    (count(0), entry[1].as_str().unwrap().parse().unwrap(), count(2))
}

fn all() -> &'static Value {
    static ALL: OnceLock<Value> = OnceLock::new();
    ALL.get_or_init(|| serde_json::from_str(include_str!("pytorch.json")).unwrap())
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// `scale sin(start + step k)` for each element `k`.
fn wave(shape: &[usize], scale: f64, start: f64, step: f64) -> Result<Tensor> {
    let n: usize = shape.iter().product();
    let values: Vec<f64> = (0..n).map(|k| scale * (start + step * k as f64).sin()).collect();
    Tensor::from_slice(&values, shape)
}

/// An input in double precision.
pub fn input(shape: &[usize], step: f64) -> Result<Tensor> {
    wave(shape, 1.0, 0.5, step)
}

/// Double precision, and waves for all parameters.
pub fn fill(model: &impl Module) -> Result<()> {
    model.to(DType::F64)?;
    for (i, p) in model.parameters().iter().enumerate() {
        p.replace(&wave(p.shape(), 0.2, 1.0 + i as f64, 0.7)?)?;
    }
    Ok(())
}

/// The sum of all elements, each by its place.
pub fn weighed(t: &Tensor) -> Result<Tensor> {
    let weights: Vec<f64> = (0..t.numel()).map(|k| (0.11 * k as f64).cos()).collect();
    t.mul(&Tensor::from_slice(&weights, t.shape())?)?.sum()
}

/// Both sums.
pub fn digest(t: &Tensor) -> Result<Vec<f64>> {
    let t = t.detach().to_dtype(DType::F64)?;
    Ok(vec![t.sum()?.item()?, weighed(&t)?.item()?])
}

/// Both sums of every parameter's gradient.
pub fn gradients(model: &impl Module) -> Result<Vec<f64>> {
    let all = model.parameters();
    let sums = all.iter().map(|p| digest(&p.grad().unwrap())).collect::<Result<Vec<_>>>()?;
    Ok(sums.into_iter().flatten().collect())
}

/// Backpropagates the weighed sums of `outputs`.
pub fn backward(outputs: &[&Tensor]) -> Result<()> {
    let sums = outputs.iter().map(|y| weighed(y)).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&sums.iter().collect::<Vec<_>>(), 0)?.sum()?.backward()
}

/// Within 1e-10 of PyTorch's.
pub fn agree(what: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!((g - e).abs() <= 1e-10 * (1.0 + e.abs()), "{what}, number {i}: {g} and not {e}");
    }
}
