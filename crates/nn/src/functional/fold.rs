//! Images from columns of patches.
use crate::{FoldOptions, Pair};
use tensor_core::{Error, Result, Tensor};

/// Images from columns of patches, added where they overlap: the adjoint of `im2col`.
///
/// # Shapes
/// `x`: `[N, C * kernel height * kernel width, patches]` or without `N`; result: `[N, C, H, W]` or `[C, H, W]`.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let y = nn::functional::fold(&Tensor::ones([1, 2, 2])?, (1, 3).into(), (1, 2).into(), Default::default())?;
/// assert_eq!(y.to_vec::<f32>()?, [1.0, 2.0, 1.0]);
/// # Ok(()) }
/// ```
pub fn fold(x: &Tensor, output_size: Pair, kernel_size: Pair, options: FoldOptions) -> Result<Tensor> {
    let wrong = |why: String| Error::new("fold", why).operands([x]);
    let (out, kernel) = (output_size.0, kernel_size.0);
    let (stride, dilation, padding) = (options.stride.0, options.dilation.0, options.padding.0);
    if x.dim() == 2 {
        return fold(&x.unsqueeze(0)?, output_size, kernel_size, options)?.squeeze_dim(0);
    }
    let &[n, rows, patches] = x.shape() else {
        return Err(wrong(format!("the input must have 2 or 3 dims, got {}", x.dim())));
    };
    if [kernel, stride, dilation].iter().any(|pair| pair.contains(&0)) {
        return Err(wrong(format!("kernel {kernel:?}, stride {stride:?} and dilation {dilation:?} are at least 1")));
    }
    let inside = kernel[0].saturating_mul(kernel[1]);
    if rows == 0 || !rows.is_multiple_of(inside) {
        return Err(wrong(format!("{rows} rows are no multiple of the {inside} elements of a patch")));
    }
    let room: [usize; 2] = std::array::from_fn(|i| padding[i].saturating_mul(2).saturating_add(out[i]));
    let reach: [usize; 2] = std::array::from_fn(|i| dilation[i].saturating_mul(kernel[i] - 1).saturating_add(1));
    if (0..2).any(|i| reach[i] > room[i]) {
        return Err(wrong(format!("a patch of {reach:?} does not fit into the padded image {room:?}")));
    }
    let count: [usize; 2] = std::array::from_fn(|i| (room[i] - reach[i]) / stride[i] + 1);
    if count[0].saturating_mul(count[1]) != patches {
        return Err(wrong(format!("an image of {out:?} has {count:?} patches, not {patches}")));
    }
    let channels = rows / inside;
    let pixels = room[0].checked_mul(room[1]).ok_or_else(|| wrong(format!("an image of {room:?} is too large")))?;
    // Where each element of a row of patches goes in the padded image; its edge is cut off at the end.
    let mut at = Vec::with_capacity(inside * patches);
    for (i, j) in (0..kernel[0]).flat_map(|i| (0..kernel[1]).map(move |j| (i, j))) {
        for (u, v) in (0..count[0]).flat_map(|u| (0..count[1]).map(move |v| (u, v))) {
            let (h, w) = (u * stride[0] + i * dilation[0], v * stride[1] + j * dilation[1]);
            at.push((h * room[1] + w) as i64);
        }
    }
    let at = Tensor::from_slice(&at, [at.len()])?.to_device(&x.device())?;
    let elements = x.reshape([n, channels, inside * patches])?;
    let image = x.new_zeros([n, channels, pixels])?.index_add(2, &at, &elements)?;
    let image = image.reshape([n, channels, room[0], room[1]])?;
    image.narrow(2, padding[0], out[0])?.narrow(3, padding[1], out[1])
}
