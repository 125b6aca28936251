//! Products and norms of vectors and matrices beyond `matmul`.
use super::{Check, Row, one, row, two, unary};
use crate::{
    args::Args,
    fault::{Outcome, Res, unsupported},
    sample::{fixed, idx, ints, list, n, range, s, t},
    value::Value,
};
use tensor_core::{
    KeepDim, Tensor,
    ops::{CovOptions, MatrixNorm, einsum},
};

const STEPS: &str = "made of operators that each round their result, in PyTorch too";

fn matrix_order(a: &Args, place: usize) -> Res<Option<MatrixNorm>> {
    Ok(match a.get(place, "ord") {
        None | Some(Value::Null) => None,
        Some(Value::Str(name)) if name == "fro" => Some(MatrixNorm::Fro),
        Some(Value::Str(name)) if name == "nuc" => Some(MatrixNorm::Nuc),
        Some(value) => match value.scalar() {
            Some(p) => Some(MatrixNorm::P(p.to_f64())),
            None => return unsupported(format!("ord is {}", value.kind())),
        },
    })
}

fn dims(a: &Args, place: usize) -> Res<Option<Vec<isize>>> {
    Ok(a.opt_ints(place, "dim")?.map(|dims| dims.into_iter().map(|d| d as isize).collect()))
}

/// Converts first where a dtype is asked for.
fn input(a: &Args, place: usize) -> Res<Tensor> {
    let x = a.tensor(0, "input")?;
    Ok(match a.opt_dtype(place, "dtype")? {
        Some(dtype) => x.to_dtype(dtype)?,
        None => x.clone(),
    })
}

fn matrix(x: &Tensor, order: MatrixNorm, dims: [isize; 2], keep: KeepDim) -> Outcome {
    one(linalg::matrix_norm(x, order, dims, keep))
}

fn matrix_norm(a: &Args) -> Outcome {
    let order = matrix_order(a, 1)?.unwrap_or(MatrixNorm::Fro);
    match dims(a, 2)?.as_deref() {
        None => matrix(&input(a, 4)?, order, [-2, -1], a.keep(3)?),
        Some(&[rows, columns]) => matrix(&input(a, 4)?, order, [rows, columns], a.keep(3)?),
        Some(_) => unsupported("a matrix norm over other than 2 dims"),
    }
}

/// `torch.linalg.norm`: of vectors or matrices, as the dims say.
fn norm(a: &Args) -> Outcome {
    let (x, keep) = (input(a, 4)?, a.keep(3)?);
    let (order, dims) = (matrix_order(a, 1)?, dims(a, 2)?);
    match (order, dims.as_deref()) {
        (None, given) => one(x.vector_norm(2.0, given.unwrap_or(&[]).to_vec(), keep)),
        (Some(order), Some(&[rows, columns])) => matrix(&x, order, [rows, columns], keep),
        (Some(order), None) if x.dim() == 2 => matrix(&x, order, [0, 1], keep),
        (Some(MatrixNorm::P(p)), given) => one(x.vector_norm(p, given.unwrap_or(&[]).to_vec(), keep)),
        _ => unsupported("a matrix norm over other than 2 dims"),
    }
}

/// `torch.cross` takes the first dim of 3 elements where none is given.
fn cross(a: &Args) -> Outcome {
    let (x, y) = (a.tensor(0, "input")?, a.tensor(1, "other")?);
    let first = x.shape().iter().position(|&s| s == 3).unwrap_or(0) as isize;
    one(x.cross(y, a.opt_dim(2, "dim")?.unwrap_or(first)))
}

fn tensordot(a: &Args) -> Outcome {
    let (x, y) = (a.tensor(0, "a")?, a.tensor(1, "b")?);
    let side = |value: &Value| -> Res<Vec<isize>> {
        match value {
            Value::Int(i) => Ok(vec![*i as isize]),
            Value::List(items) => items
                .iter()
                .map(|v| v.scalar().map_or_else(|| unsupported("dims"), |s| Ok(s.to_i64() as isize)))
                .collect(),
            other => unsupported(format!("dims is {}", other.kind())),
        }
    };
    match a.get(2, "dims") {
        Some(Value::List(sides)) if sides.len() == 2 => one(x.tensordot(y, side(&sides[0])?, side(&sides[1])?)),
        Some(Value::Int(n)) if (0..=x.dim() as i64).contains(n) => {
            let last: Vec<isize> = (-n..0).map(|d| d as isize).collect();
            let first: Vec<isize> = (0..*n).map(|d| d as isize).collect();
            one(x.tensordot(y, last, first))
        }
        _ => unsupported("these dims"),
    }
}

fn cov(a: &Args) -> Outcome {
    let options = CovOptions {
        correction: a.int_or(1, "correction", 1)?,
        fweights: a.opt_tensor(2, "fweights")?,
        aweights: a.opt_tensor(3, "aweights")?,
    };
    one(a.tensor(0, "input")?.cov(options))
}

