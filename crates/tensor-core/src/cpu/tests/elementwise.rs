//! Elementwise kernels, copies and conversions.
use crate::{DType, Layout, Result, Tensor, no_grad};
use proptest::prelude::*;

/// Numbers that no two elements share.
fn counting(shape: &[usize]) -> Tensor {
    let n: usize = shape.iter().product();
    let data: Vec<f32> = (0..n).map(|i| i as f32 * 0.37 - 3.0).collect();
    Tensor::from_slice(&data, shape.to_vec()).expect("fits")
}

/// A view on a larger buffer: permuted, with steps and an offset.
fn view(shape: &[usize], order: &[usize], step: usize, offset: usize) -> Tensor {
    let outer: Vec<usize> = order.iter().map(|&d| shape[d] * step + offset).collect();
    let big = counting(&outer);
    let mut back = vec![0; order.len()];
    order.iter().enumerate().for_each(|(i, &d)| back[d] = i);
    let mut layout = Layout::contiguous(&outer).permute(&back);
    for (d, &n) in shape.iter().enumerate() {
        layout = layout.slice(d, offset, n, step);
    }
    big.view_as_layout(layout)
}

fn values(x: &Tensor) -> Vec<f32> {
    let all = x.view_as_layout(Layout::contiguous(&[x.buffer().storage().bytes() / 4]));
    let all = all.to_vec::<f32>().expect("readable");
    x.layout().positions().map(|p| all[p]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 60 }))]
    #[test]
    fn any_layout_gives_what_its_elements_give(
        shape in prop::collection::vec(1usize..40, 3),
        swap in prop::sample::select(vec![[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1]]),
        step in 1usize..3,
        offset in 0usize..2,
    ) {
        let _guard = no_grad();
        let a = view(&shape, &swap, step, offset);
        let b = view(&[shape[1], shape[2]], &[1, 0], step, offset);
        let (va, vb) = (values(&a), values(&b));
        prop_assert_eq!(&a.to_vec::<f32>().expect("copied"), &va);
        let sum = a.add(&b).expect("adds").to_vec::<f32>().expect("read");
        let inner = shape[1] * shape[2];
        for (i, s) in sum.iter().enumerate() {
            prop_assert_eq!(*s, va[i] + vb[i % inner]);
        }
        let below = a.lt(&b).expect("compares").to_vec::<bool>().expect("read");
        prop_assert!(below.iter().enumerate().all(|(i, &c)| c == (va[i] < vb[i % inner])));
        let mut c = a.clone();
        c.mul_(2.0).expect("in place");
        prop_assert!(c.to_vec::<f32>().expect("read").iter().zip(&va).all(|(c, a)| *c == a * 2.0));
        let ints = a.to_dtype(DType::I32).expect("converts").to_vec::<i64>().expect("read");
        prop_assert!(ints.iter().zip(&va).all(|(i, v)| *i == *v as i64));
    }
}

#[test]
fn half_precision_is_rounded_once() -> Result<()> {
    for dtype in [DType::F16, DType::BF16] {
        let x = Tensor::from_slice(&[1.0f32, 0.1, 1e-3, f32::NAN, 6e4], [5])?.to_dtype(dtype)?;
        let exact = x.to_dtype(DType::F32)?.add(0.1)?.to_dtype(dtype)?;
        assert_eq!(format!("{:?}", x.add(0.1)?.to_vec::<f32>()?), format!("{:?}", exact.to_vec::<f32>()?));
    }
    Ok(())
}

#[test]
fn integers_divide_as_in_python() -> Result<()> {
    let a = Tensor::from_slice(&[7i64, -7, 7, -7, i64::MIN], [5])?;
    let b = Tensor::from_slice(&[2i64, 2, -2, -2, -1], [5])?;
    assert_eq!(a.floor_divide(&b)?.to_vec::<i64>()?, [3, -4, -4, 3, i64::MIN]);
    assert_eq!(a.remainder(&b)?.to_vec::<i64>()?, [1, 1, -1, -1, 0]);
    assert_eq!(a.fmod(&b)?.to_vec::<i64>()?, [1, -1, 1, -1, 0]);
    assert!(a.floor_divide(0).is_err());
    assert!(a.remainder(&a.sub(&a)?).is_err());
    Ok(())
}

#[test]
fn floats_divide_as_in_python() -> Result<()> {
    let a = Tensor::from_slice(&[5.0f32, -3.0, 1.0, -7.5], [4])?;
    let b = Tensor::from_slice(&[0.0f32, f32::INFINITY, -0.1, 2.0], [4])?;
    assert_eq!(a.floor_divide(&b)?.to_vec::<f32>()?, [f32::INFINITY, -1.0, -10.0, -4.0]);
    let r = a.remainder(&b)?.to_vec::<f32>()?;
    assert!(r[0].is_nan() && r[1] == f32::INFINITY && r[3] == 0.5);
    Ok(())
}

#[test]
fn bits_and_booleans() -> Result<()> {
    let a = Tensor::from_slice(&[1i64, 2, -8], [3])?;
    let n = Tensor::from_slice(&[-1i64, 70, 1], [3])?;
    assert_eq!(a.bitwise_left_shift(&n)?.to_vec::<i64>()?, [0, 0, -16]);
    assert_eq!(a.bitwise_right_shift(&n)?.to_vec::<i64>()?, [0, 0, -4]);
    let t = Tensor::from_slice(&[true, true, false], [3])?;
    let f = Tensor::from_slice(&[true, false, false], [3])?;
    assert_eq!(t.add(&f)?.to_vec::<bool>()?, [true, true, false]);
    assert_eq!(t.mul(&f)?.to_vec::<bool>()?, [true, false, false]);
    assert_eq!(t.bitwise_not()?.to_vec::<bool>()?, [false, false, true]);
    Ok(())
}

#[test]
fn nan_stays_nan() -> Result<()> {
    let x = Tensor::from_slice(&[f32::NAN, 1.0], [2])?;
    let y = Tensor::from_slice(&[1.0, f32::NAN], [2])?;
    assert!(x.maximum(&y)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert!(x.minimum(&y)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    assert!(x.relu()?.to_vec::<f32>()?[0].is_nan());
    assert_eq!(x.sign()?.to_vec::<f32>()?[0], 0.0);
    Ok(())
}
