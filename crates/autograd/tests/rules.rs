//! Every family of rules against finite differences, first and second order, in `f64`.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{GradcheckOptions, gradcheck, gradgradcheck};
use tensor_core::{DROP, KEEP, Result, Scalar, Tensor};

/// Numbers between `low` and `high`, no two alike.
fn spread(n: usize, low: f64, high: f64) -> Vec<f64> {
    (0..n).map(|i| low + (high - low) * ((i * 37 + 11) % 101) as f64 / 101.0).collect()
}

fn leaf(shape: &[usize], low: f64, high: f64) -> Tensor {
    let n: usize = shape.iter().product();
    Tensor::from_slice(&spread(n, low, high), shape).unwrap().requires_grad_(true)
}

fn index(values: &[i64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape).unwrap()
}

#[track_caller]
fn check(name: &str, inputs: &[&Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let f = |v: &[Tensor]| Ok(vec![f(v)?]);
    let options = GradcheckOptions::default();
    if let Err(e) = gradcheck(f, inputs, options).and_then(|()| gradgradcheck(f, inputs, options)) {
        panic!("{name}: {e}");
    }
}

#[test]
fn unary() {
    type Function = fn(&Tensor) -> Result<Tensor>;
    let everywhere: &[(&str, Function)] = &[
        ("neg", Tensor::neg),
        ("abs", Tensor::abs),
        ("sign", Tensor::sign),
        ("exp", Tensor::exp),
        ("exp2", Tensor::exp2),
        ("expm1", Tensor::expm1),
        ("sin", Tensor::sin),
        ("cos", Tensor::cos),
        ("tan", Tensor::tan),
        ("atan", Tensor::atan),
        ("sinh", Tensor::sinh),
        ("cosh", Tensor::cosh),
        ("tanh", Tensor::tanh),
        ("asinh", Tensor::asinh),
        ("erf", Tensor::erf),
        ("erfc", Tensor::erfc),
        ("sigmoid", Tensor::sigmoid),
        ("relu", Tensor::relu),
        ("square", Tensor::square),
        ("floor", Tensor::floor),
        ("ceil", Tensor::ceil),
        ("round", Tensor::round),
        ("trunc", Tensor::trunc),
    ];
    for (name, f) in everywhere {
        check(name, &[&leaf(&[2, 3], -0.97, 1.13)], |v| f(&v[0]));
    }
    let positive: &[(&str, Function)] = &[
        ("log", Tensor::log),
        ("log2", Tensor::log2),
        ("log10", Tensor::log10),
        ("log1p", Tensor::log1p),
        ("sqrt", Tensor::sqrt),
        ("rsqrt", Tensor::rsqrt),
        ("reciprocal", Tensor::reciprocal),
    ];
    for (name, f) in positive {
        check(name, &[&leaf(&[2, 3], 0.4, 3.0)], |v| f(&v[0]));
    }
    let inside: &[(&str, Function)] =
        &[("asin", Tensor::asin), ("acos", Tensor::acos), ("atanh", Tensor::atanh), ("erfinv", Tensor::erfinv)];
    for (name, f) in inside {
        check(name, &[&leaf(&[2, 3], -0.7, 0.8)], |v| f(&v[0]));
    }
    check("acosh", &[&leaf(&[2, 3], 1.3, 4.0)], |v| v[0].acosh());
}

#[test]
fn binary() {
    let (a, b) = (leaf(&[2, 3], 0.5, 2.0), leaf(&[3], 0.7, 1.9));
    check("add", &[&a, &b], |v| v[0].add(&v[1]));
    check("sub", &[&a, &b], |v| v[0].sub(&v[1]));
    check("mul", &[&a, &b], |v| v[0].mul(&v[1]));
    check("div", &[&a, &b], |v| v[0].div(&v[1]));
    check("pow", &[&a, &b], |v| v[0].pow(&v[1]));
    check("maximum", &[&a, &b], |v| v[0].maximum(&v[1]));
    check("minimum", &[&a, &b], |v| v[0].minimum(&v[1]));
    check("atan2", &[&a, &b], |v| v[0].atan2(&v[1]));
    check("floor_divide", &[&a, &b], |v| v[0].floor_divide(&v[1]));
    check("remainder", &[&leaf(&[4], 5.2, 9.1), &leaf(&[4], 2.1, 2.4)], |v| v[0].remainder(&v[1]));
    check("fmod", &[&leaf(&[4], -9.2, -5.1), &leaf(&[4], 2.1, 2.4)], |v| v[0].fmod(&v[1]));
    check("the same on both sides", &[&a], |v| v[0].mul(&v[0])?.div(&v[0].add(&v[0])?));
}

#[test]
fn beside_a_number() {
    let x = leaf(&[2, 3], 0.5, 2.0);
    check("x + s", &[&x], |v| v[0].add(1.5));
    check("x - s", &[&x], |v| v[0].sub(1.5));
    check("s - x", &[&x], |v| 1.5 - &v[0]);
    check("x s", &[&x], |v| v[0].mul(-2.5));
    check("x / s", &[&x], |v| v[0].div(-2.5));
    check("s / x", &[&x], |v| -2.5 / &v[0]);
    for s in [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.7] {
        check("x^s", &[&x], |v| v[0].pow(s));
    }
    check("x max s", &[&x], |v| v[0].maximum(1.01));
    check("x min s", &[&x], |v| v[0].minimum(1.01));
    check("atan2(x, s)", &[&x], |v| v[0].atan2(0.8));
    check("x mod s", &[&x], |v| v[0].remainder(0.41));
    check("clamp", &[&x], |v| v[0].clamp(Some(Scalar::Float(0.9)), Some(Scalar::Float(1.6))));
}

#[test]
fn select_and_cast() -> Result<()> {
    let (a, b) = (leaf(&[2, 3], 0.5, 2.0), leaf(&[3], -1.0, 1.0));
    let cond = Tensor::from_slice(&[true, false], [2, 1])?;
    check("where", &[&a, &b], |v| cond.where_(&v[0], &v[1]));
    check("masked_fill", &[&a], |v| v[0].masked_fill(&cond, 3.0)?.square());
    Ok(())
}

#[test]
fn reductions() {
    let x = leaf(&[2, 3, 4], 0.5, 2.0);
    check("sum", &[&x], |v| v[0].sum());
    check("sum_dim", &[&x], |v| v[0].sum_dim([0, 2], DROP)?.square());
    check("mean", &[&x], |v| v[0].mean()?.exp());
    check("mean_dim", &[&x], |v| v[0].mean_dim(-1, KEEP)?.square());
    check("prod", &[&leaf(&[2, 3], 0.5, 1.5)], |v| v[0].prod());
    check("prod_dim", &[&x], |v| v[0].prod_dim(1, DROP));
    check("amax", &[&x], |v| v[0].amax_dim([0, 2], DROP)?.square());
    check("amin", &[&x], |v| v[0].amin_dim(1, KEEP)?.square());
    check("max", &[&x], |v| v[0].max()?.square());
    check("max_dim", &[&x], |v| v[0].max_dim(1, DROP)?.0.square());
    check("min_dim", &[&x], |v| v[0].min_dim(-1, KEEP)?.0.square());
}

#[test]
fn products_with_zeros() {
    for zeros in [&[1usize][..], &[0, 2]] {
        let mut values = spread(4, 0.5, 1.5);
        zeros.iter().for_each(|&i| values[i] = 0.0);
        let x = Tensor::from_slice(&values, [4]).unwrap().requires_grad_(true);
        check("prod", &[&x], |v| v[0].prod());
    }
}

#[test]
fn movement() {
    let x = leaf(&[2, 3, 4], -1.0, 1.0);
    let squared = |t: Result<Tensor>| t?.square();
    check("reshape", &[&x], |v| squared(v[0].reshape([4, -1])));
    check("permute", &[&x], |v| squared(v[0].permute([2, 0, 1])));
    check("transpose", &[&x], |v| squared(v[0].transpose(0, -1)));
    check("expand", &[&leaf(&[2, 1], -1.0, 1.0)], |v| squared(v[0].expand([3, 2, 4])));
    check("narrow", &[&x], |v| squared(v[0].narrow(1, 1, 2)));
    check("slice", &[&x], |v| squared(v[0].slice(2, 1, 4, 2)));
    check("select", &[&x], |v| squared(v[0].select(0, 1)));
    check("flip", &[&x], |v| squared(v[0].flip([0, 2])));
    check("squeeze", &[&leaf(&[2, 1], -1.0, 1.0)], |v| squared(v[0].squeeze_dim(1)?.unsqueeze(0)));
    for offset in [-1, 0, 1, 2] {
        check("diagonal", &[&x], |v| squared(v[0].diagonal(offset, 0, 2)));
        check("diagonal", &[&x], |v| squared(v[0].diagonal(offset, 2, 1)));
    }
    check("cat", &[&x, &leaf(&[2, 1, 4], -1.0, 1.0)], |v| squared(Tensor::cat(&[&v[0], &v[1], &v[0]], 1)));
    check("stack", &[&x, &leaf(&[2, 3, 4], -2.0, 1.0)], |v| squared(Tensor::stack(&[&v[0], &v[1]], -1)));
    // A part whose gradient nobody wants still takes its room.
    let constant = leaf(&[2, 2, 4], -1.0, 1.0).detach();
    check("cat", &[&constant, &x], |v| squared(Tensor::cat(&[&v[0], &v[1]], 1)));
}

#[test]
fn indexing() {
    let x = leaf(&[3, 4], -1.0, 1.0);
    let rows = index(&[2, 0, 2, 1], &[4]);
    let at = index(&[0, 2, 2, 1, 1, 0], &[2, 3]);
    let own = index(&[0, 1, 2, 2, 0, 1], &[2, 3]);
    let source = leaf(&[2, 3], -1.0, 1.0);
    let squared = |t: Result<Tensor>| t?.square();
    check("index_select", &[&x], |v| squared(v[0].index_select(0, &rows)));
    check("index_add", &[&x, &leaf(&[3, 4], -2.0, 1.0)], |v| squared(v[0].index_add(1, &rows, &v[1])));
    check("gather", &[&x], |v| squared(v[0].gather(0, &at)));
    check("scatter", &[&x, &source], |v| squared(v[0].scatter(0, &own, &v[1])));
    check("scatter", &[&x, &leaf(&[3, 4], -2.0, 1.0)], |v| squared(v[0].scatter(0, &own, &v[1])));
    check("scatter_add", &[&x, &source], |v| squared(v[0].scatter_add(0, &at, &v[1])));
    check("scatter a number", &[&x], |v| squared(v[0].scatter(0, &at, 0.5)));
    check("slice_scatter", &[&x, &leaf(&[3, 2], -1.0, 1.0)], |v| squared(v[0].slice_scatter(&v[1], 1, 0, 4, 2)));
}

#[test]
fn products_of_matrices() {
    let squared = |t: Result<Tensor>| t?.square();
    let (a, b) = (leaf(&[2, 3], -1.0, 1.0), leaf(&[3, 4], -1.0, 1.0));
    check("mm", &[&a, &b], |v| squared(v[0].matmul(&v[1])));
    check("a b'", &[&a, &leaf(&[4, 3], -1.0, 1.0)], |v| squared(v[0].matmul(&v[1].t()?)));
    check("a' b", &[&leaf(&[3, 2], -1.0, 1.0), &b], |v| squared(v[0].t()?.matmul(&v[1])));
    let (batch, wide) = (leaf(&[2, 2, 3], -1.0, 1.0), leaf(&[2, 1, 3, 2], -1.0, 1.0));
    check("batched", &[&batch, &wide], |v| squared(v[0].matmul(&v[1])));
    check("batched by one", &[&batch, &b], |v| squared(v[0].matmul(&v[1])));
    check("one by batched", &[&a, &wide], |v| squared(v[0].matmul(&v[1])));
    let v3 = leaf(&[3], -1.0, 1.0);
    check("mv", &[&a, &v3], |v| squared(v[0].matmul(&v[1])));
    check("vm", &[&v3, &b], |v| squared(v[0].matmul(&v[1])));
    check("dot", &[&v3, &leaf(&[3], 0.0, 2.0)], |v| squared(v[0].matmul(&v[1])));
    check("batch by vector", &[&batch, &v3], |v| squared(v[0].matmul(&v[1])));
}

#[test]
fn edges_of_power() -> Result<()> {
    // As PyTorch: the exponent 0 and the base 0 give no NaN.
    let (a, b) = (Tensor::from_slice(&[0.0f64, 0.0, 2.0], [3])?, Tensor::from_slice(&[0.0f64, 2.0, 0.0], [3])?);
    let (a, b) = (a.requires_grad_(true), b.requires_grad_(true));
    let grads = autograd::grad(&[&a.pow(&b)?.sum()?], &[&a, &b], Default::default())?;
    assert_eq!(grads[0].to_vec::<f64>()?, [0.0, 0.0, 0.0]);
    assert_eq!(grads[1].to_vec::<f64>()?, [0.0, 0.0, 2f64.ln()]);
    let zero = autograd::grad(&[&a.pow(0.0)?.sum()?], &[&a], Default::default())?;
    assert_eq!(zero[0].to_vec::<f64>()?, [0.0, 0.0, 0.0]);
    let base = autograd::grad(&[&Tensor::full_like(&b, 0.0)?.pow(&b)?.sum()?], &[&b], Default::default())?;
    assert_eq!(base[0].to_vec::<f64>()?, [0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn ties_and_kinks() -> Result<()> {
    let of = |f: &dyn Fn(&Tensor) -> Result<Tensor>, x: &[f64]| -> Result<Vec<f64>> {
        let x = Tensor::from_slice(x, [x.len()])?.requires_grad_(true);
        autograd::grad(&[&f(&x)?.sum()?], &[&x], Default::default())?.remove(0).to_vec::<f64>()
    };
    assert_eq!(of(&|x| x.abs(), &[0.0, -1.0])?, [0.0, -1.0]);
    assert_eq!(of(&|x| x.relu(), &[0.0, 1.0, -1.0])?, [0.0, 1.0, 0.0]);
    assert_eq!(of(&|x| x.amax(), &[3.0, 1.0, 3.0])?, [0.5, 0.0, 0.5]);
    assert_eq!(of(&|x| x.amin(), &[3.0, 1.0, 1.0])?, [0.0, 0.5, 0.5]);
    assert_eq!(of(&|x| x.max_dim(0, DROP).map(|(values, _)| values), &[3.0, 1.0, 3.0])?, [1.0, 0.0, 0.0]);
    assert_eq!(of(&|x| x.maximum(&Tensor::ones([2])?.to_dtype(x.dtype())?), &[1.0, 2.0])?, [0.5, 1.0]);
    assert_eq!(
        of(&|x| x.clamp(Some(Scalar::Float(0.0)), Some(Scalar::Float(1.0))), &[0.0, 1.0, 2.0])?,
        [1.0, 1.0, 0.0]
    );
    assert_eq!(of(&|x| x.prod(), &[2.0, 0.0, 3.0])?, [0.0, 6.0, 0.0]);
    assert_eq!(of(&|x| x.prod(), &[2.0, 0.0, 0.0])?, [0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn a_wrong_derivative_is_found() -> Result<()> {
    use std::sync::Arc;
    use tensor_core::{Function, graph::Node};
    #[derive(Debug)]
    struct Wrong;
    impl Function for Wrong {
        fn name(&self) -> &'static str {
            "wrong_square"
        }
        fn backward(&self, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
            grads.iter().flatten().map(|g| g.mul(&node.input(0)?).map(Some)).collect() // a factor 2 is missing
        }
    }
    let f = |v: &[Tensor]| Ok(autograd::apply(Wrong, &[&v[0]], vec![v[0].detach().square()?]));
    let x = leaf(&[2, 2], 0.5, 1.0);
    let e = gradcheck(f, &[&x], GradcheckOptions::default()).unwrap_err().to_string();
    assert!(e.starts_with("gradcheck: output 0 [0, 0] by input 0 [0, 0]: backward says 0.55"), "{e}");
    let along = GradcheckOptions { full_limit: 0, ..Default::default() };
    let e = gradcheck(f, &[&x], along).unwrap_err().to_string();
    assert!(e.starts_with("gradcheck: output 0 by input 0, along a direction: backward says"), "{e}");
    let single = x.detach().to_dtype(tensor_core::DType::F32)?.requires_grad_(true);
    let e = gradcheck(f, &[&single], along).unwrap_err().to_string();
    assert!(e.starts_with("gradcheck: input 0 is f32: differences need f64"), "{e}");
    Ok(())
}
