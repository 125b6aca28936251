//! Programs with one mistake each.
use crate::{batch, classifier, lints, moody, numbers};
use autograd::{Backward, Parameter};
use nn::{
    Conv2d, Conv2dOptions, Forward, Linear, Module, ReLU, Sequential, Sigmoid,
    functional::{binary_cross_entropy_with_logits, cross_entropy, mse_loss, nll_loss},
};
use optim::{Adam, Optimizer, SGD};
use tensor_core::{DROP, Result, Tensor, no_grad};
use train::{Accuracy, Finding, Lint, Lints};

/// The program has this lint, and no other.
fn only(found: &[Finding], lint: Lint, culprit: &str) {
    assert_eq!(lints(found), [lint], "{found:?}");
    assert!(found[0].culprit.contains(culprit), "{found:?}");
    let text = found[0].to_string();
    assert!(text.contains(lint.name()) && text.contains(lint.fix()), "{text}");
}

/// The five lines, right.
fn train(model: &impl Forward, optimizer: &mut dyn Optimizer, x: &Tensor, y: &Tensor) -> Result<()> {
    optimizer.zero_grad();
    cross_entropy(&model.forward(x)?, y)?.backward()?;
    optimizer.step()
}

#[derive(Debug, Clone, Module)]
struct Cut {
    body: Linear,
    head: Linear,
    detach: bool,
}

impl Cut {
    fn new(detach: bool) -> Result<Cut> {
        Ok(Cut { body: Linear::new(6, 8)?, head: Linear::new(8, 3)?, detach })
    }
}

impl Forward for Cut {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let h = self.body.forward(x)?.relu()?;
        self.head.forward(&if self.detach { h.detach() } else { h })
    }
}

#[test]
fn a_detach_in_the_middle_cuts_the_first_layer_off() -> Result<()> {
    let model = Cut::new(true)?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    only(&watch.finish(), Lint::UnreachedParameter, "body.bias, body.weight");
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct Unused {
    used: Linear,
    forgotten: Linear,
}

impl Forward for Unused {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.used.forward(x)
    }
}

#[test]
fn a_layer_that_forward_does_not_use() -> Result<()> {
    let model = Unused { used: Linear::new(6, 3)?, forgotten: Linear::new(6, 6)? };
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    only(&watch.finish(), Lint::UnreachedParameter, "forgotten.weight");
    Ok(())
}

#[test]
fn zero_grad_forgotten() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = batch(i, 32, 3)?;
        cross_entropy(&model.forward(&x)?, &y)?.backward()?;
        optimizer.step()?;
    }
    only(&watch.finish(), Lint::ZeroGradForgotten, "0.weight");
    Ok(())
}

#[test]
fn zero_grad_between_backward_and_step() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = batch(i, 32, 3)?;
        cross_entropy(&model.forward(&x)?, &y)?.backward()?;
        optimizer.zero_grad();
        optimizer.step()?;
    }
    only(&watch.finish(), Lint::StepWithoutGradients, "Adam");
    Ok(())
}

#[test]
fn backward_forgotten() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = SGD::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        let _loss = cross_entropy(&model.forward(&x)?, &y)?;
        optimizer.step()?;
    }
    only(&watch.finish(), Lint::StepWithoutGradients, "SGD");
    Ok(())
}

#[test]
fn step_forgotten() -> Result<()> {
    let model = classifier()?;
    let optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        cross_entropy(&model.forward(&x)?, &y)?.backward()?;
    }
    only(&watch.finish(), Lint::StepForgotten, "0.weight");
    Ok(())
}

#[test]
fn the_optimizer_of_a_clone() -> Result<()> {
    let model = classifier()?;
    let copy = model.clone();
    let mut optimizer = Adam::new(copy.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    only(&watch.finish(), Lint::OptimizerOfAnotherModel, "0.weight");
    Ok(())
}

#[test]
fn a_loss_computed_under_no_grad() -> Result<()> {
    let model = classifier()?;
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 32, 3)?;
    let loss = {
        let _guard = no_grad();
        cross_entropy(&model.forward(&x)?, &y)?
    };
    assert!(loss.backward().is_err());
    only(&watch.finish(), Lint::LossWithoutGraph, "loss");
    Ok(())
}

#[test]
fn a_model_frozen_whole() -> Result<()> {
    let model = classifier()?;
    model.freeze();
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 32, 3)?;
    assert!(cross_entropy(&model.forward(&x)?, &y)?.backward().is_err());
    let found = watch.finish();
    only(&found, Lint::LossWithoutGraph, "loss");
    assert!(found[0].details.contains("frozen"));
    Ok(())
}

#[test]
fn softmax_before_cross_entropy() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 32, 3)?;
    optimizer.zero_grad();
    cross_entropy(&model.forward(&x)?.softmax(1)?, &y)?.backward()?;
    optimizer.step()?;
    only(&watch.finish(), Lint::SoftmaxBeforeCrossEntropy, "cross_entropy");
    Ok(())
}

