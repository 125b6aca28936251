//! Elements in reverse or shifted order.
use super::MoveOp;
use crate::{DimArg, Error, Layout, Result, Scalar, Tensor, graph, ops::Op, shape};
use std::sync::Arc;

impl Tensor {
    /// The elements of `dims` in reverse order (a copy; no dims: nothing changes).
    #[must_use = "it returns the flipped tensor"]
    pub fn flip(&self, dims: impl DimArg) -> Result<Tensor> {
        let given = dims.dims();
        if given.is_empty() {
            return self.clone_contiguous();
        }
        let dims = shape::dims("flip", given, self.dim()).map_err(|e| e.operands([self]))?;
        let mut out = self.detach();
        for &d in &dims {
            out = out.reversed(d)?;
        }
        if dims.is_empty() {
            out = out.detach().clone_contiguous()?;
        }
        Ok(graph::record(|| Op::Move(MoveOp::Flip { dims }), &[self], out))
    }

    fn reversed(&self, dim: usize) -> Result<Tensor> {
        let device = self.device();
        let n = self.shape()[dim];
        let (mut index, line) = Tensor::allocate(&[n], crate::DType::I64, &device)?;
        device.backend().ramp(Scalar::Int(n as i64 - 1), Scalar::Int(-1), index.view_mut(&line))?;
        let (mut out, layout): (_, Layout) = Tensor::allocate(self.shape(), self.dtype(), &device)?;
        let reading = self.reading();
        device.backend().index_select(reading.view(), dim, index.view(&line), out.view_mut(&layout))?;
        Ok(Tensor::new(Arc::new(out), layout))
    }

    /// Left and right exchanged.
    #[must_use = "it returns the flipped tensor"]
    pub fn fliplr(&self) -> Result<Tensor> {
        if self.dim() < 2 {
            return Err(Error::new("fliplr", "at least two dims are needed").operands([self]));
        }
        self.flip(1).map_err(|e| e.renamed("fliplr"))
    }

    /// Top and bottom exchanged.
    #[must_use = "it returns the flipped tensor"]
    pub fn flipud(&self) -> Result<Tensor> {
        if self.dim() < 1 {
            return Err(Error::new("flipud", "at least one dim is needed").operands([self]));
        }
        self.flip(0).map_err(|e| e.renamed("flipud"))
    }

    /// Turned by `k` quarter turns from the first towards the second of `dims`.
    #[must_use = "it returns the rotated tensor"]
    pub fn rot90(&self, k: i64, dims: [isize; 2]) -> Result<Tensor> {
        let op = "rot90";
        if self.dim() < 2 {
            return Err(Error::new(op, "at least two dims are needed").operands([self]));
        }
        let d = shape::dims(op, dims, self.dim()).map_err(|e| e.operands([self]))?;
        let (a, b) = (d[0] as isize, d[1] as isize);
        match k.rem_euclid(4) {
            1 => self.flip(b)?.transpose(a, b),
            2 => self.flip([a, b]),
            3 => self.flip(a)?.transpose(a, b),
            _ => self.clone_contiguous(),
        }
    }

    /// Elements shifted along `dims`, those that fall off at one end coming back at the other. No dims: the flattened
    /// tensor is rolled.
    #[must_use = "it returns the rolled tensor"]
    pub fn roll(&self, shifts: &[i64], dims: impl DimArg) -> Result<Tensor> {
        let op = "roll";
        let dims = dims.dims();
        let wrong = |why: String| Err(Error::new(op, why).operands([self]));
        if dims.is_empty() {
            return match shifts {
                [_] => self.ravel()?.roll(shifts, 0)?.reshape(self.shape()),
                _ => wrong("without dims, one shift is expected".into()),
            };
        }
        if shifts.len() != dims.len() {
            return wrong(format!("{} shifts were given for {} dims", shifts.len(), dims.len()));
        }
        if self.dim() == 0 {
            return wrong("a 0-d tensor has no dims to roll along".into());
        }
        let mut out = self.clone();
        for (&shift, &dim) in shifts.iter().zip(&dims) {
            let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
            let n = self.shape().get(d).copied().unwrap_or(1);
            let cut = n - if n == 0 { 0 } else { shift.rem_euclid(n as i64) as usize };
            if cut != n {
                out = Tensor::cat(&[&out.sliced(d, cut, n - cut, 1), &out.sliced(d, 0, cut, 1)], d as isize)?;
            }
        }
        Ok(out)
    }
}
