//! One step of each kind of recurrent layer.
use super::{RNNNonlinearity, RecurrentWeights, steps::split};
use tensor_core::{Error, Result, Tensor};

/// What a step computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `h = f(W x + b + U h + c)`
    Plain(RNNNonlinearity),
    /// Gated recurrent unit (Cho et al., 2014).
    Gru,
    /// Long short-term memory (Hochreiter and Schmidhuber, 1997).
    Lstm,
}

impl Kind {
    /// How many tensors the state consists of.
    pub(super) fn states(self) -> usize {
        if self == Kind::Lstm { 2 } else { 1 }
    }

    /// What the inputs `[.., in]` add to the gates at every step: computed for all steps at once.
    pub(super) fn of_input(self, x: &Tensor, w: &RecurrentWeights) -> Result<Tensor> {
        let product = x.matmul(&w.weight_ih.t()?)?;
        match (&w.bias_ih, &w.bias_hh, self) {
            (Some(bias), _, Kind::Gru) => with_bias(&product, bias),
            (Some(bias_ih), Some(bias_hh), _) => with_bias(&product, &bias_ih.add(bias_hh)?),
            _ => Ok(product),
        }
    }

    /// The state after a step, given what the input adds to the gates.
    pub(super) fn step(self, input: &Tensor, state: &[Tensor], w: &StepWeights<'_>) -> Result<Vec<Tensor>> {
        let h = &state[0];
        let recurrent = h.matmul(&w.weight_hh_t)?;
        match self {
            Kind::Plain(RNNNonlinearity::Tanh) => Ok(vec![input.add(&recurrent)?.tanh()?]),
            Kind::Plain(RNNNonlinearity::Relu) => Ok(vec![input.add(&recurrent)?.relu()?]),
            Kind::Gru => {
                // r and z, reset and update; n, the new state: its recurrent part is reset behind its bias.
                let recurrent = match w.bias_hh {
                    Some(bias) => with_bias(&recurrent, bias)?,
                    None => recurrent,
                };
                let size = h.shape()[1];
                let parts = [2 * size, size];
                let [input, recurrent] = [pieces::<2>(input, &parts)?, pieces(&recurrent, &parts)?];
                let [r, z] = pieces(&input[0].add(&recurrent[0])?.sigmoid()?, &[size, size])?;
                let n = input[1].add(&recurrent[1].mul(&r)?)?.tanh()?;
                Ok(vec![h.sub(&n)?.mul(&z)?.add(&n)?])
            }
            Kind::Lstm => {
                // i, f, g, o: what comes in, what stays, the new values, what goes out.
                let gates = input.add(&recurrent)?;
                let size = state[1].shape()[1];
                let [i, f, g, o] = pieces(&gates, &[size; 4])?;
                let c = i.sigmoid()?.mul(&g.tanh()?)?.add(&f.sigmoid()?.mul(&state[1])?)?;
                let h = o.sigmoid()?.mul(&c.tanh()?)?;
                let h = match &w.weight_hr_t {
                    Some(projection) => h.matmul(projection)?,
                    None => h,
                };
                Ok(vec![h, c])
            }
        }
    }
}

/// In mixed precision a product is narrower than the bias, and stays so.
fn with_bias(product: &Tensor, bias: &Tensor) -> Result<Tensor> {
    if bias.dtype() == product.dtype() { product.add(bias) } else { product.add(&bias.to_dtype(product.dtype())?) }
}

/// The columns of `x` in pieces of `sizes`.
fn pieces<const N: usize>(x: &Tensor, sizes: &[usize; N]) -> Result<[Tensor; N]> {
    let wrong = |pieces: Vec<Tensor>| Error::new("split", format!("{} pieces", pieces.len()));
    split(x, sizes, 1)?.try_into().map_err(wrong)
}

/// The weights of the recurrent part, turned around once for all steps.
pub(super) struct StepWeights<'a> {
    weight_hh_t: Tensor,
    bias_hh: Option<&'a Tensor>,
    weight_hr_t: Option<Tensor>,
}

impl<'a> StepWeights<'a> {
    pub(super) fn new(w: &'a RecurrentWeights) -> Result<StepWeights<'a>> {
        Ok(StepWeights {
            weight_hh_t: w.weight_hh.t()?,
            bias_hh: w.bias_hh.as_deref(),
            weight_hr_t: w.weight_hr.as_ref().map(|p| p.t()).transpose()?,
        })
    }
}
