//! Elements repeated: without copies by strides of 0, or laid out one after the other.
use super::MoveOp;
use crate::{Error, Result, ShapeArg, Tensor, shape};

impl Tensor {
    /// Dims of size 1 repeated to `shape`, new dims in front; `-1` keeps a size. No copy.
    #[must_use = "it returns the expanded view"]
    pub fn expand(&self, shape: impl ShapeArg) -> Result<Tensor> {
        self.expanded("expand", shape)
    }

    fn expanded(&self, op: &'static str, sizes: impl ShapeArg) -> Result<Tensor> {
        let sizes = sizes.sizes();
        let wrong = |why: String| Err(Error::new(op, why).operands([self]));
        let Some(lead) = sizes.len().checked_sub(self.dim()) else {
            return wrong(format!("shape {:?} has fewer dims than the tensor", sizes.as_slice()));
        };
        let mut target = shape::Dims::new();
        for (i, &s) in sizes.iter().enumerate() {
            target.push(match s {
                -1 if i >= lead => self.shape()[i - lead],
                s if s < 0 => return wrong(format!("size {s} at dim {i} of shape {:?}", sizes.as_slice())),
                s => s as usize,
            });
        }
        shape::checked_numel(op, &target)?;
        match self.layout().expand(&target) {
            _ if self.shape() == target.as_slice() => Ok(self.clone()),
            Some(layout) => Ok(self.moved(|| MoveOp::Expand, layout)),
            None => wrong(format!("the tensor does not broadcast to {:?}", target.as_slice())).map_err(|e| {
                e.hint("only sizes of 1 and new dims in front can be repeated; repeat copies whole tensors")
            }),
        }
    }

    /// [`Tensor::expand`] to the shape of `other`.
    #[must_use = "it returns the expanded view"]
    pub fn expand_as(&self, other: &Tensor) -> Result<Tensor> {
        self.expanded("expand_as", other.shape())
    }

    /// [`Tensor::expand`] by its other name.
    #[must_use = "it returns the expanded view"]
    pub fn broadcast_to(&self, shape: impl ShapeArg) -> Result<Tensor> {
        self.expanded("broadcast_to", shape)
    }

    /// The whole tensor `repeats[i]` times along each dim; more repeats than dims add dims in front.
    #[must_use = "it returns the repeated tensor"]
    pub fn repeat(&self, repeats: impl ShapeArg) -> Result<Tensor> {
        let repeats = shape::exact("repeat", repeats).map_err(|e| e.operands([self]))?;
        let Some(lead) = repeats.len().checked_sub(self.dim()) else {
            return Err(Error::new("repeat", format!("{} repeats were given for {} dims", repeats.len(), self.dim()))
                .operands([self])
                .hint("give one number for every dim"));
        };
        let mut out = shape::Dims::new();
        // Each dim of size s becomes (1, s), then (r, s), then r * s.
        let (mut split, mut wide) = (shape::Dims::new(), shape::Dims::new());
        for (i, &r) in repeats.iter().enumerate() {
            let s = if i < lead { 1 } else { self.shape()[i - lead] };
            split.extend_from_slice(&[1, s]);
            wide.extend_from_slice(&[r, s]);
            out.push(r.saturating_mul(s));
        }
        shape::checked_numel("repeat", &out)?;
        if repeats.iter().all(|&r| r == 1) {
            return self.reshape(&out)?.clone_contiguous();
        }
        self.reshape(&split)?.expand(&wide)?.reshape(&out)
    }

    /// [`Tensor::repeat`] that takes fewer repeats than dims: they count from the last dim.
    #[must_use = "it returns the repeated tensor"]
    pub fn tile(&self, repeats: impl ShapeArg) -> Result<Tensor> {
        let mut repeats = repeats.sizes();
        while repeats.len() < self.dim() {
            repeats.insert(0, 1);
        }
        self.repeat(repeats.as_slice()).map_err(|e| e.renamed("tile"))
    }

    /// Each element `repeats` times, along `dim`, or of the flattened tensor.
    #[must_use = "it returns the repeated tensor"]
    pub fn repeat_interleave(&self, repeats: usize, dim: Option<isize>) -> Result<Tensor> {
        let op = "repeat_interleave";
        let Some(dim) = dim else {
            return self.ravel()?.repeat_interleave(repeats, Some(0));
        };
        let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
        let x = self.atleast_1d()?;
        let mut out = shape::Dims::from_slice(x.shape());
        out[d] = out[d].saturating_mul(repeats);
        shape::checked_numel(op, &out)?;
        let mut wide = shape::Dims::from_slice(x.shape());
        wide.insert(d + 1, repeats);
        let wide = x.unsqueeze(d as isize + 1)?.expand(&wide)?;
        if repeats == 1 { x.clone_contiguous() } else { wide.reshape(&out) }
    }
}
