//! Wrong targets.
use super::{ids, said, zeros};
use flambeau::prelude::*;

#[test]
fn a_class_id_outside_of_the_classes() -> Result<()> {
    let x = zeros(&[4, 10])?;
    assert_eq!(
        said(cross_entropy(&x, &tensor([1, 2, 10, 3])?)),
        "cross_entropy: class id 10 at [2] of the target is outside of the 10 classes: f32[4, 10] on cpu, i64[4] on \
         cpu; ids run from 0 to 9; for this one the model's last layer needs at least 11 outputs"
    );
    assert_eq!(
        said(nll_loss(&x.log_softmax(1)?, &tensor([1, -1, 2, 3])?)),
        "nll_loss: class id -1 at [1] of the target is outside of the 10 classes: f32[4, 10] on cpu, i64[4] on cpu; \
         ids run from 0 to 9; `ignore_index` names one to leave out"
    );
    Ok(())
}

#[test]
fn class_ids_as_floats() -> Result<()> {
    assert_eq!(
        said(cross_entropy(&zeros(&[4, 10])?, &zeros(&[4])?)),
        "cross_entropy: targets must be integer class ids: f32[4, 10] on cpu, f32[4] on cpu; convert them with \
         to_dtype(DType::I64); probabilities must be floats of the input's shape"
    );
    // Any integer will do.
    assert!(cross_entropy(&zeros(&[4, 10])?, &ids(&[4])?.to_dtype(DType::I32)?).is_ok());
    Ok(())
}

#[test]
fn targets_of_another_shape() -> Result<()> {
    let x = zeros(&[4, 10])?;
    assert_eq!(
        said(cross_entropy(&x, &ids(&[4, 1])?)),
        "cross_entropy: the target must have shape [4]: f32[4, 10] on cpu, i64[4, 1] on cpu; drop its last dim: \
         target.squeeze_dim(-1)"
    );
    assert_eq!(
        said(cross_entropy(&x, &ids(&[5])?)),
        "cross_entropy: the target must have shape [4]: f32[4, 10] on cpu, i64[5] on cpu; one class id for each place \
         of the input without its dim of classes"
    );
    assert_eq!(
        said(cross_entropy(&x, &ids(&[4, 10])?)),
        "cross_entropy: the target must have shape [4]: f32[4, 10] on cpu, i64[4, 10] on cpu; give class ids, or \
         one-hot targets as floats: target.to_dtype(DType::F32)"
    );
    Ok(())
}

#[test]
fn input_and_target_in_each_others_place() -> Result<()> {
    assert_eq!(
        said(cross_entropy(&ids(&[4])?, &zeros(&[4, 10])?)),
        "cross_entropy: the input must be floats: i64[4] on cpu, f32[4, 10] on cpu; input and target may have changed \
         places: the model's output comes first"
    );
    Ok(())
}

#[test]
fn log_probabilities_that_are_not_one_row_per_target() -> Result<()> {
    assert_eq!(
        said(nll_loss(&zeros(&[4])?, &ids(&[4])?)),
        "nll_loss: the target must have shape []: f32[4] on cpu, i64[4] on cpu; an input of one dim is a single \
         sample, [C]; a batch is [N, C]"
    );
    assert_eq!(
        said(nll_loss(&zeros(&[])?, &ids(&[])?)),
        "nll_loss: the input needs a dim of classes: f32[] on cpu, i64[] on cpu; it is [N, C], or [C] for a single \
         sample"
    );
    assert_eq!(
        said(nll_loss(&zeros(&[4, 7, 10])?, &ids(&[4, 7])?)),
        "nll_loss: the target must have shape [4, 10]: f32[4, 7, 10] on cpu, i64[4, 7] on cpu; the classes are dim 1 \
         of the input: move them there with movedim(-1, 1)"
    );
    Ok(())
}

#[test]
fn a_loss_that_would_broadcast() -> Result<()> {
    assert_eq!(
        said(mse_loss(&zeros(&[4, 1])?, &zeros(&[4])?)),
        "mse_loss: input and target have different shapes: f32[4, 1] on cpu, f32[4] on cpu; they differ in dims of \
         size 1: unsqueeze_dim, squeeze_dim or reshape one of them"
    );
    assert_eq!(
        said(l1_loss(&zeros(&[4, 3])?, &zeros(&[3])?)),
        "l1_loss: input and target have different shapes: f32[4, 3] on cpu, f32[3] on cpu; a loss does not broadcast; \
         expand one of them if that is meant"
    );
    assert_eq!(
        said(binary_cross_entropy_with_logits(&zeros(&[4, 1])?, &zeros(&[4])?)),
        "binary_cross_entropy_with_logits: input and target have different shapes: f32[4, 1] on cpu, f32[4] on cpu; \
         they differ in dims of size 1: unsqueeze_dim, squeeze_dim or reshape one of them"
    );
    Ok(())
}

#[test]
fn logits_where_probabilities_belong() -> Result<()> {
    assert_eq!(
        said(binary_cross_entropy(&tensor([0.5, 2.0])?, &tensor([1.0, 0.0])?)),
        "binary_cross_entropy: the input must be probabilities, within 0 and 1: f32[2] on cpu; apply sigmoid first, or \
         use binary_cross_entropy_with_logits"
    );
    Ok(())
}

#[test]
fn a_weight_for_another_number_of_classes() -> Result<()> {
    let criterion = CrossEntropyLoss { weight: Some(zeros(&[2])?), ..Default::default() };
    assert_eq!(
        said(criterion.forward(&zeros(&[4, 10])?, &ids(&[4])?)),
        "cross_entropy: the weight must have one element for each of the 10 classes: f32[2] on cpu; its shape is [10]"
    );
    Ok(())
}
