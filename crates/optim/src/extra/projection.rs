//! Gradients in a small space and back, for GaLore, Fira, APOLLO and Conda.
use crate::{
    State,
    setting::{choice, outside},
};
use tensor_core::{Error, Result, Tensor};

choice! {
    /// Which side of a gradient a projection makes small. The bases are singular vectors of the gradient (of the momentum
    /// for `Conda`); those of [`APOLLO`](super::APOLLO) are drawn at random.
    ProjectionType {
        /// The shorter side: the columns of `[m, n]` where `m >= n`, else the rows.
        #[default]
        Std = "std",
        /// The longer side.
        ReverseStd = "reverse_std",
        /// The columns: `g V`.
        Right = "right",
        /// The rows: `U^T g`.
        Left = "left",
        /// Both: `U^T g V`.
        Full = "full",
        /// The shorter side. (The name is the package's; only in [`APOLLO`](super::APOLLO) it is by chance.)
        Random = "random",
    }
}

/// The settings of a projection.
#[derive(Clone, Copy)]
pub(super) struct Projection {
    /// The size of the small side; `None` for all there is.
    pub rank: Option<usize>,
    pub update_proj_gap: usize,
    pub scale: f64,
    pub kind: ProjectionType,
}

/// The settings of an optimizer that has all of a projection.
macro_rules! projection {
    ($o:ident) => {
        $crate::extra::projection::Projection {
            rank: $o.rank,
            update_proj_gap: $o.update_proj_gap,
            scale: $o.scale,
            kind: $o.projection_type,
        }
    };
}
pub(super) use projection;

/// Under these names the bases are kept.
const LEFT: &str = "projector.left";
const RIGHT: &str = "projector.right";

/// The bases of a step: `low = U^T g V`, and back `scale U low V^T`, each where there is one.
pub(super) struct Bases {
    left: Option<Tensor>,
    right: Option<Tensor>,
    scale: f64,
}

impl Projection {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self, rule: &'static str) -> Result<()> {
        if self.rank == Some(0) {
            return Err(outside(rule, "rank", 0.0, "at least 1, or None for no projection"));
        }
        if self.update_proj_gap == 0 {
            return Err(outside(rule, "update_proj_gap", 0.0, "at least 1"));
        }
        if !self.scale.is_finite() {
            return Err(outside(rule, "scale", self.scale, "a finite number"));
        }
        Ok(())
    }

    /// The same for bases that are singular vectors.
    pub(super) fn check_singular(&self, rule: &'static str) -> Result<()> {
        if cfg!(not(feature = "linalg")) && self.rank.is_some() {
            return Err(without_linalg(rule, "rank"));
        }
        self.check(rule)
    }

    /// Whether a matrix of this shape is made small on the left, on the right.
    fn sides(&self, shape: &[usize]) -> (bool, bool) {
        let tall = shape.first() >= shape.get(1);
        match self.kind {
            ProjectionType::Std | ProjectionType::Random => (!tall, tall),
            ProjectionType::ReverseStd => (tall, !tall),
            ProjectionType::Left => (true, false),
            ProjectionType::Right => (false, true),
            ProjectionType::Full => (true, true),
        }
    }

    /// The bases of this step, new ones from `renewed` at the first step and every `update_proj_gap` steps.
    fn bases(&self, s: &mut State, shape: &[usize], renewed: impl FnOnce() -> Result<[Tensor; 2]>) -> Result<Bases> {
        let (on_left, on_right) = self.sides(shape);
        let known = (!on_left || s.has(LEFT)) && (!on_right || s.has(RIGHT));
        if !known || s.step.is_multiple_of(self.update_proj_gap.max(1) as u64) {
            let [left, right] = renewed()?;
            if on_left {
                s.put(LEFT, left);
            }
            if on_right {
                s.put(RIGHT, right);
            }
        }
        let kept = |on: bool, name: &str| if on { s.get(name).cloned() } else { None };
        Ok(Bases { left: kept(on_left, LEFT), right: kept(on_right, RIGHT), scale: self.scale })
    }

    /// Bases of the largest singular vectors of `x`.
    pub(super) fn singular(&self, s: &mut State, x: &Tensor) -> Result<Bases> {
        self.bases(s, x.shape(), || {
            let (u, vh) = singular_vectors(x)?;
            let rank = self.rank.unwrap_or(usize::MAX).min(vh.shape()[0]);
            Ok([u.narrow(1, 0, rank)?.clone_contiguous()?, vh.narrow(0, 0, rank)?.clone_contiguous()?])
        })
    }

    /// Bases of independent Gaussian numbers of variance `1 / rank`, for a gradient like `g`: up to their scale they
    /// keep lengths on the average.
    pub(super) fn drawn(&self, s: &mut State, g: &Tensor) -> Result<Bases> {
        let rank = self.rank.unwrap_or(1);
        let draw = |shape: [usize; 2]| {
            Tensor::normal(0.0, 1.0 / (rank as f64).sqrt(), shape)?.to_dtype(g.dtype())?.to_device(&g.device())
        };
        self.bases(s, g.shape(), || Ok([draw([g.shape()[0], rank])?, draw([rank, g.shape()[1]])?]))
    }
}

impl Bases {
    /// Into the small space.
    pub(super) fn project(&self, g: &Tensor) -> Result<Tensor> {
        let low = match &self.left {
            Some(left) => left.t()?.matmul(g)?,
            None => g.clone(),
        };
        self.right.as_ref().map_or(Ok(low.clone()), |right| low.matmul(&right.t()?))
    }

