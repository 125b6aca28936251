//! Losses of class ids: negative log-likelihood and cross entropy.
use super::{Loss, Reduction, tell};
use tensor_core::{DROP, DType, Error, ErrorKind, Result, Tensor, autocast};

/// PyTorch's default: no class has this id.
pub(super) const IGNORE_INDEX: i64 = -100;

/// `-weight[target] * input[target]`, where `input` holds log-probabilities, as `log_softmax` gives them.
///
/// The mean divides by the sum of the weights of the targets; ignored targets count nowhere.
///
/// # Shapes
/// `input`: `[N, C]`, `[C]` or `[N, C, d1, ..]`; `target`: `[N]`, `[]` or `[N, d1, ..]`, integer class ids below `C`;
/// result: `[]`, or the target's shape without reduction.
///
/// ```
/// use nn::loss::{Loss, NLLLoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let log_p = Tensor::from_slice(&[0.2f32, 0.8, 0.5, 0.5], [2, 2])?.log()?;
/// let target = Tensor::from_slice(&[1i64, -100], [2])?; // the second one is ignored
/// let loss = NLLLoss::default().forward(&log_p, &target)?;
/// assert!((loss.item::<f64>()? + 0.8f64.ln()).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct NLLLoss {
    /// `[C]`: how much each class counts.
    pub weight: Option<Tensor>,
    /// Targets with this id are left out.
    pub ignore_index: i64,
    /// What becomes of the losses of single targets.
    pub reduction: Reduction,
}

impl Default for NLLLoss {
    fn default() -> NLLLoss {
        NLLLoss { weight: None, ignore_index: IGNORE_INDEX, reduction: Reduction::Mean }
    }
}

impl Loss for NLLLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        tell("nll_loss", input, target);
        let classes = Classes::new("nll_loss", input, target, self.weight.as_ref(), self.ignore_index)?;
        let (losses, weights) = classes.losses(input)?;
        Ok(classes.reduce(self.reduction, losses, weights.as_ref())?.called("nll_loss"))
    }
}

/// `-log_softmax(input)[target]`, for logits.
///
/// A float `target` of the input's shape is taken as the probabilities of the classes.
///
/// # Shapes
/// `input`: `[N, C]`, `[C]` or `[N, C, d1, ..]`; `target`: `[N]`, `[]` or `[N, d1, ..]`, integer class ids below `C`, or
/// probabilities in the input's shape; result: `[]`, or one loss per target without reduction.
///
/// ```
/// use nn::loss::{CrossEntropyLoss, Loss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let logits = Tensor::from_slice(&[1e4f32, -1e4, 3.0, 3.0], [2, 2])?;
/// let loss = CrossEntropyLoss::default().forward(&logits, &Tensor::from_slice(&[0i64, 1], [2])?)?;
/// assert!((loss.item::<f64>()? - 2f64.ln() / 2.0).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CrossEntropyLoss {
    /// `[C]`: how much each class counts.
    pub weight: Option<Tensor>,
    /// Targets with this id are left out.
    pub ignore_index: i64,
    /// What becomes of the losses of single targets.
    pub reduction: Reduction,
    /// The share, from 0 to 1, of every target that is spread over all classes.
    pub label_smoothing: f64,
}

impl Default for CrossEntropyLoss {
    fn default() -> CrossEntropyLoss {
        CrossEntropyLoss { weight: None, ignore_index: IGNORE_INDEX, reduction: Reduction::Mean, label_smoothing: 0.0 }
    }
}

impl Loss for CrossEntropyLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "cross_entropy";
        tell(OP, input, target);
        if !(0.0..=1.0).contains(&self.label_smoothing) {
            return Err(Error::new(OP, format!("label_smoothing is {}, not within 0 and 1", self.label_smoothing)));
        }
        if target.dtype().is_float() && target.shape() == input.shape() && input.dim() > 0 {
            return self.of_probabilities(input, target).map(|loss| loss.called(OP)).map_err(|e| e.renamed(OP));
        }
        let classes = Classes::new(OP, input, target, self.weight.as_ref(), self.ignore_index)?;
        let log_p = input.log_softmax(classes.dim as isize).map_err(|e| e.renamed(OP))?;
        let (losses, weights) = classes.losses(&log_p)?;
        let loss = classes.reduce(self.reduction, losses, weights.as_ref())?;
        if self.label_smoothing == 0.0 {
            return Ok(loss.called(OP));
        }
        // Every class gets an equal share: the average over classes of what the loss would be for each.
        let spread = classes.spread(&log_p)?;
        let spread = classes.reduce(self.reduction, spread, weights.as_ref())?;
        let share = self.label_smoothing / classes.count as f64;
        Ok(loss.mul(1.0 - self.label_smoothing)?.add(&spread.mul(share)?)?.called(OP))
    }
}

