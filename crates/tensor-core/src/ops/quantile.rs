//! Order statistics: medians, quantiles and the most frequent element. All stand on sorting, and pass their gradient to
//! the elements they name.
use super::sort::picked;
use crate::{Category, DROP, DType, Error, KEEP, KeepDim, Result, Tensor, shape};

/// How a quantile between two elements is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// On the line between them.
    #[default]
    Linear,
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
    /// The middle of both.
    Midpoint,
    /// The nearer one; halves go to the even place.
    Nearest,
}

/// The place of the middle element along `dim`, the lower of two. NaN comes first, or is left out.
fn middle(op: &'static str, x: &Tensor, dim: isize, skip_nan: bool) -> Result<Tensor> {
    let x = x.detach();
    if x.dtype() == DType::Bool {
        return Err(Error::new(op, "not defined for bool").operands([&x]).hint("convert it to u8 first"));
    }
    let d = shape::dim(op, dim, x.dim()).map_err(|e| e.operands([&x]))?;
    let n = x.shape().get(d).copied().unwrap_or(1);
    if n == 0 {
        return Err(Error::new(op, format!("dim {d} is empty, and nothing has no middle")).operands([&x]));
    }
    let order = x.argsort(dim, false)?;
    if x.dim() == 0 {
        return Ok(order);
    }
    let float = x.dtype().category() == Category::Float;
    if skip_nan && float {
        let numbers = x.isnan()?.logical_not()?.sum_dim(dim, KEEP)?;
        let middle = (numbers - 1)?.maximum(0)?.div_rounded(2, crate::ops::Rounding::Floor)?;
        return order.gather(dim, &middle);
    }
    let place = order.narrow(dim, (n - 1) / 2, 1)?;
    if !float {
        return Ok(place);
    }
    // The first NaN, where there is one.
    x.isnan()?.any_dim(dim, KEEP)?.where_(&x.argmax(Some(dim), KEEP)?, &place)
}

fn middle_of(op: &'static str, x: &Tensor, dim: isize, keep: KeepDim, skip_nan: bool) -> Result<(Tensor, Tensor)> {
    picked(x, dim, middle(op, x, dim, skip_nan)?, if x.dim() == 0 { KEEP } else { keep })
}

/// The middle of all elements; equal elements share the gradient.
fn middle_of_all(op: &'static str, x: &Tensor, skip_nan: bool) -> Result<Tensor> {
    if x.numel() == 0 {
        return match x.dtype().category() {
            Category::Float => Tensor::full_on((), f64::NAN, x.dtype(), &x.device()),
            _ => Err(Error::new(op, "nothing has no middle").operands([x])),
        };
    }
    let flat = x.ravel()?;
    let value = middle_of(op, &flat.detach(), 0, DROP, skip_nan)?.0;
    if !x.requires_grad() {
        return Ok(value);
    }
    if value.isnan()?.item::<bool>()? {
        return flat.isnan()?.where_(&flat, 0.0)?.sum();
    }
    flat.eq(&value)?.where_(&flat, f64::INFINITY)?.amin()
}

impl Tensor {
    /// The middle of all elements, the lower of two; NaN if there is one.
    pub fn median(&self) -> Result<Tensor> {
        middle_of_all("median", self, false)
    }
    /// The middle elements along `dim`, the lower of two, and where they stand; NaN where there is one.
    ///
    /// ```
    /// # use tensor_core::{tensor, DROP, Result};
    /// # fn main() -> Result<()> {
    /// let (values, indices) = tensor([[3.0, 1.0, 2.0, 9.0]])?.median_dim(1, DROP)?;
    /// assert_eq!((values.to_vec::<f32>()?, indices.to_vec::<i64>()?), (vec![2.0], vec![2]));
    /// # Ok(()) }
    /// ```
    pub fn median_dim(&self, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        middle_of("median", self, dim, keep, false)
    }
    /// The middle of all elements that are not NaN.
    pub fn nanmedian(&self) -> Result<Tensor> {
        middle_of_all("nanmedian", self, true)
    }
    /// The middle along `dim` of the elements that are not NaN, and where they stand.
    pub fn nanmedian_dim(&self, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        middle_of("nanmedian", self, dim, keep, true)
    }

    /// The most frequent element along `dim`, the smallest of several, and the last place where it stands.
    pub fn mode(&self, dim: isize, keep: KeepDim) -> Result<(Tensor, Tensor)> {
        const OP: &str = "mode";
        let d = shape::dim(OP, dim, self.dim()).map_err(|e| e.operands([self]))?;
        if self.dim() == 0 {
            return Ok((self.clone(), Tensor::zeros_on((), DType::I64, &self.device())?));
        }
        let n = self.shape()[d];
        if n == 0 {
            return Err(Error::new(OP, format!("dim {d} is empty, and nothing has no mode")).operands([self]));
        }
        let (values, order) = self.detach().sort(dim, false)?;
        // Where each run of equal elements begins; the running largest is the begin of the run one stands in.
        let places = Tensor::arange(0, n as i64, 1)?.to_device(&self.device())?;
        let mut line = vec![1usize; self.dim()];
        line[d] = n;
        let places = places.reshape(line)?;
        let begins = values.narrow(dim, 1, n - 1)?.ne(&values.narrow(dim, 0, n - 1)?)?;
        let first = Tensor::zeros_on(values.narrow(dim, 0, 1)?.shape(), DType::Bool, &self.device())?;
        let begins = Tensor::cat(&[&first, &begins], dim)?.where_(&places, 0)?.cummax(dim)?.0;
        let length = places.sub(&begins)?;
        // The end of the first of the longest runs.
        let end = length.argmax(Some(dim), KEEP)?;
        picked(self, dim, order.gather(dim, &end)?, keep)
    }

