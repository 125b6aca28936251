//! Whole distributions, not only their moments: Kolmogorov-Smirnov for continuous ones, chi-squared for the others, each at
//! one in a hundred, with fixed seeds.
use super::*;
use crate::manual_seed;

const MILLION: usize = 1_000_000;

/// The largest distance between the share of numbers up to `x` and `cdf(x)`, times the root of their number.
fn kolmogorov_smirnov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = |(i, &x): (usize, &f64)| (cdf(x) - i as f64 / n).abs().max((cdf(x) - (i + 1) as f64 / n).abs());
    values.iter().enumerate().map(distance).fold(0.0, f64::max) * n.sqrt()
}

/// What one in a hundred samples exceeds.
const DISTANCE: f64 = 1.628;

/// The sum of squared differences between counts and what was expected, each over the latter.
fn chi_squared(counts: &[f64], expected: &[f64]) -> f64 {
    counts.iter().zip(expected).map(|(c, e)| (c - e).powi(2) / e).sum()
}

fn counts(drawn: &Tensor, kinds: usize) -> Result<Vec<f64>> {
    let mut counts = vec![0.0; kinds];
    drawn.to_vec::<i64>()?.into_iter().for_each(|i| counts[i as usize] += 1.0);
    Ok(counts)
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

#[test]
fn continuous_numbers_follow_their_distribution() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        manual_seed(17);
        let cpu = Device::cpu();
        let mut x = Tensor::empty_on([MILLION / 4], dtype, &cpu)?;
        let d = kolmogorov_smirnov(Tensor::rand_on([MILLION / 4], dtype, &cpu)?.to_vec()?, |x| x);
        assert!(d < DISTANCE, "rand, {dtype}: {d}");
        let d = kolmogorov_smirnov(Tensor::randn_on([MILLION / 4], dtype, &cpu)?.to_vec()?, normal_cdf);
        assert!(d < DISTANCE, "randn, {dtype}: {d}");
        let d = kolmogorov_smirnov(x.normal_(3.0, 2.0)?.to_vec()?, |x| normal_cdf((x - 3.0) / 2.0));
        assert!(d < DISTANCE, "normal_, {dtype}: {d}");
        let d = kolmogorov_smirnov(x.uniform_(-2.0, 6.0)?.to_vec()?, |x| (x + 2.0) / 8.0);
        assert!(d < DISTANCE, "uniform_, {dtype}: {d}");
        let d = kolmogorov_smirnov(x.exponential_(1.5)?.to_vec()?, |x| 1.0 - (-1.5 * x).exp());
        assert!(d < DISTANCE, "exponential_, {dtype}: {d}");
    }
    Ok(())
}

#[test]
fn neighbours_are_independent() -> Result<()> {
    manual_seed(23);
    // Pairs of neighbours in a grid of 8 by 8 cells, and neighbours at the distance of a block of random words.
    for distance in [1, 2, 4] {
        let x = Tensor::rand([MILLION / 4])?.to_vec::<f64>()?;
        let mut cells = vec![0.0; 64];
        for pair in x.chunks_exact(2 * distance) {
            cells[(pair[0] * 8.0) as usize * 8 + (pair[distance] * 8.0) as usize] += 1.0;
        }
        let expected = vec![cells.iter().sum::<f64>() / 64.0; 64];
        let chi = chi_squared(&cells, &expected);
        // 63 degrees of freedom.
        assert!(chi < 92.0, "at distance {distance}: {chi}");
    }
    Ok(())
}

#[test]
fn discrete_numbers_follow_their_distribution() -> Result<()> {
    manual_seed(29);
    let n = MILLION as f64 / 10.0;
    let ones = Tensor::zeros([MILLION / 10])?.bernoulli_p(0.3)?.sum()?.item::<f64>()?;
    let chi = chi_squared(&[ones, n - ones], &[0.3 * n, 0.7 * n]);
    assert!(chi < 6.63, "bernoulli: {chi}");

    let weights = Tensor::from_slice(&[1.0, 2.0, 0.5, 4.0, 2.5], [5])?;
    let drawn = weights.multinomial(MILLION / 10, true)?;
    let chi = chi_squared(&counts(&drawn, 5)?, &[0.1, 0.2, 0.05, 0.4, 0.25].map(|p| p * n));
    assert!(chi < 13.28, "multinomial: {chi}");

    // Without replacement the second draw of (1, 2, 3) is 0 with 2/6 * 1/4 + 3/6 * 1/3, and so on.
    let expected = [0.25, 0.4, 0.35].map(|p| p * 20_000.0);
    let rows = Tensor::from_slice(&[1.0, 2.0, 3.0], [1, 3])?.expand([20_000, 3])?;
    let second = rows.multinomial(2, false)?.select(1, 1)?;
    let chi = chi_squared(&counts(&second, 3)?, &expected);
    assert!(chi < 9.21, "multinomial without replacement: {chi}");
    Ok(())
}

#[test]
fn every_permutation_is_as_likely() -> Result<()> {
    manual_seed(31);
    let mut seen = vec![0.0; 27];
    for _ in 0..6000 {
        let order = Tensor::randperm(3)?.to_vec::<i64>()?;
        seen[order.iter().fold(0, |code, i| code * 3 + *i as usize)] += 1.0;
    }
    seen.retain(|&count| count > 0.0);
    assert_eq!(seen.len(), 6);
    let chi = chi_squared(&seen, &[1000.0; 6]);
    assert!(chi < 15.09, "{chi}");
    Ok(())
}
