//! First values of parameters: PyTorch's distributions.
mod structured;

pub(crate) use structured::orthonormal;
pub use structured::{dirac_, orthogonal_, sparse_};

use autograd::Parameter;
use tensor_core::{Error, Result, Tensor};

/// Which side of a weight keeps its variance from layer to layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FanMode {
    /// Outputs, in the forward pass: the number of inputs of each output counts.
    #[default]
    In,
    /// Gradients, in the backward pass: the number of outputs of each input counts.
    Out,
}

/// What follows a layer, for [`calculate_gain`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// Nothing, or a linear layer.
    Linear,
    /// `sigmoid`
    Sigmoid,
    /// `tanh`
    Tanh,
    /// `relu`
    Relu,
    /// `leaky_relu` with this slope below 0.
    LeakyRelu(f64),
    /// `selu`
    Selu,
}

/// The factor by which the standard deviation of weights grows to make up for what follows.
///
/// ```
/// use nn::init::{Nonlinearity, calculate_gain};
/// assert_eq!(calculate_gain(Nonlinearity::Relu), 2f64.sqrt());
/// ```
pub fn calculate_gain(after: Nonlinearity) -> f64 {
    match after {
        Nonlinearity::Linear | Nonlinearity::Sigmoid => 1.0,
        Nonlinearity::Tanh => 5.0 / 3.0,
        Nonlinearity::Relu => 2f64.sqrt(),
        Nonlinearity::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
        Nonlinearity::Selu => 0.75,
    }
}

/// Even between `low` and `high`.
pub fn uniform_(p: &Parameter, low: f64, high: f64) -> Result<()> {
    p.update(|t| t.uniform_(low, high).map(drop))
}

/// Gaussian.
pub fn normal_(p: &Parameter, mean: f64, std: f64) -> Result<()> {
    p.update(|t| t.normal_(mean, std).map(drop))
}

/// Gaussian, but drawn again (by its inverse distribution) where outside of `low` and `high`.
pub fn trunc_normal_(p: &Parameter, mean: f64, std: f64, low: f64, high: f64) -> Result<()> {
    if !(std > 0.0 && low < high) {
        return Err(Error::new(
            "trunc_normal_",
            format!("needs std > 0 and low < high, got std {std}, low {low}, high {high}"),
        ));
    }
    let below = |x: f64| (1.0 + erf((x - mean) / std / 2f64.sqrt())) / 2.0;
    p.update(|t| {
        t.uniform_(2.0 * below(low) - 1.0, 2.0 * below(high) - 1.0)?;
        t.erfinv_()?.mul_(std * 2f64.sqrt())?.add_(mean)?.maximum_(low)?.minimum_(high).map(drop)
    })
}

/// `value` everywhere.
pub fn constant_(p: &Parameter, value: f64) -> Result<()> {
    p.update(|t| t.fill_(value).map(drop))
}

/// 0 everywhere.
pub fn zeros_(p: &Parameter) -> Result<()> {
    constant_(p, 0.0)
}

/// 1 everywhere.
pub fn ones_(p: &Parameter) -> Result<()> {
    constant_(p, 1.0)
}

/// The identity matrix, cut to the shape `[rows, columns]`.
pub fn eye_(p: &Parameter) -> Result<()> {
    let &[rows, columns] = p.shape() else {
        return Err(Error::new("eye_", "only a matrix can be an identity").operands([&**p]));
    };
    p.replace(&Tensor::eye_on(rows, columns, p.dtype(), &p.device())?)
}

/// Even within `gain * sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio, 2010).
pub fn xavier_uniform_(p: &Parameter, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fans("xavier_uniform_", p)?;
    let bound = gain * (6.0 / (fan_in + fan_out)).sqrt();
    uniform_(p, -bound, bound)
}

/// Gaussian with standard deviation `gain * sqrt(2 / (fan_in + fan_out))` (Glorot and Bengio, 2010).
pub fn xavier_normal_(p: &Parameter, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fans("xavier_normal_", p)?;
    normal_(p, 0.0, gain * (2.0 / (fan_in + fan_out)).sqrt())
}

