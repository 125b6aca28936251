//! The losses with their default settings, as functions.
use super::*;

macro_rules! functions {
    ($( $(#[$doc:meta])* $name:ident = $Loss:ident; )*) => { $(
        $(#[$doc])*
        pub fn $name(input: &Tensor, target: &Tensor) -> Result<Tensor> {
            $Loss::default().forward(input, target)
        }
    )* };
}
functions! {
    /// The mean over the batch of `-log_softmax(input)[target]`: [`CrossEntropyLoss`] with its default settings.
    ///
    /// ```
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let logits = Tensor::from_slice(&[0.0f32, 0.0, 0.0, 100.0], [2, 2])?;
    /// let loss = nn::functional::cross_entropy(&logits, &Tensor::from_slice(&[0i64, 1], [2])?)?;
    /// assert!((loss.item::<f64>()? - 2f64.ln() / 2.0).abs() < 1e-6);
    /// # Ok(()) }
    /// ```
    cross_entropy = CrossEntropyLoss;
    /// The mean over the batch of `-input[target]`, where `input` holds log-probabilities: [`NLLLoss`] with its default
    /// settings.
    ///
    /// ```
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let log_p = Tensor::from_slice(&[-1.0f32, -2.0, -3.0, -4.0], [2, 2])?;
    /// let loss = nn::functional::nll_loss(&log_p, &Tensor::from_slice(&[0i64, 1], [2])?)?;
    /// assert_eq!(loss.item::<f64>()?, 2.5);
    /// # Ok(()) }
    /// ```
    nll_loss = NLLLoss;
    /// Mean of the squared differences: [`MSELoss`] with its default settings.
    ///
    /// ```
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let loss = nn::functional::mse_loss(
    ///     &Tensor::from_slice(&[1.0f32, 4.0], [2])?,
    ///     &Tensor::from_slice(&[1.0f32, 2.0], [2])?,
    /// )?;
    /// assert_eq!(loss.item::<f64>()?, 2.0);
    /// # Ok(()) }
    /// ```
    mse_loss = MSELoss;
    /// Mean of the absolute differences: [`L1Loss`] with its default settings.
    l1_loss = L1Loss;
    /// Squared near 0, absolute far from it: [`SmoothL1Loss`] with its default settings.
    smooth_l1_loss = SmoothL1Loss;
    /// Squared near 0, absolute far from it: [`HuberLoss`] with its default settings.
    huber_loss = HuberLoss;
    /// Cross entropy of probabilities: [`BCELoss`] with its default settings.
    binary_cross_entropy = BCELoss;
    /// Cross entropy of logits: [`BCEWithLogitsLoss`] with its default settings.
    binary_cross_entropy_with_logits = BCEWithLogitsLoss;
    /// Divergence of log-probabilities from probabilities: [`KLDivLoss`] with its default settings.
    kl_div = KLDivLoss;
    /// Likelihood of counts: [`PoissonNLLLoss`] with its default settings.
    poisson_nll_loss = PoissonNLLLoss;
    /// `log(1 + exp(-target * input))`: [`SoftMarginLoss`] with its default settings.
    soft_margin_loss = SoftMarginLoss;
    /// Distances of similar (1) and dissimilar (-1) pairs: [`HingeEmbeddingLoss`] with its default settings.
    hinge_embedding_loss = HingeEmbeddingLoss;
    /// The hinge over all wrong classes: [`MultiMarginLoss`] with its default settings.
    multi_margin_loss = MultiMarginLoss;
    /// The hinge between right and wrong labels: [`MultiLabelMarginLoss`] with its default settings.
    multilabel_margin_loss = MultiLabelMarginLoss;
    /// Binary cross entropy over labels: [`MultiLabelSoftMarginLoss`] with its default settings.
    multilabel_soft_margin_loss = MultiLabelSoftMarginLoss;
}

/// `max(0, -target (x1 - x2))`: which of two is larger; [`MarginRankingLoss`] with its default settings.
pub fn margin_ranking_loss(x1: &Tensor, x2: &Tensor, target: &Tensor) -> Result<Tensor> {
    MarginRankingLoss::default().forward(x1, x2, target)
}

/// Angles of similar (1) and dissimilar (-1) pairs: [`CosineEmbeddingLoss`] with its default settings.
pub fn cosine_embedding_loss(x1: &Tensor, x2: &Tensor, target: &Tensor) -> Result<Tensor> {
    CosineEmbeddingLoss::default().forward(x1, x2, target)
}

/// The positive nearer to the anchor than the negative: [`TripletMarginLoss`] with its default settings.
pub fn triplet_margin_loss(anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Result<Tensor> {
    TripletMarginLoss::default().forward(anchor, positive, negative)
}

/// The same by a distance of one's own: [`TripletMarginWithDistanceLoss`] with its default settings.
///
/// ```
/// # use tensor_core::{DROP, Result, Tensor};
/// # fn main() -> Result<()> {
/// let (a, far) = (Tensor::zeros([1, 2])?, Tensor::full([1, 2], 5.0)?);
/// let city = |x: &Tensor, y: &Tensor| x.sub(y)?.abs()?.sum_dim(1, DROP);
/// let loss = nn::functional::triplet_margin_with_distance_loss(&a, &far, &a, city)?;
/// assert_eq!(loss.item::<f32>()?, 11.0);
/// # Ok(()) }
/// ```
pub fn triplet_margin_with_distance_loss(
    anchor: &Tensor,
    positive: &Tensor,
    negative: &Tensor,
    distance: impl Fn(&Tensor, &Tensor) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Tensor> {
    TripletMarginWithDistanceLoss::new(distance).forward(anchor, positive, negative)
}

/// Likelihood under Gaussians of given variances: [`GaussianNLLLoss`] with its default settings.
pub fn gaussian_nll_loss(input: &Tensor, target: &Tensor, var: &Tensor) -> Result<Tensor> {
    GaussianNLLLoss::default().forward(input, target, var)
}

/// Likelihood of a sequence without its alignment: [`CTCLoss`] with its default settings.
pub fn ctc_loss(
    log_probs: &Tensor,
    targets: &Tensor,
    input_lengths: &[usize],
    target_lengths: &[usize],
) -> Result<Tensor> {
    CTCLoss::default().forward(log_probs, targets, input_lengths, target_lengths)
}
