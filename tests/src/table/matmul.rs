//! Products of matrices and vectors.
use super::{Row, one, row, two};
use crate::sample::t;

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
    ]
}
