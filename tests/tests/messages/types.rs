//! Dtypes and devices that do not fit.
use super::{ids, said, zeros};
use flambeau::prelude::*;
use flambeau_tests::naive;

#[test]
fn the_mean_of_integers() -> Result<()> {
    assert_eq!(
        said(ids(&[3])?.mean()),
        "mean: not defined for i64: i64[3] on cpu; convert to a float dtype first: to_dtype(DType::F32)"
    );
    assert_eq!(
        said(ids(&[3])?.softmax(0)),
        "softmax: not defined for i64: i64[3] on cpu; convert to a float dtype first: to_dtype(DType::F32)"
    );
    Ok(())
}

#[test]
fn a_product_of_two_dtypes() -> Result<()> {
    assert_eq!(
        said(zeros(&[2, 3])?.matmul(&ids(&[3, 4])?)),
        "matmul: dtypes differ (f32 and i64): f32[2, 3] on cpu, i64[3, 4] on cpu; convert one of them, as with \
         to_dtype(DType::F32)"
    );
    Ok(())
}

#[test]
fn in_place_a_dtype_that_does_not_fit() -> Result<()> {
    assert_eq!(
        said(ids(&[3])?.add_(&zeros(&[3])?).map(drop)),
        "add_: the result is f32 and cannot be stored in i64: i64[3] on cpu, f32[3] on cpu; convert the tensor first, \
         or use add, which returns a new one"
    );
    assert_eq!(
        said(ids(&[3])?.div_(2).map(drop)),
        "div_: the result is f32 and cannot be stored in i64: i64[3] on cpu; convert the tensor first, or use div, \
         which returns a new one"
    );
    Ok(())
}

#[test]
fn tensors_on_two_devices() -> Result<()> {
    let (here, there) = (zeros(&[2, 3])?, zeros(&[2, 3])?.to_device(&naive::device())?);
    assert_eq!(
        said(&here + &there),
        "add: operands are on different devices: f32[2, 3] on cpu, f32[2, 3] on naive; move them with to_device(..)"
    );
    assert_eq!(
        said(Tensor::cat(&[&here, &there], 0)),
        "cat: operands are on different devices: f32[2, 3] on cpu, f32[2, 3] on naive; move them with to_device(..)"
    );
    assert_eq!(
        said(here.clone().add_(&there).map(drop)),
        "add: operands are on different devices: f32[2, 3] on cpu, f32[2, 3] on naive; move them with to_device(..)"
    );
    assert_eq!(
        said(cross_entropy(&there, &ids(&[2])?)),
        "cross_entropy: input and target are on different devices: f32[2, 3] on naive, i64[2] on cpu; move them to one \
         device with to_device(..)"
    );
    Ok(())
}

#[test]
fn a_recorded_tensor_moved_to_another_device() -> Result<()> {
    let x = zeros(&[2])?.requires_grad_(true).square()?;
    assert_eq!(
        said(x.to_device(&naive::device())),
        "to: moving a recorded tensor to naive is not differentiable here: f32[2] on cpu; move what it is computed \
         from, or detach() it"
    );
    Ok(())
}

#[test]
fn a_device_that_does_not_exist() {
    assert_eq!(
        said("gpu".parse::<Device>()),
        "device: unknown device \"gpu\"; this build knows \"cpu\"; other devices come with the crate that drives them"
    );
}

#[test]
fn a_condition_that_is_no_bool() -> Result<()> {
    let x = zeros(&[3])?;
    assert_eq!(
        said(x.where_(&x, 0.0)),
        "where: the condition must be bool, not f32: f32[3] on cpu; compare it first: x.ne(0)"
    );
    assert_eq!(
        said(tensor([true])?.sub(&tensor([false])?)),
        "sub: not defined for bool: bool[1] on cpu, bool[1] on cpu; use logical_xor, or convert to numbers first"
    );
    Ok(())
}

#[test]
fn random_numbers_of_impossible_kinds() -> Result<()> {
    assert_eq!(said(Tensor::randint(5, 5, [2])), "randint: needs low < high, got 5 and 5; high itself is never drawn");
    assert_eq!(
        said(ids(&[3])?.normal_(0.0, 1.0).map(drop)),
        "normal_: i64 cannot hold its numbers: i64[3] on cpu; convert the tensor to a float dtype first: \
         to_dtype(DType::F32)"
    );
    Ok(())
}
