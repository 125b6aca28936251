//! Whole steps: forget the gradients, forward, loss, backward, optimizer; and inference.
use super::{
    Call, Row,
    models::{Gpt, Transformer, cnn, mlp},
    unrecorded,
};
use crate::models::BiLstm;
use flambeau::{nn::functional::binary_cross_entropy_with_logits, prelude::*};

pub(super) const ROWS: &[Row] = &[
    Row { name: "train_mlp", setup: || classifier(mlp()?, &[64, 784]) },
    Row { name: "train_cnn", setup: || classifier(cnn()?, &[64, 1, 28, 28]) },
    Row { name: "train_resnet18_64", setup: resnet },
    Row { name: "train_bilstm", setup: bilstm },
    Row { name: "train_transformer", setup: || classifier(Transformer::new()?, &[16, 64, 256]) },
    Row { name: "train_gpt", setup: gpt },
    Row { name: "infer_resnet18_224", setup: inference },
];

fn step(mut optimizer: impl Optimizer + 'static, loss: impl Fn() -> Result<Tensor> + 'static) -> Result<Call> {
    Ok(Box::new(move || {
        optimizer.zero_grad();
        let loss = loss()?;
        loss.backward()?;
        optimizer.step()
    }))
}

/// Adam and the cross-entropy over ten classes.
fn classifier(model: impl Module + Forward + 'static, shape: &[usize]) -> Result<Call> {
    let (x, y) = (Tensor::randn(shape)?, Tensor::randint(0, 10, [shape[0]])?);
    step(Adam::new(model.parameters(), 1e-3)?, move || cross_entropy(&model.forward(&x)?, &y))
}

fn resnet() -> Result<Call> {
    let model = nn::models::resnet18(10)?;
    let (x, y) = (Tensor::randn([8, 3, 64, 64])?, Tensor::randint(0, 10, [8])?);
    let optimizer = SGD::new(model.parameters(), SGDOptions { lr: 0.01, momentum: 0.9, ..Default::default() })?;
    step(optimizer, move || cross_entropy(&model.forward(&x)?, &y))
}

/// The guide's model, without its dropout.
fn bilstm() -> Result<Call> {
    let model = BiLstm::new(10_000, 300, 64)?;
    let (x, y) = (Tensor::randint(0, 10_000, [64, 50])?, Tensor::randint(0, 2, [64])?.to_dtype(DType::F32)?);
    step(Adam::new(model.parameters(), 1e-3)?, move || binary_cross_entropy_with_logits(&model.forward(&x)?, &y))
}

fn gpt() -> Result<Call> {
    let model = Gpt::new()?;
    let (x, y) = (Tensor::randint(0, 65, [16, 128])?, Tensor::randint(0, 65, [16, 128])?);
    step(AdamW::new(model.parameters(), 1e-3)?, move || {
        cross_entropy(&model.forward(&x)?.reshape([16 * 128, 65])?, &y.reshape([16 * 128])?)
    })
}

fn inference() -> Result<Call> {
    let model = nn::models::resnet18(1000)?;
    model.eval();
    let x = Tensor::randn([8, 3, 224, 224])?;
    unrecorded(move || model.forward(&x))
}
