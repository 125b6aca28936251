//! The loss of sequences whose alignment with their targets is not known.
use super::Reduction;
use std::sync::Arc;
use tensor_core::{DType, Error, Function, Keeps, Result, Tensor, graph::Node, no_grad};

/// Connectionist temporal classification (Graves et al., 2006): minus the logarithm of the probability of the target,
/// summed over all ways to stretch it over the input with repetitions and blanks.
///
/// The mean divides each loss by the length of its target first. Higher derivatives are not defined, as in PyTorch.
///
/// # Shapes
/// `log_probs`: `[T, N, C]` or `[T, C]`, as `log_softmax` gives them; `targets`: `[N, S]`, or one after the other in one
/// dim, integer class ids other than `blank`; lengths: one for each sample; result: `[]`, or one loss per sample without
/// reduction.
///
/// ```
/// use nn::loss::CTCLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// // Two steps, two classes: `1 1`, `1 _` and `_ 1` all spell the target `1`.
/// let log_probs = Tensor::full([2, 1, 2], 0.5)?.log()?;
/// let loss = CTCLoss::default().forward(&log_probs, &Tensor::from_slice(&[1i64], [1, 1])?, &[2], &[1])?;
/// assert!((loss.item::<f64>()? + 0.75f64.ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CTCLoss {
    /// The class that stands for nothing.
    pub blank: usize,
    /// What becomes of the losses of single samples.
    pub reduction: Reduction,
    /// Whether a target that is too long for its input counts nothing, instead of being infinitely bad.
    pub zero_infinity: bool,
}

impl CTCLoss {
    /// The loss of `targets` under `log_probs`, of which `input_lengths` and `target_lengths` say how much counts.
    pub fn forward(
        &self,
        log_probs: &Tensor,
        targets: &Tensor,
        input_lengths: &[usize],
        target_lengths: &[usize],
    ) -> Result<Tensor> {
        const OP: &str = "ctc_loss";
        let one = |[x]: [&Tensor; 1], _: Option<&Tensor>| self.forward(x, targets, input_lengths, target_lengths);
        if let Some(loss) = tensor_core::autocast::single([log_probs], None, one) {
            return loss;
        }
        if log_probs.dim() == 2 {
            let loss = self.forward(&log_probs.unsqueeze(1)?, targets, input_lengths, target_lengths)?;
            return if loss.dim() == 1 { loss.squeeze_dim(0) } else { Ok(loss) };
        }
        let batch = Batch::new(log_probs, targets, input_lengths, target_lengths, self.blank)?;
        let losses = batch.losses(log_probs, self.zero_infinity)?;
        match self.reduction {
            Reduction::Mean => {
                let lengths: Vec<f64> = target_lengths.iter().map(|&n| n.max(1) as f64).collect();
                let lengths = Tensor::from_slice(&lengths, [lengths.len()])?;
                losses.div(&lengths.to_dtype(losses.dtype())?.to_device(&losses.device())?)?.mean()
            }
            reduction => reduction.of(losses),
        }
        .map_err(|e| e.renamed(OP))
    }
}

/// Inputs that fit each other.
struct Batch<'a> {
    blank: usize,
    /// Steps, samples, classes.
    sizes: [usize; 3],
    input_lengths: &'a [usize],
    /// The classes of each sample's target.
    targets: Vec<Vec<usize>>,
}

