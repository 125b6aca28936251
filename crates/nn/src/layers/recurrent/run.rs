//! The walk of a stack of recurrent layers over a sequence, in one or both directions.
use super::{
    RecurrentWeights,
    gates::{Kind, StepWeights},
    steps::split,
};
use tensor_core::{DType, Result, Tensor, autocast::autocast_state};

/// How a stack is walked through.
pub(super) struct Plan<'a> {
    pub(super) kind: Kind,
    /// Layer by layer, the reverse direction after the forward one.
    pub(super) weights: &'a [RecurrentWeights],
    /// 1 or 2.
    pub(super) directions: usize,
    /// What falls out between layers; 0 in evaluation.
    pub(super) dropout: f64,
}

/// The rows of all steps, one step after the other: `[rows, features]`.
pub(super) struct Sequence {
    pub(super) rows: Tensor,
    /// How many samples each step has; never more than the step before it.
    pub(super) batch_sizes: Vec<usize>,
}

impl Plan<'_> {
    /// The outputs of the last layer, and the last states, each `[layers * directions, N, size]`. `initial` has that
    /// shape too.
    pub(super) fn run(&self, x: Sequence, initial: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let (mut rows, initial) = in_precision(x.rows, initial)?;
        let mut last: Vec<Vec<Tensor>> = vec![Vec::new(); self.kind.states()];
        for (layer, weights) in self.weights.chunks(self.directions).enumerate() {
            if layer > 0 && self.dropout > 0.0 {
                rows = rows.dropout(self.dropout)?;
            }
            let mut outputs = Vec::with_capacity(self.directions);
            for (direction, w) in weights.iter().enumerate() {
                let at = (layer * self.directions + direction) as isize;
                let state = initial.iter().map(|s| s.select(0, at)).collect::<Result<Vec<_>>>()?;
                let gates = self.kind.of_input(&rows, w)?;
                let (y, state) = walk(self.kind, w, &gates, &x.batch_sizes, state, direction == 1)?;
                outputs.push(y);
                last.iter_mut().zip(state).for_each(|(last, state)| last.push(state));
            }
            rows = match &outputs[..] {
                [one] => one.clone(),
                both => Tensor::cat(&both.iter().collect::<Vec<_>>(), 1)?,
            };
        }
        let last = last.iter().map(|states| Tensor::stack(&states.iter().collect::<Vec<_>>(), 0));
        Ok((rows, last.collect::<Result<_>>()?))
    }
}

/// In mixed precision the whole walk is in the lower one, its states too.
fn in_precision(rows: Tensor, initial: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
    let state = autocast_state();
    if !state.enabled || rows.dtype() == DType::F64 {
        return Ok((rows, initial.to_vec()));
    }
    Ok((rows.to_dtype(state.dtype)?, initial.iter().map(|s| s.to_dtype(state.dtype)).collect::<Result<_>>()?))
}

/// One layer in one direction: its outputs `[rows, size]` in the order of the steps, and the states behind it.
fn walk(
    kind: Kind,
    w: &RecurrentWeights,
    gates: &Tensor,
    batch_sizes: &[usize],
    initial: Vec<Tensor>,
    reverse: bool,
) -> Result<(Tensor, Vec<Tensor>)> {
    let w = StepWeights::new(w)?;
    let steps = split(gates, batch_sizes, 0)?;
    let mut outputs: Vec<Tensor> = Vec::with_capacity(steps.len());
    if reverse {
        // Short samples join on the way: they start where they end.
        let mut state = rows(&initial, 0, batch_sizes.last().copied().unwrap_or(0))?;
        for (step, &size) in steps.iter().zip(batch_sizes).rev() {
            let there = state[0].shape()[0];
            if size > there {
                let joining = rows(&initial, there, size)?;
                state = join(&[state, joining])?;
            }
            state = kind.step(step, &state, &w)?;
            outputs.push(state[0].clone());
        }
        outputs.reverse();
        return Ok((Tensor::cat(&outputs.iter().collect::<Vec<_>>(), 0)?, state));
    }
    // Short samples leave on the way, the last ones first.
    let mut state = initial;
    let mut left: Vec<Vec<Tensor>> = Vec::new();
    for (step, &size) in steps.iter().zip(batch_sizes) {
        let there = state[0].shape()[0];
        if size < there {
            left.push(rows(&state, size, there)?);
            state = rows(&state, 0, size)?;
        }
        state = kind.step(step, &state, &w)?;
        outputs.push(state[0].clone());
    }
    if !left.is_empty() {
        left.push(state);
        left.reverse();
        state = join(&left)?;
    }
    Ok((Tensor::cat(&outputs.iter().collect::<Vec<_>>(), 0)?, state))
}

/// The samples from `start` to before `end` of each part of a state.
fn rows(state: &[Tensor], start: usize, end: usize) -> Result<Vec<Tensor>> {
    state.iter().map(|s| s.narrow(0, start, end - start)).collect()
}

/// States of samples, one after the other.
fn join(states: &[Vec<Tensor>]) -> Result<Vec<Tensor>> {
    (0..states[0].len())
        .map(|part| Tensor::cat(&states.iter().map(|state| &state[part]).collect::<Vec<_>>(), 0))
        .collect()
}
