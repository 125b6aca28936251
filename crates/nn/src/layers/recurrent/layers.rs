//! RNN, GRU and LSTM: stacks of recurrent layers over whole sequences.
use super::{
    RNNNonlinearity, RecurrentWeights,
    cells::one,
    gates::Kind,
    run::{Plan, Sequence},
};
use crate::{Mode, Module, Part, Visitor, scope_with, utils::PackedSequence};
use tensor_core::{Error, Result, Tensor};

macro_rules! options {
    ($(#[$doc:meta])* $Name:ident { $( $(#[$field_doc:meta])* $field:ident: $Type:ty = $value:expr ),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $Name {
            /// How many layers stand on each other.
            pub num_layers: usize,
            /// Whether to add biases.
            pub bias: bool,
            /// Whether inputs and outputs are `[N, T, *]` instead of `[T, N, *]`.
            pub batch_first: bool,
            /// What share of the outputs of each layer but the last falls out in training.
            pub dropout: f64,
            /// Whether each layer also goes backwards; outputs are then twice as wide.
            pub bidirectional: bool,
            $( $(#[$field_doc])* pub $field: $Type, )*
        }

        impl Default for $Name {
            fn default() -> $Name {
                $Name {
                    num_layers: 1,
                    bias: true,
                    batch_first: false,
                    dropout: 0.0,
                    bidirectional: false,
                    $( $field: $value, )*
                }
            }
        }

        impl $Name {
            fn directions(&self) -> usize {
                if self.bidirectional { 2 } else { 1 }
            }
        }
    };
}
options! {
    /// Settings of [`RNN`].
    RNNOptions {
        /// What bends the sums.
        nonlinearity: RNNNonlinearity = RNNNonlinearity::Tanh
    }
}
options! {
    /// Settings of [`GRU`].
    GRUOptions {}
}
options! {
    /// Settings of [`LSTM`].
    LSTMOptions {
        /// The size that outputs are projected to; 0 for none.
        proj_size: usize = 0
    }
}

/// The weights of all layers and directions.
fn stack(
    new: &'static str,
    gates: usize,
    [input, hidden]: [usize; 2],
    projected: Option<usize>,
    (layers, directions, bias, dropout): (usize, usize, bool, f64),
) -> Result<Vec<RecurrentWeights>> {
    if layers == 0 || hidden == 0 {
        return Err(Error::new(new, format!("{layers} layers of {hidden} hidden features: both must be at least 1")));
    }
    if !(0.0..=1.0).contains(&dropout) {
        return Err(Error::new(new, format!("dropout is {dropout}, not within 0 and 1")));
    }
    if projected.is_some_and(|size| size >= hidden) {
        return Err(Error::new(new, "proj_size must be smaller than hidden_size"));
    }
    let below = projected.unwrap_or(hidden).saturating_mul(directions);
    let all = (0..layers).flat_map(|layer| std::iter::repeat_n(if layer == 0 { input } else { below }, directions));
    all.map(|input| RecurrentWeights::new(gates, input, hidden, projected, bias)).collect()
}

/// A layer as its parts see it.
struct Layer<'a> {
    op: &'static str,
    plan: Plan<'a>,
    batch_first: bool,
    /// The size of each part of the state.
    sizes: Vec<usize>,
}

impl Layer<'_> {
    /// Outputs and last states of a padded batch, or of a single sequence.
    fn forward(&self, x: &Tensor, initial: &[&Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let wrong = |why: String| Error::new(self.op, why).operands([x]);
        let shape = if self.batch_first { "[N, T, in]" } else { "[T, N, in]" };
        let single = match x.dim() {
            2 => true,
            3 => false,
            d => return Err(wrong(format!("the input must be {shape} or [T, in], got {d} dims"))),
        };
        let input = self.plan.weights[0].weight_ih.shape()[1];
        let given = x.shape()[x.dim() - 1];
        if given != input {
            return Err(wrong(format!("expected {input} features in the last dim, got {given}")));
        }
        // Steps first, and a batch of one.
        let steps_first = match (single, self.batch_first) {
            (true, _) => x.unsqueeze(1)?,
            (false, true) => x.transpose(0, 1)?,
            (false, false) => x.clone(),
        };
        let (steps, batch) = (steps_first.shape()[0], steps_first.shape()[1]);
        if steps == 0 {
            return Err(wrong("the sequence has no steps".into()));
        }
        let initial = self.initial(x, initial, batch, single)?;
        let rows = steps_first.reshape([steps * batch, input])?;
        let (y, last) = self.plan.run(Sequence { rows, batch_sizes: vec![batch; steps] }, &initial)?;
        let y = y.unflatten(0, [steps as i64, batch as i64])?;
        let y = match (single, self.batch_first) {
            (true, _) => y.squeeze_dim(1)?,
            (false, true) => y.transpose(0, 1)?,
            (false, false) => y,
        };
        let last = if single { last.iter().map(|s| s.squeeze_dim(1)).collect::<Result<_>>()? } else { last };
        Ok((y, last))
    }

    fn forward_packed(&self, x: &PackedSequence, initial: &[&Tensor]) -> Result<(PackedSequence, Vec<Tensor>)> {
        let initial = self.initial(&x.data, initial, x.batch(), false)?;
        let initial = initial.iter().map(|s| x.sort(s)).collect::<Result<Vec<_>>>()?;
        let input = self.plan.weights[0].weight_ih.shape()[1];
        if x.data.dim() != 2 || x.data.shape()[1] != input || x.batch_sizes.is_empty() {
            return Err(Error::new(self.op, format!("packed data must be [total length, {input}]")).operands([&x.data]));
        }
        let sequence = Sequence { rows: x.data.clone(), batch_sizes: x.batch_sizes.clone() };
        let (y, last) = self.plan.run(sequence, &initial)?;
        Ok((x.with(y), last.iter().map(|s| x.unsort(s)).collect::<Result<_>>()?))
    }

    /// The states to start from, with their batch dim: zeros where none are given.
    fn initial(&self, x: &Tensor, given: &[&Tensor], batch: usize, single: bool) -> Result<Vec<Tensor>> {
        let layers = self.plan.weights.len();
        if given.is_empty() {
            return self.sizes.iter().map(|&size| x.detach().new_zeros([layers, batch, size])).collect();
        }
        let check = |(state, &size): (&&Tensor, &usize)| {
            let expected = if single { vec![layers, size] } else { vec![layers, batch, size] };
            if state.shape() != expected {
                let error = Error::new(self.op, format!("an initial state must be {expected:?}"));
                return Err(error.operands([x, state]).hint("[layers * directions, N, size], with batch_first too"));
            }
            if single { state.unsqueeze(1) } else { Ok((*state).clone()) }
        };
        given.iter().zip(&self.sizes).map(check).collect()
    }
}

macro_rules! recurrent {
    (
        $(#[$doc:meta])*
        $Name:ident, $Options:ident, $new:literal, $op:literal, $gates:literal,
        projected: |$p:ident| $projected:expr,
        kind: |$o:ident| $kind:expr,
        state: $State:ty, $StateOut:ty, |$given:ident| $list:expr, |$last:ident| $pack:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $Name {
            /// The parameters of each layer, the reverse direction after the forward one. In state dicts they are
            /// `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l0_reverse` and so on.
            pub weights: Vec<RecurrentWeights>,
            /// Whether outputs between layers fall out.
            pub mode: Mode,
            hidden_size: usize,
            options: $Options,
        }

        impl Part for $Name {
            fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
                visitor.module(self, |visitor| {
                    for (layer, weights) in self.weights.chunks(self.options.directions()).enumerate() {
                        for (weights, reverse) in weights.iter().zip(["", "_reverse"]) {
                            weights.visit_as(&format!("_l{layer}{reverse}"), visitor);
                        }
                    }
                    visitor.field("mode", |visitor| self.mode.visit(visitor));
                });
            }
        }
        impl Module for $Name {}

        impl $Name {
            /// One layer from `input_size` features to a state of `hidden_size`.
            pub fn new(input_size: usize, hidden_size: usize) -> Result<$Name> {
                $Name::with_options(input_size, hidden_size, $Options::default())
            }

            /// The same with settings.
            pub fn with_options(input_size: usize, hidden_size: usize, options: $Options) -> Result<$Name> {
                let $p = &options;
                let shape = (options.num_layers, options.directions(), options.bias, options.dropout);
                let weights = stack($new, $gates, [input_size, hidden_size], $projected, shape)?;
                Ok($Name { weights, mode: Mode::new(), hidden_size, options })
            }

            /// The settings it was made with.
            pub fn options(&self) -> &$Options {
                &self.options
            }

            /// The outputs of the last layer at every step, and the states of all layers after the last step. Without
            /// initial states all start as zeros.
            pub fn forward(&self, x: &Tensor, initial: $State) -> Result<(Tensor, $StateOut)> {
                let $given = initial;
                scope_with(self, x, |x| {
                    let (y, $last) = self.layer().forward(x, &$list)?;
                    Ok((y, $pack))
                })
            }

            /// The same for sequences of different lengths; the last states are those at the end of each.
            pub fn forward_packed(&self, x: &PackedSequence, initial: $State) -> Result<(PackedSequence, $StateOut)> {
                let $given = initial;
                scope_with(self, &x.data, |data| {
                    let (y, $last) = self.layer().forward_packed(&x.with(data.clone()), &$list)?;
                    Ok((y, $pack))
                })
            }

            fn layer(&self) -> Layer<'_> {
                let ($o, $p) = (&self.options, &self.options);
                let plan = Plan {
                    kind: $kind,
                    weights: &self.weights,
                    directions: self.options.directions(),
                    dropout: if self.mode.is_training() { self.options.dropout } else { 0.0 },
                };
                let mut sizes = vec![self.hidden_size; plan.kind.states()];
                sizes[0] = $projected.unwrap_or(self.hidden_size);
                Layer { op: $op, plan, batch_first: self.options.batch_first, sizes }
            }
        }
    };
}

