//! A classifier of very many classes that spends little on rare ones.
use crate::{Forward, Linear, LinearOptions, Module, scope_with};
use tensor_core::{DType, Error, Result, Tensor};

/// Settings of [`AdaptiveLogSoftmaxWithLoss`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveLogSoftmaxOptions {
    /// By how much the features shrink from each cluster to the next rarer one.
    pub div_value: f64,
    /// Whether the head adds a bias.
    pub head_bias: bool,
}

impl Default for AdaptiveLogSoftmaxOptions {
    fn default() -> AdaptiveLogSoftmaxOptions {
        AdaptiveLogSoftmaxOptions { div_value: 4.0, head_bias: false }
    }
}

/// Log-softmax over classes that are sorted from frequent to rare and cut into clusters (Grave et al., 2017): the head
/// tells frequent classes and clusters apart, and only what falls into a cluster is looked at by its own, smaller layers.
///
/// # Shapes
/// `input`: `[N, in]` or `[in]`; `target`: `[N]` or `[]`, integer class ids; results: the log-probabilities of the
/// targets in the target's shape, and the mean loss `[]`.
///
/// ```
/// use nn::loss::AdaptiveLogSoftmaxWithLoss;
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let layer = AdaptiveLogSoftmaxWithLoss::new(16, 100, &[10, 40])?;
/// let (log_p, loss) = layer.forward(&Tensor::randn([3, 16])?, &Tensor::from_slice(&[2i64, 11, 99], [3])?)?;
/// assert_eq!((log_p.shape(), loss.shape()), (&[3][..], &[][..]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Module)]
pub struct AdaptiveLogSoftmaxWithLoss {
    /// From the features to the frequent classes and the clusters.
    pub head: Linear,
    /// For each cluster, from the features to fewer, and from those to its classes.
    pub tail: Vec<(Linear, Linear)>,
    /// Where each cluster begins, and the number of classes.
    #[module(plain)]
    cutoffs: Vec<usize>,
}

impl AdaptiveLogSoftmaxWithLoss {
    /// Of `n_classes` classes; `cutoffs` say where the clusters begin.
    pub fn new(in_features: usize, n_classes: usize, cutoffs: &[usize]) -> Result<AdaptiveLogSoftmaxWithLoss> {
        AdaptiveLogSoftmaxWithLoss::with_options(in_features, n_classes, cutoffs, Default::default())
    }

    /// The same with settings.
    pub fn with_options(
        in_features: usize,
        n_classes: usize,
        cutoffs: &[usize],
        options: AdaptiveLogSoftmaxOptions,
    ) -> Result<AdaptiveLogSoftmaxWithLoss> {
        let cutoffs = [cutoffs, &[n_classes]].concat();
        if cutoffs.len() < 2 || cutoffs[0] == 0 || cutoffs.windows(2).any(|pair| pair[0] >= pair[1]) {
            let message = format!("cutoffs and number of classes are {cutoffs:?}");
            let error = Error::new("AdaptiveLogSoftmaxWithLoss::new", message);
            return Err(error.hint("cutoffs rise, from at least 1 to less than the number of classes"));
        }
        let clusters = cutoffs.len() - 1;
        let bias = LinearOptions { bias: options.head_bias };
        let head = Linear::with_options(in_features, cutoffs[0] + clusters, bias)?;
        let tail = (0..clusters).map(|i| {
            let fewer = (in_features as f64 / options.div_value.powi(i as i32 + 1)).floor() as usize;
            let bias = LinearOptions { bias: false };
            let classes = cutoffs[i + 1] - cutoffs[i];
            Ok((Linear::with_options(in_features, fewer, bias)?, Linear::with_options(fewer, classes, bias)?))
        });
        let tail = tail.collect::<Result<_>>()?;
        Ok(AdaptiveLogSoftmaxWithLoss { head, tail, cutoffs })
    }

    /// The log-probabilities of the targets, and minus their mean.
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<(Tensor, Tensor)> {
        const OP: &str = "adaptive_log_softmax";
        if target.dim() == 0 && input.dim() == 1 {
            let (log_p, loss) = self.forward(&input.unsqueeze(0)?, &target.unsqueeze(0)?)?;
            return Ok((log_p.squeeze_dim(0)?, loss));
        }
        scope_with(self, input, |input| {
            let wrong = |why: String| Error::new(OP, why).operands([input, target]);
            let (&[n, _], &[targets]) = (input.shape(), target.shape()) else {
                return Err(wrong("takes [N, in] with targets [N], or [in] with one target []".into()));
            };
            if n != targets || !target.dtype().is_int() {
                return Err(wrong("there must be an integer class id for each row of the input".into()));
            }
            let (first, classes) = (self.cutoffs[0] as i64, self.cutoffs[self.cutoffs.len() - 1] as i64);
            let ids = target.to_vec::<i64>()?;
            if let Some(id) = ids.iter().find(|&&id| id < 0 || id >= classes) {
                return Err(wrong(format!("class id {id} is outside of the {classes} classes")));
            }
            let place = |values: &[i64]| Tensor::from_slice(values, [values.len()])?.to_device(&input.device());
            // In the head a rare class stands under the number of its cluster.
            let cluster = |id: i64| self.cutoffs.iter().rposition(|&start| start as i64 <= id);
            let in_head: Vec<i64> = ids.iter().map(|&id| cluster(id).map_or(id, |i| first + i as i64)).collect();
            let head = self.head.forward(input)?.log_softmax(1)?;
            let mut log_p = head.gather(1, &place(&in_head)?.unsqueeze(1)?)?.squeeze_dim(1)?;
            for (i, (down, out)) in self.tail.iter().enumerate() {
                let rows: Vec<i64> = (0..n as i64).filter(|&row| cluster(ids[row as usize]) == Some(i)).collect();
                if rows.is_empty() {
                    continue;
                }
                let inside: Vec<i64> = rows.iter().map(|&row| ids[row as usize] - self.cutoffs[i] as i64).collect();
                let rows = place(&rows)?;
                let own = out.forward(&down.forward(&input.index_select(0, &rows)?)?)?.log_softmax(1)?;
                let own = own.gather(1, &place(&inside)?.unsqueeze(1)?)?.squeeze_dim(1)?;
                log_p = log_p.index_add(0, &rows, &own)?;
            }
            let loss = log_p.neg()?.mean()?;
            Ok((log_p, loss))
        })
    }

    /// The log-probabilities of all classes: `[N, in]` to `[N, classes]`.
    pub fn log_prob(&self, input: &Tensor) -> Result<Tensor> {
        scope_with(self, input, |input| {
            let head = self.head.forward(input)?.log_softmax(1)?;
            let first = self.cutoffs[0];
            let mut parts = vec![head.narrow(1, 0, first)?];
            for (i, (down, out)) in self.tail.iter().enumerate() {
                let own = out.forward(&down.forward(input)?)?.log_softmax(1)?;
                parts.push(own.add(&head.narrow(1, first + i, 1)?)?);
            }
            Tensor::cat(&parts.iter().collect::<Vec<_>>(), 1)
        })
    }

    /// The most probable class of each row: `[N, in]` to `[N]`.
    pub fn predict(&self, input: &Tensor) -> Result<Tensor> {
        self.log_prob(input)?.argmax(Some(1), tensor_core::DROP)?.to_dtype(DType::I64)
    }
}
