//! Products of vectors, matrices and tensors beyond `matmul`.
use super::{composed::rounded_once, host};
use crate::{DROP, DimArg, Error, ErrorKind, KEEP, KeepDim, Result, Tensor, autocast, shape};

/// Which norm of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MatrixNorm {
    /// The root of the sum of squares.
    Fro,
    /// The sum of the singular values.
    Nuc,
    /// The norm that the `p`-norm of vectors induces.
    P(f64),
}

impl From<f64> for MatrixNorm {
    fn from(p: f64) -> MatrixNorm {
        MatrixNorm::P(p)
    }
}

impl Tensor {
    /// The sum of products along `dim`, broadcast: `sum(x * y)`.
    pub fn vecdot(&self, other: &Tensor, dim: isize) -> Result<Tensor> {
        if let Some(y) = autocast::lower([self, other], None, |[x, y], _| x.vecdot(y, dim)) {
            return y;
        }
        let product = self.mul(other).map_err(|e| e.renamed("vecdot"))?;
        let dtype = product.dtype();
        // Sums of small integers are i64; a product of vectors has the dtype of its operands.
        product.sum_dim([dim], DROP).map_err(|e| e.renamed("vecdot"))?.to_dtype(dtype)
    }

    /// The product of several matrices, in the order of the fewest multiplications. The first and the last may be
    /// vectors.
    pub fn multi_dot(matrices: &[&Tensor]) -> Result<Tensor> {
        const OP: &str = "multi_dot";
        let wrong = |why: String| Error::new(OP, why).operands(matrices.iter().copied());
        let n = matrices.len();
        if n < 2 {
            return Err(wrong(format!("takes at least 2 matrices, got {n}")));
        }
        let mut factors: Vec<Tensor> = matrices.iter().map(|&t| t.clone()).collect();
        let (row, column) = (matrices[0].dim() == 1, matrices[n - 1].dim() == 1);
        if row {
            factors[0] = factors[0].unsqueeze(0)?;
        }
        if column {
            factors[n - 1] = factors[n - 1].unsqueeze(1)?;
        }
        if let Some(i) = factors.iter().position(|t| t.dim() != 2) {
            return Err(wrong(format!("tensor {i} is not a matrix")));
        }
        if let Some(i) = (1..n).find(|&i| factors[i - 1].shape()[1] != factors[i].shape()[0]) {
            return Err(wrong(format!("tensors {} and {i} do not fit", i - 1)));
        }
        let splits = cheapest_splits(&factors);
        let mut product = chain(&factors, &splits, 0, n - 1)?;
        if row {
            product = product.squeeze_dim(0)?;
        }
        if column {
            product = product.squeeze_dim(-1)?;
        }
        Ok(product)
    }

    /// Sums of products over the last dims of both; a 0-d tensor multiplies.
    pub fn inner(&self, other: &Tensor) -> Result<Tensor> {
        if self.dim() == 0 || other.dim() == 0 {
            return self.mul(other).map_err(|e| e.renamed("inner"));
        }
        self.tensordot(other, [-1], [-1]).map_err(|e| e.renamed("inner"))
    }

    /// Sums of products over `dims` of this tensor and the equally many `other_dims` of the other; what remains of both
    /// are the dims of the result.
    pub fn tensordot(&self, other: &Tensor, dims: impl DimArg, other_dims: impl DimArg) -> Result<Tensor> {
        const OP: &str = "tensordot";
        let wrong = |why: String| Error::new(OP, why).operands([self, other]);
        let at = |x: &Tensor, given: &[isize]| -> Result<Vec<usize>> {
            // An empty list means no dims here.
            if given.is_empty() { Ok(Vec::new()) } else { Ok(shape::dims(OP, given, x.dim())?.to_vec()) }
        };
        let (ours, theirs) = (at(self, &dims.dims())?, at(other, &other_dims.dims())?);
        if ours.len() != theirs.len() {
            return Err(wrong(format!("{} dims cannot be matched with {}", ours.len(), theirs.len())));
        }
        let (mut a, mut b) = (self.clone(), other.clone());
        for (&i, &j) in ours.iter().zip(&theirs) {
            let (n, m) = (self.shape()[i], other.shape()[j]);
            match (n, m) {
                _ if n == m => {}
                // A dim of one element is broadcast: its factor stands before the sum.
                (1, _) => b = b.sum_dim([j], KEEP)?.to_dtype(other.dtype())?,
                (_, 1) => a = a.sum_dim([i], KEEP)?.to_dtype(self.dtype())?,
                _ => return Err(wrong(format!("dims {i} and {j} have sizes {n} and {m}"))),
            }
        }
        let free =
            |x: &Tensor, taken: &[usize]| -> Vec<usize> { (0..x.dim()).filter(|d| !taken.contains(d)).collect() };
        let (free_a, free_b) = (free(&a, &ours), free(&b, &theirs));
        let count = |x: &Tensor, of: &[usize]| of.iter().map(|&d| x.shape()[d]).product::<usize>();
        let (rows, inner, columns) = (count(&a, &free_a), count(&a, &ours), count(&b, &free_b));
        let out: Vec<usize> =
            free_a.iter().map(|&d| a.shape()[d]).chain(free_b.iter().map(|&d| b.shape()[d])).collect();
        let left = a.permute([free_a, ours].concat())?.reshape([rows, inner])?;
        let right = b.permute([theirs, free_b].concat())?.reshape([inner, columns])?;
        left.matmul(&right).map_err(|e| e.renamed(OP).operands([self, other]))?.reshape(out)
    }

