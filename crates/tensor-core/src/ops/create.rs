//! New tensors of given values.
use crate::{Category, DType, Device, Error, Result, Scalar, ShapeArg, Tensor, shape};
use std::sync::Arc;

mod nested;
mod ranges;
pub use nested::{Nested, tensor};

impl Tensor {
    /// Every element is `value`; `dtype` and `device` as given.
    pub fn full_on(shape: impl ShapeArg, value: impl Into<Scalar>, dtype: DType, device: &Device) -> Result<Tensor> {
        Tensor::filled("full", shape, value.into(), dtype, device)
    }

    fn filled(op: &'static str, sizes: impl ShapeArg, value: Scalar, dtype: DType, device: &Device) -> Result<Tensor> {
        let sizes = shape::exact(op, sizes)?;
        let (mut out, layout) = Tensor::allocate(&sizes, dtype, device)?;
        device.backend().fill(value, out.view_mut(&layout))?;
        Ok(Tensor::new(Arc::new(out), layout))
    }

    /// Every element is `value`, on the CPU; floats give `f32`, integers `i64`, `true` and `false` give `bool`.
    pub fn full(shape: impl ShapeArg, value: impl Into<Scalar>) -> Result<Tensor> {
        let value = value.into();
        Tensor::filled("full", shape, value, value.dtype(), &Device::cpu())
    }

    /// Zeros, `f32` on the CPU.
    pub fn zeros(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::zeros_on(shape, DType::F32, &Device::cpu())
    }
    /// Zeros; `dtype` and `device` as given.
    pub fn zeros_on(shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
        Tensor::filled("zeros", shape, Scalar::Int(0), dtype, device)
    }

    /// Ones, `f32` on the CPU.
    pub fn ones(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::ones_on(shape, DType::F32, &Device::cpu())
    }
    /// Ones; `dtype` and `device` as given.
    pub fn ones_on(shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
        Tensor::filled("ones", shape, Scalar::Int(1), dtype, device)
    }

    /// Room to be written to, `f32` on the CPU. What it holds before is zeros: no program can read old memory.
    pub fn empty(shape: impl ShapeArg) -> Result<Tensor> {
        Tensor::empty_on(shape, DType::F32, &Device::cpu())
    }
    /// Room to be written to; `dtype` and `device` as given.
    pub fn empty_on(shape: impl ShapeArg, dtype: DType, device: &Device) -> Result<Tensor> {
        Tensor::filled("empty", shape, Scalar::Int(0), dtype, device)
    }

    /// The `n` x `n` matrix of ones on the diagonal and zeros elsewhere, `f32` on the CPU.
    pub fn eye(n: usize) -> Result<Tensor> {
        Tensor::eye_on(n, n, DType::F32, &Device::cpu())
    }
    /// The same with any number of rows and columns; `dtype` and `device` as given.
    pub fn eye_on(rows: usize, columns: usize, dtype: DType, device: &Device) -> Result<Tensor> {
        let sizes = shape::exact("eye", [rows, columns])?;
        let (mut out, layout) = Tensor::allocate(&sizes, dtype, device)?;
        device.backend().fill(Scalar::Int(0), out.view_mut(&layout))?;
        let diagonal = crate::Layout::strided(&[rows.min(columns)], &[columns + 1], 0);
        device.backend().fill(Scalar::Int(1), out.view_mut(&diagonal))?;
        Ok(Tensor::new(Arc::new(out), layout))
    }

    /// Zeros of this tensor's shape, dtype and device.
    pub fn zeros_like(&self) -> Result<Tensor> {
        self.full_like(0)
    }
    /// Ones of this tensor's shape, dtype and device.
    pub fn ones_like(&self) -> Result<Tensor> {
        self.full_like(1)
    }
    /// Room of this tensor's shape, dtype and device.
    pub fn empty_like(&self) -> Result<Tensor> {
        self.full_like(0)
    }
    /// `value` in this tensor's shape, dtype and device.
    pub fn full_like(&self, value: impl Into<Scalar>) -> Result<Tensor> {
        Tensor::filled("full_like", self.shape(), value.into(), self.dtype(), &self.device())
    }
    /// Zeros of this tensor's dtype and device.
    pub fn new_zeros(&self, shape: impl ShapeArg) -> Result<Tensor> {
        self.new_full(shape, 0)
    }
    /// Ones of this tensor's dtype and device.
    pub fn new_ones(&self, shape: impl ShapeArg) -> Result<Tensor> {
        self.new_full(shape, 1)
    }
    /// Room of this tensor's dtype and device.
    pub fn new_empty(&self, shape: impl ShapeArg) -> Result<Tensor> {
        self.new_full(shape, 0)
    }
    /// `value` in this tensor's dtype and device.
    pub fn new_full(&self, shape: impl ShapeArg, value: impl Into<Scalar>) -> Result<Tensor> {
        Tensor::filled("new_full", shape, value.into(), self.dtype(), &self.device())
    }

    /// Rows and columns (a `[2, n]` tensor of `i64`) of the lower triangle of a matrix, up to its `offset`-th diagonal.
    pub fn tril_indices(rows: usize, columns: usize, offset: isize) -> Result<Tensor> {
        triangle("tril_indices", rows, columns, |row| (0, end_of_row(row, offset.saturating_add(1), columns)))
    }
    /// Rows and columns (a `[2, n]` tensor of `i64`) of the upper triangle of a matrix, from its `offset`-th diagonal on.
    pub fn triu_indices(rows: usize, columns: usize, offset: isize) -> Result<Tensor> {
        triangle("triu_indices", rows, columns, |row| (end_of_row(row, offset, columns), columns))
    }
}

/// Column `row + offset`, drawn into the matrix.
fn end_of_row(row: usize, offset: isize, columns: usize) -> usize {
    (row as isize).saturating_add(offset).clamp(0, columns as isize) as usize
}

fn triangle(op: &'static str, rows: usize, columns: usize, range: impl Fn(usize) -> (usize, usize)) -> Result<Tensor> {
    shape::checked_numel(op, &[2, rows, columns])?;
    let places = || (0..rows).flat_map(|row| (range(row).0..range(row).1).map(move |column| (row, column)));
    let mut out: Vec<i64> = places().map(|(row, _)| row as i64).collect();
    let n = out.len();
    out.extend(places().map(|(_, column)| column as i64));
    Tensor::from_slice(&out, [2, n])
}

/// The dtype of a tensor made of several numbers.
fn common(numbers: &[Scalar]) -> DType {
    match numbers.iter().map(|s| s.category()).max() {
        Some(Category::Float) | None => DType::F32,
        _ => DType::I64,
    }
}

fn finite(op: &'static str, numbers: &[Scalar]) -> Result<()> {
    match numbers.iter().find(|s| !s.to_f64().is_finite()) {
        Some(bad) => Err(Error::new(op, format!("its bounds and step must be finite, not {}", bad.to_f64()))),
        None => Ok(()),
    }
}