pub(super) fn rows() -> Vec<Row> {
    let inf = f64::INFINITY;
    vec![
        row("linalg.cross", |a| one(a.tensor(0, "input")?.cross(a.tensor(1, "other")?, a.dim_or(2, "dim", -1)?)))
            .sample([t([2, 3]), t([2, 3])])
            .named([t([3, 2]), t([3, 1])], [("dim", n(0))]),
        row("cross", cross).sample([t([2, 3]), t([2, 3])]),
        row("linalg.vecdot", |a| one(a.tensor(0, "x")?.vecdot(a.tensor(1, "y")?, a.dim_or(2, "dim", -1)?)))
            .sample([t([2, 3]), t([2, 3])])
            .named([t([3, 2]), t([3, 1])], [("dim", n(0))]),
        row("linalg.multi_dot", |a| one(Tensor::multi_dot(&a.tensors(0, "tensors")?)))
            .sample([list([t([2, 3]), t([3, 4]), t([4, 2])])])
            .sample([list([t([3]), t([3, 4]), t([4])])]),
        row("linalg.matrix_norm", matrix_norm).sample([t([2, 3, 4])]).sample([t([3, 4]), n(inf)]).sample([
            t([3, 4]),
            n(-1.0),
            ints([1, 0]),
            n(true),
        ]),
        row("linalg.norm", norm).sample([t([3, 4])]).sample([t([3, 4]), n(1)]).sample([t([4]), n(3.5)]),
        two("kron", Tensor::kron).sample([t([2, 3]), t([3, 2])]).sample([t([2]), t([2, 3])]),
        two("inner", Tensor::inner).sample([t([2, 3]), t([4, 3])]).sample([t([]), t([2])]).sample([t([3]), t([3])]),
        two("outer", Tensor::outer).sample([t([3]), t([4])]),
        unary("trace", Tensor::trace).sample([t([3, 4])]).sample([t([3, 3])]),
        row("tensordot", tensordot).named([t([2, 3, 4]), t([3, 4, 2])], [("dims", n(2))]).sample([
            t([2, 3, 2]),
            t([3, 2]),
            list([ints([1]), ints([0])]),
        ]),
        row("einsum", |a| one(einsum(a.str_or(1, "equation", "")?, &a.tensors(0, "operands")?)))
            .sample([list([t([2, 3]), t([3, 4])]), s("ij,jk->ik")])
            .sample([list([t([3, 3]), t([3])]), s("ii,i")])
            .sample([list([t([2, 1, 3]), t([2, 3, 4])]), s("...ij,...jk")])
            .sample([list([t([2, 3]), t([2, 4]), t([2])]), s("bi,bj,b->ji")])
            .skip(Check::RoundedOnce, STEPS),
        row("cov", cov)
            .sample([t([3, 4])])
            .sample([t([5])])
            .named([t([2, 4])], [("correction", n(0)), ("aweights", range([4], 0.5, 2.0))])
            .named([t([2, 3])], [("fweights", idx([3], 4)), ("aweights", fixed([3], 0.5, 2.0))])
            .skip(Check::RoundedOnce, STEPS),
        unary("corrcoef", Tensor::corrcoef).sample([t([3, 4])]),
        row("nn.functional.bilinear", |a| {
            let (x, y) = (a.tensor(0, "input1")?, a.tensor(1, "input2")?);
            one(x.bilinear(y, a.tensor(2, "weight")?, a.opt_tensor(3, "bias")?))
        })
        .sample([t([2, 3]), t([2, 4]), t([2, 3, 4]), t([2])])
        .sample([t([3]), t([2]), t([2, 3, 2])]),
        row("cdist", |a| {
            // How it is computed changes nothing that can be seen.
            a.str_or(3, "compute_mode", "")?;
            one(a.tensor(0, "x1")?.cdist(a.tensor(1, "x2")?, a.float_or(2, "p", 2.0)?))
        })
        .sample([t([3, 2]), t([4, 2])])
        .sample([t([2, 3, 2]), t([1, 2]), n(1.0)])
        .sample([t([0, 2]), t([3, 2])]),
        row("nn.functional.pdist", |a| one(a.tensor(0, "input")?.pdist(a.float_or(1, "p", 2.0)?)))
            .sample([t([4, 3])])
            .sample([t([4, 3]), n(3.0)])
            .sample([t([1, 3])]),
        row("nn.functional.pairwise_distance", |a| {
            let (p, eps) = (a.float_or(2, "p", 2.0)?, a.float_or(3, "eps", 1e-6)?);
            one(a.tensor(0, "x1")?.pairwise_distance(a.tensor(1, "x2")?, p, eps, a.keep(4)?))
        })
        .sample([t([3, 4]), t([3, 4])])
        .sample([t([3, 4]), t([4]), n(1.0)]),
        row("nn.functional.cosine_similarity", |a| {
            let (dim, eps) = (a.dim_or(2, "dim", 1)?, a.float_or(3, "eps", 1e-8)?);
            one(a.tensor(0, "x1")?.cosine_similarity(a.tensor(1, "x2")?, dim, eps))
        })
        .sample([t([3, 4]), t([3, 4])])
        .named([t([2, 1, 3]), t([2, 3])], [("dim", n(-1))]),
    ]
}