    /// The norm of the matrices in two dims: `Fro`, or the largest (`P(inf)`) or smallest (`P(-inf)`) sum of the
    /// absolute values of a row, `P(1.0)` and `P(-1.0)` of a column.
    pub fn matrix_norm(&self, norm: impl Into<MatrixNorm>, dims: [isize; 2], keep: KeepDim) -> Result<Tensor> {
        const OP: &str = "matrix_norm";
        if self.dim() < 2 {
            return Err(Error::new(OP, "takes at least 2 dims").operands([self]));
        }
        let at = shape::dims(OP, dims, self.dim())?;
        if !self.is_floating_point() {
            return Err(Error::new(OP, "takes floats").operands([self]).hint("convert it with to_dtype(DType::F32)"));
        }
        let x = host::widened(self)?;
        let y = match norm.into() {
            MatrixNorm::Fro => x.vector_norm(2.0, dims, KEEP)?,
            MatrixNorm::P(p) if p.abs() == 1.0 || p.abs() == f64::INFINITY => {
                let (sum, pick) = if p.abs() == 1.0 { (at[0], at[1]) } else { (at[1], at[0]) };
                if self.shape()[pick] == 0 {
                    return Err(Error::new(OP, "a matrix without elements has no such norm").operands([self]));
                }
                let sums = x.abs()?.sum_dim([sum], KEEP)?;
                if p > 0.0 { sums.amax_dim([pick], KEEP)? } else { sums.amin_dim([pick], KEEP)? }
            }
            other => {
                return Err(Error::new(
                    OP,
                    format!("the norm {other:?} needs singular values, which are not there yet"),
                )
                .kind_of(ErrorKind::Unsupported)
                .operands([self]));
            }
        };
        let y = if keep == KEEP { y } else { y.squeeze_dim(dims)? };
        y.to_dtype(self.dtype())
    }

    /// `x1ᵀ A x2 + b` for the last dims of both inputs, with `weight` of `[out, in1, in2]` and `bias` of `[out]`.
    pub fn bilinear(&self, other: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        const OP: &str = "bilinear";
        let wrong = |why: &str| Error::new(OP, why).operands([self, other, weight]);
        let (&[ref lead @ .., n], &[ref lead2 @ .., m], &[out, n2, m2]) = (self.shape(), other.shape(), weight.shape())
        else {
            return Err(wrong("takes inputs of at least 1 dim and a weight of 3"));
        };
        if lead != lead2 {
            return Err(wrong("the inputs differ in more than their last dims"));
        }
        if (n, m) != (n2, m2) {
            return Err(wrong("the last dims of the inputs are not those of the weight"));
        }
        // On no list of autocast, though made of products.
        autocast::unconverted(|| match bias {
            Some(b) => rounded_once([self, other, weight, b], |[x, other, weight, b]| {
                if b.shape() != [out] {
                    return Err(wrong("the bias has not one value per output"));
                }
                x.bilinear_map(other, weight)?.add(b)
            }),
            None => rounded_once([self, other, weight], |[x, other, weight]| x.bilinear_map(other, weight)),
        })
    }

    /// For `[.., n]`, `[.., m]` and a weight `[out, n, m]`, which fit.
    fn bilinear_map(&self, other: &Tensor, weight: &Tensor) -> Result<Tensor> {
        let (out, n, m) = (weight.size(0)?, weight.size(1)?, weight.size(2)?);
        let lead = &self.shape()[..self.dim() - 1];
        // x1 A first, for all outputs at once: [.., out, in2].
        let flat = weight.permute([1, 0, 2])?.reshape([n, out * m])?;
        let batch = shape::numel(lead);
        let half = self.reshape([batch, n])?.matmul(&flat)?.reshape([batch, out, m])?;
        half.matmul(&other.reshape([batch, m, 1])?)?.reshape([lead, &[out]].concat())
    }
}

/// `splits[i][j]`: the last factor of the left part of the product of factors `i` to `j`.
fn cheapest_splits(factors: &[Tensor]) -> Vec<Vec<usize>> {
    let n = factors.len();
    let mut sizes = vec![factors[0].shape()[0] as f64];
    sizes.extend(factors.iter().map(|t| t.shape()[1] as f64));
    let mut cost = vec![vec![0.0; n]; n];
    let mut splits = vec![vec![0; n]; n];
    for length in 1..n {
        for i in 0..n - length {
            let j = i + length;
            cost[i][j] = f64::INFINITY;
            for k in i..j {
                let c = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
                if c < cost[i][j] {
                    (cost[i][j], splits[i][j]) = (c, k);
                }
            }
        }
    }
    splits
}

fn chain(factors: &[Tensor], splits: &[Vec<usize>], i: usize, j: usize) -> Result<Tensor> {
    if i == j {
        return Ok(factors[i].clone());
    }
    let k = splits[i][j];
    chain(factors, splits, i, k)?.matmul(&chain(factors, splits, k + 1, j)?).map_err(|e| e.renamed("multi_dot"))
}
