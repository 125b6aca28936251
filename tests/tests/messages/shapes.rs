//! Shapes and dims that do not fit.
use super::{said, zeros};
use flambeau::prelude::*;

#[test]
fn inner_dimensions_of_a_product() -> Result<()> {
    assert_eq!(
        said(zeros(&[2, 3])?.matmul(&zeros(&[4, 5])?)),
        "matmul: inner dimensions differ (3 and 4): f32[2, 3] on cpu, f32[4, 5] on cpu; the last size of the first \
         operand must be the second to last of the other"
    );
    assert_eq!(
        said(zeros(&[2, 3])?.matmul(&zeros(&[2, 3])?)),
        "matmul: inner dimensions differ (3 and 2): f32[2, 3] on cpu, f32[2, 3] on cpu; the other operand fits when \
         its last two dims are transposed"
    );
    assert_eq!(
        said(zeros(&[2, 3])?.mm(&zeros(&[3])?)),
        "mm: takes two 2-d tensors: f32[2, 3] on cpu, f32[3] on cpu; matmul takes tensors of any dims"
    );
    assert_eq!(
        said(zeros(&[7, 2, 3])?.bmm(&zeros(&[8, 3, 4])?)),
        "bmm: batch sizes differ (7 and 8): f32[7, 2, 3] on cpu, f32[8, 3, 4] on cpu; matmul broadcasts batches"
    );
    Ok(())
}

#[test]
fn shapes_that_do_not_broadcast() -> Result<()> {
    assert_eq!(
        said(&zeros(&[2, 3])? + &zeros(&[2])?),
        "add: shapes [2, 3] and [2] do not broadcast: sizes 3 and 2 at dim 1 differ: f32[2, 3] on cpu, f32[2] on cpu; \
         sizes must be equal or 1, counted from the last dim"
    );
    Ok(())
}

#[test]
fn in_place_the_other_side_must_broadcast_to_the_tensor() -> Result<()> {
    assert_eq!(
        said(zeros(&[3])?.add_(&zeros(&[2, 3])?).map(drop)),
        "add: shape [2, 3] does not broadcast to [3]: f32[2, 3] on cpu; in place the tensor keeps its shape: sizes of \
         the other side must be equal or 1"
    );
    assert_eq!(
        said(zeros(&[3])?.copy_(&zeros(&[4])?).map(drop)),
        "copy_: shape [4] does not broadcast to [3]: f32[3] on cpu, f32[4] on cpu; in place the tensor keeps its \
         shape: sizes of the other side must be equal or 1"
    );
    Ok(())
}

#[test]
fn reshape_to_another_count() -> Result<()> {
    let x = zeros(&[4, 6])?;
    assert_eq!(
        said(x.reshape([5, 5])),
        "reshape: shape [5, 5] takes 25 elements, the tensor has 24: f32[4, 6] on cpu; a size of -1 is inferred from \
         the others"
    );
    assert_eq!(
        said(x.reshape([-1, 7])),
        "reshape: 24 elements do not divide into shape [-1, 7]: f32[4, 6] on cpu; the sizes beside the -1 multiply to 7"
    );
    assert_eq!(
        said(x.reshape([-1, 2, -1])),
        "reshape: more than one -1 in shape [-1, 2, -1]: f32[4, 6] on cpu; one size can be inferred from the others, \
         two cannot"
    );
    assert_eq!(
        said(x.reshape([4, -6])),
        "reshape: negative size -6 in shape [4, -6]: f32[4, 6] on cpu; only -1 has a meaning: the size that the others \
         leave"
    );
    Ok(())
}

#[test]
fn a_view_of_a_transposed_tensor() -> Result<()> {
    assert_eq!(
        said(zeros(&[4, 6])?.t()?.view([-1])),
        "view: strides [1, 6] cannot be seen as shape [24]: f32[6, 4] on cpu; use reshape, which copies where it has to"
    );
    Ok(())
}