recurrent! {
    /// `h' = tanh(W x + b + U h + c)` over a sequence, in one or more layers. Parameters start even within
    /// `1 / sqrt(hidden)`.
    ///
    /// # Shapes
    /// input `[T, N, in]` (or `[N, T, in]` where `batch_first`, or `[T, in]`), initial state
    /// `[layers * directions, N, hidden]`; output `[T, N, directions * hidden]`, last states as the initial ones.
    ///
    /// ```
    /// use nn::RNN;
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let rnn = RNN::new(10, 20)?;
    /// let (y, h) = rnn.forward(&Tensor::zeros([5, 3, 10])?, None)?;
    /// assert_eq!((y.shape(), h.shape()), (&[5, 3, 20][..], &[1, 3, 20][..]));
    /// # Ok(()) }
    /// ```
    RNN, RNNOptions, "RNN::new", "rnn", 1,
    projected: |_o| Option::<usize>::None,
    kind: |o| Kind::Plain(o.nonlinearity),
    state: Option<&Tensor>, Tensor, |h| h.as_slice(), |last| one(last)?
}

recurrent! {
    /// Gated recurrent units (Cho et al., 2014) over a sequence, in one or more layers:
    /// `r = sigmoid(W_r x + U_r h)`, `z = sigmoid(W_z x + U_z h)`, `n = tanh(W_n x + r * U_n h)`,
    /// `h' = (1 - z) * n + z * h`, each with biases. Parameters start even within `1 / sqrt(hidden)`.
    ///
    /// # Shapes
    /// input `[T, N, in]` (or `[N, T, in]` where `batch_first`, or `[T, in]`), initial state
    /// `[layers * directions, N, hidden]`; output `[T, N, directions * hidden]`, last states as the initial ones.
    ///
    /// ```
    /// use nn::{GRU, GRUOptions};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let gru = GRU::with_options(10, 20, GRUOptions { num_layers: 2, batch_first: true, ..Default::default() })?;
    /// let (y, h) = gru.forward(&Tensor::zeros([3, 5, 10])?, None)?;
    /// assert_eq!((y.shape(), h.shape()), (&[3, 5, 20][..], &[2, 3, 20][..]));
    /// # Ok(()) }
    /// ```
    GRU, GRUOptions, "GRU::new", "gru", 3,
    projected: |_o| Option::<usize>::None,
    kind: |_kind| Kind::Gru,
    state: Option<&Tensor>, Tensor, |h| h.as_slice(), |last| one(last)?
}

