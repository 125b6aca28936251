//! Distinct elements.
use crate::{Error, Result, Tensor, shape};

/// What [`Tensor::unique`] finds.
#[derive(Clone, Debug)]
pub struct Unique {
    /// Each distinct element (or slice) once.
    pub values: Tensor,
    /// Where each element of the input stands in `values`, `i64`.
    pub inverse: Tensor,
    /// How often each value occurs, `i64`.
    pub counts: Tensor,
}

/// Runs of equal elements: whether an element begins one, the number of its run, and how long each run is.
struct Runs {
    begins: Tensor,
    run: Tensor,
    counts: Tensor,
}

/// `differs[i]` says whether element `i + 1` differs from element `i`, of `n` elements.
fn runs(differs: &Tensor, n: usize) -> Result<Runs> {
    let device = differs.device();
    let first = Tensor::full_on([n.min(1)], true, crate::DType::Bool, &device)?;
    let begins = Tensor::cat(&[&first, differs], 0)?;
    let run = (begins.cumsum(0)? - 1)?;
    let counts = run.bincount(None, 0)?;
    Ok(Runs { begins, run, counts })
}

/// Whether neighbours of a 1-d tensor differ.
fn neighbours(x: &Tensor) -> Result<Tensor> {
    let pairs = x.numel().saturating_sub(1);
    x.narrow(0, x.numel() - pairs, pairs)?.ne(&x.narrow(0, 0, pairs)?)
}

/// Distinct elements of a 1-d tensor, in rising order.
fn of_line(x: &Tensor) -> Result<Unique> {
    let (sorted, order) = x.sort(0, false)?;
    let Runs { begins, run, counts } = runs(&neighbours(&sorted)?, x.numel())?;
    let inverse = run.zeros_like()?.scatter(0, &order, &run)?;
    Ok(Unique { values: sorted.masked_select(&begins)?, inverse, counts })
}

/// The slices along `dim` as rows of a matrix.
fn rows(op: &'static str, x: &Tensor, dim: isize) -> Result<(usize, Tensor)> {
    let d = shape::dim(op, dim, x.dim()).map_err(|e| e.operands([x]))?;
    let n = x.shape().get(d).copied().unwrap_or(1);
    if x.numel() == 0 && n > 0 {
        return Err(
            Error::new(op, format!("the slices along dim {d} are empty, and cannot be told apart")).operands([x])
        );
    }
    let width = x.numel().checked_div(n).unwrap_or(0);
    let matrix = if x.dim() == 0 { x.clone() } else { x.movedim(d as isize, 0)? };
    Ok((d, matrix.reshape([n, width])?))
}

impl Tensor {
    /// The distinct elements in rising order, or the distinct slices along `dim` in lexicographic order; where each
    /// element went, and how often each occurs. NaN differs from everything, itself included.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let unique = tensor([3, 1, 3, 2])?.unique(None)?;
    /// assert_eq!(unique.values.to_vec::<i64>()?, [1, 2, 3]);
    /// assert_eq!(unique.inverse.to_vec::<i64>()?, [2, 0, 2, 1]);
    /// assert_eq!(unique.counts.to_vec::<i64>()?, [1, 1, 2]);
    /// # Ok(()) }
    /// ```
    pub fn unique(&self, dim: Option<isize>) -> Result<Unique> {
        const OP: &str = "unique";
        let x = self.detach();
        let Some(dim) = dim else {
            let found = of_line(&x.ravel()?).map_err(|e| e.renamed(OP))?;
            return Ok(Unique { inverse: found.inverse.reshape(x.shape())?, ..found });
        };
        let (d, rows) = rows(OP, &x, dim)?;
        let n = rows.shape()[0];
        // Column by column, rows that were equal so far are told apart, until all are.
        let mut groups = Unique {
            values: x.clone(),
            inverse: Tensor::zeros_on([n], crate::DType::I64, &x.device())?,
            counts: Tensor::full_on([n.min(1)], n as i64, crate::DType::I64, &x.device())?,
        };
        for column in 0..rows.shape()[1] {
            if groups.counts.numel() == n {
                break;
            }
            let ranks = of_line(&rows.select(1, column as isize)?)?;
            let key = (groups.inverse * ranks.counts.numel() as i64)?.add(&ranks.inverse)?;
            groups = of_line(&key)?;
        }
        // Any row of a group stands for it: the first one, as of several writes the last stays.
        let places = Tensor::arange(0, n as i64, 1)?.to_device(&x.device())?.flip(0)?;
        let first = groups.counts.zeros_like()?.scatter(0, &groups.inverse.flip(0)?, &places)?;
        let values = if x.dim() == 0 { x.clone() } else { x.index_select(d as isize, &first)? };
        Ok(Unique { values, ..groups })
    }

    /// The elements (or slices along `dim`) without those that equal the one before; where each went, and how long each
    /// run was.
    pub fn unique_consecutive(&self, dim: Option<isize>) -> Result<Unique> {
        const OP: &str = "unique_consecutive";
        let x = self.detach();
        let Some(dim) = dim else {
            let flat = x.ravel()?;
            let Runs { begins, run, counts } = runs(&neighbours(&flat)?, flat.numel())?;
            return Ok(Unique { values: flat.masked_select(&begins)?, inverse: run.reshape(x.shape())?, counts });
        };
        let (d, rows) = rows(OP, &x, dim)?;
        let n = rows.shape()[0];
        let pairs = n.saturating_sub(1);
        let differs = rows.narrow(0, n - pairs, pairs)?.ne(&rows.narrow(0, 0, pairs)?)?.any_dim(1, crate::DROP)?;
        let Runs { begins, run, counts } = runs(&differs, n)?;
        let values = if x.dim() == 0 { x } else { x.index_select(d as isize, &begins.nonzero()?.ravel()?)? };
        Ok(Unique { values, inverse: run, counts })
    }
}
