//! To and from the arrays of other libraries.
use flambeau::prelude::*;
use ndarray::{Array, Array2, array};

#[test]
fn guide_009_integers_of_an_array_stay_integers() -> Result<()> {
    let a = array![[1_i64, 2, 3], [3, 4, 5]];
    let t = Tensor::try_from(&a)?;
    assert_eq!((t.dtype(), t.shape()), (DType::I64, &[2, 3][..]));
    assert_eq!(t.to_vec::<i64>()?, [1, 2, 3, 3, 4, 5]);
    // Views and column-major arrays hold their elements in another order.
    assert_eq!(Tensor::try_from(&a.t())?.to_vec::<i64>()?, [1, 3, 2, 4, 3, 5]);
    assert_eq!(Tensor::try_from(&Array::<f64, _>::zeros((3, 0)))?.shape(), [3, 0]);
    assert_eq!(Tensor::try_from(&ndarray::arr0(2.5_f32))?.dim(), 0);
    Ok(())
}

#[test]
fn guide_010_and_back() -> Result<()> {
    let t = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]?.t()?;
    let a = t.to_ndarray::<f32>()?;
    assert_eq!(a.shape(), [3, 2]);
    let a: Array2<f32> = a.into_dimensionality().unwrap();
    assert_eq!(a, array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
    Ok(())
}
