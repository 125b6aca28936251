//! A tensor cut into pieces (a sequence into steps, a row into gates), whose gradient is put together in one piece.
use std::sync::Arc;
use tensor_core::{Function, Keeps, Result, Tensor, graph::Node, no_grad};

/// `x` in pieces of `sizes` along `dim`. The derivative of slices one by one would make a tensor of the size of `x` for
/// each of them.
pub(super) fn split(x: &Tensor, sizes: &[usize], dim: usize) -> Result<Vec<Tensor>> {
    let pieces = {
        let _unrecorded = no_grad();
        x.detach().split_with_sizes(sizes, dim as isize)?
    };
    Ok(autograd::apply(Split { sizes: sizes.to_vec(), dim }, &[x], pieces))
}

#[derive(Debug)]
struct Split {
    sizes: Vec<usize>,
    dim: usize,
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
        let mut shape = node.input_meta(0)?.shape().to_vec();
        let pieces = grads.iter().zip(&self.sizes).map(|(g, &size)| match g {
            Some(g) => Ok(g.clone()),
            None => {
                shape[self.dim] = size;
                some.new_zeros(&shape)
            }
        });
        let pieces = pieces.collect::<Result<Vec<Tensor>>>()?;
        Ok(vec![Some(Tensor::cat(&pieces.iter().collect::<Vec<_>>(), self.dim as isize)?)])
    }
}
