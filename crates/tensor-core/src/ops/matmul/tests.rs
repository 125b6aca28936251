//! Products against their definition, on any shapes, strides and number of threads.
use super::*;
use proptest::prelude::*;

fn numbers(len: usize, salt: usize) -> Vec<f64> {
    (0..len).map(|i| ((i * 7919 + salt * 31) % 13) as f64 - 6.0).collect()
}

fn matrix(rows: usize, cols: usize, salt: usize, turned: bool, dtype: DType) -> (Tensor, Vec<f64>) {
    let (r, c) = if turned { (cols, rows) } else { (rows, cols) };
    let t = Tensor::from_slice(&numbers(r * c, salt), [r, c]).unwrap().to_dtype(dtype).unwrap();
    let t = if turned { t.transpose(0, 1).unwrap() } else { t };
    let values = t.to_vec::<f64>().unwrap();
    (t, values)
}

fn naive(x: &[f64], y: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
    (0..m * n).map(|at| (0..k).map(|p| x[at / n * k + p] * y[p * n + at % n]).sum()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn products_of_any_strides_agree_with_the_definition(
        m in 0usize..40, k in 0usize..40, n in 0usize..40, tx: bool, ty: bool, d in 0usize..7,
    ) {
        // Small integers: exact in every dtype but u8, which has no negative ones.
        let dtype = [DType::F32, DType::F64, DType::F16, DType::BF16, DType::I64, DType::I32, DType::F32][d];
        let k = if dtype == DType::BF16 { k.min(4) } else { k };
        let ((x, xv), (y, yv)) = (matrix(m, k, 1, tx, dtype), matrix(k, n, 2, ty, dtype));
        let got = x.matmul(&y).unwrap();
        prop_assert_eq!(got.shape(), &[m, n]);
        prop_assert_eq!(got.to_vec::<f64>().unwrap(), naive(&xv, &yv, m, k, n));
    }
}

#[test]
fn large_products_have_the_same_bits_on_any_number_of_threads() {
    let value = |i: usize| ((i % 1013) as f32 * 0.37).sin();
    for (b, m, k, n) in [(1, 300, 200, 500), (1, 7, 3000, 900), (20, 64, 65, 66), (1, 1, 4000, 700)] {
        let x = Tensor::from_slice(&(0..b * m * k).map(value).collect::<Vec<_>>(), [b, m, k]).unwrap();
        let y = Tensor::from_slice(&(0..b * k * n).map(value).collect::<Vec<_>>(), [b, k, n]).unwrap();
        let results = [1, 2, 3, 8].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| x.bmm(&y).unwrap().to_bytes().unwrap())
        });
        assert!(results.iter().all(|r| *r == results[0]), "{b} x {m} x {k} x {n}");
        let (xv, yv) = (x.to_vec::<f64>().unwrap(), y.to_vec::<f64>().unwrap());
        let want = naive(&xv[..m * k], &yv[..k * n], m, k, n);
        let got = x.bmm(&y).unwrap().to_vec::<f64>().unwrap();
        assert!(want.iter().zip(&got).all(|(w, g)| (w - g).abs() < 1e-2), "{b} x {m} x {k} x {n}");
    }
}

#[test]
fn shapes_are_those_of_pytorch() {
    for (x, y, out) in [
        (vec![3], vec![3], vec![]),
        (vec![3], vec![3, 4], vec![4]),
        (vec![2, 3], vec![3], vec![2]),
        (vec![5, 2, 3], vec![3], vec![5, 2]),
        (vec![5, 2, 3], vec![3, 4], vec![5, 2, 4]),
        (vec![3], vec![5, 3, 4], vec![5, 4]),
        (vec![6, 1, 2, 3], vec![5, 3, 4], vec![6, 5, 2, 4]),
        (vec![2, 0], vec![0, 3], vec![2, 3]),
        (vec![0, 2, 3], vec![3, 4], vec![0, 2, 4]),
    ] {
        let got = Tensor::ones(&x).unwrap().matmul(&Tensor::ones(&y).unwrap()).unwrap();
        assert_eq!(got.shape(), out, "{x:?} {y:?}");
    }
}

#[test]
fn wrong_products_say_what_is_wrong() {
    let say = |r: Result<Tensor>| r.unwrap_err().to_string();
    let of = |s: &[usize]| Tensor::ones(s).unwrap();
    assert!(
        say(of(&[2, 3]).matmul(&of(&[4, 5])))
            .starts_with("matmul: inner dimensions differ (3 and 4): f32[2, 3] on cpu, f32[4, 5] on cpu")
    );
    assert!(say(of(&[2, 3]).matmul(&of(&[2, 3]))).contains("transposed"));
    assert!(say(of(&[2, 3]).mm(&of(&[3]))).starts_with("mm: takes two 2-d tensors"));
    assert!(say(of(&[]).matmul(&of(&[3]))).starts_with("matmul: 0-d"));
    let ints = of(&[3, 2]).to_dtype(DType::I64).unwrap();
    assert!(say(of(&[2, 3]).matmul(&ints)).starts_with("matmul: dtypes differ (f32 and i64)"));
    assert!(say(of(&[8, 1, 28, 28]).linear(&of(&[10, 784]), None)).contains("flatten"));
}

#[test]
fn a_linear_map_adds_its_bias_to_every_row() {
    let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 1, 2]).unwrap();
    let w = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 1.0, 1.0, 1.0], [3, 2]).unwrap();
    let b = Tensor::from_slice(&[10.0f32, 20.0, 30.0], [3]).unwrap();
    let y = x.linear(&w, Some(&b)).unwrap();
    assert_eq!(y.shape(), [2, 1, 3]);
    assert_eq!(y.to_vec::<f32>().unwrap(), [11.0, 22.0, 33.0, 13.0, 24.0, 37.0]);
}