recurrent! {
    /// Long short-term memory (Hochreiter and Schmidhuber, 1997) over a sequence, in one or more layers:
    /// `i, f, o = sigmoid(W x + U h)`, `g = tanh(W_g x + U_g h)`, `c' = f * c + i * g`, `h' = o * tanh(c')`, each with
    /// biases. Parameters start even within `1 / sqrt(hidden)`.
    ///
    /// # Shapes
    /// input `[T, N, in]` (or `[N, T, in]` where `batch_first`, or `[T, in]`), initial states
    /// `[layers * directions, N, hidden]` (`h` of `proj_size` where there is a projection); output
    /// `[T, N, directions * hidden]`, last states as the initial ones.
    ///
    /// ```
    /// use nn::{LSTM, LSTMOptions, Module};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let options = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
    /// let lstm = LSTM::with_options(10, 20, options)?;
    /// let (y, (h, c)) = lstm.forward(&Tensor::zeros([3, 5, 10])?, None)?;
    /// assert_eq!(y.shape(), [3, 5, 40]);
    /// assert_eq!((h.shape(), c.shape()), (&[2, 3, 20][..], &[2, 3, 20][..]));
    /// assert_eq!(lstm.named_parameters()[4].0, "weight_ih_l0_reverse");
    /// # Ok(()) }
    /// ```
    LSTM, LSTMOptions, "LSTM::new", "lstm", 4,
    projected: |o| Some(o.proj_size).filter(|&size| size > 0),
    kind: |_kind| Kind::Lstm,
    state: Option<(&Tensor, &Tensor)>, (Tensor, Tensor),
    |state| state.map_or(Vec::new(), |(h, c)| vec![h, c])[..],
    |last| {
        let mut last = last;
        let c = one(last.split_off(1))?;
        (one(last)?, c)
    }
}
