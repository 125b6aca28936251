//! Derivatives of running reductions: what an element added to all that follow comes back from them.
use std::sync::Arc;
use tensor_core::{KEEP, Result, Tensor, graph::Node, ops::ScanOp};

pub(super) fn rule(op: ScanOp, dim: isize, node: &Arc<Node>, g: &Tensor) -> Result<Tensor> {
    match op {
        ScanOp::Sum => backwards(g, dim, |g| g.cumsum(dim)), // dx[i] = sum of g[i..]
        ScanOp::Prod => product(g, dim, &node.input(0)?, &node.output(0)?),
        ScanOp::LogSumExp => {
            // dx[i] = sum over j >= i of g[j] exp(x[i] - y[j]), in logarithms, the two signs apart
            let (x, y) = (node.input(0)?, node.output(0)?);
            let magnitude = g.abs()?.log()?;
            let part = |of: Tensor| -> Result<Tensor> {
                let log = of.where_(&magnitude, f64::from(f32::MIN))?;
                backwards(&log.sub(&y)?, dim, |v| v.logcumsumexp(dim))?.add(&x)?.exp()
            };
            part(g.gt(0.0)?)?.sub(&part(g.lt(0.0)?)?)
        }
        // Not recorded: their gradient is that of the gather which takes the values.
        ScanOp::Max | ScanOp::Min => g.zeros_like(),
    }
}

fn backwards(x: &Tensor, dim: isize, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    if x.dim() == 0 { f(x) } else { f(&x.flip(dim)?)?.flip(dim) }
}

/// `dx[i] = sum over j >= i of g[j] y[j] / x[i]`; where an element is 0, the products are formed without it.
fn product(g: &Tensor, dim: isize, x: &Tensor, y: &Tensor) -> Result<Tensor> {
    if x.dim() == 0 || x.numel() == 0 {
        return Ok(g.clone());
    }
    if !x.detach().eq(0.0)?.any()?.item::<bool>()? {
        return backwards(&g.mul(y)?, dim, |v| v.cumsum(dim))?.div(x);
    }
    let n = x.shape()[usize::try_from(dim).unwrap_or(0)];
    let parts = (0..n).map(|i| {
        // y[j] / x[i] = y[i - 1] * (1, x[i + 1], x[i + 1] x[i + 2], ..)
        let after = x.narrow(dim, i + 1, n - i - 1)?;
        let one = x.narrow(dim, i, 1)?.ones_like()?;
        let without = Tensor::cat(&[&one, &after], dim)?.cumprod(dim)?;
        let sum = g.narrow(dim, i, n - i)?.mul(&without)?.sum_dim(dim, KEEP)?;
        if i == 0 { Ok(sum) } else { sum.mul(&y.narrow(dim, i - 1, 1)?) }
    });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts.iter().collect::<Vec<_>>(), dim)
}
