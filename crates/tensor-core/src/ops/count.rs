//! Where values stand among others, how often they occur, and how they combine.
use super::{Arg, host};
use crate::{DROP, DType, Error, Result, Scalar, Tensor};

/// Settings of [`Tensor::searchsorted`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchOptions<'a> {
    /// Behind equal elements instead of before them.
    pub right: bool,
    /// The order in which the sequence is sorted, where it is not.
    pub sorter: Option<&'a Tensor>,
}

/// Settings of [`Tensor::histogram`].
#[derive(Clone, Copy, Debug, Default)]
pub struct HistogramOptions<'a> {
    /// What each element counts, instead of 1.
    pub weight: Option<&'a Tensor>,
    /// Counts divided by their sum and by the widths of the bins.
    pub density: bool,
}

impl Tensor {
    /// The positions (`i64`) at which `values` keep this sequence, sorted along its last dim, sorted. A 1-d sequence serves
    /// values of any shape, or one number; else the other dims are the same.
    pub fn searchsorted<'a>(&self, values: impl Into<Arg<'a>>, options: SearchOptions<'_>) -> Result<Tensor> {
        const OP: &str = "searchsorted";
        let number;
        let values = match values.into() {
            Arg::Tensor(values) => values,
            Arg::Scalar(x) => {
                let dtype = super::result_type(Arg::Tensor(self), Arg::Scalar(x));
                if dtype != self.dtype() {
                    return self.to_dtype(dtype)?.searchsorted(x, options);
                }
                number = Tensor::full_on((), x, dtype, &self.device())?;
                &number
            }
        };
        let wrong = |why: &str| Error::new(OP, why).operands([self, values]);
        if self.dtype() != values.dtype() {
            return Err(wrong("the sequence and the values have different dtypes").hint("convert one of them"));
        }
        let Some((&n, lead)) = self.shape().split_last() else {
            return Err(wrong("the sequence has no dims"));
        };
        if self.dim() > 1 && values.shape().split_last().map(|(_, l)| l) != Some(lead) {
            return Err(wrong("all dims but the last must be the same"));
        }
        let sorted = match options.sorter {
            Some(order) if order.shape() != self.shape() || order.dtype() != DType::I64 => {
                return Err(wrong("the sorter is an i64 tensor of the shape of the sequence"));
            }
            Some(order) => self.detach().gather(-1, order)?,
            None => self.detach(),
        };
        let flat = if self.dim() == 1 { values.detach().reshape([values.numel()])? } else { values.detach() };
        let mut at = Tensor::zeros(flat.shape())?.to_dtype(DType::I64)?.to_device(&self.device())?;
        if n == 0 || values.numel() == 0 {
            return at.reshape(values.shape());
        }
        // Steps of falling powers of 2: `at` grows by those that stay before the place looked for.
        let mut step = 1 << n.ilog2();
        while step > 0 {
            let next = at.add(step)?;
            let before = sorted.gather(-1, &next.sub(1)?.clamp(None, Some(Scalar::Int(n as i64 - 1)))?)?;
            // Written with "not", so that NaN stands behind everything.
            let beyond = if options.right { before.gt(&flat)? } else { before.ge(&flat)? };
            let stay = beyond.bitwise_or(&next.gt(n as i64)?)?;
            at = stay.where_(&at, &next)?;
            step /= 2;
        }
        at.reshape(values.shape())
    }

    /// The bucket (`i64`) of each element between sorted 1-d `boundaries`; `right` puts an element that is a boundary
    /// behind it.
    pub fn bucketize(&self, boundaries: &Tensor, right: bool) -> Result<Tensor> {
        if boundaries.dim() != 1 {
            return Err(Error::new("bucketize", "the boundaries are a 1-d tensor").operands([self, boundaries]));
        }
        let options = SearchOptions { right, sorter: None };
        boundaries.searchsorted(self, options).map_err(|e| e.renamed("bucketize").operands([self, boundaries]))
    }

    /// How often each number from 0 to the largest occurs (`i64`), or the sum of the `weights` (floats) at it; at least
    /// `minlength` numbers.
    pub fn bincount(&self, weights: Option<&Tensor>, minlength: usize) -> Result<Tensor> {
        const OP: &str = "bincount";
        let wrong = |why: &str| Error::new(OP, why).operands([self]);
        if self.dim() != 1 || !self.dtype().is_int() {
            return Err(wrong("takes a 1-d tensor of integers"));
        }
        let mut size = 0;
        if self.numel() > 0 {
            if self.min()?.item::<i64>()? < 0 {
                return Err(wrong("there are negative numbers"));
            }
            size = self.max()?.item::<i64>()? as usize + 1;
        }
        crate::shape::checked_numel(OP, &[size.max(minlength)])?;
        let counted = match weights {
            Some(w) if w.shape() != self.shape() => return Err(wrong("there must be one weight for each number")),
            Some(w) if w.dtype() == DType::F32 => w.clone(),
            Some(w) => w.to_dtype(DType::F64)?,
            None => self.ones_like()?.to_dtype(DType::I64)?,
        };
        let zeros = counted.new_zeros([size.max(minlength)])?;
        zeros.index_add(0, &self.to_dtype(DType::I64)?, &counted)
    }

    /// How many elements fall into each of `bins` equal bins from `min` to `max`, or from the smallest to the largest
    /// element where both are the same. The result has this tensor's dtype.
    pub fn histc(&self, bins: usize, min: f64, max: f64) -> Result<Tensor> {
        const OP: &str = "histc";
        let (low, high) = bin_range(OP, self, bins, (min != max).then_some((min, max)), 1.0)?;
        let x = self.detach().reshape([self.numel()])?;
        let inside = x.ge(low)?.bitwise_and(&x.le(high)?)?;
        let place = x.sub(low)?.mul(bins as f64)?.div(high - low)?;
        let last = Scalar::Float(bins as f64 - 1.0);
        let place = inside.where_(&place, 0.0)?.clamp(Some(Scalar::Float(0.0)), Some(last))?.to_dtype(DType::I64)?;
        let counts = self.new_zeros([bins])?.detach();
        counts.index_add(0, &place, &inside.to_dtype(self.dtype())?)
    }

    /// How many elements fall into each of `bins` equal bins over `range` (from the smallest to the largest element where
    /// it is not given), and the edges of the bins.
    pub fn histogram(
        &self,
        bins: usize,
        range: Option<(f64, f64)>,
        options: HistogramOptions<'_>,
    ) -> Result<(Tensor, Tensor)> {
        let (low, high) = bin_range("histogram", self, bins, range, 0.5)?;
        let edges = Tensor::linspace_on(low, high, bins + 1, self.dtype(), &self.device())?;
        let counts = self.histogram_between(&edges, options)?;
        Ok((counts, edges))
    }

    /// How many elements fall between each two neighbours of sorted 1-d `edges`; the last one is inside.
    pub fn histogram_between(&self, edges: &Tensor, options: HistogramOptions<'_>) -> Result<Tensor> {
        const OP: &str = "histogram";
        let wrong = |why: &str| Error::new(OP, why).operands([self, edges]);
        if !self.is_floating_point() || edges.dtype() != self.dtype() {
            return Err(wrong("takes floats, and edges of the same dtype"));
        }
        if edges.dim() != 1 || edges.numel() == 0 {
            return Err(wrong("the edges are a 1-d tensor of at least one element"));
        }
        let weight = match options.weight {
            Some(w) if w.shape() != self.shape() || w.dtype() != self.dtype() => {
                return Err(wrong("the weight has the shape and dtype of the input"));
            }
            Some(w) => w.detach().reshape([self.numel()])?,
            None => self.detach().ones_like()?.reshape([self.numel()])?,
        };
        let bins = edges.numel() - 1;
        let counts = self.detach().new_zeros([bins])?;
        if bins == 0 {
            return Ok(counts);
        }
        let x = self.detach().reshape([self.numel()])?;
        let (first, last) = (edges.narrow(0, 0, 1)?, edges.narrow(0, bins, 1)?);
        let inside = x.ge(&first)?.bitwise_and(&x.le(&last)?)?;
        let place =
            x.bucketize(edges, true)?.sub(1)?.clamp(Some(Scalar::Int(0)), Some(Scalar::Int(bins as i64 - 1)))?;
        let counts = counts.index_add(0, &place, &inside.where_(&weight, 0.0)?)?;
        if !options.density {
            return Ok(counts);
        }
        let widths = edges.narrow(0, 1, bins)?.sub(&edges.narrow(0, 0, bins)?)?;
        counts.div(&counts.sum()?)?.div(&widths)
    }

    /// Whether each element (or, with `invert`, that it is not) is among `test_elements`.
    pub fn isin(&self, test_elements: &Tensor, invert: bool) -> Result<Tensor> {
        // Comparisons of all pairs, in slices that are not much larger than the input.
        const PAIRS: usize = 1 << 22;
        let x = self.detach().unsqueeze(-1)?;
        let tests = test_elements.detach().reshape([test_elements.numel()])?;
        let slice = (PAIRS / self.numel().max(1)).max(1);
        let mut found = Tensor::zeros(self.shape())?.to_dtype(DType::Bool)?.to_device(&self.device())?;
        for start in (0..tests.numel()).step_by(slice) {
            let some = tests.narrow(0, start, slice.min(tests.numel() - start))?;
            let equal = x.eq(&some).map_err(|e| e.renamed("isin").operands([self, test_elements]))?;
            found = found.bitwise_or(&equal.any_dim([-1], DROP)?)?;
        }
        if invert { found.logical_not() } else { Ok(found) }
    }

    /// All choices of `r` elements of a 1-d tensor, in the order of their positions: `[choices, r]`. With replacement an
    /// element may be chosen again.
    pub fn combinations(&self, r: usize, with_replacement: bool) -> Result<Tensor> {
        const OP: &str = "combinations";
        if self.dim() != 1 {
            return Err(Error::new(OP, "takes a 1-d tensor").operands([self]));
        }
        if r == 0 {
            return self.narrow(0, 0, 0);
        }
        let n = self.numel() as i64;
        let mut chosen: Vec<i64> = Vec::new();
        let step = i64::from(!with_replacement);
        let mut current: Vec<i64> = (0..r as i64).map(|i| i * step).collect();
        let mut count = 0usize;
        // Fewer elements than a choice needs give no choice.
        let mut more = n > (r as i64 - 1) * step;
        while more {
            chosen.extend(&current);
            count += 1;
            crate::shape::checked_numel(OP, &[count, r])?;
            // The last position that can still move on.
            let limit = |k: usize| n - 1 - (r - 1 - k) as i64 * step;
            let next = (0..r).rev().find(|&k| current[k] < limit(k));
            more = next.is_some();
            if let Some(k) = next {
                let base = current[k] + 1;
                for (i, position) in current[k..].iter_mut().enumerate() {
                    *position = base + i as i64 * step;
                }
            }
        }
        self.index_select(0, &host::positions(&chosen, self)?)?.reshape([count, r])
    }
}

/// The ends of bins: as given, or the smallest and the largest element, or something around them where they are one.
fn bin_range(op: &'static str, x: &Tensor, bins: usize, given: Option<(f64, f64)>, around: f64) -> Result<(f64, f64)> {
    let wrong = |why: String| Error::new(op, why).operands([x]);
    if !x.is_floating_point() {
        return Err(wrong("takes floats".into()));
    }
    if bins == 0 {
        return Err(wrong("takes at least one bin".into()));
    }
    crate::shape::checked_numel(op, &[bins + 1])?;
    let (low, high) = match given {
        Some(range) => range,
        None if x.numel() == 0 => (0.0, 1.0),
        None => (x.detach().min()?.item::<f64>()?, x.detach().max()?.item::<f64>()?),
    };
    if !low.is_finite() || !high.is_finite() || low > high {
        return Err(wrong(format!("bins cannot go from {low} to {high}")));
    }
    Ok(if low == high { (low - around, high + around) } else { (low, high) })
}