#[test]
fn dims_out_of_range() -> Result<()> {
    let x = zeros(&[4, 6])?;
    assert_eq!(
        said(x.sum_dim(2, DROP)),
        "sum: dim 2 is out of range: f32[4, 6] on cpu; a tensor of 2 dims has dims -2 to 1"
    );
    assert_eq!(
        said(x.softmax(-3)),
        "softmax: dim -3 is out of range: f32[4, 6] on cpu; a tensor of 2 dims has dims -2 to 1"
    );
    assert_eq!(
        said(x.squeeze_dim(2)),
        "squeeze: dim 2 is out of range: f32[4, 6] on cpu; a tensor of 2 dims has dims -2 to 1"
    );
    assert_eq!(
        said(x.unsqueeze(4)),
        "unsqueeze: dim 4 is out of range: f32[4, 6] on cpu; in a tensor of 2 dims a new one goes to -3 to 2"
    );
    assert_eq!(
        said(x.transpose(1, 2)),
        "transpose: dim 2 is out of range: f32[4, 6] on cpu; a tensor of 2 dims has dims -2 to 1"
    );
    assert_eq!(
        said(x.sum_dim([0, -2], DROP)),
        "sum: dim 0 appears twice in [0, -2]: f32[4, 6] on cpu; name each dim once; negative ones count from the end"
    );
    assert_eq!(
        said(x.flatten(1, 0)),
        "flatten: start dim 1 comes after end dim 0: f32[4, 6] on cpu; flatten(1, -1) keeps the batch"
    );
    Ok(())
}

#[test]
fn a_permutation_that_is_none() -> Result<()> {
    let x = zeros(&[2, 3, 4])?;
    assert_eq!(
        said(x.permute([1, 0])),
        "permute: 2 dims were given for a tensor of 3: f32[2, 3, 4] on cpu; name every dim once, in the new order; \
         transpose exchanges two"
    );
    assert_eq!(
        said(x.permute([0, 1, 1])),
        "permute: dim 1 appears twice in [0, 1, 1]: f32[2, 3, 4] on cpu; name each dim once; negative ones count from \
         the end"
    );
    assert_eq!(
        said(x.t()),
        "t: a matrix is expected, not 3 dims: f32[2, 3, 4] on cpu; use transpose(d0, d1) or permute"
    );
    Ok(())
}

#[test]
fn tensors_that_cannot_be_joined() -> Result<()> {
    let (a, b) = (zeros(&[2, 3])?, zeros(&[2, 4])?);
    assert_eq!(
        said(Tensor::cat(&[&a, &b], 0)),
        "cat: tensor 1 has shape [2, 4], which differs from [2, 3] beyond dim 0: f32[2, 3] on cpu, f32[2, 4] on cpu; \
         all sizes but that of the joined dim must be equal"
    );
    assert_eq!(
        said(Tensor::stack(&[&a, &b], 0)),
        "stack: tensor 1 has shape [2, 4], the first has [2, 3]: f32[2, 3] on cpu, f32[2, 4] on cpu; stack takes \
         tensors of one shape; cat joins along an existing dim"
    );
    assert_eq!(
        said(Tensor::stack(&[&a, &a], 3)),
        "stack: dim 3 is out of range: f32[2, 3] on cpu, f32[2, 3] on cpu; in a tensor of 2 dims a new one goes to -3 \
         to 2"
    );
    assert_eq!(said(Tensor::cat(&[], 0)), "cat: at least one tensor is needed");
    Ok(())
}

#[test]
fn sizes_that_cannot_be_expanded() -> Result<()> {
    assert_eq!(
        said(zeros(&[2, 3])?.expand([4, 3])),
        "expand: the tensor does not broadcast to [4, 3]: f32[2, 3] on cpu; only sizes of 1 and new dims in front can \
         be repeated; repeat copies whole tensors"
    );
    Ok(())
}

#[test]
fn new_tensors_of_the_wrong_count() -> Result<()> {
    assert_eq!(
        said(Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0, 5.0], [2, 3])),
        "from_slice: shape [2, 3] takes 6 elements, got 5; the product of the sizes is the number of elements"
    );
    assert_eq!(
        said(tensor(vec![vec![1.0, 2.0], vec![3.0]])),
        "tensor: the rows differ in length: [1] has 1 elements, the first has 2; rows of a tensor are equally long"
    );
    assert_eq!(
        said(Tensor::zeros([2, -1])),
        "zeros: negative size -1 in shape [2, -1]; sizes are at least 0; only reshape and view infer a -1"
    );
    assert_eq!(
        said(Tensor::arange(0, 10, 0)),
        "arange: the step must not be 0; arange takes start, end and step, as in arange(0, 10, 1)"
    );
    assert_eq!(
        said(Tensor::arange(10, 0, 1)),
        "arange: a step of 1 does not lead from 10 to 0; to count down, the step must be negative"
    );
    Ok(())
}

#[test]
fn more_than_one_number_as_one() -> Result<()> {
    assert_eq!(
        said(zeros(&[2, 3])?.item::<f32>()),
        "item: a tensor of 6 elements is not one number: f32[2, 3] on cpu; reduce it first, or read all of it with \
         to_vec"
    );
    Ok(())
}
