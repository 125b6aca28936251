//! Distributions, repeatability and wrong arguments.
use super::*;
use crate::manual_seed;

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n)
}

#[test]
fn numbers_have_the_moments_of_their_distribution() {
    manual_seed(3);
    let n = 200_000;
    for dtype in [DType::F32, DType::F64] {
        let cpu = Device::cpu();
        let u = Tensor::rand_on([n], dtype, &cpu).unwrap().to_vec::<f64>().unwrap();
        assert!(u.iter().all(|u| (0.0..1.0).contains(u)));
        let (mean, variance) = moments(&u);
        assert!((mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.002, "{mean} {variance}");
        let (mean, variance) = moments(&Tensor::randn_on([n], dtype, &cpu).unwrap().to_vec::<f64>().unwrap());
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let mut e = Tensor::zeros_on([n], dtype, &cpu).unwrap();
        let (mean, variance) = moments(&e.exponential_(2.0).unwrap().to_vec::<f64>().unwrap());
        assert!((mean - 0.5).abs() < 0.01 && (variance - 0.25).abs() < 0.02, "{mean} {variance}");
    }
}

#[test]
fn integers_pass_a_chi_squared_test() {
    manual_seed(5);
    let n = 100_000;
    for (low, high) in [(0i64, 7), (-3, 10)] {
        let drawn = Tensor::randint(low, high, [n]).unwrap().to_vec::<i64>().unwrap();
        let mut counts = vec![0.0; (high - low) as usize];
        drawn.iter().for_each(|&v| counts[(v - low) as usize] += 1.0);
        let expected = n as f64 / counts.len() as f64;
        let chi: f64 = counts.iter().map(|c: &f64| (c - expected).powi(2) / expected).sum();
        // 12 degrees of freedom exceed 32.9 once in a thousand draws.
        assert!(chi < 32.9, "{chi}");
    }
}

#[test]
fn numbers_do_not_depend_on_threads_or_strides() {
    let draw = || {
        manual_seed(11);
        let normal = Tensor::randn([70_001]).unwrap().to_bytes().unwrap();
        (normal, Tensor::rand([33]).unwrap().to_bytes().unwrap())
    };
    let results =
        [1, 2, 3, 8].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(draw));
    assert!(results.iter().all(|r| *r == results[0]));
    let mut columns = Tensor::zeros([3, 4]).unwrap().t().unwrap();
    manual_seed(1);
    columns.uniform_(0.0, 1.0).unwrap();
    manual_seed(1);
    assert_eq!(columns.to_vec::<f32>().unwrap(), Tensor::rand([4, 3]).unwrap().to_vec::<f32>().unwrap());
}

#[test]
fn half_floats_never_reach_the_upper_end() {
    for dtype in [DType::F16, DType::BF16] {
        let x = Tensor::rand_on([100_000], dtype, &Device::cpu()).unwrap().to_vec::<f64>().unwrap();
        assert!(x.iter().all(|u| (0.0..1.0).contains(u)), "{dtype}");
    }
}

#[test]
fn a_permutation_holds_every_number_once() {
    manual_seed(2);
    let mut order = Tensor::randperm(1000).unwrap().to_vec::<i64>().unwrap();
    assert!(order.windows(2).any(|w| w[0] > w[1]));
    order.sort_unstable();
    assert!(order.into_iter().eq(0..1000));
}

#[test]
fn dropout_keeps_the_mean_and_repeats_with_its_key() {
    manual_seed(4);
    let x = Tensor::ones([100_000]).unwrap();
    let y = x.dropout(0.25).unwrap().to_vec::<f64>().unwrap();
    assert!(y.iter().all(|&v| v == 0.0 || (v - 4.0 / 3.0).abs() < 1e-6));
    assert!((moments(&y).0 - 1.0).abs() < 0.01);
    let key = Key { seed: 1, stream: 2, offset: 3 };
    let again = || x.dropout_keyed(0.5, key).unwrap().to_bytes().unwrap();
    assert_eq!(again(), again());
    assert_eq!(x.dropout(1.0).unwrap().sum().unwrap().item::<f32>().unwrap(), 0.0);
}

#[test]
fn draws_follow_their_weights() {
    manual_seed(8);
    let weights = Tensor::from_slice(&[1.0f32, 0.0, 3.0], [3]).unwrap();
    let drawn = weights.multinomial(10_000, true).unwrap().to_vec::<i64>().unwrap();
    let ones = drawn.iter().filter(|&&i| i == 2).count() as f64;
    assert!((ones / 10_000.0 - 0.75).abs() < 0.02 && !drawn.contains(&1));
    let mut both = weights.multinomial(2, false).unwrap().to_vec::<i64>().unwrap();
    both.sort_unstable();
    assert_eq!(both, [0, 2]);
    assert!(weights.multinomial(3, false).unwrap_err().to_string().contains("2 positive"));
}

#[test]
fn wrong_arguments_are_named() {
    let say = |r: Result<Tensor>| r.unwrap_err().to_string();
    assert!(say(Tensor::randint(5, 5, [2])).starts_with("randint: needs low < high, got 5 and 5"));
    let x = Tensor::ones([2]).unwrap();
    assert!(say(x.dropout(1.5)).starts_with("dropout: a probability must be between 0 and 1, got 1.5"));
    assert!(say(x.mul(3.0).unwrap().bernoulli()).contains("got 3"));
    assert!(say(Tensor::rand_on([2], DType::I64, &Device::cpu())).starts_with("rand: i64"));
}
