//! Distances between vectors, and vectors brought to one length.
use super::host;
use crate::{DROP, Error, KEEP, Result, Tensor};

fn floats(op: &'static str, x: &Tensor) -> Result<Tensor> {
    if !x.is_floating_point() {
        return Err(Error::new(op, "takes floats").operands([x]).hint("convert it with to_dtype(DType::F32)"));
    }
    host::widened(x)
}

impl Tensor {
    /// Distances between each row of `[.., P, M]` and each of `[.., R, M]`: `[.., P, R]`, batch dims broadcast.
    pub fn cdist(&self, other: &Tensor, p: f64) -> Result<Tensor> {
        const OP: &str = "cdist";
        if let Some(y) = crate::autocast::single([self, other], None, |[x, y], _| x.cdist(y, p)) {
            return y;
        }
        let wrong = |why: &str| Error::new(OP, why).operands([self, other]);
        let (&[.., rows, m], &[.., columns, m2]) = (self.shape(), other.shape()) else {
            return Err(wrong("takes at least 2 dims each: [.., rows, columns]"));
        };
        if m != m2 {
            return Err(wrong(&format!("the last dims differ ({m} and {m2})")));
        }
        if p.is_nan() || p < 0.0 {
            return Err(wrong(&format!("p is {p}")).hint("it is at least 0"));
        }
        let (x, y) = (floats(OP, self)?, floats(OP, other)?);
        // Products instead of differences where all differences would be much memory: PyTorch's bound.
        let distances = if p == 2.0 && (rows > 25 || columns > 25) {
            let lengths = x.square()?.sum_dim([-1], KEEP)?.add(&y.square()?.sum_dim([-1], KEEP)?.transpose(-1, -2)?)?;
            let squared = lengths.sub(&x.matmul(&y.transpose(-1, -2)?)?.mul(2.0)?)?;
            // The gradient at 0 is 0, as PyTorch chooses among the subgradients there.
            let zero = squared.le(0.0)?;
            squared.masked_fill(&zero, 1.0)?.sqrt()?.masked_fill(&zero, 0.0)?
        } else {
            let difference = x.unsqueeze(-2)?.sub(&y.unsqueeze(-3)?)?;
            distance(&difference, p)?
        };
        distances.to_dtype(self.dtype())
    }

    /// Distances between the rows of `[N, M]`, each pair `i < j` once: those above the diagonal of
    /// [`cdist`](Tensor::cdist) with itself.
    pub fn pdist(&self, p: f64) -> Result<Tensor> {
        const OP: &str = "pdist";
        let &[n, _] = self.shape() else {
            return Err(Error::new(OP, "takes 2 dims").operands([self]));
        };
        if p.is_nan() || p < 0.0 {
            return Err(Error::new(OP, format!("p is {p}")).operands([self]).hint("it is at least 0"));
        }
        let x = floats(OP, self)?;
        let pairs = || (0..n as i64).flat_map(|i| (i + 1..n as i64).map(move |j| (i, j)));
        let (first, second): (Vec<i64>, Vec<i64>) = pairs().unzip();
        let pick = |at: &[i64]| x.index_select(0, &host::positions(at, &x)?);
        distance(&pick(&first)?.sub(&pick(&second)?)?, p)?.to_dtype(self.dtype())
    }
}

/// The norm of the last dim, where points of no coordinates have distance 0.
fn distance(difference: &Tensor, p: f64) -> Result<Tensor> {
    let last = difference.dim() - 1;
    if difference.shape()[last] == 0 {
        return difference.sum_dim([last], DROP);
    }
    difference.vector_norm(p, -1, DROP)
}
