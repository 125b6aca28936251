//! Products of matrices and vectors.
use super::{Row, one, row, two};
use crate::sample::t;
use tensor_core::{Result, Scalar, Tensor};

type Adding = fn(&Tensor, &Tensor, &Tensor, Scalar, Scalar) -> Result<Tensor>;

/// A product of two tensors, by PyTorch's names for them, added to a third.
fn adding(name: &'static str, [a_name, b_name]: [&'static str; 2], f: Adding) -> Row {
    row(name, move |a| {
        let (x, y) = (a.tensor(1, a_name)?, a.tensor(2, b_name)?);
        one(f(a.tensor(0, "input")?, x, y, a.scalar_or(3, "beta", 1)?, a.scalar_or(4, "alpha", 1)?))
    })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        two("matmul", |x, y| x.matmul(y))
            .sample([t([2, 3]), t([3, 4])])
            .sample([t([5, 2, 3]), t([5, 3, 1])])
            .sample([t([2, 1, 2, 3]), t([4, 3, 2])])
            .sample([t([3]), t([3])])
            .sample([t([2, 3]), t([3])])
            .sample([t([3]), t([3, 2])])
            .sample([t([3]), t([2, 3, 2])])
            .sample([t([2, 0]), t([0, 3])]),
        row("__rmatmul__", |a| one(a.tensor(1, "other")?.matmul(a.tensor(0, "input")?))).sample([t([3, 2]), t([4, 3])]),
        two("mm", |x, y| x.mm(y)).sample([t([2, 3]), t([3, 4])]),
        two("bmm", |x, y| x.bmm(y)).sample([t([2, 3, 2]), t([2, 2, 4])]),
        two("mv", |x, y| x.mv(y)).sample([t([2, 3]), t([3])]),
        two("dot", |x, y| x.dot(y)).sample([t([3]), t([3])]),
        adding("addmm", ["mat1", "mat2"], Tensor::addmm).sample([t([2, 4]), t([2, 3]), t([3, 4])]),
        adding("addmv", ["mat", "vec"], Tensor::addmv).sample([t([2]), t([2, 3]), t([3])]),
        adding("addr", ["vec1", "vec2"], Tensor::addr).sample([t([2, 3]), t([2]), t([3])]),
        adding("baddbmm", ["batch1", "batch2"], Tensor::baddbmm).sample([t([5, 2, 4]), t([5, 2, 3]), t([5, 3, 4])]),
        adding("addbmm", ["batch1", "batch2"], Tensor::addbmm).sample([t([2, 4]), t([5, 2, 3]), t([5, 3, 4])]),
        row("nn.functional.linear", |a| {
            one(a.tensor(0, "input")?.linear(a.tensor(1, "weight")?, a.opt_tensor(2, "bias")?))
        })
        .sample([t([2, 3]), t([4, 3]), t([4])])
        .sample([t([3]), t([4, 3])]),
    ]
}
