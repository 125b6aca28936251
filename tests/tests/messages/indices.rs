//! Indices out of range.
use super::{said, zeros};
use flambeau::prelude::*;

#[test]
fn an_index_out_of_range() -> Result<()> {
    let x = zeros(&[4, 6])?;
    assert_eq!(
        said(x.select(0, 4)),
        "select: index 4 is out of range for dim 0 of size 4: f32[4, 6] on cpu; indices run from -4 to 3"
    );
    assert_eq!(
        said(x.i(&[1.into(), (-7).into()])),
        "index: index -7 is out of range for dim 1 of size 6: f32[4, 6] on cpu"
    );
    assert_eq!(
        said(x.i(&[0.into(), 0.into(), 0.into()])),
        "index: 3 indices for a tensor of 2 dims: f32[4, 6] on cpu; there is at most one index for each dim"
    );
    assert_eq!(
        said(x.index(&[Some(&tensor([0, 5])?)])),
        "index: index 5 is out of range for dim 0 of size 4: f32[4, 6] on cpu, i64[2] on cpu"
    );
    Ok(())
}

#[test]
fn slices_that_cannot_be_cut() -> Result<()> {
    let x = zeros(&[4, 6])?;
    assert_eq!(
        said(x.narrow(1, 4, 6)),
        "narrow: 6 elements from 4 on are outside of dim 1 of size 6: f32[4, 6] on cpu; narrow(dim, start, len) takes \
         a length; slice takes an end and draws it in"
    );
    assert_eq!(
        said(x.slice(0, 0, 4, 0)),
        "slice: the step is 0: f32[4, 6] on cpu; 1 takes every element, 2 every second one"
    );
    assert_eq!(
        said(x.split_with_sizes(&[2, 3], 1)),
        "split_with_sizes: sizes [2, 3] do not add up to 6, the size of dim 1: f32[4, 6] on cpu"
    );
    Ok(())
}

#[test]
fn gather_out_of_range() -> Result<()> {
    let x = zeros(&[4, 6])?;
    assert_eq!(
        said(x.gather(1, &tensor([[0], [5], [6], [1]])?)),
        "gather: index 6 is out of range for dim 1 of size 6: f32[4, 6] on cpu, i64[4, 1] on cpu; indices run from 0 \
         to 5"
    );
    assert_eq!(
        said(x.gather(1, &tensor([[0], [-1], [2], [1]])?)),
        "gather: index -1 is out of range for dim 1 of size 6: f32[4, 6] on cpu, i64[4, 1] on cpu; negative indices do \
         not count from the end here: they run from 0 to 5"
    );
    assert_eq!(
        said(x.gather(1, &tensor([0, 1, 2, 3])?)),
        "gather: tensor and index must have equally many dims: f32[4, 6] on cpu, i64[4] on cpu"
    );
    assert_eq!(
        said(x.gather(1, &tensor([[0.0], [1.0], [2.0], [3.0]])?)),
        "gather: an index is i64 or i32, got f32: f32[4, 1] on cpu; convert it with to_dtype(DType::I64)"
    );
    assert_eq!(
        said(x.gather(1, &tensor([[0], [1], [2], [3], [4]])?)),
        "gather: the index has size 5 in dim 0, the tensor only 4: f32[4, 6] on cpu, i64[5, 1] on cpu"
    );
    Ok(())
}

#[test]
fn rows_that_are_not_in_the_table() -> Result<()> {
    let table = zeros(&[100, 8])?;
    assert_eq!(
        said(table.embedding(&tensor([[3, 99], [100, 5]])?)),
        "embedding: id 100 at position [1, 0] is outside of a table of 100 rows: f32[100, 8] on cpu, i64[2, 2] on cpu; \
         ids run from 0 to the number of rows minus 1"
    );
    assert_eq!(
        said(table.index_select(0, &tensor([100])?)),
        "index_select: index 100 is out of range for dim 0 of size 100: f32[100, 8] on cpu, i64[1] on cpu; indices run \
         from 0 to 99"
    );
    Ok(())
}

#[test]
fn masks_of_another_shape_or_dtype() -> Result<()> {
    let x = zeros(&[4, 6])?;
    assert_eq!(
        said(x.index(&[Some(&tensor([true, false, true])?)])),
        "index: the mask does not have the shape of the dims it stands for, from dim 0 on: f32[4, 6] on cpu, bool[3] \
         on cpu; a mask has one truth value for each element, or for each row: mask.squeeze() drops sizes of 1"
    );
    assert_eq!(
        said(x.masked_fill(&tensor([0, 1, 0, 1, 0, 1])?, 1.0)),
        "masked_fill: the mask must be bool, not i64: f32[4, 6] on cpu, i64[6] on cpu"
    );
    Ok(())
}
