//! The gamma function's relatives.

/// The derivative of `lgamma`: recurrence up to 10, then the asymptotic series; reflection below 0.
pub(in super::super) fn digamma(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    if x < 0.0 {
        if x == x.trunc() {
            return f64::NAN;
        }
        // The fraction first: a large x has few digits left for it.
        return digamma(1.0 - x) - PI / (PI * x.fract()).tan();
    }
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    if x == 10.0 {
        // The value at an integer, to the last digit.
        return sum + 2.251_752_589_066_721;
    }
    let z = 1.0 / (x * x);
    // Bernoulli numbers over 2n.
    let series = [
        8.333_333_333_333_333e-2,
        -2.109_279_609_279_609_3e-2,
        7.575_757_575_757_576e-3,
        -4.166_666_666_666_667e-3,
        3.968_253_968_253_968e-3,
        -8.333_333_333_333_333e-3,
        8.333_333_333_333_333e-2,
    ];
    let tail = if x < 1e17 { z * series.into_iter().fold(0.0, |p: f64, c| p.mul_add(z, c)) } else { 0.0 };
    sum + x.ln() - 0.5 / x - tail
}