impl CrossEntropyLoss {
    fn of_probabilities(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        let dim = usize::from(input.dim() > 1);
        let count = input.shape()[dim];
        let mut target = target.to_dtype(input.dtype())?;
        if self.label_smoothing > 0.0 {
            target = target.mul(1.0 - self.label_smoothing)?.add(self.label_smoothing / count as f64)?;
        }
        let mut losses = input.log_softmax(dim as isize)?.mul(&target)?;
        if let Some(weight) = &self.weight {
            check_weight("cross_entropy", weight, count)?;
            losses = losses.mul(&per_class(weight, input, dim)?)?;
        }
        let losses = losses.sum_dim(dim as isize, DROP)?.neg()?;
        self.reduction.of(losses)
    }
}

/// Targets that fit their input.
struct Classes {
    op: &'static str,
    /// The dim of the classes.
    dim: usize,
    /// The number of classes.
    count: usize,
    /// `i64`, on the input's device, with ids to ignore as they are.
    target: Tensor,
    weight: Option<Tensor>,
    ignore_index: i64,
}

impl Classes {
    fn new(
        op: &'static str,
        input: &Tensor,
        target: &Tensor,
        weight: Option<&Tensor>,
        ignore_index: i64,
    ) -> Result<Classes> {
        let wrong = |why: &str| Error::new(op, why).operands([input, target]);
        if !input.dtype().is_float() {
            return Err(wrong("the input must be floats").hint(if target.dtype().is_float() {
                "input and target may have changed places: the model's output comes first"
            } else {
                "give it what the model's last layer returned"
            }));
        }
        if !target.dtype().is_int() {
            let hint = match op {
                "cross_entropy" => {
                    "convert them with to_dtype(DType::I64); probabilities must be floats of the input's shape"
                }
                _ => "convert them with to_dtype(DType::I64)",
            };
            return Err(wrong("targets must be integer class ids").hint(hint));
        }
        let (dim, expected) = match input.shape() {
            [] => {
                return Err(wrong("the input needs a dim of classes").hint("it is [N, C], or [C] for a single sample"));
            }
            [_] => (0, vec![]),
            [n, _, rest @ ..] => (1, [&[*n], rest].concat()),
        };
        if target.shape() != expected {
            let error = wrong(&format!("the target must have shape {expected:?}"));
            return Err(if target.shape() == [&expected[..], &[1]].concat() {
                error.hint("drop its last dim: target.squeeze_dim(-1)")
            } else if target.shape() == input.shape() && input.dim() == 1 {
                error.hint("an input of one dim is a single sample, [C]; a batch is [N, C]")
            } else if input.dim() > 2 && target.shape() == &input.shape()[..input.dim() - 1] {
                error.hint("the classes are dim 1 of the input: move them there with movedim(-1, 1)")
            } else if target.shape() == input.shape() && op == "cross_entropy" {
                error.hint("give class ids, or one-hot targets as floats: target.to_dtype(DType::F32)")
            } else {
                error.hint("one class id for each place of the input without its dim of classes")
            });
        }
        if target.device() != input.device() {
            return Err(
                wrong("input and target are on different devices").hint("move them to one device with to_device(..)")
            );
        }
        let count = input.shape()[dim];
        let weight = match weight {
            Some(w) => {
                check_weight(op, w, count)?;
                Some(w.to_device(&input.device())?)
            }
            None => None,
        };
        Ok(Classes { op, dim, count, target: target.to_dtype(DType::I64)?, weight, ignore_index })
    }

    /// Which targets count; `None` for all.
    fn valid(&self) -> Result<Option<Tensor>> {
        // An id that could be a class has to be looked for. One that could not (the default, -100) is rare: it is
        // looked for by whoever finds it in its way, in `losses`.
        let inside = usize::try_from(self.ignore_index).is_ok_and(|i| i < self.count);
        if inside { Ok(Some(self.target.ne(self.ignore_index)?)) } else { Ok(None) }
    }

