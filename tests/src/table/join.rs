//! Tensors put together, and taken apart.
use super::{Row, many, movement::dims, one, row};
use crate::{
    args::Args,
    fault::{Res, refused},
    sample::{ints, list, n, s, t},
    value::Value,
};
use tensor_core::{Tensor, ops::Indexing};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row("cat", |a| one(Tensor::cat(&a.tensors(0, "tensors")?, a.dim_or(1, "dim", 0)?)))
            .sample([list([t([2, 3]), t([1, 3])])])
            .sample([list([t([2, 3]), t([2, 0]), t([2, 1])]), n(-1)]),
        row("stack", |a| one(Tensor::stack(&a.tensors(0, "tensors")?, a.dim_or(1, "dim", 0)?)))
            .sample([list([t([2, 3]), t([2, 3])])])
            .sample([list([t([2]), t([2]), t([2])]), n(-1)]),
        row("hstack", |a| one(Tensor::hstack(&a.tensors(0, "tensors")?)))
            .sample([list([t([2, 3]), t([2, 1])])])
            .sample([list([t([2]), t([])])]),
        row("vstack", |a| one(Tensor::vstack(&a.tensors(0, "tensors")?))).sample([list([t([3]), t([2, 3])])]),
        row("dstack", |a| one(Tensor::dstack(&a.tensors(0, "tensors")?))).sample([list([t([2, 3]), t([2, 3])])]),
        row("column_stack", |a| one(Tensor::column_stack(&a.tensors(0, "tensors")?)))
            .sample([list([t([3]), t([3, 2])])]),
        row("block_diag", |a| one(Tensor::block_diag(&a.rest(0)?))).sample([t([2, 3]), t([2]), t([])]),
        row("cartesian_prod", |a| one(Tensor::cartesian_prod(&a.rest(0)?))).sample([t([2]), t([3])]).sample([t([3])]),
        row("broadcast_tensors", |a| many(Tensor::broadcast_tensors(&a.rest(0)?))).sample([t([3, 1]), t([4])]),
        row("meshgrid.list_of_tensors", |a| many(Tensor::meshgrid(&a.tensors(0, "tensors")?, indexing(a)?)))
            .named([list([t([2]), t([3])])], [("indexing", s("xy"))]),
        row("meshgrid.variadic_tensors", |a| many(Tensor::meshgrid(&a.rest(0)?, indexing(a)?)))
            .named([t([2]), t([3])], [("indexing", s("ij"))]),
        row("split", |a| many(a.tensor(0, "tensor")?.split(a.count(1, "split_size")?, a.dim_or(2, "dim", 0)?)))
            .sample([t([5, 2]), n(2)])
            .sample([t([2, 5]), n(3), n(1)]),
        row("chunk", |a| many(a.tensor(0, "input")?.chunk(a.count(1, "chunks")?, a.dim_or(2, "dim", 0)?)))
            .sample([t([5, 2]), n(2)])
            .sample([t([2, 5]), n(3), n(-1)]),
        row("unbind", |a| many(a.tensor(0, "input")?.unbind(a.dim_or(1, "dim", 0)?)))
            .sample([t([3, 2])])
            .sample([t([3, 2]), n(-1)]),
        row("split_with_sizes", |a| {
            many(a.tensor(0, "tensor")?.split_with_sizes(&counts(a.ints(1, "split_sizes")?)?, a.dim_or(2, "dim", 0)?))
        })
        .sample([t([5, 2]), ints([1, 4, 0])]),
        row("split.list_args", |a| {
            many(a.tensor(0, "tensor")?.split_with_sizes(&counts(a.ints(1, "split_sizes")?)?, a.dim_or(2, "dim", 0)?))
        })
        .sample([t([2, 5]), ints([1, 4]), n(-1)]),
        row("tensor_split", |a| {
            let (x, dim) = (a.tensor(0, "input")?, a.dim_or(2, "dim", 0)?);
            match a.get(1, "indices_or_sections") {
                Some(Value::Int(_)) => many(x.tensor_split(a.count(1, "sections")?, dim)),
                Some(Value::Tensor(at)) if at.dim() == 0 => many(x.tensor_split(at.item::<i64>()? as usize, dim)),
                Some(Value::Tensor(at)) => many(x.tensor_split_at(&dims(at.to_vec::<i64>()?), dim)),
                _ => many(x.tensor_split_at(&dims(a.ints(1, "indices")?), dim)),
            }
        })
        .sample([t([5, 2]), n(2)])
        .sample([t([5, 2]), ints([1, 4])]),
    ]
}

fn indexing(a: &Args) -> Res<Indexing> {
    match a.named("indexing") {
        None => Ok(Indexing::Ij),
        Some(Value::Str(order)) if order == "ij" => Ok(Indexing::Ij),
        Some(Value::Str(order)) if order == "xy" => Ok(Indexing::Xy),
        Some(other) => refused(format!("indexing is {}", other.kind())),
    }
}

fn counts(ints: Vec<i64>) -> Res<Vec<usize>> {
    ints.iter().map(|&i| usize::try_from(i).or_else(|_| refused(format!("a size of {i}")))).collect()
}