#[test]
fn log_softmax_twice() -> Result<()> {
    let model = Sequential::new((Linear::new(6, 3)?, nn::Softmax::new(1), nn::LogSoftmax::new(1)));
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 32, 3)?;
    optimizer.zero_grad();
    nll_loss(&model.forward(&x)?, &y)?.backward()?;
    optimizer.step()?;
    only(&watch.finish(), Lint::SoftmaxBeforeCrossEntropy, "log_softmax");
    Ok(())
}

#[test]
fn sigmoid_before_the_loss_of_logits() -> Result<()> {
    let model = Sequential::new((Linear::new(6, 1)?, Sigmoid));
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    let (x, y) = numbers(0, 32)?;
    optimizer.zero_grad();
    let y = y.gt(0.0)?.to_dtype(tensor_core::DType::F32)?;
    binary_cross_entropy_with_logits(&model.forward(&x)?.squeeze_dim(1)?, &y.squeeze_dim(1)?)?.backward()?;
    optimizer.step()?;
    only(&watch.finish(), Lint::SigmoidBeforeLogitsLoss, "binary_cross_entropy_with_logits");
    Ok(())
}

#[test]
fn nll_loss_of_scores_and_of_probabilities() -> Result<()> {
    for softmax in [false, true] {
        let model = classifier()?;
        let mut optimizer = SGD::new(model.parameters(), 0.01)?;
        let watch = Lints::watch(&model);
        for i in 0..3 {
            let (x, y) = batch(i, 32, 3)?;
            optimizer.zero_grad();
            let scores = model.forward(&x)?;
            let scores = if softmax { scores.softmax(1)? } else { scores };
            nll_loss(&scores, &y)?.backward()?;
            optimizer.step()?;
        }
        only(&watch.finish(), Lint::NllWithoutLogProbabilities, "nll_loss");
    }
    Ok(())
}

/// Trains right, then judges without `eval()`.
fn judged(judge: impl Fn(&Sequential, &Tensor, &Tensor) -> Result<()>) -> Result<Vec<Finding>> {
    let model = moody()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    for i in 4..7 {
        let (x, y) = batch(i, 32, 3)?;
        judge(&model, &x, &y)?;
    }
    Ok(watch.finish())
}

#[test]
fn evaluation_in_train_mode() -> Result<()> {
    let by_accuracy = judged(|model, x, y| {
        let _guard = no_grad();
        Accuracy::new().update(&model.forward(x)?, y).map(drop)
    })?;
    let by_loss = judged(|model, x, y| {
        let _guard = no_grad();
        cross_entropy(&model.forward(x)?, y).map(drop)
    })?;
    let by_hand = judged(|model, x, y| {
        let _guard = no_grad();
        model.forward(x)?.argmax(Some(1), DROP)?.eq(y)?.sum().map(drop)
    })?;
    // As the guide does it: with a record, for nothing.
    let with_record = judged(|model, x, y| cross_entropy(&model.forward(x)?, y).map(drop))?;
    let with_record_by_hand = judged(|model, x, y| model.forward(x)?.argmax(Some(1), DROP)?.eq(y).map(drop))?;
    for found in [by_accuracy, by_loss, by_hand, with_record, with_record_by_hand] {
        only(&found, Lint::EvaluationInTrainMode, "1, 3");
    }
    Ok(())
}

#[test]
fn training_goes_on_in_eval_mode_after_the_first_evaluation() -> Result<()> {
    let model = moody()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    model.train(); // once, where it should be in the loop
    for epoch in 0..2 {
        for i in 0..3 {
            let (x, y) = batch(10 * epoch + i, 32, 3)?;
            train(&model, &mut optimizer, &x, &y)?;
        }
        model.eval();
        let _guard = no_grad();
        let (x, y) = batch(100, 32, 3)?;
        Accuracy::new().update(&model.forward(&x)?, &y)?;
    }
    only(&watch.finish(), Lint::TrainingInEvalMode, "1");
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct LogNet {
    lin: Linear,
}

impl Forward for LogNet {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.lin.forward(x)?.log()
    }
}

#[test]
fn the_logarithm_of_a_negative_number() -> Result<()> {
    let model = LogNet { lin: Linear::new(6, 1)? };
    let watch = Lints::watch(&model);
    let (x, y) = numbers(0, 32)?;
    mse_loss(&model.forward(&x)?, &y)?.backward()?;
    let found = watch.finish();
    only(&found, Lint::NanLoss, "log");
    assert!(found[0].details.contains("buggy.rs") || cfg!(not(debug_assertions)), "{found:?}");
    Ok(())
}

#[test]
fn a_missing_value_in_the_data() -> Result<()> {
    let model = classifier()?;
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 32, 3)?;
    let x = x.masked_fill(&x.gt(1.5)?, f64::NAN)?;
    cross_entropy(&model.forward(&x)?, &y)?.backward()?;
    only(&watch.finish(), Lint::NanLoss, "input 0 of matmul");
    Ok(())
}

