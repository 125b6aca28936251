//! Images as columns: the patches that a convolution multiplies.
use super::host;
use crate::{Error, Result, Tensor};

/// How the windows of [`Tensor::im2col`] lie; every pair is (height, width).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Im2colOptions {
    /// Distance of the elements of one window.
    pub dilation: [usize; 2],
    /// Zeros on both sides.
    pub padding: [usize; 2],
    /// Distance of windows.
    pub stride: [usize; 2],
}

impl Default for Im2colOptions {
    fn default() -> Im2colOptions {
        Im2colOptions { dilation: [1, 1], padding: [0, 0], stride: [1, 1] }
    }
}

/// The dim `dim` of `x` replaced by two: windows, and the `size` elements of each.
fn windows(x: &Tensor, dim: usize, count: usize, size: usize, step: usize, dilation: usize) -> Result<Tensor> {
    let at: Vec<i64> = (0..count).flat_map(|i| (0..size).map(move |k| (i * step + k * dilation) as i64)).collect();
    let mut split = x.shape().to_vec();
    split.splice(dim..=dim, [count, size]);
    x.index_select(dim as isize, &host::positions(&at, x)?)?.reshape(split)
}

impl Tensor {
    /// The patches of images as columns (PyTorch's `nn.functional.unfold`): `[N, C, H, W]` to
    /// `[N, C * kernel height * kernel width, patches]`; also without the batch dim.
    pub fn im2col(&self, kernel_size: [usize; 2], options: Im2colOptions) -> Result<Tensor> {
        const OP: &str = "im2col";
        let Im2colOptions { dilation, padding, stride } = options;
        let wrong = |why: String| Error::new(OP, why).operands([self]);
        if self.dim() == 3 {
            return self.unsqueeze(0)?.im2col(kernel_size, options)?.squeeze_dim(0);
        }
        let &[n, c, h, w] = self.shape() else {
            return Err(wrong("takes [N, C, H, W] or [C, H, W]".into()));
        };
        if c == 0 || h == 0 || w == 0 {
            return Err(wrong("only the batch dim may be empty".into()));
        }
        if [kernel_size, dilation, stride].iter().any(|pair| pair.contains(&0)) {
            return Err(wrong(format!(
                "kernel size {kernel_size:?}, dilation {dilation:?} and stride {stride:?} are at least 1"
            )));
        }
        let mut count = [0; 2];
        for (i, size) in [h, w].into_iter().enumerate() {
            let reach = (kernel_size[i] - 1).checked_mul(dilation[i]);
            let room = padding[i].checked_mul(2).and_then(|p| p.checked_add(size));
            count[i] = match (reach, room) {
                (Some(reach), Some(room)) if reach < room => (room - reach - 1) / stride[i] + 1,
                _ => return Err(wrong(format!("a kernel of {kernel_size:?}, dilated by {dilation:?}, does not fit"))),
            };
        }
        let pad = [padding[1], padding[1], padding[0], padding[0]];
        let x = self.constant_pad_nd(pad, 0).map_err(|e| e.renamed(OP))?;
        let x = windows(&x, 3, count[1], kernel_size[1], stride[1], dilation[1])?;
        let x = windows(&x, 2, count[0], kernel_size[0], stride[0], dilation[0])?;
        // [N, C, rows, kernel rows, columns, kernel columns]
        let (kernel, patches) = (kernel_size[0] * kernel_size[1], count[0] * count[1]);
        x.permute([0, 1, 3, 5, 2, 4])?.reshape([n, c * kernel, patches])
    }
}