    /// Back, times the scale.
    pub(super) fn back(&self, low: &Tensor) -> Result<Tensor> {
        let x = match &self.left {
            Some(left) => left.matmul(low)?,
            None => low.clone(),
        };
        self.right.as_ref().map_or(Ok(x.clone()), |right| x.matmul(right))?.mul(self.scale)
    }

    /// The dimension that the projection makes small; `None` where it is both.
    pub(super) fn small_dim(&self) -> Option<isize> {
        match (&self.left, &self.right) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some(0),
            _ => Some(1),
        }
    }
}

/// Whether a gradient has something to project.
pub(super) fn is_matrix(g: &Tensor) -> bool {
    g.dim() == 2 && g.numel() > 0
}

/// Whether a saved state may belong to a projected parameter: bases and moments share a side with it, or are square.
pub(super) fn fits(state: &[usize], p: &[usize]) -> bool {
    matches!((state, p), (&[a, b], &[rows, columns]) if a == rows || b == columns || a == b)
}

/// The singular vectors of a matrix as columns and as rows, the largest first. Of both signs that a pair can have it gets
/// the one by which the largest element of the column is positive: moments in the small space then mean the same
/// everywhere, whatever decomposed the matrix.
#[cfg(feature = "linalg")]
pub(super) fn singular_vectors(x: &Tensor) -> Result<(Tensor, Tensor)> {
    use tensor_core::{DType, KEEP};
    let wide = if x.dtype() == DType::F64 { x.clone() } else { x.to_dtype(DType::F32)? };
    let (u, _, vh) = linalg::svd(&wide, false)?;
    let upwards = u.amax_dim(0, KEEP)?.add(&u.amin_dim(0, KEEP)?)?.ge(0.0)?;
    let sign = upwards.to_dtype(wide.dtype())?.mul(2.0)?.sub(1.0)?;
    Ok((u.mul(&sign)?.to_dtype(x.dtype())?, vh.mul(&sign.t()?)?.to_dtype(x.dtype())?))
}

#[cfg(not(feature = "linalg"))]
pub(super) fn singular_vectors(_: &Tensor) -> Result<(Tensor, Tensor)> {
    Err(without_linalg("projection", "rank"))
}

/// A setting that this build cannot follow.
pub(super) fn without_linalg(rule: &'static str, setting: &str) -> Error {
    Error::new(rule, format!("{setting} needs singular vectors, and these the feature linalg"))
        .hint(format!("build optim (or flambeau) with the feature `linalg`, or leave {setting} as it is by default"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ProjectionType; 6] = [
        ProjectionType::Std,
        ProjectionType::ReverseStd,
        ProjectionType::Right,
        ProjectionType::Left,
        ProjectionType::Full,
        ProjectionType::Random,
    ];

    fn with(kind: ProjectionType, rank: usize) -> Projection {
        Projection { rank: Some(rank), update_proj_gap: 3, scale: 1.0, kind }
    }

    /// Of a matrix of rank 2 every projection of rank 2 by singular vectors keeps all.
    #[cfg(feature = "linalg")]
    #[test]
    fn nothing_of_a_matrix_of_that_rank_is_lost() {
        for (kind, shape) in KINDS.into_iter().flat_map(|kind| [(kind, [5, 3]), (kind, [3, 5])]) {
            let factors = [[shape[0], 2], [2, shape[1]]].map(|shape| Tensor::randn(shape).unwrap());
            let g = factors[0].matmul(&factors[1]).unwrap();
            let bases = with(kind, 2).singular(&mut State::default(), &g).unwrap();
            let low = bases.project(&g).unwrap();
            assert!(low.numel() < g.numel(), "{kind:?}");
            assert!(bases.back(&low).unwrap().allclose(&g, 1e-4, 1e-5, false).unwrap(), "{kind:?} of {shape:?}");
        }
    }

    /// Bases that are drawn: shapes, when they change, and their variance.
    #[test]
    fn drawn_bases_have_their_law() {
        let g = Tensor::zeros([300, 200]).unwrap();
        for kind in KINDS {
            let (mut s, mut seen) = (State::default(), Vec::new());
            for step in 1..=4 {
                s.step = step;
                let bases = with(kind, 50).drawn(&mut s, &g).unwrap();
                for (basis, shape) in [(bases.left, [300, 50]), (bases.right, [50, 200])] {
                    let Some(basis) = basis else { continue };
                    assert_eq!(basis.shape(), shape);
                    // Of n numbers the mean of squares is within 5 deviations sqrt(2 / n) of the variance.
                    let n = basis.numel() as f64;
                    let variance = basis.square().unwrap().mean().unwrap().item::<f64>().unwrap() * 50.0;
                    assert!((variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{kind:?}: {variance}");
                    let mean = basis.mean().unwrap().item::<f64>().unwrap() * 50f64.sqrt();
                    assert!(mean.abs() < 5.0 / n.sqrt(), "{kind:?}: {mean}");
                    seen.push((step, basis.to_vec::<f32>().unwrap()[0]));
                }
            }
            let at = |step: u64| seen.iter().filter(|(s, _)| *s == step).map(|(_, x)| *x).collect::<Vec<_>>();
            assert!(at(1) == at(2) && at(3) == at(4) && at(2) != at(3), "{kind:?}");
        }
    }
}
