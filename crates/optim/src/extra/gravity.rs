//! Gravity: gradients that count less the larger they are.
use crate::{
    State, setting,
    table::optimizers,
    words::{add, average, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// Gravity (Bahrami and Pourmohammadi, 2021, <https://arxiv.org/abs/2101.09192>): a running mean of
    /// `z = g / (1 + (g max|g|)^2)` that forgets at `b = (beta t + 1) / (t + 2)`: `v = b v + (1 - b) z; p -= lr v`. It
    /// begins with Gaussian numbers of deviation `alpha / lr`.
    Gravity, GravityOptions, each gravity {
        lr: f64 = 1e-2,
        /// Deviation of the first step, beside what the gradient says.
        alpha: f64 = 0.01,
        beta: f64 = 0.9, maximize: bool = false,
    } + {
        fn check(&self) -> Result<()> {
            setting::check("Gravity", &self.settings())?;
            if (0.0..1.0).contains(&self.alpha) {
                return Ok(());
            }
            Err(setting::outside("Gravity", "alpha", self.alpha, "at least 0 and below 1"))
        }
    }
}

fn gravity(o: &GravityOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let g = turned!(o, g);
    if g.numel() == 0 {
        return Ok(());
    }
    let t = s.step as f64;
    // A rate of 0, as warm-ups begin with, stands still.
    let deviation = if o.lr > 0.0 { o.alpha / o.lr } else { 0.0 };
    let [v] =
        s.slots(["v"], || Tensor::normal(0.0, deviation, g.shape())?.to_dtype(g.dtype())?.to_device(&g.device()))?;
    let pull = g.mul(&g.abs()?.amax()?)?.square()?.add(1.0)?;
    average(v, (o.beta * t + 1.0) / (t + 2.0), &g.div(&pull)?)?;
    add(p, -o.lr, v)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a gradient the first step is `b` times the numbers that it begins with: their mean and deviation.
    #[test]
    fn it_begins_with_its_deviation() {
        let o = GravityOptions { lr: 0.1, alpha: 0.5, beta: 0.9, ..Default::default() };
        let (mut p, mut s) = (Tensor::zeros([100, 100]).unwrap(), State::default());
        s.step = 1;
        gravity(&o, &mut p, &Tensor::zeros([100, 100]).unwrap(), &mut s).unwrap();
        let steps = p.div(-(0.5 * 1.9 / 3.0)).unwrap();
        let mean = steps.mean().unwrap().item::<f64>().unwrap();
        let square = steps.square().unwrap().mean().unwrap().item::<f64>().unwrap();
        // Of 10^4 numbers: 5 deviations of 1 / 100 and of sqrt(2) / 100.
        assert!(mean.abs() < 0.05 && (square - 1.0).abs() < 0.071, "{mean} {square}");
    }
}
