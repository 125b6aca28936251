//! The steps of a random chain of views. A step draws raw numbers and fits them to the shape it finds, so that every
//! chain is possible on every shape.
use crate::naive::Naive;
use proptest::prelude::*;
use tensor_core::{Result, Tensor};

#[derive(Debug, Clone)]
pub enum Step {
    Permute(Vec<usize>),
    Slice { dim: usize, start: usize, end: usize, step: usize },
    Select { dim: usize, index: usize },
    Flip(usize),
    Expand(usize),
    Unsqueeze(usize),
    Squeeze,
    Merge(usize),
    Fold { dim: usize, parts: usize },
    Diagonal(usize),
}

impl Step {
    pub fn any() -> impl Strategy<Value = Step> {
        let n = 0..64usize;
        prop_oneof![
            prop::collection::vec(n.clone(), 8).prop_map(Step::Permute),
            (n.clone(), n.clone(), n.clone(), 1..4usize).prop_map(|(dim, start, end, step)| Step::Slice {
                dim,
                start,
                end,
                step
            }),
            (n.clone(), n.clone()).prop_map(|(dim, index)| Step::Select { dim, index }),
            n.clone().prop_map(Step::Flip),
            n.clone().prop_map(Step::Expand),
            n.clone().prop_map(Step::Unsqueeze),
            Just(Step::Squeeze),
            n.clone().prop_map(Step::Merge),
            (n.clone(), 2..4usize).prop_map(|(dim, parts)| Step::Fold { dim, parts }),
            n.prop_map(Step::Diagonal),
        ]
    }

    /// Takes the step with both.
    pub fn apply(&self, tensor: &mut Tensor, naive: &mut Naive) -> Result<()> {
        let shape = naive.shape.clone();
        let rank = shape.len();
        let fits = |dim: usize| (rank > 0).then(|| dim % rank.max(1));
        match *self {
            Step::Permute(ref order) => {
                let mut dims: Vec<usize> = (0..rank).collect();
                dims.sort_by_key(|&d| (order[d % order.len()], d));
                let to: Vec<usize> = dims.iter().map(|&d| shape[d]).collect();
                *naive = Naive::of(&to, |index| {
                    let mut from = vec![0; rank];
                    dims.iter().zip(index).for_each(|(&d, &i)| from[d] = i);
                    naive.at(&from)
                });
                // Every second dim by its negative name.
                let names: Vec<isize> =
                    dims.iter().map(|&d| if d % 2 == 1 { d as isize - rank as isize } else { d as isize }).collect();
                *tensor = tensor.permute(&names)?;
            }
            Step::Slice { dim, start, end, step } => {
                let Some(dim) = fits(dim) else { return Ok(()) };
                let start = start % (shape[dim] + 1);
                let end = start + end % (shape[dim] - start + 1);
                let mut to = shape.clone();
                to[dim] = (end - start).div_ceil(step);
                *naive = Naive::of(&to, |index| {
                    let mut from = index.to_vec();
                    from[dim] = start + index[dim] * step;
                    naive.at(&from)
                });
                *tensor = tensor.slice(dim as isize, start as isize, end as isize, step)?;
            }
            Step::Select { dim, index } => {
                let Some(dim) = fits(dim).filter(|&d| shape[d] > 0 && rank > 1) else { return Ok(()) };
                let at = index % shape[dim];
                let mut to = shape.clone();
                to.remove(dim);
                *naive = Naive::of(&to, |index| {
                    let mut from = index.to_vec();
                    from.insert(dim, at);
                    naive.at(&from)
                });
                *tensor = tensor.select(dim as isize, at as isize - shape[dim] as isize)?;
            }
            Step::Flip(dim) => {
                let Some(dim) = fits(dim) else { return Ok(()) };
                *naive = Naive::of(&shape, |index| {
                    let mut from = index.to_vec();
                    from[dim] = shape[dim] - 1 - index[dim];
                    naive.at(&from)
                });
                *tensor = tensor.flip([dim as isize])?;
            }
            Step::Expand(n) => {
                // Dims of size 1 grow, and a new first one where there is room.
                let mut to: Vec<usize> = shape.iter().map(|&s| if s == 1 { 1 + n % 3 } else { s }).collect();
                if rank < 5 && n % 2 == 0 && to.iter().product::<usize>() < 500 {
                    to.insert(0, 2);
                }
                *naive = naive.broadcast(&to);
                *tensor = tensor.expand(&to)?;
            }
            Step::Unsqueeze(dim) => {
                if rank < 6 {
                    naive.shape.insert(dim % (rank + 1), 1);
                    *tensor = tensor.unsqueeze((dim % (rank + 1)) as isize)?;
                }
            }
            Step::Squeeze => {
                naive.shape.retain(|&n| n != 1);
                *tensor = tensor.squeeze()?;
            }
            Step::Merge(dim) => {
                let Some(dim) = fits(dim).filter(|d| d + 1 < rank) else { return Ok(()) };
                naive.shape.splice(dim..dim + 2, [shape[dim] * shape[dim + 1]]);
                *tensor = tensor.flatten(dim as isize, dim as isize + 1)?;
            }
            Step::Fold { dim, parts } => {
                let Some(dim) = fits(dim).filter(|&d| shape[d].is_multiple_of(parts) && rank < 6) else {
                    return Ok(());
                };
                naive.shape.splice(dim..=dim, [parts, shape[dim] / parts]);
                let sizes: Vec<isize> = naive.shape.iter().map(|&n| n as isize).collect();
                *tensor = tensor.reshape(&sizes)?;
            }
            Step::Diagonal(dim) => {
                let Some(dim) = fits(dim).filter(|d| d + 1 < rank) else { return Ok(()) };
                let mut to = shape.clone();
                to.splice(dim..dim + 2, []);
                to.push(shape[dim].min(shape[dim + 1]));
                *naive = Naive::of(&to, |index| {
                    let mut from = index[..rank - 2].to_vec();
                    let i = index[rank - 2];
                    from.splice(dim..dim, [i, i]);
                    naive.at(&from)
                });
                *tensor = tensor.diagonal(0, dim as isize, dim as isize + 1)?;
            }
        }
        Ok(())
    }
}
