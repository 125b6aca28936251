//! Wrong use of backward.
use super::{said, zeros};
use flambeau::prelude::*;

fn leaf() -> Result<Tensor> {
    Ok(tensor([1.0, 2.0, 3.0])?.requires_grad_(true))
}

#[test]
fn backward_on_more_than_one_number() -> Result<()> {
    assert_eq!(
        said(leaf()?.square()?.backward()),
        "backward: only a tensor of one element has an implicit gradient, this one has 3: f32[3] on cpu; sum() or \
         mean() it, or pass a gradient"
    );
    Ok(())
}

#[test]
fn backward_twice() -> Result<()> {
    let loss = leaf()?.square()?.sum()?;
    loss.backward()?;
    assert_eq!(
        said(loss.backward()),
        "backward: the values that square kept were released by an earlier backward; compute the result again, or pass \
         retain_graph: Some(true) to the first backward"
    );
    let lin = Linear::new(3, 1)?;
    let loss = lin.forward(&leaf()?)?.sum()?;
    loss.backward()?;
    assert_eq!(
        said(loss.backward()),
        "backward: the values that matmul kept were released by an earlier backward; compute the result again, or pass \
         retain_graph: Some(true) to the first backward"
    );
    Ok(())
}

#[test]
fn backward_where_nothing_was_recorded() -> Result<()> {
    let loss = {
        let _unrecorded = no_grad();
        leaf()?.square()?.sum()?
    };
    assert_eq!(
        said(loss.backward()),
        "backward: the tensor does not require grad: nothing was recorded for it: f32[] on cpu; compute it from \
         parameters or from tensors with requires_grad_(true), outside of no_grad() and without detach()"
    );
    Ok(())
}

#[test]
fn gradients_of_integers() -> Result<()> {
    let x = tensor([1, 2, 3])?.requires_grad_(true);
    assert!(!x.requires_grad());
    assert_eq!(
        said(x.sum()?.backward()),
        "backward: a tensor of i64 has no gradient: i64[] on cpu; only floats have one: convert the tensors it was \
         computed from with to_dtype(DType::F32)"
    );
    assert_eq!(
        said(Parameter::new(x)),
        "Parameter::new: only floats can be trained: i64[3] on cpu; convert it with to_dtype(DType::F32), or make it a \
         Buffer"
    );
    Ok(())
}

#[test]
fn a_gradient_of_another_shape() -> Result<()> {
    assert_eq!(
        said(leaf()?.square()?.backward_with(Some(&zeros(&[1])?), Default::default())),
        "backward: the gradient has shape [1], the tensor [3]: f32[3] on cpu, f32[1] on cpu; they must be the same"
    );
    Ok(())
}

#[test]
fn the_gradient_of_what_was_not_used() -> Result<()> {
    let (x, other) = (leaf()?, leaf()?);
    assert_eq!(
        said(grad(&[&x.sum()?], &[&other], Default::default())),
        "grad: the outputs do not depend on input 0: f32[3] on cpu; pass allow_unused: true to get zeros"
    );
    assert_eq!(
        said(grad(&[&x.sum()?], &[&zeros(&[2])?], Default::default())),
        "grad: input 0 does not require grad: f32[2] on cpu; call requires_grad_(true) on it before it is used"
    );
    Ok(())
}

#[test]
fn a_leaf_changed_in_place() -> Result<()> {
    assert_eq!(
        said(leaf()?.add_(1.0).map(drop)),
        "add_: a leaf that requires grad cannot be changed in place while recording: f32[3] on cpu; do it under \
         no_grad(), or before requires_grad_(true)"
    );
    assert_eq!(
        said(leaf()?.zero_().map(drop)),
        "fill_: a leaf that requires grad cannot be changed in place while recording: f32[3] on cpu; do it under \
         no_grad(), or before requires_grad_(true)"
    );
    Ok(())
}

#[test]
fn the_gradient_of_a_result_is_asked_for_where_there_is_none() -> Result<()> {
    assert_eq!(
        said(zeros(&[2])?.retain_grad()),
        "retain_grad: the tensor does not require grad: f32[2] on cpu; call requires_grad_(true) on it before it is \
         used"
    );
    Ok(())
}
