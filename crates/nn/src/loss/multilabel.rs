//! The hinge loss of several right classes per sample.
use super::{Loss, Reduction, same_shape};
use tensor_core::{DType, Error, Result, Tensor, autocast, ops::ScatterReduce};

/// `sum over targets j and other classes i of max(0, 1 - (input[j] - input[i])) / C`: every right class shall stand above
/// every other.
///
/// # Shapes
/// `input`: `[N, C]` or `[C]`; `target`: the same shape, class ids (`i64`) up to the first -1; result: `[]`, or `[N]`
/// without reduction.
///
/// ```
/// use nn::loss::{Loss, MultiLabelMarginLoss};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let input = Tensor::from_slice(&[0.1f32, 0.2, 0.4, 0.8], [1, 4])?;
/// let target = Tensor::from_slice(&[3i64, 0, -1, 1], [1, 4])?;
/// let loss = MultiLabelMarginLoss::default().forward(&input, &target)?;
/// assert!((loss.item::<f64>()? - 0.85).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MultiLabelMarginLoss {
    /// What becomes of the losses of single samples.
    pub reduction: Reduction,
}

impl Loss for MultiLabelMarginLoss {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        if let Some(loss) = autocast::single([input, target], None, |[x, t], _| self.forward(x, t)) {
            return loss;
        }
        const OP: &str = "multilabel_margin_loss";
        let wrong = |why: &str| Error::new(OP, why).operands([input, target]);
        if input.dim() > 2 || (input.dim() > 0 && input.shape()[input.dim() - 1] == 0) {
            return Err(wrong("the input must be [N, C] or [C], with at least one class"));
        }
        if target.dtype() != DType::I64 {
            return Err(wrong("the targets are class ids, i64"));
        }
        same_shape(OP, input, target)?;
        let (x, y) = (input.atleast_2d()?, target.atleast_2d()?);
        let classes = x.shape()[1];
        let strange = y.lt(-1)?.logical_or(&y.ge(classes as i64)?)?;
        if strange.any()?.item::<bool>()? {
            return Err(
                wrong("a target is neither a class nor -1").hint(format!("classes run from 0 to {}", classes - 1))
            );
        }
        // All up to the first -1 count.
        let counts = y.ge(0)?.cumprod(1)?.to_dtype(x.dtype())?;
        let ids = y.maximum(0)?;
        let right = x.detach().zeros_like()?.scatter_reduce(1, &ids, &counts, ScatterReduce::Amax, true)?;
        let margins = (1.0 - x.gather(1, &ids)?.unsqueeze(2)?)?.add(&x.unsqueeze(1)?)?.relu()?;
        let pairs = counts.unsqueeze(2)?.mul(&(1.0 - &right)?.unsqueeze(1)?)?;
        let sums = (margins.mul(&pairs)?.sum_dim([1, 2], tensor_core::DROP)? / classes as f64)?;
        let losses = if input.dim() < 2 { sums.squeeze_dim(0)? } else { sums };
        self.reduction.of(losses).map_err(|e| e.renamed(OP))
    }
}
