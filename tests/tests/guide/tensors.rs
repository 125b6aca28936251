//! Tensors: how they are made, printed, and calculated with.
use flambeau::prelude::*;
use flambeau::{
    rng::{Generator, with_generator},
    with_num_threads,
};

#[test]
fn guide_005_tensors_from_literals() -> Result<()> {
    let x = Tensor::from_nested([[1, 2, 3], [3, 4, 5]], DType::F32)?;
    assert_eq!((x.shape(), x.dtype()), (&[2, 3][..], DType::F32));
    assert_eq!(x.to_string(), "tensor([[1., 2., 3.],\n        [3., 4., 5.]])");
    assert_eq!(tensor![[1, 2, 3], [3, 4, 5]]?.dtype(), DType::I64);
    assert_eq!(tensor![[1.0, 2.0], [3.0, 4.0]]?.dtype(), DType::F32);
    assert_eq!(tensor![true, false]?.dtype(), DType::Bool);
    assert_eq!(tensor(vec![vec![0.5], vec![1.5]])?.shape(), [2, 1]);
    Ok(())
}

#[test]
fn guide_006_normal_numbers() -> Result<()> {
    let draw = |threads: usize| -> Result<Tensor> {
        with_num_threads(threads, || {
            manual_seed(6);
            Tensor::randn([1_000_000])
        })?
    };
    assert_eq!(Tensor::randn([3, 5])?.shape(), [3, 5]);
    let x = draw(1)?;
    let (mean, var) = (x.mean()?.item::<f64>()?, x.var(1.0)?.item::<f64>()?);
    assert!(mean.abs() < 0.004 && (var - 1.0).abs() < 0.01, "{mean} {var}");
    for threads in [2, 8] {
        assert_eq!(draw(threads)?.to_bytes()?, x.to_bytes()?, "{threads} threads");
    }
    let mut own = Generator::new(6);
    let y = with_generator(&mut own, || Tensor::randn([1_000_000]))?;
    assert_eq!(y.to_bytes()?, x.to_bytes()?, "a generator of the same seed");
    Ok(())
}