    /// The `q`-quantiles (0 to 1; a 0-d or 1-d tensor) of all elements, or along `dim`. A 1-d `q` puts its dim in front.
    /// NaN gives NaN.
    ///
    /// ```
    /// # use tensor_core::{tensor, DROP, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([0.0, 1.0, 2.0, 3.0])?;
    /// let q = x.quantile(&tensor([0.25, 0.5])?, None, DROP, Default::default())?;
    /// assert_eq!(q.to_vec::<f32>()?, [0.75, 1.5]);
    /// # Ok(()) }
    /// ```
    pub fn quantile(&self, q: &Tensor, dim: Option<isize>, keep: KeepDim, how: Interpolation) -> Result<Tensor> {
        quantile("quantile", self, q, dim, keep, how, false)
    }
    /// The same of the elements that are not NaN.
    pub fn nanquantile(&self, q: &Tensor, dim: Option<isize>, keep: KeepDim, how: Interpolation) -> Result<Tensor> {
        quantile("nanquantile", self, q, dim, keep, how, true)
    }
}

fn quantile(
    op: &'static str,
    x: &Tensor,
    q: &Tensor,
    dim: Option<isize>,
    keep: KeepDim,
    how: Interpolation,
    skip_nan: bool,
) -> Result<Tensor> {
    let one = |[x, q]: [&Tensor; 2], _: Option<&Tensor>| quantile(op, x, q, dim, keep, how, skip_nan);
    if let Some(y) = crate::autocast::single([x, q], None, one) {
        return y;
    }
    let wrong = |why: String| Error::new(op, why).operands([x, q]);
    if !matches!(x.dtype(), DType::F32 | DType::F64) {
        return Err(wrong(format!("takes f32 or f64, not {}", x.dtype())));
    }
    if q.dtype() != x.dtype() {
        return Err(wrong(format!("q is {}, the tensor {}", q.dtype(), x.dtype())));
    }
    if q.dim() > 1 {
        return Err(wrong("q is 0-d or 1-d".into()));
    }
    if q.detach().to_dtype(DType::F64)?.to_vec::<f64>()?.iter().any(|q| !(0.0..=1.0).contains(q)) {
        return Err(wrong("q must be between 0 and 1".into()));
    }
    if x.numel() == 0 {
        return Err(wrong("nothing has no quantiles".into()));
    }
    // The dim goes to the end, and comes back as 1 where it is kept.
    let lines = match dim {
        None => x.ravel()?,
        Some(dim) if x.dim() > 0 => {
            shape::dim(op, dim, x.dim()).map_err(|e| e.operands([x]))?;
            x.movedim(dim, -1)?
        }
        Some(_) => x.ravel()?,
    };
    let n = lines.shape()[lines.dim() - 1];
    let sorted = lines.sort(-1, false)?.0;
    let ranks = if skip_nan {
        // (.., 1) numbers times (q)
        let numbers = lines.isnan()?.logical_not()?.sum_dim(-1, KEEP)?.to_dtype(x.dtype())?;
        (numbers - 1)?.maximum(0)?.mul(&q.ravel()?)?
    } else {
        let mut shape = shape::Dims::from_slice(&lines.shape()[..lines.dim() - 1]);
        shape.push(q.numel());
        let ranks = (q.ravel()? * (n - 1) as f64)?.expand(&shape)?;
        // A line with a NaN has its end, which is NaN, at every rank.
        lines.detach().isnan()?.any_dim(-1, KEEP)?.where_((n - 1) as f64, &ranks)?
    };
    let ranks = match how {
        Interpolation::Lower => ranks.floor()?,
        Interpolation::Higher => ranks.ceil()?,
        Interpolation::Nearest => ranks.round()?,
        Interpolation::Linear | Interpolation::Midpoint => ranks,
    };
    let below = ranks.detach().to_dtype(DType::I64)?;
    let mut values = sorted.gather(-1, &below)?;
    if matches!(how, Interpolation::Linear | Interpolation::Midpoint) {
        let weight = match how {
            Interpolation::Midpoint => ranks.detach().full_like(0.5)?,
            _ => ranks.sub(&below)?,
        };
        let above = ranks.detach().ceil()?.to_dtype(DType::I64)?;
        values = values.lerp(&sorted.gather(-1, &above)?, &weight)?;
    }
    // (.., q) becomes (q, ..) or, for a 0-d q, (..).
    let mut values = values.movedim(-1, 0)?;
    if keep.0 && x.dim() > 0 {
        values = match dim {
            Some(dim) => {
                let d = shape::dim(op, dim, x.dim())?;
                values.unsqueeze(d as isize + 1)?
            }
            None => {
                let mut shape = shape::Dims::from_elem(1, x.dim() + 1);
                shape[0] = q.numel();
                values.reshape(&shape)?
            }
        };
    }
    if q.dim() == 0 { values.squeeze_dim(0) } else { Ok(values) }
}
