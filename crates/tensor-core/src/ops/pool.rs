//! Pooling over windows.
use super::Keeps;
use smallvec::SmallVec;

/// What becomes of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// `x` `(N, C, *spatial)` to the largest values and (second output, `i64`) their positions in the flattened spatial
    /// dims. The first of equal values wins, NaN wins over all; padding is never chosen.
    Max,
    /// `x` to the average of each window.
    Average,
    /// The adjoint of `Average`: `dy` `(N, C, *out)` to `dx` `(N, C, *spatial)`.
    AverageGrad,
}

/// Pooling over one, two or three spatial dims; the sizes are those of the views it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Which.
    pub kind: PoolKind,
    /// Window sizes.
    pub kernel: SmallVec<[usize; 3]>,
    /// Steps.
    pub stride: SmallVec<[usize; 3]>,
    /// Padding on both sides.
    pub padding: SmallVec<[usize; 3]>,
    /// Distance of window elements (`Max` only).
    pub dilation: SmallVec<[usize; 3]>,
    /// Whether padding counts in the average.
    pub count_include_pad: bool,
    /// Divide by this instead of the count.
    pub divisor_override: Option<usize>,
}

impl Pool {
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            PoolKind::Max => "max_pool",
            PoolKind::Average => "avg_pool",
            PoolKind::AverageGrad => "avg_pool_grad",
        }
    }
    pub(super) fn keeps(&self) -> Keeps {
        match self.kind {
            // The rule scatters to the positions.
            PoolKind::Max => Keeps { inputs: 0, outputs: 2 },
            PoolKind::Average | PoolKind::AverageGrad => Keeps::NOTHING,
        }
    }
}
