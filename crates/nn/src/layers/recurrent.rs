//! Recurrent layers: a state that goes over a sequence step by step.
mod cells;
mod gates;
mod layers;
mod run;
mod steps;
mod weights;

pub use cells::{CellOptions, GRUCell, LSTMCell, RNNCell, RNNCellOptions};
pub use layers::{GRU, GRUOptions, LSTM, LSTMOptions, RNN, RNNOptions};
pub use weights::RecurrentWeights;

/// What bends the sum of a plain recurrent layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RNNNonlinearity {
    /// Hyperbolic tangent.
    #[default]
    Tanh,
    /// `max(x, 0)`
    Relu,
}
