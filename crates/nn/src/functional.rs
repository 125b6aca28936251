//! Layers and losses as functions. Where a loss has settings, they are the fields of its struct ([`crate::loss`]).
use tensor_core::{Error, Result, Tensor};

pub use crate::loss::functions::*;

/// `y = x Wᵀ + b`.
///
/// # Shapes
/// `x`: `[*, in]`, `weight`: `[out, in]`, `bias`: `[out]`; result: `[*, out]`.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let x = Tensor::ones([2, 3])?;
/// let y = nn::functional::linear(&x, &Tensor::ones([4, 3])?, Some(&Tensor::ones([4])?))?;
/// assert_eq!(y.to_vec::<f32>()?, [4.0; 8]);
/// # Ok(()) }
/// ```
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let fits = match (x.shape(), weight.shape()) {
        ([.., given], [_, features]) => given == features,
        ([.., given], [features]) => given == features,
        _ => false,
    };
    if !fits {
        let expected = weight.shape().last().copied().unwrap_or(0);
        let error = Error::new("linear", format!("expected {expected} features in the last dim"));
        return Err(error.operands([x, weight]).hint(match x.shape() {
            [] => "the input is `[*, in]`: it needs at least one dim",
            shape if shape.len() > 2 && shape[1..].iter().product::<usize>() == expected => {
                "flatten the dims after the batch first: x.flatten(1, -1)"
            }
            _ => "the input is `[*, in]` and the weight `[out, in]`",
        }));
    }
    let transposed = if weight.dim() == 2 { weight.t() } else { Ok(weight.clone()) };
    let product = transposed.and_then(|w| x.matmul(&w)).map_err(|e| e.renamed("linear"))?;
    match bias {
        Some(bias) => (product + bias).map_err(|e| e.renamed("linear")),
        None => Ok(product),
    }
}
