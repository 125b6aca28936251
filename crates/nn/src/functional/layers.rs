//! Layers without parameters as functions.
use crate::{
    AlphaDropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout, FoldOptions, Forward, FractionalMaxPool2d,
    FractionalMaxPool3d, FractionalSize, LPPool1d, LPPool2d, LPPool3d, LPPoolOptions, Module, Pair, RReLU, Sizes,
};
use autograd::Buffer;
use tensor_core::{DType, Error, Result, Tensor, no_grad};

macro_rules! dropouts {
    ($( $name:ident = $Layer:ident, $what:literal; )*) => { $(
        #[doc = concat!($what, " falls out with probability `p`, as in the training of [`crate::", stringify!($Layer), "`].")]
        pub fn $name(input: &Tensor, p: f64) -> Result<Tensor> {
            $Layer::new(p).forward(input)
        }
    )* };
}
dropouts! {
    dropout1d = Dropout1d, "Each channel of a signal";
    dropout2d = Dropout2d, "Each channel of an image";
    dropout3d = Dropout3d, "Each channel of a volume";
    alpha_dropout = AlphaDropout, "Each element";
    feature_alpha_dropout = FeatureAlphaDropout, "Each channel";
}

macro_rules! power_pools {
    ($( $name:ident = $Layer:ident over $n:literal; )*) => { $(
        #[doc = concat!("The `norm_type`-norm of each window: [`crate::", stringify!($Layer), "`].")]
        pub fn $name(
            input: &Tensor,
            norm_type: f64,
            kernel_size: impl Into<Sizes<$n>>,
            options: LPPoolOptions<$n>,
        ) -> Result<Tensor> {
            $Layer::with_options(norm_type, kernel_size, options).forward(input)
        }
    )* };
}
power_pools! {
    lp_pool1d = LPPool1d over 1;
    lp_pool2d = LPPool2d over 2;
    lp_pool3d = LPPool3d over 3;
}

macro_rules! fractional_pools {
    ($( $name:ident $with_indices:ident = $Layer:ident over $n:literal; )*) => { $(
        #[doc = concat!("The largest of each of windows that lie at random: [`crate::", stringify!($Layer), "`].")]
        pub fn $name(
            input: &Tensor,
            kernel_size: impl Into<Sizes<$n>>,
            output: FractionalSize<$n>,
        ) -> Result<Tensor> {
            $Layer::new(kernel_size, output).forward(input)
        }

        #[doc = concat!("[`", stringify!($name), "`], and where in the flattened spatial dims each element stood.")]
        pub fn $with_indices(
            input: &Tensor,
            kernel_size: impl Into<Sizes<$n>>,
            output: FractionalSize<$n>,
        ) -> Result<(Tensor, Tensor)> {
            $Layer::new(kernel_size, output).forward_with_indices(input)
        }
    )* };
}
fractional_pools! {
    fractional_max_pool2d fractional_max_pool2d_with_indices = FractionalMaxPool2d over 2;
    fractional_max_pool3d fractional_max_pool3d_with_indices = FractionalMaxPool3d over 3;
}

/// `x` above 0, `slope x` below, with slopes drawn evenly between `lower` and `upper` in training, and their mean
/// otherwise: [`crate::RReLU`].
pub fn rrelu(input: &Tensor, lower: f64, upper: f64, training: bool) -> Result<Tensor> {
    let layer = RReLU::new(lower, upper);
    layer.set_training(training);
    layer.forward(input)
}

/// The patches of images as columns: [`crate::Unfold`], the adjoint of [`super::fold()`].
pub fn unfold(input: &Tensor, kernel_size: Pair, options: FoldOptions) -> Result<Tensor> {
    input.im2col(kernel_size.0, options.into()).map_err(|e| e.renamed("unfold"))
}

/// Settings of [`batch_norm`].
#[derive(Clone, Copy, Debug)]
pub struct BatchNormCall<'a> {
    /// Mean and variance of all batches, which a training call updates.
    pub running: Option<(&'a Buffer, &'a Buffer)>,
    /// Scale of each channel.
    pub weight: Option<&'a Tensor>,
    /// Shift of each channel.
    pub bias: Option<&'a Tensor>,
    /// Whether to use the batch's own statistics; without running ones they are used anyway.
    pub training: bool,
    /// The share of a batch in the running statistics.
    pub momentum: f64,
    /// Added to the variance.
    pub eps: f64,
}

impl Default for BatchNormCall<'_> {
    fn default() -> Self {
        BatchNormCall { running: None, weight: None, bias: None, training: false, momentum: 0.1, eps: 1e-5 }
    }
}