impl<'a> Batch<'a> {
    fn new(
        log_probs: &Tensor,
        targets: &Tensor,
        input_lengths: &'a [usize],
        target_lengths: &[usize],
        blank: usize,
    ) -> Result<Batch<'a>> {
        let wrong = |why: String| Error::new("ctc_loss", why).operands([log_probs, targets]);
        let &[steps, samples, classes] = log_probs.shape() else {
            return Err(wrong(format!("log_probs must be [T, N, C] or [T, C], got {} dims", log_probs.dim())));
        };
        if !log_probs.is_floating_point() {
            return Err(wrong("log_probs must be floats".into()));
        }
        if !targets.dtype().is_int() {
            return Err(
                wrong("targets must be integer class ids".into()).hint("convert them with to_dtype(DType::I64)")
            );
        }
        if blank >= classes {
            return Err(wrong(format!("blank is {blank}, and there are {classes} classes")));
        }
        if input_lengths.len() != samples || target_lengths.len() != samples {
            let (inputs, targets) = (input_lengths.len(), target_lengths.len());
            return Err(wrong(format!("{samples} samples, but {inputs} input and {targets} target lengths")));
        }
        if let Some(long) = input_lengths.iter().find(|&&n| n > steps) {
            return Err(wrong(format!("an input length is {long}, and there are {steps} steps")));
        }
        let ids = targets.to_vec::<i64>()?;
        let total: usize = target_lengths.iter().sum();
        let (width, packed) = match *targets.shape() {
            [n, width] if n == samples => (width, false),
            [n] if n == total => (0, true),
            [width] if samples == 1 && width >= total => (width, false),
            _ => {
                return Err(wrong(format!(
                    "targets must be [{samples}, S], or [{total}] with one target after the other"
                )));
            }
        };
        let mut start = 0;
        let mut rows = Vec::with_capacity(samples);
        for (sample, &length) in target_lengths.iter().enumerate() {
            let first = if packed { start } else { sample * width };
            start += length;
            if !packed && length > width {
                return Err(wrong(format!("a target length is {length}, and targets have {width} elements")));
            }
            let row: Option<Vec<usize>> = ids[first..first + length]
                .iter()
                .map(|&id| usize::try_from(id).ok().filter(|&id| id < classes))
                .collect();
            rows.push(row.ok_or_else(|| {
                wrong(format!("a target of sample {sample} has an id that is not one of the {classes} classes"))
            })?);
        }
        Ok(Batch { blank, sizes: [steps, samples, classes], input_lengths, targets: rows })
    }

    fn losses(&self, log_probs: &Tensor, zero_infinity: bool) -> Result<Tensor> {
        let [steps, samples, classes] = self.sizes;
        let (dtype, device) = (log_probs.dtype(), log_probs.device());
        let values = log_probs.detach().to_vec::<f64>()?;
        let wants_grad = log_probs.requires_grad();
        let mut grad = vec![0.0; if wants_grad { values.len() } else { 0 }];
        let mut losses = Vec::with_capacity(samples);
        for sample in 0..samples {
            let at = |t: usize, class: usize| (t * samples + sample) * classes + class;
            let lattice = Lattice {
                length: self.input_lengths[sample],
                labels: with_blanks(&self.targets[sample], self.blank),
                log_p: &|t, class| values[at(t, class)],
            };
            let (loss, alpha) = lattice.forward();
            let unreachable = loss == f64::INFINITY && zero_infinity;
            losses.push(if unreachable { 0.0 } else { loss });
            if wants_grad && !unreachable {
                lattice.backward(loss, &alpha, classes, &mut |t, class, g| grad[at(t, class)] = g);
            }
        }
        let _unrecorded = no_grad();
        let place = |values: &[f64], shape: &[usize]| -> Result<Tensor> {
            Tensor::from_slice(values, shape)?.to_dtype(dtype)?.to_device(&device)
        };
        let losses = place(&losses, &[samples])?;
        if !wants_grad {
            return Ok(losses);
        }
        let gradient = place(&grad, &[steps, samples, classes])?;
        drop(_unrecorded);
        let mut outputs = autograd::apply(Ctc { gradient }, &[log_probs], vec![losses]);
        outputs.pop().ok_or_else(|| Error::new("ctc_loss", "gave no result"))
    }
}

/// A blank before, between and after the classes.
fn with_blanks(target: &[usize], blank: usize) -> Vec<usize> {
    let mut labels = vec![blank];
    for &class in target {
        labels.extend([class, blank]);
    }
    labels
}

fn log_add(a: f64, b: f64) -> f64 {
    let most = a.max(b);
    if most == f64::NEG_INFINITY { most } else { most + ((a - most).exp() + (b - most).exp()).ln() }
}

/// One sample: the states are the labels with blanks between them.
struct Lattice<'a> {
    length: usize,
    labels: Vec<usize>,
    log_p: &'a dyn Fn(usize, usize) -> f64,
}

