//! Mixed precision: dtypes as PyTorch gives them, scales as its scaler finds them, a network that learns; and what stands
//! around a training.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on says so.
mod around;
mod operators;
mod scaler;

use autograd::{Backward, Parameter, checkpoint};
use data::{DataLoader, Dataset, datasets::Digits};
use nn::{
    BatchNorm2d, Conv2d, Conv2dOptions, Flatten, Forward, Linear, MaxPool2d, Module, ReLU, Sequential,
    functional::cross_entropy,
};
use optim::{Adam, GradScaler, Optimizer};
use tensor_core::{AutocastOptions, DType, Result, Tensor, autocast, manual_seed, no_grad};
use train::{Accuracy, Lints};

fn off() -> AutocastOptions {
    AutocastOptions { enabled: false, ..Default::default() }
}

#[test]
fn regions_nest_and_end() -> Result<()> {
    let (x, w) = (Tensor::ones([2, 3])?, Tensor::ones([3, 4])?);
    let dtype = || -> Result<DType> { Ok(x.mm(&w)?.dtype()) };
    {
        let _outer = autocast(DType::BF16)?;
        assert_eq!(dtype()?, DType::BF16);
        {
            let _inner = autocast(DType::F16)?;
            assert_eq!(dtype()?, DType::F16);
            let _without = autocast(off())?;
            assert_eq!(dtype()?, DType::F32);
        }
        assert_eq!(dtype()?, DType::BF16);
    }
    assert_eq!(dtype()?, DType::F32);
    let why = autocast(DType::F32).unwrap_err().to_string();
    assert!(why.contains("f32 is no lower precision"), "{why}");
    Ok(())
}

#[test]
fn gradients_arrive_in_the_dtype_of_the_parameters() -> Result<()> {
    manual_seed(3);
    let model = Sequential::new((Linear::new(6, 8)?, ReLU, Linear::new(8, 3)?));
    let (x, y) = (Tensor::randn([16, 6])?, Tensor::randint(0, 3, [16])?);
    let loss = {
        let _guard = autocast(DType::BF16)?;
        let scores = model.forward(&x)?;
        assert_eq!(scores.dtype(), DType::BF16);
        cross_entropy(&scores, &y)?
    };
    assert_eq!(loss.dtype(), DType::F32);
    loss.backward()?;
    let low: Vec<Tensor> = model.parameters().iter().map(|p| p.grad().unwrap()).collect();
    model.zero_grad();
    cross_entropy(&model.forward(&x)?, &y)?.backward()?;
    for (low, p) in low.iter().zip(model.parameters()) {
        assert_eq!(low.dtype(), DType::F32);
        let full = p.grad().unwrap();
        let error = low.sub(&full)?.abs()?.amax()?.item::<f32>()?;
        assert!(error <= 0.03 * full.abs()?.amax()?.item::<f32>()?, "{p:?}: {error}");
    }
    Ok(())
}

#[test]
fn a_parameter_is_converted_once_per_region_and_anew_when_it_has_changed() -> Result<()> {
    let w = Parameter::new(Tensor::ones([2, 2])?)?;
    let x = Tensor::ones([1, 2])?;
    for cache_enabled in [true, false] {
        let _guard = autocast(AutocastOptions { cache_enabled, ..Default::default() })?;
        let y = x.mm(&w)?.add(&x.mm(&w)?)?;
        let conversion = |t: &Tensor| t.edge().unwrap().node.edges()[1].as_ref().unwrap().node.id();
        let sides: Vec<u64> = y.edge().unwrap().node.edges().iter().flatten().map(|e| e.node.id()).collect();
        assert_eq!(sides.len(), 2);
        assert_eq!(conversion(&x.mm(&w)?) == conversion(&x.mm(&w)?), cache_enabled);
        w.zero_grad();
        y.sum()?.backward()?;
        assert_eq!(w.grad().unwrap().to_vec::<f32>()?, [2.0; 4]);
        // Evaluated first without gradients: the next forward has its own conversion.
        let before = x.mm(&w)?.to_vec::<f32>()?;
        w.update(|w| w.mul_(3.0).map(drop))?;
        let after = x.mm(&w)?.to_vec::<f32>()?;
        assert_eq!(after, before.iter().map(|v| v * 3.0).collect::<Vec<_>>());
    }
    let _guard = autocast(DType::BF16)?;
    {
        let _unrecorded = no_grad();
        x.mm(&w)?;
    }
    assert!(x.mm(&w)?.requires_grad());
    Ok(())
}