/// Every channel of `(N, C, *)` shifted and scaled to mean 0 and variance 1 over the batch, or by running statistics.
///
/// ```
/// use nn::functional::{BatchNormCall, batch_norm};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[1.0f32, 3.0], [2, 1])?;
/// let y = batch_norm(&x, BatchNormCall { training: true, eps: 0.0, ..Default::default() })?;
/// assert_eq!(y.to_vec::<f32>()?, [-1.0, 1.0]);
/// # Ok(()) }
/// ```
pub fn batch_norm(input: &Tensor, call: BatchNormCall<'_>) -> Result<Tensor> {
    let BatchNormCall { running, weight, bias, training, momentum, eps } = call;
    match running {
        Some((mean, var)) if !training => input.batch_norm_eval(mean, var, weight, bias, eps),
        _ => {
            let (y, mean, var) = input.batch_norm_train(weight, bias, eps)?;
            if let (Some(running), true) = (running, training) {
                crate::layers::track(running, momentum, &mean, &var)?;
            }
            Ok(y)
        }
    }
}

/// A sample of classes that passes gradients on: the softmax of logits with Gumbel noise, over `tau`. `hard` gives
/// one-hot vectors with the soft ones' gradients (Jang et al., 2017).
///
/// ```
/// # use tensor_core::{DROP, Result, Tensor};
/// # fn main() -> Result<()> {
/// let drawn = nn::functional::gumbel_softmax(&Tensor::zeros([20, 3])?, 1.0, true, -1)?;
/// assert_eq!(drawn.round()?.sum_dim(-1, DROP)?.to_vec::<f32>()?, [1.0; 20]);
/// # Ok(()) }
/// ```
pub fn gumbel_softmax(logits: &Tensor, tau: f64, hard: bool, dim: isize) -> Result<Tensor> {
    let noise = {
        let _unrecorded = no_grad();
        let mut waits = logits.detach().empty_like()?;
        waits.exponential_(1.0)?;
        waits.log()?.neg()?
    };
    let soft = logits.add(&noise)?.div(tau)?.softmax(dim).map_err(|e| e.renamed("gumbel_softmax"))?;
    if !hard {
        return Ok(soft);
    }
    let values = soft.detach();
    let largest = values.argmax(Some(dim), tensor_core::KEEP)?;
    let ones = largest.to_dtype(DType::F64)?.ones_like()?.to_dtype(values.dtype())?;
    // One-hot in value, the soft sample in gradient.
    values.zeros_like()?.scatter(dim, &largest, &ones)?.sub(&values)?.add(&soft)
}

/// The positions at which [`super::grid_sample`] reads an image so that it is turned and moved by `theta`.
///
/// # Shapes
/// `theta`: `[N, 2, 3]` with `size` `[N, C, H, W]` gives `[N, H, W, 2]`; `[N, 3, 4]` with `[N, C, D, H, W]` gives
/// `[N, D, H, W, 3]`.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let same = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 0.0, 1.0, 0.0], [1, 2, 3])?;
/// let grid = nn::functional::affine_grid(&same, &[1, 1, 1, 2], false)?;
/// assert_eq!(grid.to_vec::<f32>()?, [-0.5, 0.0, 0.5, 0.0]);
/// # Ok(()) }
/// ```
pub fn affine_grid(theta: &Tensor, size: &[usize], align_corners: bool) -> Result<Tensor> {
    let wrong = |why: String| Error::new("affine_grid", why).operands([theta]);
    let (n, space) = match (theta.shape(), size) {
        (&[n, 2, 3], [batch, _, space @ ..]) if n == *batch && space.len() == 2 => (n, space),
        (&[n, 3, 4], [batch, _, space @ ..]) if n == *batch && space.len() == 3 => (n, space),
        _ => {
            let message = format!(
                "theta must be [N, 2, 3] for a size [N, C, H, W] or [N, 3, 4] for [N, C, D, H, W], got size {size:?}"
            );
            return Err(wrong(message));
        }
    };
    if !theta.is_floating_point() {
        return Err(wrong(format!("theta must be floats, got {}", theta.dtype())));
    }
    let dims = space.len();
    // The last coordinate first: x runs along the last dim.
    let mut columns = Vec::with_capacity(dims + 1);
    for (dim, &len) in space.iter().enumerate().rev() {
        let steps: Vec<f64> = (0..len)
            .map(|i| match (align_corners, len) {
                (true, 1) => 0.0,
                (true, _) => 2.0 * i as f64 / (len - 1) as f64 - 1.0,
                (false, _) => (2.0 * i as f64 + 1.0) / len as f64 - 1.0,
            })
            .collect();
        let mut shape = vec![1; dims];
        shape[dim] = len;
        columns.push(Tensor::from_slice(&steps, &shape[..])?.expand(space)?);
    }
    columns.push(Tensor::ones(space)?.to_dtype(DType::F64)?);
    let points = Tensor::stack(&columns.iter().collect::<Vec<_>>(), dims as isize)?;
    let rows = points.reshape([-1, dims as i64 + 1])?.to_dtype(theta.dtype())?.to_device(&theta.device())?;
    let moved = rows.unsqueeze(0)?.expand([n, rows.shape()[0], dims + 1])?.matmul(&theta.transpose(1, 2)?)?;
    moved.reshape([&[n], space, &[dims]].concat())
}
