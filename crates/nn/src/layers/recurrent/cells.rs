//! Single steps of recurrent layers.
use super::{
    RNNNonlinearity, RecurrentWeights,
    gates::{Kind, StepWeights},
};
use crate::{Module, Part, Visitor, scope_with};
use tensor_core::{Error, Result, Tensor};

/// Settings of [`GRUCell`] and [`LSTMCell`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellOptions {
    /// Whether to add biases.
    pub bias: bool,
}

impl Default for CellOptions {
    fn default() -> CellOptions {
        CellOptions { bias: true }
    }
}

/// Settings of [`RNNCell`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RNNCellOptions {
    /// Whether to add biases.
    pub bias: bool,
    /// What bends the sum.
    pub nonlinearity: RNNNonlinearity,
}

impl Default for RNNCellOptions {
    fn default() -> RNNCellOptions {
        RNNCellOptions { bias: true, nonlinearity: RNNNonlinearity::Tanh }
    }
}

/// One step of `kind`. Without a state it starts from zeros.
fn step(op: &'static str, kind: Kind, w: &RecurrentWeights, x: &Tensor, state: &[&Tensor]) -> Result<Vec<Tensor>> {
    let (input, hidden) = (w.weight_ih.shape()[1], w.weight_hh.shape()[1]);
    let single = match *x.shape() {
        [given] | [_, given] if given != input => {
            return Err(Error::new(op, format!("expected {input} features, got {given}")).operands([x]));
        }
        [_] => true,
        [_, _] => false,
        _ => return Err(Error::new(op, "the input must be [N, in] or [in]").operands([x])),
    };
    let lead = &x.shape()[..x.dim() - 1];
    let expected = [lead, &[hidden]].concat();
    if let Some(wrong) = state.iter().find(|s| s.shape() != expected) {
        return Err(Error::new(op, format!("the state must be {expected:?}")).operands([x, wrong]));
    }
    let row = |t: &Tensor| if single { t.unsqueeze(0) } else { Ok(t.clone()) };
    let x = row(x)?;
    let state = match state {
        [] => vec![x.new_zeros([x.shape()[0], hidden])?; kind.states()],
        given => given.iter().map(|s| row(s)).collect::<Result<_>>()?,
    };
    let next = kind.step(&kind.of_input(&x, w)?, &state, &StepWeights::new(w)?)?;
    if single { next.iter().map(|s| s.squeeze_dim(0)).collect() } else { Ok(next) }
}

macro_rules! cell {
    ($Name:ident) => {
        impl Part for $Name {
            fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
                visitor.module(self, |visitor| self.weights.visit_as("", visitor));
            }
        }
        impl Module for $Name {}
    };
}

/// `h' = tanh(W x + b + U h + c)`: one step of [`crate::RNN`].
///
/// # Shapes
/// `x`: `[N, in]` or `[in]`, `h`: `[N, hidden]` or `[hidden]`; result: the shape of `h`.
///
/// ```
/// use nn::RNNCell;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let cell = RNNCell::new(10, 20)?;
/// assert_eq!(cell.forward(&Tensor::zeros([3, 10])?, None)?.shape(), [3, 20]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct RNNCell {
    /// `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`.
    pub weights: RecurrentWeights,
    nonlinearity: RNNNonlinearity,
}
cell!(RNNCell);

impl RNNCell {
    /// From `input_size` features to a state of `hidden_size`.
    pub fn new(input_size: usize, hidden_size: usize) -> Result<RNNCell> {
        RNNCell::with_options(input_size, hidden_size, RNNCellOptions::default())
    }
    /// The same with settings.
    pub fn with_options(input_size: usize, hidden_size: usize, options: RNNCellOptions) -> Result<RNNCell> {
        let weights = RecurrentWeights::new(1, input_size, hidden_size, None, options.bias)?;
        Ok(RNNCell { weights, nonlinearity: options.nonlinearity })
    }
    /// The state after `x`; it starts as zeros where `h` is `None`.
    pub fn forward(&self, x: &Tensor, h: Option<&Tensor>) -> Result<Tensor> {
        let kind = Kind::Plain(self.nonlinearity);
        scope_with(self, x, |x| one(step("rnn_cell", kind, &self.weights, x, h.as_slice())?))
    }
}

