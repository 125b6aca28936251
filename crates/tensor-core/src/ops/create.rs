//! (being written)
use crate::{DType, Device, Result, Scalar, ShapeArg, Tensor, shape};
use std::sync::Arc;

impl Tensor {
    pub(crate) fn full_on(shape: &[usize], value: Scalar, dtype: DType, device: &Device) -> Result<Tensor> {
        let (mut out, layout) = Tensor::allocate(shape, dtype, device)?;
        device.backend().fill(value, out.view_mut(&layout))?;
        Ok(Tensor::new(Arc::new(out), layout))
    }
    /// Zeros, `f32` on the CPU.
    pub fn zeros(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::full_on(&shape::exact("zeros", shape)?, Scalar::Float(0.0), DType::F32, &Device::cpu())
    }
    /// Ones, `f32` on the CPU.
    pub fn ones(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::full_on(&shape::exact("ones", shape)?, Scalar::Float(1.0), DType::F32, &Device::cpu())
    }
}