#[test]
fn guide_007_ones_zeros_and_their_kin() -> Result<()> {
    assert_eq!(Tensor::ones([3, 5])?.to_vec::<f32>()?, [1.0; 15]);
    assert_eq!(Tensor::zeros_on([2], DType::I64, &Device::cpu())?.to_vec::<i64>()?, [0, 0]);
    assert_eq!(Tensor::full([2], 7.5)?.ones_like()?.to_vec::<f32>()?, [1.0, 1.0]);
    assert_eq!(Tensor::eye(2)?.to_vec::<f32>()?, [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(Tensor::arange(0, 6, 2)?.to_vec::<i64>()?, [0, 2, 4]);
    assert_eq!(Tensor::linspace(0.0, 1.0, 5)?.to_vec::<f32>()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(Tensor::empty([4, 0])?.shape(), [4, 0]);
    Ok(())
}

#[test]
fn guide_008_random_integers_without_the_upper_end() -> Result<()> {
    manual_seed(8);
    let x = Tensor::randint(0, 10, [4, 5])?;
    assert_eq!((x.dtype(), x.shape()), (DType::I64, &[4, 5][..]));
    let drawn = Tensor::randint(0, 10, [1_000_000])?;
    assert_eq!((drawn.min()?.item::<i64>()?, drawn.max()?.item::<i64>()?), (0, 9));
    let counts = drawn.bincount(None, 0)?.to_vec::<f64>()?;
    let chi: f64 = counts.iter().map(|c| (c - 1e5).powi(2) / 1e5).sum();
    assert!(chi < 21.67, "9 degrees of freedom exceed it once in a hundred draws: {chi}");
    let why = Tensor::randint(10, 3, [2]).unwrap_err().to_string();
    assert!(why.contains("10") && why.contains('3'), "{why}");
    Ok(())
}

#[test]
fn guide_011_printing() -> Result<()> {
    // 50 more, byte for byte from PyTorch, are beside the printing code.
    let x = tensor![[0.12345678, -1.0], [1000.5, 3.0]]?;
    assert_eq!(x.to_string(), "tensor([[ 1.2346e-01, -1.0000e+00],\n        [ 1.0005e+03,  3.0000e+00]])");
    assert_eq!(format!("{x:?}"), x.to_string());
    assert_eq!(tensor(2.5)?.to_string(), "tensor(2.5000)");
    assert!(Tensor::zeros([2000])?.to_string().contains("..."));
    let leaf = tensor![1.0]?.requires_grad_(true);
    assert_eq!(leaf.to_string(), "tensor([1.], requires_grad=True)");
    Ok(())
}

#[test]
fn guide_012_matrix_products() -> Result<()> {
    manual_seed(12);
    let (a, w) = (Tensor::randn([3, 4])?, Tensor::randn([4, 2])?);
    let y = a.mm(&w)?;
    assert_eq!(y.shape(), [3, 2]);
    let (wide_a, wide_w) = (a.to_vec::<f64>()?, w.to_vec::<f64>()?);
    for (at, got) in y.to_vec::<f64>()?.into_iter().enumerate() {
        let expected: f64 = (0..4).map(|k| wide_a[at / 2 * 4 + k] * wide_w[k * 2 + at % 2]).sum();
        assert!((got - expected).abs() < 1e-5);
    }
    assert_eq!(a.matmul(&w)?.to_vec::<f32>()?, y.to_vec::<f32>()?);
    let why = a.mm(&Tensor::zeros([3, 4])?).unwrap_err().to_string();
    assert!(why.contains("4 and 3") && why.contains("[3, 4]"), "{why}");
    Ok(())
}

#[test]
fn guide_013_a_transposed_tensor_is_a_view() -> Result<()> {
    let x = Tensor::arange(0, 6, 1)?.reshape([2, 3])?;
    for turned in [x.t()?, x.transpose(0, 1)?, x.permute([1, 0])?, x.mT()?] {
        assert!(turned.shares_storage(&x));
        assert_eq!((turned.shape(), turned.stride()), (&[3, 2][..], &[1, 3][..]));
        assert_eq!(turned.to_vec::<i64>()?, [0, 3, 1, 4, 2, 5]);
    }
    Ok(())
}

#[test]
fn guide_014_powers() -> Result<()> {
    let t = tensor![1.0, -2.0, 3.0]?.requires_grad_(true);
    let y = t.pow(2)?;
    assert_eq!(y.to_vec::<f32>()?, [1.0, 4.0, 9.0]);
    assert_eq!(t.square()?.to_vec::<f32>()?, (&t * &t)?.to_vec::<f32>()?);
    y.sum()?.backward()?;
    assert_eq!(t.grad().unwrap().to_vec::<f32>()?, [2.0, -4.0, 6.0]);
    Ok(())
}

#[test]
fn guide_015_sizes() -> Result<()> {
    let t = Tensor::zeros([2, 3])?;
    assert_eq!(format!("{:?}", t.shape()), "[2, 3]");
    assert_eq!((t.size(0)?, t.size(-1)?, t.dim(), t.numel()), (2, 3, 2, 6));
    Ok(())
}

#[test]
fn guide_016_the_list_of_operators() {
    // The page is generated, and `cargo xtask test` checks that it is current.
    let page = include_str!("../../../docs/operators.md");
    for operator in ["matmul", "softmax", "einsum", "linalg.cross", "nn.functional.conv2d", "scatter_reduce.sum"] {
        assert!(page.contains(&format!("| `{operator}` |")), "{operator}");
    }
}

#[test]
fn guide_017_a_tensor_is_the_variable() -> Result<()> {
    // One type: what is made, what is trained, and what a gradient is.
    let x: Tensor = tensor![3.0]?.requires_grad_(true);
    let y: Tensor = (&x * &x)?;
    y.backward()?;
    let gradient: Tensor = x.grad().unwrap();
    assert_eq!(gradient.item::<f32>()?, 6.0);
    Ok(())
}