#[test]
fn what_is_computed_again_for_backward_is_in_the_same_precision() -> Result<()> {
    manual_seed(5);
    let (x, w) = (Tensor::randn([4, 3])?, Parameter::new(Tensor::randn([3, 3])?)?);
    // A clone of the closure would hold another parameter; two uses of one would add up in another order.
    let part = |held: Parameter| move |v: &[Tensor]| Ok(vec![v[0].mm(&held)?.tanh()?]);
    let gradient = |again: bool| -> Result<Vec<f32>> {
        w.zero_grad();
        let y = {
            let _guard = autocast(DType::BF16)?;
            if again {
                checkpoint(part(w.tied()), &[&x])?.remove(0)
            } else {
                part(w.tied())(std::slice::from_ref(&x))?.remove(0)
            }
        };
        assert_eq!(y.dtype(), DType::BF16);
        y.to_dtype(DType::F32)?.square()?.sum()?.backward()?;
        w.grad().unwrap().to_vec()
    };
    assert_eq!(gradient(true)?, gradient(false)?);
    Ok(())
}

#[test]
fn a_training_in_f16_with_a_scaler_gives_no_lint() -> Result<()> {
    manual_seed(6);
    let model = Sequential::new((Linear::new(6, 8)?, ReLU, Linear::new(8, 3)?));
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let mut scaler = GradScaler::new(Default::default())?;
    let watch = Lints::watch(&model);
    let (x, y) = (Tensor::randn([16, 6])?, Tensor::arange(0, 16, 1)?.remainder(3)?);
    let mut losses = Vec::new();
    for _ in 0..20 {
        optimizer.zero_grad();
        let loss = {
            let _guard = autocast(DType::F16)?;
            cross_entropy(&model.forward(&x)?, &y)?
        };
        losses.push(loss.item::<f64>()?);
        scaler.scale(&loss)?.backward()?;
        scaler.step(&mut optimizer)?;
        scaler.update(None)?;
    }
    assert!(losses[19] < losses[0], "{losses:?}");
    let found = watch.finish();
    assert!(found.is_empty(), "{found:?}");
    Ok(())
}

/// The share of test digits that a small network reads after three epochs.
fn digits(low: bool) -> Result<f64> {
    manual_seed(7);
    let options = || Conv2dOptions { padding: 1.into(), bias: false, ..Default::default() };
    let model = Sequential::new((
        Sequential::new((Conv2d::new(1, 16, 3, options())?, BatchNorm2d::new(16)?, ReLU, MaxPool2d::new(2))),
        Sequential::new((Conv2d::new(16, 32, 3, options())?, BatchNorm2d::new(32)?, ReLU, MaxPool2d::new(2))),
        Flatten::default(),
        Linear::new(32 * 2 * 2, 10)?,
    ));
    let mut optimizer = Adam::new(model.parameters(), 3e-3)?;
    let region = if low { AutocastOptions::default() } else { off() };
    let loader = DataLoader::new(Digits::train()?).batch_size(64).shuffle(true).seed(7);
    for _ in 0..3 {
        for batch in &loader {
            let (x, y) = batch?;
            optimizer.zero_grad();
            let loss = {
                let _guard = autocast(region)?;
                cross_entropy(&model.forward(&x)?, &y)?
            };
            loss.backward()?;
            optimizer.step()?;
        }
    }
    model.eval();
    let (_unrecorded, _guard) = (no_grad(), autocast(region)?);
    let mut accuracy = Accuracy::new();
    let test = Digits::test()?;
    for batch in &DataLoader::new(test.clone()).batch_size(test.len()) {
        let (x, y) = batch?;
        accuracy.update(&model.forward(&x)?, &y)?;
    }
    Ok(accuracy.value())
}

#[test]
fn the_digits_are_read_as_well_in_bf16() -> Result<()> {
    let (full, low) = (digits(false)?, digits(true)?);
    assert!(full > 0.9 && (full - low).abs() <= 0.01, "f32 {full}, bf16 {low}");
    Ok(())
}
