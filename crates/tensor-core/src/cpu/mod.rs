//! The CPU backend.
// Kernels run over slices whose bounds were checked once for a whole view; each unchecked block says why it is sound.
#![allow(unsafe_code)]
pub(crate) mod alloc;
mod arg_reduce;
mod batch_norm;
mod binary;
mod compare;
mod conv;
mod convert;
mod copy;
mod fill;
mod fused;
mod gelu;
mod index;
mod int;
mod layer_norm;
mod lines;
mod map;
mod math;
mod matmul;
mod pool;
mod random;
mod real;
mod reduce;
mod scan;
mod simd;
mod sort;
mod storage;
mod unary;
mod update;

use crate::{
    Backend, Error, Operand, Result, Scalar, Storage, View, ViewMut,
    ops::{BinaryOp, CompareOp, Conv, Fused, Pool, RandomOp, ReduceOp, ScanOp, ScatterOp, UnaryOp, Update},
    rng::Key,
};

/// The processor this program runs on.
#[derive(Debug)]
pub(crate) struct Cpu;

fn outside(end: usize, len: usize) -> Error {
    Error::new("cpu", format!("byte {end} is outside of a buffer of {len} bytes")).kind_of(crate::ErrorKind::Internal)
}

impl Backend for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }
    fn allocate(&self, bytes: usize) -> Result<Box<dyn Storage>> {
        Ok(Box::new(storage::CpuStorage::new(bytes)?))
    }
    fn upload(&self, bytes: &[u8], out: &mut dyn Storage) -> Result<()> {
        let out = storage::cpu_mut(out)?.slice_mut::<u8>();
        let end = out.len();
        out.get_mut(..bytes.len()).ok_or_else(|| outside(bytes.len(), end))?.copy_from_slice(bytes);
        Ok(())
    }
    fn download(&self, x: &dyn Storage, offset: usize, bytes: &mut [u8]) -> Result<()> {
        let x = storage::cpu(x)?.slice::<u8>();
        // An empty tensor may stand anywhere.
        let at = if bytes.is_empty() { 0 } else { offset };
        let end = at.saturating_add(bytes.len());
        bytes.copy_from_slice(x.get(at..end).ok_or_else(|| outside(end, x.len()))?);
        Ok(())
    }
    fn copy(&self, x: View<'_>, out: ViewMut<'_>) -> Result<()> {
        copy::copy(x, out)
    }
    fn cast(&self, x: View<'_>, out: ViewMut<'_>) -> Result<()> {
        copy::cast(x, out)
    }
    fn fill(&self, value: Scalar, out: ViewMut<'_>) -> Result<()> {
        fill::fill(value, out)
    }
    fn ramp(&self, start: Scalar, step: Scalar, out: ViewMut<'_>) -> Result<()> {
        fill::ramp(start, step, out)
    }
    fn unary(&self, op: UnaryOp, x: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        unary::unary(op, x, out)
    }
    fn binary(&self, op: BinaryOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        binary::binary(op, a, b, out)
    }
    fn compare(&self, op: CompareOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        compare::compare(op, a, b, out)
    }
    fn select(&self, cond: View<'_>, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        compare::select(cond, a, b, out)
    }
    fn reduce(&self, op: ReduceOp, x: View<'_>, dims: &[usize], out: ViewMut<'_>) -> Result<()> {
        reduce::reduce(op, x, dims, out)
    }
    fn arg_reduce(
        &self,
        op: ReduceOp,
        x: View<'_>,
        dim: usize,
        values: ViewMut<'_>,
        indices: ViewMut<'_>,
    ) -> Result<()> {
        arg_reduce::arg_reduce(op, x, dim, values, indices)
    }
    fn scan(&self, op: ScanOp, x: View<'_>, dim: usize, out: ViewMut<'_>, places: Option<ViewMut<'_>>) -> Result<()> {
        scan::scan(op, x, dim, out, places)
    }
    fn sort(&self, x: View<'_>, dim: usize, descending: bool, values: ViewMut<'_>, indices: ViewMut<'_>) -> Result<()> {
        sort::sort(x, dim, descending, values, indices)
    }
    fn gather(&self, x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
        index::gather(x, dim, index, out)
    }
    fn scatter(&self, op: ScatterOp, dim: usize, index: View<'_>, s: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        index::scatter(op, dim, index, s, out)
    }
    fn index_select(&self, x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
        index::index_select(x, dim, index, out)
    }
    fn index_add(&self, dim: usize, index: View<'_>, source: View<'_>, out: ViewMut<'_>) -> Result<()> {
        index::index_add(dim, index, source, out)
    }
    fn matmul(&self, x: View<'_>, y: View<'_>, out: ViewMut<'_>) -> Result<()> {
        matmul::matmul(x, y, out)
    }
    fn conv(&self, op: &Conv, a: View<'_>, b: View<'_>, out: ViewMut<'_>) -> Result<()> {
        conv::conv(op, a, b, out)
    }
    fn pool(&self, op: &Pool, x: View<'_>, outputs: &mut [ViewMut<'_>]) -> Result<()> {
        pool::pool(op, x, outputs)
    }
    fn random(&self, op: RandomOp, key: Key, out: ViewMut<'_>) -> Result<()> {
        random::random(op, key, out)
    }
    fn fused(&self, op: &Fused, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Option<Result<()>> {
        fused::fused(op, inputs, outputs)
    }
    fn update(&self, op: &Update, grad: View<'_>, states: &mut [ViewMut<'_>]) -> Option<Result<()>> {
        update::update(op, grad, states)
    }
}

#[cfg(test)]
mod tests;