    /// `-weight[target] * input[target]` for each target (0 where ignored), and these weights if they are not all 1.
    fn losses(&self, input: &Tensor) -> Result<(Tensor, Option<Tensor>)> {
        let picked = match self.valid()? {
            Some(valid) => self.pick(input, Some(valid)),
            // Fails if an id is outside of the classes, perhaps the ignored one.
            None => self.pick(input, None).or_else(|first| match self.target.ne(self.ignore_index) {
                Ok(valid) => self.pick(input, Some(valid)),
                Err(_) => Err(first),
            }),
        };
        picked.map_err(|e| self.explain(e, input))
    }

    fn pick(&self, input: &Tensor, valid: Option<Tensor>) -> Result<(Tensor, Option<Tensor>)> {
        let target = match &valid {
            Some(valid) => self.target.masked_fill(&valid.bitwise_not()?, 0)?,
            None => self.target.clone(),
        };
        let at = self.dim as isize;
        let mut losses = input.gather(at, &target.unsqueeze(at)?)?.squeeze_dim(at)?.neg()?;
        let mut weights = None;
        if let Some(weight) = &self.weight {
            let flat = weight.to_dtype(input.dtype())?.index_select(0, &target.reshape([-1])?)?;
            weights = Some(flat.reshape(target.shape())?);
        }
        if let Some(valid) = &valid {
            weights = Some(match weights {
                Some(w) => w.masked_fill(&valid.bitwise_not()?, 0.0)?,
                None => valid.to_dtype(input.dtype())?,
            });
            // Not a product: what is ignored may be infinite.
            losses = losses.masked_fill(&valid.bitwise_not()?, 0.0)?;
        }
        if let Some(w) = &weights {
            losses = losses.mul(w)?;
        }
        Ok((losses, weights))
    }

    /// `-sum over classes of weight * input` for each target, 0 where ignored.
    fn spread(&self, log_p: &Tensor) -> Result<Tensor> {
        let weighted = match &self.weight {
            Some(weight) => log_p.mul(&per_class(&weight.to_dtype(log_p.dtype())?, log_p, self.dim)?)?,
            None => log_p.clone(),
        };
        let ignored = self.target.eq(self.ignore_index)?;
        weighted.sum_dim(self.dim as isize, DROP)?.neg()?.masked_fill(&ignored, 0.0)
    }

    fn reduce(&self, reduction: Reduction, losses: Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
        match (reduction, weights) {
            (Reduction::Mean, Some(weights)) => losses.sum()?.div(&weights.sum()?),
            _ => reduction.of(losses),
        }
        .map_err(|e| e.renamed(self.op))
    }

    /// Names the first id that is no class, if that is what went wrong.
    fn explain(&self, error: Error, input: &Tensor) -> Error {
        if error.kind() != ErrorKind::Invalid {
            return error.renamed(self.op);
        }
        let ids = self.target.to_vec::<i64>().unwrap_or_default();
        let outside = |id: &i64| *id != self.ignore_index && usize::try_from(*id).map_or(true, |id| id >= self.count);
        let Some(position) = ids.iter().position(outside) else { return error.renamed(self.op) };
        let mut index = vec![0; self.target.dim()];
        let mut rest = position;
        for (i, size) in index.iter_mut().zip(self.target.shape()).rev() {
            *i = rest % size;
            rest /= size;
        }
        let id = ids[position];
        Error::new(
            self.op,
            format!("class id {id} at {index:?} of the target is outside of the {} classes", self.count),
        )
        .operands([input, &self.target])
        .hint(match id {
            ..0 => format!("ids run from 0 to {}; `ignore_index` names one to leave out", self.count.saturating_sub(1)),
            _ => format!(
                "ids run from 0 to {}; for this one the model's last layer needs at least {} outputs",
                self.count.saturating_sub(1),
                id.saturating_add(1)
            ),
        })
    }
}

fn check_weight(op: &'static str, weight: &Tensor, count: usize) -> Result<()> {
    if weight.shape() == [count] {
        return Ok(());
    }
    Err(Error::new(op, format!("the weight must have one element for each of the {count} classes"))
        .operands([weight])
        .hint(format!("its shape is [{count}]")))
}

/// The weights of classes, in the shape that broadcasts along `dim` of `input`.
fn per_class(weight: &Tensor, input: &Tensor, dim: usize) -> Result<Tensor> {
    let mut shape = vec![1; input.dim()];
    shape[dim] = weight.numel();
    weight.to_device(&input.device())?.to_dtype(input.dtype())?.reshape(shape)
}
