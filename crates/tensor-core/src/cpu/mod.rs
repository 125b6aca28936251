//! The CPU backend.
pub(crate) mod alloc;
use crate::{
    Backend, Error, Operand, Result, Scalar, Storage, View, ViewMut,
    ops::{BinaryOp, CompareOp, Conv, Pool, RandomOp, ReduceOp, ScatterOp, UnaryOp},
    rng::Key,
};

/// The processor this program runs on.
#[derive(Debug)]
pub(crate) struct Cpu;

fn todo_<T>() -> Result<T> {
    Err(Error::new("cpu", "being written"))
}

impl Backend for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }
    fn allocate(&self, _bytes: usize) -> Result<Box<dyn Storage>> {
        todo_()
    }
    fn upload(&self, _bytes: &[u8], _out: &mut dyn Storage) -> Result<()> {
        todo_()
    }
    fn download(&self, _x: &dyn Storage, _offset: usize, _bytes: &mut [u8]) -> Result<()> {
        todo_()
    }
    fn copy(&self, _x: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn cast(&self, _x: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn fill(&self, _value: Scalar, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn ramp(&self, _start: Scalar, _step: Scalar, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn unary(&self, _op: UnaryOp, _x: Operand<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn binary(&self, _op: BinaryOp, _a: Operand<'_>, _b: Operand<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn compare(&self, _op: CompareOp, _a: Operand<'_>, _b: Operand<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn select(&self, _cond: View<'_>, _a: Operand<'_>, _b: Operand<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn reduce(&self, _op: ReduceOp, _x: View<'_>, _dims: &[usize], _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn arg_reduce(&self, _op: ReduceOp, _x: View<'_>, _dim: usize, _v: ViewMut<'_>, _i: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn gather(&self, _x: View<'_>, _dim: usize, _index: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn scatter(&self, _op: ScatterOp, _dim: usize, _index: View<'_>, _s: Operand<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn index_select(&self, _x: View<'_>, _dim: usize, _index: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn index_add(&self, _dim: usize, _index: View<'_>, _source: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn matmul(&self, _x: View<'_>, _y: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn conv(&self, _op: &Conv, _a: View<'_>, _b: View<'_>, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
    fn pool(&self, _op: &Pool, _x: View<'_>, _outputs: &mut [ViewMut<'_>]) -> Result<()> {
        todo_()
    }
    fn random(&self, _op: RandomOp, _key: Key, _out: ViewMut<'_>) -> Result<()> {
        todo_()
    }
}
