//! A sequence cut into its steps, whose gradient is put together again in one piece.
use std::sync::Arc;
use tensor_core::{Error, Function, Keeps, Result, Tensor, graph::Node, no_grad};

/// The rows of `x` `[rows, n]` in pieces of `sizes` rows. The derivative of slices one by one would make a tensor of the
/// size of `x` for each of them.
pub(super) fn split(x: &Tensor, sizes: &[usize]) -> Result<Vec<Tensor>> {
    let pieces = {
        let _unrecorded = no_grad();
        x.detach().split_with_sizes(sizes, 0)?
    };
    Ok(autograd::apply(Split { sizes: sizes.to_vec() }, &[x], pieces))
}

#[derive(Debug)]
struct Split {
    sizes: Vec<usize>,
}

impl Function for Split {
    fn name(&self) -> &'static str {
        "split"
    }
    fn keeps(&self) -> Keeps {
        Keeps::NOTHING
    }
    fn backward(&self, node: &Arc<Node>, grads: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let Some(some) = grads.iter().flatten().next() else { return Ok(vec![None]) };
        let width = *node.input_meta(0)?.shape().get(1).ok_or_else(|| Error::new("split", "takes rows"))?;
        let pieces = grads.iter().zip(&self.sizes).map(|(g, &size)| match g {
            Some(g) => Ok(g.clone()),
            None => some.new_zeros([size, width]),
        });
        let pieces = pieces.collect::<Result<Vec<Tensor>>>()?;
        Ok(vec![Some(Tensor::cat(&pieces.iter().collect::<Vec<_>>(), 0)?)])
    }
}
