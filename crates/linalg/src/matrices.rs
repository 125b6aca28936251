//! Batches of matrices on the host, and the way there and back.
use faer::{Mat, MatRef};
use tensor_core::{DType, Error, Result, Tensor};

/// Matrices of one size, in `f64`, row by row.
pub(crate) struct Matrices {
    batch: Vec<usize>,
    rows: usize,
    columns: usize,
    data: Vec<f64>,
}

/// Refuses what is no batch of float matrices.
pub(crate) fn check(op: &'static str, x: &Tensor) -> Result<()> {
    if x.dim() < 2 {
        return Err(Error::new(op, "takes matrices: at least 2 dims").operands([x]));
    }
    match x.dtype() {
        DType::F32 | DType::F64 => Ok(()),
        other => Err(Error::new(op, format!("takes f32 or f64, not {other}"))
            .operands([x])
            .hint("convert it with to_dtype(DType::F32)")),
    }
}

/// Refuses what is no batch of square float matrices.
pub(crate) fn check_square(op: &'static str, x: &Tensor) -> Result<()> {
    check(op, x)?;
    let (rows, columns) = size(x);
    if rows != columns {
        return Err(Error::new(op, format!("takes square matrices, not {rows} x {columns}")).operands([x]));
    }
    Ok(())
}

/// Rows and columns.
pub(crate) fn size(x: &Tensor) -> (usize, usize) {
    (x.shape()[x.dim() - 2], x.shape()[x.dim() - 1])
}

/// The dims before the last two.
pub(crate) fn batch(x: &Tensor) -> &[usize] {
    &x.shape()[..x.dim() - 2]
}

/// The shape of a batch of something else.
pub(crate) fn shape(batch: &[usize], rest: &[usize]) -> Vec<usize> {
    batch.iter().chain(rest).copied().collect()
}

/// Rows and columns exchanged.
pub(crate) fn t(x: &Tensor) -> Result<Tensor> {
    x.transpose(-2, -1)
}

/// Values as a tensor like `x`.
pub(crate) fn tensor(values: Vec<f64>, shape: Vec<usize>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_slice(&values, shape)?.to_dtype(like.dtype())?.to_device(&like.device())
}

/// The elements of a matrix, row by row.
pub(crate) fn rows_of(x: MatRef<'_, f64>) -> impl Iterator<Item = f64> + '_ {
    (0..x.nrows()).flat_map(move |i| (0..x.ncols()).map(move |j| x[(i, j)]))
}

impl Matrices {
    /// Copies them to the host.
    pub(crate) fn of(x: &Tensor) -> Result<Matrices> {
        let (rows, columns) = size(x);
        let data = x.detach().to_dtype(DType::F64)?.to_vec::<f64>()?;
        Ok(Matrices { batch: batch(x).to_vec(), rows, columns, data })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.batch.iter().product()
    }

    /// Each matrix, row by row.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[f64]> {
        let size = self.rows * self.columns;
        (0..self.len()).map(move |i| &self.data[i * size..(i + 1) * size])
    }

    /// Each matrix.
    pub(crate) fn each(&self) -> impl Iterator<Item = Mat<f64>> {
        let (rows, columns) = (self.rows, self.columns);
        self.slices().map(move |m| Mat::from_fn(rows, columns, |i, j| m[i * columns + j]))
    }

    /// Whether there is nothing to compute.
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }
}