impl Lattice<'_> {
    /// Whether a path may jump over the blank before state `s`: not between equal classes.
    fn may_skip(&self, s: usize) -> bool {
        s >= 2 && s % 2 == 1 && self.labels[s] != self.labels[s - 2]
    }

    /// The loss, and `alpha[t][s]`: the logarithm of the probability of all beginnings that are in state `s` at `t`.
    fn forward(&self) -> (f64, Vec<Vec<f64>>) {
        let states = self.labels.len();
        let mut alpha: Vec<Vec<f64>> = Vec::with_capacity(self.length);
        for t in 0..self.length {
            let row = (0..states).map(|s| {
                let before = match alpha.last() {
                    None => return if s < 2 { (self.log_p)(0, self.labels[s]) } else { f64::NEG_INFINITY },
                    Some(last) => {
                        let mut sum = last[s];
                        if s >= 1 {
                            sum = log_add(sum, last[s - 1]);
                        }
                        if self.may_skip(s) {
                            sum = log_add(sum, last[s - 2]);
                        }
                        sum
                    }
                };
                before + (self.log_p)(t, self.labels[s])
            });
            let row = row.collect();
            alpha.push(row);
        }
        let total = match alpha.last() {
            None if states == 1 => 0.0,
            None => f64::NEG_INFINITY,
            Some(last) if states == 1 => last[0],
            Some(last) => log_add(last[states - 1], last[states - 2]),
        };
        // Not -0.0 where the probability is 1.
        (0.0 - total, alpha)
    }

    /// Gives `set` the derivative by each log-probability, where those of a step are a log-softmax's: PyTorch's.
    fn backward(&self, loss: f64, alpha: &[Vec<f64>], classes: usize, set: &mut dyn FnMut(usize, usize, f64)) {
        let states = self.labels.len();
        let mut beta = vec![f64::NEG_INFINITY; states];
        for t in (0..self.length).rev() {
            let later = beta.clone();
            for s in 0..states {
                let after = if t + 1 == self.length {
                    if s + 2 >= states { 0.0 } else { f64::NEG_INFINITY }
                } else {
                    let mut sum = later[s];
                    if s + 1 < states {
                        sum = log_add(sum, later[s + 1]);
                    }
                    if s + 2 < states && self.may_skip(s + 2) {
                        sum = log_add(sum, later[s + 2]);
                    }
                    sum
                };
                beta[s] = after + (self.log_p)(t, self.labels[s]);
            }
            let mut through = vec![f64::NEG_INFINITY; classes];
            for s in 0..states {
                let class = self.labels[s];
                through[class] = log_add(through[class], alpha[t][s] + beta[s]);
            }
            for (class, &sum) in through.iter().enumerate() {
                let log_p = (self.log_p)(t, class);
                set(t, class, log_p.exp() - (sum + loss - log_p).exp());
            }
        }
    }
}

/// The derivative was computed with the loss.
#[derive(Debug)]
struct Ctc {
    /// `[T, N, C]`
    gradient: Tensor,
}

impl Function for Ctc {
    fn name(&self) -> &'static str {
        "ctc_loss"
    }
    fn keeps(&self) -> Keeps {
        Keeps::NOTHING
    }
    fn backward(&self, _node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let Some(Some(g)) = grads.first() else { return Ok(vec![None]) };
        Ok(vec![Some(self.gradient.mul(&g.reshape([1, -1, 1])?)?)])
    }
}

/// Lengths as PyTorch takes them: a tensor of integers, for [`CTCLoss::forward`] and packed sequences.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// assert_eq!(nn::loss::lengths(&Tensor::from_slice(&[3i64, 1], [2])?)?, [3, 1]);
/// # Ok(()) }
/// ```
pub fn lengths(tensor: &Tensor) -> Result<Vec<usize>> {
    let wrong = |why: &str| Error::new("lengths", why).operands([tensor]);
    if !tensor.dtype().is_int() || tensor.dtype() == DType::Bool {
        return Err(wrong("lengths are integers"));
    }
    let whole = |n: i64| usize::try_from(n).map_err(|_| wrong("a length is negative"));
    tensor.to_vec::<i64>()?.into_iter().map(whole).collect()
}
