//! Convolution, as three bilinear maps that are each other's derivatives.
use smallvec::SmallVec;

/// Which of the three maps. With input `x` `(N, C, *spatial)`, weight `w` `(O, C / groups, *kernel)` and output
/// `y` `(N, O, *out)`:
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConvKind {
    /// `y` of `a = x`, `b = w`.
    Forward,
    /// The gradient of `x`, of `a = dy`, `b = w`: a transposed convolution.
    InputGrad,
    /// The gradient of `w`, of `a = dy`, `b = x`.
    WeightGrad,
}

/// A convolution over one, two or three spatial dims; the sizes are those of the views it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Which map.
    pub kind: ConvKind,
    /// Step of the kernel, one per spatial dim.
    pub stride: SmallVec<[usize; 3]>,
    /// Zeros on both sides, one per spatial dim.
    pub padding: SmallVec<[usize; 3]>,
    /// Distance of kernel elements, one per spatial dim.
    pub dilation: SmallVec<[usize; 3]>,
    /// Independent groups of channels.
    pub groups: usize,
}

impl Conv {
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            ConvKind::Forward => "conv",
            ConvKind::InputGrad => "conv_input_grad",
            ConvKind::WeightGrad => "conv_weight_grad",
        }
    }
}
