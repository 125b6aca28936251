//! What backward says when it is used wrongly.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, BackwardOptions, GradOptions, Parameter, apply, backward_many, grad};
use std::sync::Arc;
use tensor_core::{DType, Error, ErrorKind, Function, Result, Tensor, graph::Node, no_grad};

fn leaf() -> Tensor {
    Tensor::from_slice(&[1.0f32, 2.0], [2]).unwrap().requires_grad_(true)
}

fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn only_one_element_has_an_implicit_gradient() -> Result<()> {
    assert_eq!(
        message(leaf().mul(2.0)?.backward()),
        "backward: only a tensor of one element has an implicit gradient, this one has 2: f32[2] on cpu; sum() or \
         mean() it, or pass a gradient"
    );
    Ok(())
}

#[test]
fn nothing_was_recorded() -> Result<()> {
    let plain = Tensor::ones([1])?;
    let e = plain.backward().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Autograd);
    assert_eq!(
        e.to_string(),
        "backward: the tensor does not require grad: nothing was recorded for it: f32[1] on cpu; compute it from \
         parameters or from tensors with requires_grad_(true), outside of no_grad() and without detach()"
    );
    let unrecorded = {
        let _guard = no_grad();
        leaf().sum()?
    };
    assert!(message(unrecorded.backward()).contains("does not require grad"));
    assert!(message(leaf().sum()?.detach().backward()).contains("does not require grad"));
    Ok(())
}

#[test]
fn integers_have_no_gradient() -> Result<()> {
    let x = Tensor::from_slice(&[1i64], [1])?.requires_grad_(true);
    assert_eq!(
        message(x.backward()),
        "backward: a tensor of i64 has no gradient: i64[1] on cpu; only floats have one: convert the tensors it was \
         computed from with to_dtype(DType::F32)"
    );
    Ok(())
}

#[test]
fn the_gradient_given_must_fit() -> Result<()> {
    let y = leaf().mul(2.0)?;
    let with = |g: &Tensor| message(y.backward_with(Some(g), BackwardOptions::default()));
    assert_eq!(
        with(&Tensor::ones([3])?),
        "backward: the gradient has shape [3], the tensor [2]: f32[2] on cpu, f32[3] on cpu; they must be the same"
    );
    assert_eq!(
        with(&Tensor::ones([2])?.to_dtype(DType::F64)?),
        "backward: the gradient is f64, the tensor f32: f32[2] on cpu, f64[2] on cpu; convert it with to_dtype(..)"
    );
    let list = message(backward_many(&[&y, &y], &[None], BackwardOptions::default()));
    assert_eq!(list, "backward: got 1 gradients for 2 outputs");
    Ok(())
}

#[test]
fn grad_names_the_input_it_cannot_serve() -> Result<()> {
    let (x, other) = (leaf(), leaf());
    let y = x.sum()?;
    assert_eq!(
        message(grad(&[&y], &[&x, &other], GradOptions::default())),
        "grad: the outputs do not depend on input 1: f32[2] on cpu; pass allow_unused: true to get zeros"
    );
    assert_eq!(
        message(grad(&[&y], &[&Tensor::ones([2])?], GradOptions::default())),
        "grad: input 0 does not require grad: f32[2] on cpu; call requires_grad_(true) on it before it is used"
    );
    let zeros = grad(&[&y], &[&other], GradOptions { allow_unused: true, ..Default::default() })?;
    assert_eq!(zeros[0].to_vec::<f32>()?, [0.0, 0.0]);
    assert!(
        message(y.backward_with(None, BackwardOptions { inputs: &[&x.mul(1.0)?], ..Default::default() }))
            .contains("input 0 is a result, only leaves collect gradients")
    );
    Ok(())
}

#[test]
fn parameters_are_floats_and_keep_their_shape() -> Result<()> {
    assert_eq!(
        message(Parameter::new(Tensor::from_slice(&[1i64], [1])?)),
        "Parameter::new: only floats can be trained: i64[1] on cpu; convert it with to_dtype(DType::F32), or make it \
         a Buffer"
    );
    let w = Parameter::new(Tensor::ones([2])?)?;
    w.set_name("lin1.weight");
    assert_eq!(
        message(w.replace(&Tensor::ones([3])?)),
        "replace: shape [3] does not fit into Parameter(lin1.weight f32[2]) of shape [2]"
    );
    Ok(())
}

#[derive(Debug)]
struct Wrong(&'static str);
impl Function for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }
    fn backward(&self, _node: &Arc<Node>, _grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        match self.0 {
            "shape" => Ok(vec![Some(Tensor::ones([5])?)]),
            "count" => Ok(vec![None, None]),
            _ => Err(Error::new("inner", "it broke")),
        }
    }
}

#[test]
fn errors_of_rules_name_their_operation() -> Result<()> {
    let x = leaf();
    let run =
        |how: &'static str| -> Result<()> { apply(Wrong(how), &[&x], vec![x.detach()]).remove(0).sum()?.backward() };
    assert_eq!(message(run("error")), "in backward of wrong: inner: it broke");
    assert_eq!(message(run("shape")), "in backward of wrong: gradient: shape [5] does not fit input 0 of shape [2]");
    assert_eq!(message(run("count")), "in backward of wrong: gradient: got 2 gradients for 1 inputs");
    Ok(())
}
