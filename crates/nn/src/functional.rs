//! Layers and losses as functions. Where a loss has settings, they are the fields of its struct ([`crate::loss`]).
mod embedding;
mod fold;
mod layers;
mod methods;

pub use crate::loss::functions::*;
pub use embedding::embedding;
pub use fold::fold;
pub use layers::*;
pub use methods::*;

use tensor_core::{Error, Result, Tensor, autocast};

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
    if let Some(y) = autocast::lower([x, weight], bias, |[x, weight], bias| linear(x, weight, bias)) {
        return y;
    }
    let fits = match (x.shape(), weight.shape()) {
        ([.., given], [_, features]) => given == features,
        ([.., given], [features]) => given == features,
        _ => false,
    };
    if !fits {
        let expected = weight.shape().last().copied().unwrap_or(0);
        let got = x.shape().last().map_or(String::new(), |given| format!(", got {given}"));
        let error = Error::new("linear", format!("expected {expected} features in the last dim{got}"));
        return Err(error.operands([x, weight]).hint(match x.shape() {
            [] => "the input is `[*, in]`: it needs at least one dim".to_string(),
            shape if shape.len() > 2 && shape[1..].iter().product::<usize>() == expected => {
                "flatten the dims after the batch first: x.flatten(1, -1)".to_string()
            }
            shape if shape.len() > 2 && shape.iter().product::<usize>() == expected => {
                "for a single sample: x.reshape([1, -1])".to_string()
            }
            [.., given] => {
                format!("for this input `in_features` has to be {given}; or let what comes before give {expected}")
            }
        }));
    }
    if x.dtype() != weight.dtype() {
        let error = Error::new("linear", format!("the input is {}, the weight {}", x.dtype(), weight.dtype()));
        let model = if x.is_floating_point() { ", or the model" } else { "" };
        let hint = format!("convert the input with to_dtype(DType::{:?}){model}", weight.dtype());
        return Err(error.operands([x, weight]).hint(hint));
    }
    let transposed = if weight.dim() == 2 { weight.t() } else { Ok(weight.clone()) };
    let product = transposed.and_then(|w| x.matmul(&w)).map_err(|e| {
        let error = e.renamed("linear").operands([x, weight]);
        match x.device() == weight.device() {
            true => error,
            false => error.hint("move the input, or the model, with to_device(..)"),
        }
    })?;
    match bias {
        Some(bias) => (product + bias).map_err(|e| e.renamed("linear")),
        None => Ok(product),
    }
}
