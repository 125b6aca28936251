//! To another dtype.
use super::Op;
use crate::{DType, Result, Tensor, graph};
use std::sync::Arc;

impl Tensor {
    /// The same values in another dtype; the same tensor where it has it already. Floats are cut towards zero to become
    /// integers, and anything but 0 becomes `true`.
    pub fn to_dtype(&self, dtype: DType) -> Result<Tensor> {
        if self.dtype() == dtype {
            return Ok(self.clone());
        }
        let reading = self.reading();
        let device = reading.device();
        let (mut out, layout) = Tensor::allocate(self.shape(), dtype, device)?;
        device.backend().cast(reading.view(), out.view_mut(&layout))?;
        Ok(graph::record(|| Op::Cast, &[self], Tensor::new(Arc::new(out), layout)))
    }
}