/// Even within `gain * sqrt(3 / fan)` (He et al., 2015).
pub fn kaiming_uniform_(p: &Parameter, mode: FanMode, after: Nonlinearity) -> Result<()> {
    if p.numel() == 0 {
        return Ok(());
    }
    let bound = calculate_gain(after) * (3.0 / fan("kaiming_uniform_", p, mode)?).sqrt();
    uniform_(p, -bound, bound)
}

/// Gaussian with standard deviation `gain / sqrt(fan)` (He et al., 2015).
pub fn kaiming_normal_(p: &Parameter, mode: FanMode, after: Nonlinearity) -> Result<()> {
    if p.numel() == 0 {
        return Ok(());
    }
    normal_(p, 0.0, calculate_gain(after) / fan("kaiming_normal_", p, mode)?.sqrt())
}

fn fan(op: &'static str, p: &Parameter, mode: FanMode) -> Result<f64> {
    let (fan_in, fan_out) = fans(op, p)?;
    Ok(match mode {
        FanMode::In => fan_in,
        FanMode::Out => fan_out,
    })
}

/// The number of inputs of each output and of outputs of each input, for a weight `[out, in, *kernel]`.
fn fans(op: &'static str, p: &Parameter) -> Result<(f64, f64)> {
    match p.shape() {
        [out, input, kernel @ ..] => {
            let window: usize = kernel.iter().product();
            Ok(((input * window) as f64, (out * window) as f64))
        }
        _ => Err(Error::new(op, "fan in and fan out need at least 2 dims").operands([&**p])),
    }
}

/// The error function, by its series near 0 and its continued fraction far from it; exact to about 1e-15.
fn erf(x: f64) -> f64 {
    let a = x.abs();
    let value = if a < 2.5 {
        // 2/sqrt(pi) * sum of (-1)^n x^(2n+1) / (n! (2n+1)), with all terms positive after factoring exp(-x²) out.
        let (mut term, mut sum) = (a, a);
        for n in 1..80 {
            term *= 2.0 * a * a / f64::from(2 * n + 1);
            sum += term;
        }
        sum * (-a * a).exp() * std::f64::consts::FRAC_2_SQRT_PI
    } else {
        let mut fraction = 0.0;
        for n in (1..60).rev() {
            fraction = f64::from(n) / 2.0 / (a + fraction);
        }
        1.0 - (-a * a).exp() / ((a + fraction) * std::f64::consts::PI.sqrt())
    };
    value.copysign(x)
}

/// The first values of `Linear` and the convolutions: weight and bias even within `1 / sqrt(fan_in)`, which is what
/// PyTorch's `kaiming_uniform_(a=sqrt(5))` comes to.
pub(crate) fn layer(weight: &[usize], bias: bool) -> Result<(Parameter, Option<Parameter>)> {
    layer_of(weight, bias.then_some(weight[0]))
}

/// The same with a bias of as many elements as `bias` says.
pub(crate) fn layer_of(weight: &[usize], bias: Option<usize>) -> Result<(Parameter, Option<Parameter>)> {
    let fan_in: usize = weight.iter().skip(1).product();
    let bound = if fan_in > 0 { 1.0 / (fan_in as f64).sqrt() } else { 0.0 };
    Ok((even(weight, bound)?, bias.map(|out| even(&[out], bound)).transpose()?))
}

/// A parameter even within `bound` of 0.
pub(crate) fn even(shape: &[usize], bound: f64) -> Result<Parameter> {
    let p = Parameter::new(Tensor::zeros(shape)?)?;
    if bound > 0.0 {
        uniform_(&p, -bound, bound)?;
    }
    Ok(p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_has_the_tabulated_values() {
        // Abramowitz and Stegun, table 7.1, and the far end.
        for (x, y) in
            [(0.0, 0.0), (0.5, 0.520_499_877_813_047), (1.0, 0.842_700_792_949_715), (2.0, 0.995_322_265_018_953)]
        {
            assert!((erf(x) - y).abs() < 1e-14, "{x}");
            assert_eq!(erf(-x), -erf(x));
        }
        assert!((erf(2.499_999) - erf(2.500_001)).abs() < 1e-7 && erf(9.0) == 1.0);
    }
}
