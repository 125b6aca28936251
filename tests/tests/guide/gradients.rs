//! Shapes that lose a dim, and gradients that reach everything.
use flambeau::prelude::*;

#[test]
fn guide_062_pooling_over_time_and_the_squeeze_that_drops_too_much() -> Result<()> {
    manual_seed(62);
    let h = Tensor::randn([5, 10, 128])?;
    let average = h.mean_dim(1, DROP)?;
    let (largest, places) = h.max_dim(1, DROP)?;
    assert_eq!((largest.shape(), places.dtype()), (&[5, 128][..], DType::I64));
    assert_eq!(Tensor::cat(&[&average, &largest], 1)?.shape(), [5, 256]);
    // The guide's own `squeeze(unsqueeze(h, 0))` drops every dim of size 1: for a batch of one, the batch.
    let one = Tensor::randn([1, 10, 128])?;
    let squeezed = one.unsqueeze(0)?.squeeze()?;
    assert_eq!(squeezed.shape(), [10, 128]);
    let why = squeezed.max_dim(2, DROP).unwrap_err().to_string();
    assert!(why.contains("dim 2 is out of range") && why.contains("[10, 128]"), "{why}");
    // `squeeze_dim` names the dim it means.
    assert_eq!(one.unsqueeze(0)?.squeeze_dim(0)?.shape(), [1, 10, 128]);
    Ok(())
}

#[test]
fn guide_071_backward_does_all_gradient_work_or_says_why_not() -> Result<()> {
    // Every row of the table is compared with finite differences by `cargo xtask gradcheck`; here, what has no gradient.
    let x = tensor![1.0, 2.0]?.requires_grad_(true);
    x.exp()?.mul(&x.sin()?)?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().shape(), [2]);
    let why = x.argmax(None, DROP)?.to_dtype(DType::F32)?.backward().unwrap_err().to_string();
    assert!(why.contains("backward") && why.contains("grad"), "{why}");
    let apart = tensor![1.0]?.requires_grad_(true);
    let why = grad(&[&x.sum()?], &[&apart], Default::default()).unwrap_err().to_string();
    assert!(why.contains("input 0"), "{why}");
    let why = tensor![1, 2]?.requires_grad_(true).sum()?.backward().unwrap_err().to_string();
    assert!(why.contains("i64"), "{why}");
    Ok(())
}