#[test]
fn a_learning_rate_that_diverges() -> Result<()> {
    let model = Linear::new(6, 1)?;
    let mut optimizer = SGD::new(model.parameters(), 3.0)?;
    let watch = Lints::watch(&model);
    for i in 0..12 {
        let (x, y) = numbers(i, 64)?;
        optimizer.zero_grad();
        mse_loss(&model.forward(&x)?, &y)?.backward()?;
        optimizer.step()?;
    }
    let found = watch.finish();
    only(&found, Lint::LearningRateDiverges, "SGD");
    assert!(found[0].details.contains("lr 3"), "{found:?}");
    Ok(())
}

#[test]
fn a_learning_rate_of_zero() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = SGD::new(model.parameters(), 0.0)?;
    let watch = Lints::watch(&model);
    for i in 0..10 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    only(&watch.finish(), Lint::LearningRateZero, "SGD");
    Ok(())
}

/// Many layers of one kind.
#[derive(Debug, Clone, Module)]
struct Deep {
    layers: Vec<Linear>,
    head: Linear,
    sigmoid: bool,
}

impl Deep {
    fn new(depth: usize, sigmoid: bool) -> Result<Deep> {
        let layers = (0..depth).map(|_| Linear::new(6, 6)).collect::<Result<_>>()?;
        Ok(Deep { layers, head: Linear::new(6, 1)?, sigmoid })
    }
}

impl Forward for Deep {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in &self.layers {
            x = layer.forward(&x)?;
            x = if self.sigmoid { x.sigmoid()? } else { x };
        }
        self.head.forward(&x)
    }
}

#[test]
fn gradients_that_explode_through_large_weights() -> Result<()> {
    let model = Deep::new(12, false)?;
    for (_, p) in model.named_parameters() {
        p.update(|p| p.mul_(20.0).map(drop))?;
    }
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (x, y) = numbers(i, 32)?;
        optimizer.zero_grad();
        mse_loss(&model.forward(&x)?, &y)?.backward()?;
        optimizer.step()?;
    }
    only(&watch.finish(), Lint::GradientsExplode, "weight");
    Ok(())
}

#[test]
fn gradients_that_vanish_through_sigmoids() -> Result<()> {
    let model = Deep::new(14, true)?;
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    for i in 0..8 {
        let (x, y) = numbers(i, 32)?;
        optimizer.zero_grad();
        mse_loss(&model.forward(&x)?, &y.add(1.0)?)?.backward()?;
        optimizer.step()?;
    }
    only(&watch.finish(), Lint::GradientsVanish, "layers.0.weight");
    Ok(())
}

#[test]
fn losses_are_summed_with_their_graphs() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    let mut total = Tensor::zeros(())?;
    for i in 0..6 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        let loss = cross_entropy(&model.forward(&x)?, &y)?;
        loss.backward()?;
        optimizer.step()?;
        total = total.add(&loss)?;
    }
    only(&watch.finish(), Lint::GraphKeptAlive, "cross_entropy");
    Ok(())
}

#[test]
fn losses_are_kept_in_a_list() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    let mut history = Vec::new();
    for i in 0..6 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        let loss = cross_entropy(&model.forward(&x)?, &y)?;
        loss.backward()?;
        optimizer.step()?;
        history.push(loss);
    }
    only(&watch.finish(), Lint::GraphKeptAlive, "cross_entropy");
    Ok(())
}

#[test]
fn pixels_from_0_to_255() -> Result<()> {
    let options = Conv2dOptions { padding: 1.into(), ..Default::default() };
    let model =
        Sequential::new((Conv2d::new(1, 4, 3, options)?, ReLU, nn::Flatten::default(), Linear::new(4 * 36, 3)?));
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..3 {
        let (_, y) = batch(i, 16, 3)?;
        let x = Tensor::randint(0, 256, [16, 1, 6, 6])?.to_dtype(tensor_core::DType::F32)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    only(&watch.finish(), Lint::DataNotNormalised, "input of conv");
    Ok(())
}

#[test]
fn all_labels_are_one_class() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y.mul(0)?)?;
    }
    only(&watch.finish(), Lint::LabelsOfOneClass, "targets");
    Ok(())
}

#[test]
fn data_in_the_order_of_its_classes() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-3)?;
    let watch = Lints::watch(&model);
    for i in 0..6 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y.mul(0)?.add((i / 2) as i64)?)?;
    }
    only(&watch.finish(), Lint::DataNotShuffled, "cross_entropy");
    Ok(())
}

#[test]
fn check_makes_an_error_of_what_was_found() -> Result<()> {
    let w = Parameter::new(Tensor::ones([2])?)?;
    let model = Linear::new(2, 1)?;
    let mut optimizer = SGD::new([w], 0.1)?;
    let watch = Lints::watch(&model);
    optimizer.step()?;
    assert_eq!(watch.findings().len(), 1);
    let why = watch.check().unwrap_err().to_string();
    assert!(why.contains("step-without-gradients") && why.contains("fix: call loss.backward()"), "{why}");
    Ok(())
}
