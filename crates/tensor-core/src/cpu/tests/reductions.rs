//! Reductions against sums written out.
use crate::{Backend, DType, Layout, ReduceOp, Result, Tensor, cpu::Cpu};
use proptest::prelude::*;

/// Reduces a view of `data` by definition and by kernel.
fn both(op: ReduceOp, data: &[f32], layout: &Layout, dims: &[usize], dtype: DType) -> Result<(Vec<f64>, Vec<f64>)> {
    let x = Tensor::from_slice(data, [data.len()])?.to_dtype(dtype)?;
    let mut shape = layout.shape().to_vec();
    dims.iter().for_each(|&d| shape[d] = 1);
    let (mut out, to) = Tensor::allocate(&shape, dtype, &crate::Device::cpu())?;
    Cpu.reduce(op, x.buffer().view(layout), dims, out.view_mut(&to))?;
    let got = Tensor::new(std::sync::Arc::new(out), to.clone()).to_vec::<f64>()?;
    let rounded = x.to_vec::<f64>()?;
    let start = match op {
        ReduceOp::Max => f64::NEG_INFINITY,
        ReduceOp::Prod => 1.0,
        _ => 0.0,
    };
    let mut exact = vec![start; got.len()];
    let counted = Layout::contiguous(layout.shape());
    let strides = to.strides().iter().zip(&shape).map(|(t, n)| if *n == 1 { 0 } else { *t }).collect::<Vec<_>>();
    let back = Layout::strided(counted.shape(), &strides, 0);
    for (from, to) in layout.positions().zip(back.positions()) {
        let (v, e) = (rounded[from], &mut exact[to]);
        *e = match op {
            ReduceOp::Max => e.max(v),
            ReduceOp::Prod => *e * v,
            _ => *e + v,
        };
    }
    Ok((got, exact))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 120 }))]
    #[test]
    fn any_dims_of_any_layout(
        shape in prop::collection::vec(prop::sample::select(vec![1usize, 2, 3, 7, 33, 70]), 3),
        order in prop::sample::select(vec![[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1], [2, 0, 1]]),
        mask in 1usize..8,
        step in 1usize..3,
        expanded in any::<bool>(),
        op in prop::sample::select(vec![ReduceOp::Sum, ReduceOp::Max]),
        dtype in prop::sample::select(vec![DType::F32, DType::F64, DType::BF16, DType::I64, DType::I32]),
    ) {
        let outer: Vec<usize> = order.iter().map(|&d| shape[d] * step).collect();
        let mut back = [0; 3];
        order.iter().enumerate().for_each(|(i, &d)| back[d] = i);
        let mut layout = Layout::contiguous(&outer).permute(&back);
        for (d, &n) in shape.iter().enumerate() {
            layout = layout.slice(d, 0, n, step);
        }
        if expanded {
            layout = layout.slice(1, 0, 1, 1).expand(&[shape[0], 5, shape[2]]).expect("one row");
        }
        let numel: usize = outer.iter().product();
        let data: Vec<f32> = (0..numel).map(|i| ((i * 7919) % 201) as f32 - 100.0).collect();
        let dims: Vec<usize> = (0..3).filter(|d| mask >> d & 1 == 1).collect();
        let (got, exact) = both(op, &data, &layout, &dims, dtype).expect("reduces");
        for (g, e) in got.iter().zip(&exact) {
            let bound = if dtype == DType::BF16 { e.abs() / 128.0 } else { 0.0 };
            prop_assert!((g - e).abs() <= bound, "{} {}", g, e);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore)]
fn large_sums_are_cut_right() -> Result<()> {
    for (shape, dims) in [
        (vec![1_000_003], vec![0]),
        (vec![3, 200_001], vec![1]),
        (vec![50_000, 6], vec![0]),
        (vec![700, 2000], vec![0]),
        (vec![40, 9, 1000], vec![0, 2]),
        (vec![300, 5, 100], vec![0, 1]),
        (vec![60_000, 3], vec![1]),
    ] {
        let numel: usize = shape.iter().product();
        let data: Vec<f32> = (0..numel).map(|i| (i % 17) as f32 - 8.0).collect();
        let (got, exact) = both(ReduceOp::Sum, &data, &Layout::contiguous(&shape), &dims, DType::F32)?;
        assert_eq!(got, exact, "{shape:?} {dims:?}");
    }
    Ok(())
}

#[test]
fn the_first_of_equals_is_found_and_nan_wins() -> Result<()> {
    let find = |op, x: &Tensor, dim: usize| -> Result<(Vec<f32>, Vec<i64>)> {
        let mut shape = x.shape().to_vec();
        shape[dim] = 1;
        let (mut v, lv) = Tensor::allocate(&shape, DType::F32, &x.device())?;
        let (mut i, li) = Tensor::allocate(&shape, DType::I64, &x.device())?;
        Cpu.arg_reduce(op, x.buffer().view(x.layout()), dim, v.view_mut(&lv), i.view_mut(&li))?;
        let (v, i) = (Tensor::new(std::sync::Arc::new(v), lv), Tensor::new(std::sync::Arc::new(i), li));
        Ok((v.to_vec()?, i.to_vec()?))
    };
    let x = Tensor::from_slice(&[3.0f32, 1.0, 3.0, 1.0, -1.0, 0.0, 2.0, 2.0], [2, 4])?;
    assert_eq!(find(ReduceOp::Max, &x, 1)?, (vec![3.0, 2.0], vec![0, 2]));
    assert_eq!(find(ReduceOp::Min, &x, 1)?, (vec![1.0, -1.0], vec![1, 0]));
    assert_eq!(find(ReduceOp::Max, &x, 0)?, (vec![3.0, 1.0, 3.0, 2.0], vec![0, 0, 0, 1]));
    let n = Tensor::from_slice(&[1.0f32, f32::NAN, 5.0, f32::NAN], [4])?;
    assert_eq!(find(ReduceOp::Max, &n, 0)?.1, [1]);
    assert_eq!(find(ReduceOp::Min, &n, 0)?.1, [1]);
    Ok(())
}
