//! Elements picked more than once: windows, and repeats by count.
use crate::{Error, Layout, Result, Tensor, shape};

impl Tensor {
    /// Element `i` along `dim` (or of the flattened tensor) `repeats[i]` times.
    #[must_use = "it returns the repeated tensor"]
    pub fn repeat_interleave_by(&self, repeats: &Tensor, dim: Option<isize>) -> Result<Tensor> {
        let op = "repeat_interleave";
        let Some(dim) = dim else {
            return self.ravel()?.repeat_interleave_by(repeats, Some(0));
        };
        let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
        let x = self.atleast_1d()?;
        let size = x.shape()[d];
        if !repeats.dtype().is_int() || repeats.dim() > 1 || !(repeats.numel() == 1 || repeats.numel() == size) {
            return Err(Error::new(op, format!("repeats must be {size} integers, or one")).operands([self, repeats]));
        }
        let counts: Vec<i64> = repeats.to_vec()?;
        let mut index: Vec<i64> = Vec::new();
        for i in 0..size {
            let count = counts[if counts.len() == 1 { 0 } else { i }];
            let Ok(count) = usize::try_from(count) else {
                return Err(Error::new(op, format!("the number of repeats {count} at {i} is negative")));
            };
            let mut out = shape::Dims::from_slice(x.shape());
            out[d] = index.len().saturating_add(count);
            shape::checked_numel(op, &out)?;
            index.resize(index.len() + count, i as i64);
        }
        let index = Tensor::from_slice(&index, [index.len()])?.to_device(&self.device())?;
        x.index_select(d as isize, &index)
    }

    /// Windows of `size` elements along `dim`, `step` apart, each as a new last dim.
    #[must_use = "it returns the windows"]
    pub fn unfold(&self, dim: isize, size: usize, step: usize) -> Result<Tensor> {
        let op = "unfold";
        let d = shape::dim(op, dim, self.dim()).map_err(|e| e.operands([self]))?;
        let x = self.atleast_1d()?;
        let have = x.shape()[d];
        if step == 0 || size > have {
            return Err(Error::new(
                op,
                format!("windows of {size} elements, {step} apart, do not fit into {have} elements"),
            )
            .operands([self]));
        }
        let windows = (have - size) / step + 1;
        let mut out = shape::Dims::from_slice(x.shape());
        out[d] = windows;
        out.push(size);
        let mut strides = shape::Dims::from_slice(x.stride());
        let inner = strides[d];
        strides[d] = inner.saturating_mul(step);
        strides.push(inner);
        if !x.requires_grad() || !crate::is_grad_enabled() {
            let layout = Layout::strided(&out, &strides, x.storage_offset());
            let window = x.view_as_layout(layout);
            return if self.dim() == 0 { window.select(0, 0) } else { Ok(window) };
        }
        // Windows share elements, whose gradients add up: which is what index_select's rule does.
        let index: Vec<i64> = (0..windows).flat_map(|w| (0..size).map(move |i| (w * step + i) as i64)).collect();
        let index = Tensor::from_slice(&index, [index.len()])?.to_device(&self.device())?;
        let mut apart = shape::Dims::from_slice(x.shape());
        apart[d] = windows;
        apart.insert(d + 1, size);
        let y = x.index_select(d as isize, &index)?.reshape(&apart)?.movedim(d as isize + 1, -1)?;
        if self.dim() == 0 { y.select(0, 0) } else { Ok(y) }
    }
}
