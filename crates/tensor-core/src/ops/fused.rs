//! Operations that are written out as compositions, and that a backend may know a faster way for.
use super::{Gelu, Keeps};
use crate::{Error, ErrorKind, Result, Tensor, View, ViewMut, graph, multiply_adds, no_grad, rng::Key, shape::Dims};
use std::sync::Arc;

/// A fused operation with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Fused {
    /// `exp(x - max) / sum(exp(x - max))` along a dim.
    Softmax {
        /// The dim.
        dim: usize,
    },
    /// `x - max - log(sum(exp(x - max)))` along a dim.
    LogSoftmax {
        /// The dim.
        dim: usize,
    },
    /// Zero with probability `p`, else divided by `1 - p`: the same elements again for the same key.
    Dropout {
        /// The probability of zero, below 1.
        p: f64,
        /// Where the random numbers come from.
        key: Key,
    },
    /// `x` times the probability that a standard normal number is smaller.
    Gelu {
        /// Exact, or by a hyperbolic tangent.
        form: Gelu,
    },
    /// The derivative of [`Fused::Gelu`] at `x`, times `g`; inputs `x` and `g`.
    GeluGrad {
        /// As forward.
        form: Gelu,
    },
    /// Inputs `x` `(rows, n)`, and optionally weight and bias `(n)`. Outputs: `y`, each row's mean `(rows)` and
    /// `1 / sqrt(variance + eps)` `(rows)`.
    LayerNorm {
        /// Added to the variance.
        eps: f64,
    },
    /// The gradients of [`Fused::LayerNorm`]'s inputs: `x`, and weight and bias `(n)` even where it had none. Inputs `g`,
    /// `x`, mean, `1 / sqrt(variance + eps)` and, where there was one, weight.
    LayerNormGrad,
    /// Inputs `x` `(N, C, *)`, and optionally weight and bias `(C)`. Outputs: `y`, the batch's mean `(C)` and
    /// `1 / sqrt(variance + eps)` `(C)`.
    BatchNorm {
        /// Added to the variance.
        eps: f64,
    },
    /// The gradients of [`Fused::BatchNorm`]'s inputs: `x`, and weight and bias `(C)` even where it had none. Inputs as
    /// those of [`Fused::LayerNormGrad`].
    BatchNormGrad,
}

impl Fused {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Fused::Softmax { .. } => "softmax",
            Fused::LogSoftmax { .. } => "log_softmax",
            Fused::Dropout { .. } => "dropout",
            Fused::Gelu { .. } => "gelu",
            Fused::GeluGrad { .. } => "gelu_grad",
            Fused::LayerNorm { .. } => "layer_norm",
            Fused::LayerNormGrad => "layer_norm_grad",
            Fused::BatchNorm { .. } => "batch_norm",
            Fused::BatchNormGrad => "batch_norm_grad",
        }
    }
    pub(super) fn keeps(&self) -> Keeps {
        match self {
            Fused::Softmax { .. } | Fused::LogSoftmax { .. } => Keeps::OUTPUT,
            Fused::Dropout { .. } => Keeps::NOTHING,
            Fused::Gelu { .. } => Keeps::INPUT,
            Fused::GeluGrad { .. } | Fused::LayerNormGrad | Fused::BatchNormGrad => Keeps::INPUTS,
            Fused::LayerNorm { .. } | Fused::BatchNorm { .. } => Keeps { inputs: u32::MAX, outputs: 6 },
        }
    }
}

/// What a fused operation means, in tensor operations: the definition, the path of every backend without a faster way,
/// and, run again while recording, its rule of last resort.
pub fn compose(op: &Fused, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    match (op, inputs) {
        (Fused::Softmax { dim }, [x]) => super::softmax::compose_softmax(x, *dim),
        (Fused::LogSoftmax { dim }, [x]) => super::softmax::compose_log_softmax(x, *dim),
        (Fused::Dropout { p, key }, [x]) => super::random::compose_dropout(x, *p, *key),
        (Fused::Gelu { form }, [x]) => super::activations::compose_gelu(x, *form),
        (Fused::GeluGrad { form }, [x, g]) => super::activations::compose_gelu_grad(x, g, *form),
        (Fused::LayerNorm { eps }, [x, affine @ ..]) => super::norm::compose_layer_norm(x, affine, *eps),
        (Fused::LayerNormGrad, [g, x, mean, rstd, weight @ ..]) => {
            super::norm::compose_layer_norm_grad(g, x, mean, rstd, weight.first())
        }
        (Fused::BatchNorm { eps }, [x, affine @ ..]) => super::batch_norm::compose(x, affine, *eps),
        (Fused::BatchNormGrad, [g, x, mean, rstd, weight @ ..]) => {
            super::batch_norm::compose_grad(g, x, mean, rstd, weight.first())
        }
        _ => Err(Error::new(op.name(), format!("got {} inputs", inputs.len())).kind_of(ErrorKind::Internal)),
    }
    .map_err(|e| e.renamed(op.name()))
}

