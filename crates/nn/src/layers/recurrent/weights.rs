//! The parameters of one layer of a recurrent net in one direction, under PyTorch's names.
use crate::{Parameter, Visitor, init};
use tensor_core::Result;

/// The parameters of one layer in one direction. `G` is 1 for RNN, 3 for GRU (gates r, z, n), 4 for LSTM (i, f, g, o).
#[derive(Debug, Clone)]
pub struct RecurrentWeights {
    /// `[G hidden, in]`
    pub weight_ih: Parameter,
    /// `[G hidden, hidden]`, or `[G hidden, projected]`.
    pub weight_hh: Parameter,
    /// `[G hidden]`
    pub bias_ih: Option<Parameter>,
    /// `[G hidden]`
    pub bias_hh: Option<Parameter>,
    /// `[projected, hidden]`, of an LSTM with a projection.
    pub weight_hr: Option<Parameter>,
}

impl RecurrentWeights {
    /// Even within `1 / sqrt(hidden)`.
    pub(super) fn new(
        gates: usize,
        input: usize,
        hidden: usize,
        projected: Option<usize>,
        bias: bool,
    ) -> Result<RecurrentWeights> {
        let bound = if hidden > 0 { 1.0 / (hidden as f64).sqrt() } else { 0.0 };
        let rows = gates.saturating_mul(hidden);
        let part = |shape: &[usize]| init::even(shape, bound);
        Ok(RecurrentWeights {
            weight_ih: part(&[rows, input])?,
            weight_hh: part(&[rows, projected.unwrap_or(hidden)])?,
            bias_ih: bias.then(|| part(&[rows])).transpose()?,
            bias_hh: bias.then(|| part(&[rows])).transpose()?,
            weight_hr: projected.map(|size| part(&[size, hidden])).transpose()?,
        })
    }

    /// Shows the parameters under their names with `suffix`, such as `_l0_reverse`.
    pub(super) fn visit_as<'m>(&'m self, suffix: &str, visitor: &mut Visitor<'m, '_>) {
        let mut show = |name: &str, part: Option<&'m Parameter>| {
            if let Some(part) = part {
                visitor.field(&format!("{name}{suffix}"), |visitor| visitor.parameter(part));
            }
        };
        show("weight_ih", Some(&self.weight_ih));
        show("weight_hh", Some(&self.weight_hh));
        show("bias_ih", self.bias_ih.as_ref());
        show("bias_hh", self.bias_hh.as_ref());
        show("weight_hr", self.weight_hr.as_ref());
    }
}
