//! Derivatives of arithmetic between two tensors.
use super::{Grads, wanted};
use smallvec::smallvec;
use std::sync::Arc;
use tensor_core::{BinaryOp, Result, Tensor, graph::Node};

pub(super) fn rule(op: BinaryOp, node: &Arc<Node>, g: Tensor) -> Result<Grads> {
    let a = || node.input(0);
    let b = || node.input(1);
    let da = |formula: &dyn Fn() -> Result<Tensor>| wanted(node, 0, formula);
    let db = |formula: &dyn Fn() -> Result<Tensor>| wanted(node, 1, formula);
    Ok(match op {
        BinaryOp::Add => match (node.wants(0), node.wants(1)) {
            // Handed on as it is: no copy, and nobody else holds it.
            (true, false) => smallvec![Some(g), None],
            (false, true) => smallvec![None, Some(g)],
            _ => smallvec![Some(g.clone()), Some(g)], // da = db = g
        },
        BinaryOp::Sub => {
            let db = db(&|| g.neg())?; // db = -g
            smallvec![node.wants(0).then_some(g), db] // da = g
        }
        // da = g b; db = g a
        BinaryOp::Mul => smallvec![da(&|| g.mul(&b()?))?, db(&|| g.mul(&a()?))?],
        // da = g / b; db = -g a / b^2
        BinaryOp::Div => smallvec![
            da(&|| g.div(&b()?))?, //
            db(&|| g.neg()? * a()?.div(&b()?)?.div(&b()?)?)?
        ],
        // da = g; db = -g floor(a / b)
        BinaryOp::Remainder => {
            let db = db(&|| g.neg()? * a()?.div(&b()?)?.floor()?)?;
            smallvec![node.wants(0).then_some(g), db]
        }
        // da = g; db = -g trunc(a / b)
        BinaryOp::Fmod => {
            let db = db(&|| g.neg()? * a()?.div(&b()?)?.trunc()?)?;
            smallvec![node.wants(0).then_some(g), db]
        }
        BinaryOp::Pow => smallvec![da(&|| pow_base(&g, &a()?, &b()?))?, db(&|| pow_exponent(&g, &a()?, &b()?))?],
        // The gradient goes to the larger (smaller) one; equal values get half of it each.
        BinaryOp::Maximum => smallvec![
            da(&|| a()?.lt(&b()?)?.where_(0.0, &shared(&g, &a()?, &b()?)?))?,
            db(&|| a()?.gt(&b()?)?.where_(0.0, &shared(&g, &a()?, &b()?)?))?
        ],
        BinaryOp::Minimum => smallvec![
            da(&|| a()?.gt(&b()?)?.where_(0.0, &shared(&g, &a()?, &b()?)?))?,
            db(&|| a()?.lt(&b()?)?.where_(0.0, &shared(&g, &a()?, &b()?)?))?
        ],
        // y = atan2(a, b): da = g b / (a^2 + b^2); db = -g a / (a^2 + b^2)
        BinaryOp::Atan2 => {
            let r2 = a()?.square()? + b()?.square()?;
            let r2 = r2?;
            smallvec![da(&|| g.mul(&b()?.div(&r2)?))?, db(&|| g.mul(&a()?.div(&r2)?.neg()?))?]
        }
        // Steps: flat wherever there is a derivative at all.
        BinaryOp::FloorDivide
        | BinaryOp::BitAnd
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::Shl
        | BinaryOp::Shr => smallvec![da(&|| g.zeros_like())?, db(&|| g.zeros_like())?],
    })
}

/// `g`, halved where `a` and `b` are equal.
fn shared(g: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.eq(b)?.where_(&g.mul(0.5)?, g)
}

/// `da = g b a^(b - 1)`, and 0 for the exponent 0, even at `a = 0`.
fn pow_base(g: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let constant = b.eq(0.0)?;
    // A base of 1 stands in where the formula is not used: its own derivatives must not be NaN there either.
    let a = constant.where_(1.0, a)?;
    constant.where_(0.0, &(g * b.mul(&a.pow(&b.sub(1.0)?)?)?)?)
}

/// `db = g a^b ln a`, and 0 for the base 0 with an exponent that is not negative.
fn pow_exponent(g: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let constant = a.eq(0.0)?.bitwise_and(&b.ge(0.0)?)?;
    let a = constant.where_(1.0, a)?;
    constant.where_(0.0, &(g * a.pow(b)?.mul(&a.log()?)?)?)
}