/// Runs a fused operation: the backend's way into outputs of these shapes (all of the first input's dtype) if it has
/// one, else the composition. The record sees the same either way.
pub fn fused_map(op: Fused, inputs: &[&Tensor], shapes: &[Dims]) -> Result<Vec<Tensor>> {
    let device = inputs[0].device();
    let readings: Vec<_> = inputs.iter().map(|t| t.reading()).collect();
    let views: Vec<View<'_>> = readings.iter().map(|r| r.view()).collect();
    let mut buffers = Vec::with_capacity(shapes.len());
    for shape in shapes {
        buffers.push(Tensor::allocate(shape, inputs[0].dtype(), &device)?);
    }
    let done = {
        let mut outs: Vec<ViewMut<'_>> = buffers.iter_mut().map(|(b, l)| b.view_mut(l)).collect();
        if multiply_adds::counting() { None } else { device.backend().fused(&op, &views, &mut outs) }
    };
    let mut outputs = match done {
        Some(result) => {
            result.map_err(|e| e.renamed(op.name()).operands(inputs.iter().copied()))?;
            buffers.into_iter().map(|(b, l)| Tensor::new(Arc::new(b), l)).collect()
        }
        None => {
            let _unrecorded = no_grad();
            let plain: Vec<Tensor> = inputs.iter().map(|t| t.detach()).collect();
            compose(&op, &plain)?
        }
    };
    graph::record_many(|| super::Op::Fused(op), inputs, &mut outputs);
    Ok(outputs)
}

/// A whole optimizer step on one parameter: reads a gradient, changes its states in place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    /// States: parameter, and the momentum buffer if `momentum` is not 0.
    /// `g += weight_decay p; b = momentum b + (1 - dampening) g; p -= lr (nesterov ? g + momentum b : b)`
    Sgd {
        /// Step size.
        lr: f64,
        /// Share of the old buffer.
        momentum: f64,
        /// What the gradient loses when it enters the buffer.
        dampening: f64,
        /// Added share of the parameter.
        weight_decay: f64,
        /// Look ahead.
        nesterov: bool,
        /// Go up instead of down.
        maximize: bool,
        /// The buffer holds nothing yet and becomes the gradient.
        first: bool,
    },
    /// States: parameter, first and second moment.
    Adam {
        /// Step size.
        lr: f64,
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root.
        eps: f64,
        /// Added share of the parameter.
        weight_decay: f64,
        /// `p -= lr weight_decay p` instead (AdamW).
        decoupled: bool,
        /// Go up instead of down.
        maximize: bool,
        /// The number of this step, from 1.
        step: u64,
    },
}

/// Lets the device carry out `update` in one pass over live or owned `states`; `false` where it has no such way and the
/// caller has to write it in tensor operations.
pub fn update(update: &Update, grad: &Tensor, states: &mut [&mut Tensor]) -> Result<bool> {
    let reading = grad.reading();
    let device = grad.device();
    write_all(states, Vec::new(), &mut |views| match device.backend().update(update, reading.view(), views) {
        Some(done) => done.map(|()| true),
        None => Ok(false),
    })
}

/// Opens every state for writing, one inside the other, then calls `f` with all of them.
fn write_all(
    states: &mut [&mut Tensor],
    open: Vec<ViewMut<'_>>,
    f: &mut dyn FnMut(&mut [ViewMut<'_>]) -> Result<bool>,
) -> Result<bool> {
    match states {
        [] => f(&mut { open }),
        [first, rest @ ..] => {
            let mut done = false;
            first.write(|_, view| {
                let mut all: Vec<ViewMut<'_>> = Vec::with_capacity(open.len() + 1);
                all.extend(open);
                all.push(view);
                done = write_all(rest, all, f)?;
                Ok(())
            })?;
            Ok(done)
        }
    }
}
