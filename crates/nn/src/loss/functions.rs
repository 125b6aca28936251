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
    /// Binary cross entropy over labels: [`MultiLabelSoftMarginLoss`] with its default settings.
    multilabel_soft_margin_loss = MultiLabelSoftMarginLoss;
}