/// One step of [`crate::GRU`].
///
/// # Shapes
/// `x`: `[N, in]` or `[in]`, `h`: `[N, hidden]` or `[hidden]`; result: the shape of `h`.
///
/// ```
/// use nn::{GRUCell, Module};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let cell = GRUCell::new(10, 20)?;
/// assert_eq!(cell.num_parameters(), 60 * (10 + 20 + 2));
/// assert_eq!(cell.forward(&Tensor::zeros([3, 10])?, None)?.shape(), [3, 20]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct GRUCell {
    /// `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`; gates r, z, n.
    pub weights: RecurrentWeights,
}
cell!(GRUCell);

impl GRUCell {
    /// From `input_size` features to a state of `hidden_size`.
    pub fn new(input_size: usize, hidden_size: usize) -> Result<GRUCell> {
        GRUCell::with_options(input_size, hidden_size, CellOptions::default())
    }
    /// The same with settings.
    pub fn with_options(input_size: usize, hidden_size: usize, options: CellOptions) -> Result<GRUCell> {
        Ok(GRUCell { weights: RecurrentWeights::new(3, input_size, hidden_size, None, options.bias)? })
    }
    /// The state after `x`; it starts as zeros where `h` is `None`.
    pub fn forward(&self, x: &Tensor, h: Option<&Tensor>) -> Result<Tensor> {
        scope_with(self, x, |x| one(step("gru_cell", Kind::Gru, &self.weights, x, h.as_slice())?))
    }
}

/// One step of [`crate::LSTM`].
///
/// # Shapes
/// `x`: `[N, in]` or `[in]`, `h` and `c`: `[N, hidden]` or `[hidden]`; results: the same.
///
/// ```
/// use nn::LSTMCell;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let cell = LSTMCell::new(10, 20)?;
/// let (h, c) = cell.forward(&Tensor::zeros([3, 10])?, None)?;
/// let (h, c) = cell.forward(&Tensor::zeros([3, 10])?, Some((&h, &c)))?;
/// assert_eq!((h.shape(), c.shape()), (&[3, 20][..], &[3, 20][..]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct LSTMCell {
    /// `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`; gates i, f, g, o.
    pub weights: RecurrentWeights,
}
cell!(LSTMCell);

impl LSTMCell {
    /// From `input_size` features to a state of `hidden_size`.
    pub fn new(input_size: usize, hidden_size: usize) -> Result<LSTMCell> {
        LSTMCell::with_options(input_size, hidden_size, CellOptions::default())
    }
    /// The same with settings.
    pub fn with_options(input_size: usize, hidden_size: usize, options: CellOptions) -> Result<LSTMCell> {
        Ok(LSTMCell { weights: RecurrentWeights::new(4, input_size, hidden_size, None, options.bias)? })
    }
    /// The states after `x`; they start as zeros where `state` is `None`.
    pub fn forward(&self, x: &Tensor, state: Option<(&Tensor, &Tensor)>) -> Result<(Tensor, Tensor)> {
        scope_with(self, x, |x| {
            let state: Vec<&Tensor> = state.map_or(Vec::new(), |(h, c)| vec![h, c]);
            let mut next = step("lstm_cell", Kind::Lstm, &self.weights, x, &state)?;
            let c = one(next.split_off(1))?;
            Ok((one(next)?, c))
        })
    }
}

/// The only part of a state.
pub(super) fn one(mut state: Vec<Tensor>) -> Result<Tensor> {
    state.pop().ok_or_else(|| Error::new("recurrent", "a state has no parts"))
}
