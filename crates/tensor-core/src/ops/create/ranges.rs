//! Evenly spaced numbers.
use super::{common, finite};
use crate::{DType, Device, Error, Result, Scalar, Tensor, shape};
use std::sync::Arc;

impl Tensor {
    /// `start, start + step, ..` as far as `end`, which is left out. `i64` if all three are integers, else `f32`.
    pub fn arange(start: impl Into<Scalar>, end: impl Into<Scalar>, step: impl Into<Scalar>) -> Result<Tensor> {
        let (start, end, step) = (start.into(), end.into(), step.into());
        Tensor::arange_on(start, end, step, common(&[start, end, step]), &Device::cpu())
    }

    /// The same; `dtype` and `device` as given.
    pub fn arange_on(
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        step: impl Into<Scalar>,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let op = "arange";
        let (start, end, step) = (start.into(), end.into(), step.into());
        finite(op, &[start, end, step])?;
        let (from, to, by) = (start.to_f64(), end.to_f64(), step.to_f64());
        if by == 0.0 {
            return Err(Error::new(op, "the step must not be 0")
                .hint("arange takes start, end and step, as in arange(0, 10, 1)"));
        }
        if (to - from) * by < 0.0 {
            return Err(Error::new(op, format!("a step of {by} does not lead from {from} to {to}"))
                .hint("to count down, the step must be negative"));
        }
        let whole = common(&[start, end, step]) == DType::I64;
        let count = if whole {
            let (span, by) = (i128::from(end.to_i64()) - i128::from(start.to_i64()), i128::from(step.to_i64()));
            let n = span / by + i128::from(span % by != 0);
            usize::try_from(n).unwrap_or(usize::MAX)
        } else {
            // Saturates where no tensor could be that long.
            ((to - from) / by).ceil() as usize
        };
        shape::checked_numel(op, &[count])?;
        ramp(whole_for(dtype, start), whole_for(dtype, step), count, dtype, device)
    }

    /// `steps` numbers from `start` to `end`, both included, `f32` on the CPU.
    pub fn linspace(start: impl Into<Scalar>, end: impl Into<Scalar>, steps: usize) -> Result<Tensor> {
        Tensor::linspace_on(start, end, steps, DType::F32, &Device::cpu())
    }

    /// The same; `dtype` and `device` as given.
    pub fn linspace_on(
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        steps: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let (start, end) = (whole_for(dtype, start.into()), whole_for(dtype, end.into()));
        evenly("linspace", start, end, steps, device)?.to_dtype(dtype)
    }

    /// `base` to the power of `steps` numbers from `start` to `end`, `f32` on the CPU.
    pub fn logspace(start: impl Into<Scalar>, end: impl Into<Scalar>, steps: usize, base: f64) -> Result<Tensor> {
        Tensor::logspace_on(start, end, steps, base, DType::F32, &Device::cpu())
    }

    /// The same; `dtype` and `device` as given.
    pub fn logspace_on(
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        steps: usize,
        base: f64,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        let (start, end) = (whole_for(dtype, start.into()), whole_for(dtype, end.into()));
        let exponents = evenly("logspace", start, end, steps, device)?;
        crate::ops::binary::binary(
            crate::BinaryOp::Pow,
            crate::ops::Arg::Scalar(base.into()),
            crate::ops::Arg::Tensor(&exponents),
        )?
        .to_dtype(dtype)
    }
}

/// Where the result holds integers, its ends and steps lose their fractions before anything is computed, as in PyTorch.
fn whole_for(dtype: DType, x: Scalar) -> Scalar {
    if dtype.is_int() { Scalar::Int(x.to_i64()) } else { x }
}

/// In `f64`, from both ends towards the middle, so that both are exact.
fn evenly(op: &'static str, start: Scalar, end: Scalar, steps: usize, device: &Device) -> Result<Tensor> {
    shape::checked_numel(op, &[steps])?;
    let (from, to) = (start.to_f64(), end.to_f64());
    if steps < 2 {
        return Tensor::full_on([steps], from, DType::F64, device);
    }
    let step = (to - from) / (steps - 1) as f64;
    let half = steps / 2;
    let lower = ramp(Scalar::Float(from), Scalar::Float(step), half, DType::F64, device)?;
    let upper = ramp(Scalar::Float(to), Scalar::Float(-step), steps - half, DType::F64, device)?;
    Tensor::cat(&[&lower, &upper.flip(0)?], 0)
}

fn ramp(start: Scalar, step: Scalar, count: usize, dtype: DType, device: &Device) -> Result<Tensor> {
    let (mut out, layout) = Tensor::allocate(&[count], dtype, device)?;
    device.backend().ramp(start, step, out.view_mut(&layout))?;
    Ok(Tensor::new(Arc::new(out), layout))
}
