//! The affine map of a layer.
use super::super::{BinaryOp, binary::binary_owned};
use crate::{Error, Result, Tensor, autocast};

impl Tensor {
    /// `x Wᵀ + b`: `[*, in]` with `weight` `[out, in]` and `bias` `[out]` gives `[*, out]`. All leading dims are rows
    /// of one product, and the bias is added where the product stands.
    pub fn linear(&self, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        const OP: &str = "linear";
        if let Some(y) = autocast::lower([self, weight], bias, |[x, weight], bias| x.linear(weight, bias)) {
            return y;
        }
        let operands = || [Some(self), Some(weight), bias].into_iter().flatten();
        let (x, w) = (self.shape(), weight.shape());
        if w.len() != 2 && w.len() != 1 {
            return Err(Error::new(OP, format!("weight must be [out, in], got {w:?}")).operands(operands()));
        }
        let features = w[w.len() - 1];
        match x.last() {
            None => return Err(Error::new(OP, "the input needs at least one dim, [*, in]").operands(operands())),
            Some(&last) if last != features => {
                let error = Error::new(OP, format!("weight expects {features} input features, got {last}"));
                let flat: usize = x[1..].iter().product();
                return Err(if flat == features {
                    error.operands(operands()).hint("flatten the input first: flatten(1, -1)")
                } else {
                    error.operands(operands()).hint("the last size of the input is the number of features")
                });
            }
            _ => {}
        }
        if let Some(b) = bias
            && b.dim() == 1
            && w.len() == 2
            && b.numel() != w[0]
            && b.numel() != 1
        {
            return Err(
                Error::new(OP, format!("bias has {} elements, weight {} rows", b.numel(), w[0])).operands(operands())
            );
        }
        let turned = if w.len() == 2 { weight.transpose(0, 1)? } else { weight.clone() };
        let product = self.matmul(&turned).map_err(|e| e.renamed(OP))?;
        match bias {
            None => Ok(product),
            Some(b) => binary_owned(BinaryOp::Add, product, b.into()).map_err(|e| e.renamed(OP)),
        }
    }
}
