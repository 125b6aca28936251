//! A second backend, as small and obvious as possible: plain loops over row-major copies, floats as `f64`, integers as
//! `i64`. It is the oracle of the fast backend, the proof that the trait is narrow, and the second device of the tests.
mod elementwise;
mod index;
mod matmul;
mod number;
mod order;
mod random;
mod reduce;
mod window;

use number::{Num, read, read_operand, write};
use std::{any::Any, sync::OnceLock};
use tensor_core::{
    Backend, BinaryOp, CompareOp, Device, Error, Operand, ReduceOp, Result, Scalar, Storage, UnaryOp, View, ViewMut,
    ops::{Conv, Pool, RandomOp, ScanOp, ScatterOp},
    rng::Key,
};

/// The one device over this backend.
pub fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| Device::new(Naive)).clone()
}

#[derive(Debug)]
struct Naive;

#[derive(Debug)]
struct Bytes(Vec<u8>);

impl Storage for Bytes {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn bytes(&self) -> usize {
        self.0.len()
    }
}

fn bytes(storage: &dyn Storage) -> Result<&[u8]> {
    storage.as_any().downcast_ref::<Bytes>().map(|b| b.0.as_slice()).ok_or_else(foreign)
}
fn bytes_mut(storage: &mut dyn Storage) -> Result<&mut [u8]> {
    storage.as_any_mut().downcast_mut::<Bytes>().map(|b| b.0.as_mut_slice()).ok_or_else(foreign)
}
fn foreign() -> Error {
    Error::new("naive", "a buffer of another device")
}

impl Backend for Naive {
    fn name(&self) -> &str {
        "naive"
    }
    fn allocate(&self, bytes: usize) -> Result<Box<dyn Storage>> {
        // Not zeros: who reads what nobody wrote shall see it.
        Ok(Box::new(Bytes(vec![0xAB; bytes])))
    }
    fn upload(&self, data: &[u8], out: &mut dyn Storage) -> Result<()> {
        bytes_mut(out)?[..data.len()].copy_from_slice(data);
        Ok(())
    }
    fn download(&self, x: &dyn Storage, offset: usize, out: &mut [u8]) -> Result<()> {
        // An empty view may stand anywhere.
        if !out.is_empty() {
            out.copy_from_slice(&bytes(x)?[offset..offset + out.len()]);
        }
        Ok(())
    }
    fn copy(&self, x: View<'_>, out: ViewMut<'_>) -> Result<()> {
        write(out, &read(x)?)
    }
    fn cast(&self, x: View<'_>, out: ViewMut<'_>) -> Result<()> {
        write(out, &read(x)?)
    }
    fn fill(&self, value: Scalar, out: ViewMut<'_>) -> Result<()> {
        let n = out.layout.numel();
        write(out, &vec![Num::from(value); n])
    }
    fn ramp(&self, start: Scalar, step: Scalar, out: ViewMut<'_>) -> Result<()> {
        let floats = matches!((start, step), (Scalar::Float(_), _) | (_, Scalar::Float(_)));
        let values: Vec<Num> = (0..out.layout.numel())
            .map(|i| match floats {
                true => Num::F(start.to_f64() + i as f64 * step.to_f64()),
                false => Num::I(start.to_i64() + i as i64 * step.to_i64()),
            })
            .collect();
        write(out, &values)
    }
    fn unary(&self, op: UnaryOp, x: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        let x = read_operand(x, &out, out.dtype)?;
        let values: Vec<Num> = x.into_iter().map(|x| elementwise::unary(op, x, out.dtype)).collect();
        write(out, &values)
    }
    fn binary(&self, op: BinaryOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        let (a, b) = (read_operand(a, &out, out.dtype)?, read_operand(b, &out, out.dtype)?);
        let values: Result<Vec<Num>> =
            a.into_iter().zip(b).map(|(a, b)| elementwise::binary(op, a, b, out.dtype)).collect();
        write(out, &values?)
    }
    fn compare(&self, op: CompareOp, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        let dtype = match (a, b) {
            (Operand::View(v), _) | (_, Operand::View(v)) => v.dtype,
            _ => out.dtype,
        };
        let (a, b) = (read_operand(a, &out, dtype)?, read_operand(b, &out, dtype)?);
        let values: Vec<Num> =
            a.into_iter().zip(b).map(|(a, b)| Num::I(i64::from(elementwise::compare(op, a, b)))).collect();
        write(out, &values)
    }
    fn select(&self, cond: View<'_>, a: Operand<'_>, b: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        let cond = read(cond)?;
        let (a, b) = (read_operand(a, &out, out.dtype)?, read_operand(b, &out, out.dtype)?);
        let values: Vec<Num> =
            cond.into_iter().zip(a.into_iter().zip(b)).map(|(c, (a, b))| if c.is_true() { a } else { b }).collect();
        write(out, &values)
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
        reduce::arg_reduce(op, x, dim, values, indices)
    }
    fn scan(&self, op: ScanOp, x: View<'_>, dim: usize, out: ViewMut<'_>, places: Option<ViewMut<'_>>) -> Result<()> {
        order::scan(op, x, dim, out, places)
    }
    fn sort(&self, x: View<'_>, dim: usize, descending: bool, values: ViewMut<'_>, indices: ViewMut<'_>) -> Result<()> {
        order::sort(x, dim, descending, values, indices)
    }
    fn gather(&self, x: View<'_>, dim: usize, index: View<'_>, out: ViewMut<'_>) -> Result<()> {
        index::gather(x, dim, index, out)
    }
    fn scatter(&self, op: ScatterOp, dim: usize, index: View<'_>, source: Operand<'_>, out: ViewMut<'_>) -> Result<()> {
        index::scatter(op, dim, index, source, out)
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
        window::conv(op, a, b, out)
    }
    fn pool(&self, op: &Pool, x: View<'_>, outputs: &mut [ViewMut<'_>]) -> Result<()> {
        window::pool(op, x, outputs)
    }
    fn random(&self, op: RandomOp, key: Key, out: ViewMut<'_>) -> Result<()> {
        random::fill(op, key, out)
    }
}
