//! What an operation costs beside its arithmetic: a thousand of them on next to nothing.
use super::{Call, Row, unrecorded};
use flambeau::prelude::*;

pub(super) const ROWS: &[Row] =
    &[Row { name: "add_scalar_tiny", setup: chain }, Row { name: "add_tiny_grad", setup: recorded_chain }];

fn chain() -> Result<Call> {
    let (x, y) = (Tensor::ones([1])?, Tensor::ones([1])?);
    unrecorded(move || {
        let mut z = x.clone();
        for _ in 0..1000 {
            z = (&z + &y)?;
        }
        Ok(z)
    })
}

fn recorded_chain() -> Result<Call> {
    let (x, c) = (Tensor::ones([4])?.requires_grad_(true), Tensor::ones([4])?);
    Ok(Box::new(move || {
        x.set_grad(None);
        let mut z = x.clone();
        for _ in 0..1000 {
            z = (&z + &c)?;
        }
        z.sum()?.backward()
    }))
}
