//! Normalisation: values shifted and scaled by statistics of a batch, a sample, a channel or their neighbours.
mod batch;
mod group;
mod instance;
mod last_dims;
mod local_response;

pub use batch::{BatchNorm1d, BatchNorm2d, BatchNorm3d, BatchNormOptions};
pub use group::{GroupNorm, GroupNormOptions};
pub use instance::{InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, InstanceNormOptions};
pub use last_dims::{LayerNorm, LayerNormOptions, RMSNorm, RMSNormOptions};
pub use local_response::{LocalResponseNorm, LocalResponseNormOptions};

use crate::{Buffer, Parameter};
use tensor_core::{Result, Tensor};

/// Ones and zeros of this shape to learn from.
fn affine(shape: &[usize], weight: bool, bias: bool) -> Result<(Option<Parameter>, Option<Parameter>)> {
    let weight = weight.then(|| Parameter::new(Tensor::ones(shape)?)).transpose()?;
    let bias = bias.then(|| Parameter::new(Tensor::zeros(shape)?)).transpose()?;
    Ok((weight, bias))
}

/// Running mean, running variance, and the number of batches in them.
type Running = (Option<Buffer>, Option<Buffer>, Option<Buffer>);

fn running(channels: usize, track: bool) -> Result<Running> {
    if !track {
        return Ok((None, None, None));
    }
    let mean = Buffer::new(Tensor::zeros([channels])?)?;
    let var = Buffer::new(Tensor::ones([channels])?)?;
    let batches = Buffer::new(Tensor::from_slice(&[0i64], ())?)?;
    Ok((Some(mean), Some(var), Some(batches)))
}

/// Counts a batch, and gives its share in the running statistics: `momentum`, or where there is none that of a plain
/// average.
fn count(batches: Option<&Buffer>, momentum: Option<f64>) -> Result<f64> {
    if let Some(batches) = batches {
        batches.update(|n| n.add_(1).map(drop))?;
    }
    Ok(match (momentum, batches) {
        (Some(momentum), _) => momentum,
        (None, Some(batches)) => 1.0 / batches.item::<f64>()?,
        (None, None) => 0.0,
    })
}

/// Mixes the mean and variance of a batch into the running ones.
pub(crate) fn track(running: (&Buffer, &Buffer), share: f64, mean: &Tensor, var: &Tensor) -> Result<()> {
    for (running, batch) in [(running.0, mean), (running.1, var)] {
        running.update(|r| r.mul_(1.0 - share)?.add_(&batch.mul(share)?).map(drop))?;
    }
    Ok(())
}
