//! Functions of `torch.nn.functional` that are methods of `Tensor`: `relu(&x)` is `x.relu()`.
use tensor_core::ops::{
    AttentionOptions, AvgPoolOptions, ConvOptions, ConvTransposeOptions, EmbeddingBagOptions, Gelu, GridSampleOptions,
    InstanceNormOptions, InterpolateOptions, LocalResponseNormOptions, MaxPoolOptions, PadMode, Window,
};
use tensor_core::{KeepDim, Result, ShapeArg, Tensor};

macro_rules! methods {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => { $(
        #[doc = concat!("[`Tensor::", stringify!($name), "`] as a function.")]
        pub fn $name(input: &Tensor $(, $arg: $ty)*) -> Result<Tensor> {
            input.$name($($arg),*)
        }
    )* };
}
macro_rules! methods_with_indices {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => { $(
        #[doc = concat!("[`Tensor::", stringify!($name), "`] as a function.")]
        pub fn $name(input: &Tensor $(, $arg: $ty)*) -> Result<(Tensor, Tensor)> {
            input.$name($($arg),*)
        }
    )* };
}

// Activations.
methods! {
    relu();
    relu6();
    elu(alpha: f64);
    celu(alpha: f64);
    selu();
    leaky_relu(slope: f64);
    prelu(weight: &Tensor);
    gelu(form: Gelu);
    silu();
    mish();
    sigmoid();
    logsigmoid();
    hardsigmoid();
    hardswish();
    hardtanh(min: f64, max: f64);
    tanh();
    tanhshrink();
    softshrink(lambda: f64);
    hardshrink(lambda: f64);
    softplus(beta: f64, threshold: f64);
    softsign();
    threshold(threshold: f64, value: f64);
    glu(dim: isize);
    softmax(dim: isize);
    log_softmax(dim: isize);
    softmin(dim: isize);
    dropout(p: f64);
}

// Convolutions and pooling.
methods! {
    conv1d(weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<1>);
    conv2d(weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<2>);
    conv3d(weight: &Tensor, bias: Option<&Tensor>, options: ConvOptions<3>);
    conv_transpose1d(weight: &Tensor, bias: Option<&Tensor>, options: ConvTransposeOptions<1>);
    conv_transpose2d(weight: &Tensor, bias: Option<&Tensor>, options: ConvTransposeOptions<2>);
    conv_transpose3d(weight: &Tensor, bias: Option<&Tensor>, options: ConvTransposeOptions<3>);
    max_pool1d(kernel: impl Window<1>, options: MaxPoolOptions<1>);
    max_pool2d(kernel: impl Window<2>, options: MaxPoolOptions<2>);
    max_pool3d(kernel: impl Window<3>, options: MaxPoolOptions<3>);
    avg_pool1d(kernel: impl Window<1>, options: AvgPoolOptions<1>);
    avg_pool2d(kernel: impl Window<2>, options: AvgPoolOptions<2>);
    avg_pool3d(kernel: impl Window<3>, options: AvgPoolOptions<3>);
    adaptive_avg_pool1d(output: impl Window<1>);
    adaptive_avg_pool2d(output: impl Window<2>);
    adaptive_avg_pool3d(output: impl Window<3>);
    adaptive_max_pool1d(output: impl Window<1>);
    adaptive_max_pool2d(output: impl Window<2>);
    adaptive_max_pool3d(output: impl Window<3>);
    max_unpool1d(indices: &Tensor, output_size: [usize; 1]);
    max_unpool2d(indices: &Tensor, output_size: [usize; 2]);
    max_unpool3d(indices: &Tensor, output_size: [usize; 3]);
}
methods_with_indices! {
    max_pool1d_with_indices(kernel: impl Window<1>, options: MaxPoolOptions<1>);
    max_pool2d_with_indices(kernel: impl Window<2>, options: MaxPoolOptions<2>);
    max_pool3d_with_indices(kernel: impl Window<3>, options: MaxPoolOptions<3>);
    adaptive_max_pool1d_with_indices(output: impl Window<1>);
    adaptive_max_pool2d_with_indices(output: impl Window<2>);
    adaptive_max_pool3d_with_indices(output: impl Window<3>);
}

// Normalisations.
methods! {
    layer_norm(normalized_shape: impl ShapeArg, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f64);
    rms_norm(normalized_shape: impl ShapeArg, weight: Option<&Tensor>, eps: Option<f64>);
    group_norm(num_groups: usize, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f64);
    instance_norm(options: InstanceNormOptions<'_>);
    local_response_norm(size: usize, options: LocalResponseNormOptions);
    normalize(p: f64, dim: isize, eps: f64);
}

// Distances, attention, embeddings, and pictures.
methods! {
    bilinear(other: &Tensor, weight: &Tensor, bias: Option<&Tensor>);
    pdist(p: f64);
    pairwise_distance(other: &Tensor, p: f64, eps: f64, keep: KeepDim);
    cosine_similarity(other: &Tensor, dim: isize, eps: f64);
    scaled_dot_product_attention(key: &Tensor, value: &Tensor, options: AttentionOptions<'_>);
    embedding_bag(ids: &Tensor, options: EmbeddingBagOptions<'_>);
    one_hot(classes: isize);
    pad(pad: impl ShapeArg, mode: PadMode);
    interpolate(options: &InterpolateOptions);
    grid_sample(grid: &Tensor, options: GridSampleOptions);
    pixel_shuffle(upscale_factor: usize);
    pixel_unshuffle(downscale_factor: usize);
    channel_shuffle(groups: usize);
}

#[cfg(test)]
mod tests {
    use crate::functional as f;
    use tensor_core::{Result, ops::MaxPoolOptions, tensor};

    #[test]
    fn functions_are_the_methods() -> Result<()> {
        let x = tensor([[[-1.0, 2.0], [3.0, 0.5]]])?;
        assert_eq!(f::relu(&x)?.to_vec::<f32>()?, x.relu()?.to_vec::<f32>()?);
        let (largest, places) = f::max_pool2d_with_indices(&x, 2, MaxPoolOptions::default())?;
        assert_eq!((largest.to_vec::<f32>()?, places.to_vec::<i64>()?), (vec![3.0], vec![2]));
        let rows = f::softmax(&x, -1)?.sum_dim([-1], tensor_core::DROP)?;
        assert!(rows.to_vec::<f32>()?.iter().all(|s| (s - 1.0).abs() < 1e-6));
        Ok(())
    }
}
