//! Dims in another order.
use super::MoveOp;
use crate::{DimArg, Error, Result, Tensor, shape};
use smallvec::SmallVec;

impl Tensor {
    /// Dims in the order `dims`: output dim `i` is input dim `dims[i]`.
    #[must_use = "it returns the permuted view"]
    pub fn permute(&self, dims: impl DimArg) -> Result<Tensor> {
        let given = dims.dims();
        if given.len() != self.dim() {
            return Err(Error::new(
                "permute",
                format!("{} dims were given for a tensor of {}", given.len(), self.dim()),
            )
            .operands([self])
            .hint("name every dim once, in the new order; transpose exchanges two"));
        }
        let dims = shape::dims("permute", given, self.dim()).map_err(|e| e.operands([self]))?;
        Ok(self.permuted(dims))
    }

    fn permuted(&self, dims: SmallVec<[usize; 6]>) -> Tensor {
        let layout = self.layout().permute(&dims);
        self.moved(|| MoveOp::Permute { dims }, layout)
    }

    /// Two dims exchanged.
    #[must_use = "it returns the transposed view"]
    pub fn transpose(&self, dim0: isize, dim1: isize) -> Result<Tensor> {
        let a = shape::dim("transpose", dim0, self.dim()).map_err(|e| e.operands([self]))?;
        let b = shape::dim("transpose", dim1, self.dim()).map_err(|e| e.operands([self]))?;
        if a == b {
            return Ok(self.clone());
        }
        let mut dims: SmallVec<[usize; 6]> = (0..self.dim()).collect();
        dims.swap(a, b);
        Ok(self.permuted(dims))
    }

    /// The transpose of a matrix; tensors of fewer dims stay.
    #[must_use = "it returns the transposed view"]
    pub fn t(&self) -> Result<Tensor> {
        match self.dim() {
            0 | 1 => Ok(self.clone()),
            2 => self.transpose(0, 1),
            n => Err(Error::new("t", format!("a matrix is expected, not {n} dims"))
                .operands([self])
                .hint("use transpose(d0, d1) or permute")),
        }
    }

    /// Every matrix of a batch transposed: the last two dims exchanged.
    #[must_use = "it returns the transposed view"]
    #[allow(non_snake_case)] // PyTorch's name
    pub fn mT(&self) -> Result<Tensor> {
        if self.dim() < 2 {
            return Err(Error::new("mT", "at least two dims are needed").operands([self]));
        }
        self.transpose(-2, -1)
    }

    /// The dims `source` move to the places `destination`; the others keep their order.
    #[must_use = "it returns the permuted view"]
    pub fn movedim(&self, source: impl DimArg, destination: impl DimArg) -> Result<Tensor> {
        let op = "movedim";
        let (source, destination) = (source.dims(), destination.dims());
        if source.len() != destination.len() {
            return Err(Error::new(op, format!("{} dims cannot move to {} places", source.len(), destination.len()))
                .operands([self]));
        }
        if source.is_empty() || self.dim() == 0 {
            shape::dims(op, source, self.dim()).map_err(|e| e.operands([self]))?;
            return Ok(self.clone());
        }
        let from = shape::dims(op, source, self.dim()).map_err(|e| e.operands([self]))?;
        let to = shape::dims(op, destination, self.dim()).map_err(|e| e.operands([self]))?;
        let mut rest = (0..self.dim()).filter(|d| !from.contains(d));
        let order = (0..self.dim())
            .filter_map(|place| match to.iter().position(|&t| t == place) {
                Some(k) => Some(from[k]),
                None => rest.next(),
            })
            .collect();
        Ok(self.permuted(order))
    }
}
