//! Tensors put together, and taken apart.
use super::{Row, many, one, row};
use crate::sample::{list, n, t};
use tensor_core::Tensor;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("cat", |a| one(Tensor::cat(&a.tensors(0, "tensors")?, a.dim_or(1, "dim", 0)?)))
            .sample([list([t([2, 3]), t([1, 3])])])
            .sample([list([t([2, 3]), t([2, 0]), t([2, 1])]), n(-1)]),
        row("stack", |a| one(Tensor::stack(&a.tensors(0, "tensors")?, a.dim_or(1, "dim", 0)?)))
            .sample([list([t([2, 3]), t([2, 3])])])
            .sample([list([t([2]), t([2]), t([2])]), n(-1)]),
        row("split", |a| many(a.tensor(0, "tensor")?.split(a.count(1, "split_size")?, a.dim_or(2, "dim", 0)?)))
            .sample([t([5, 2]), n(2)])
            .sample([t([2, 5]), n(3), n(1)]),
        row("chunk", |a| many(a.tensor(0, "input")?.chunk(a.count(1, "chunks")?, a.dim_or(2, "dim", 0)?)))
            .sample([t([5, 2]), n(2)])
            .sample([t([2, 5]), n(3), n(-1)]),
        row("unbind", |a| many(a.tensor(0, "input")?.unbind(a.dim_or(1, "dim", 0)?)))
            .sample([t([3, 2])])
            .sample([t([3, 2]), n(-1)]),
    ]
}
