//! Views, broadcasting and indexing as properties: random chains of them on random shapes, against definitions that go
//! element by element and know nothing of strides.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

mod indexing;
mod naive;
mod steps;

use naive::Naive;
use proptest::prelude::*;
use steps::Step;
use tensor_core::{DType, Result, Tensor};

/// Shapes of up to four dims, empty and 0-d ones among them.
pub fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1 => Just(0usize), 3 => Just(1), 12 => 2..5usize], 0..5)
}

/// 0, 1, 2, ... in a shape, as both.
pub fn counting(shape: &[usize]) -> Result<(Tensor, Naive)> {
    let naive = Naive::counting(shape);
    Ok((Tensor::from_slice(&naive.values, shape)?, naive))
}

/// The same values, and a shape that PyTorch would show.
pub fn same(tensor: &Tensor, naive: &Naive) -> std::result::Result<(), TestCaseError> {
    prop_assert_eq!(tensor.shape(), &naive.shape[..]);
    let values = tensor.to_vec::<i64>().map_err(|e| TestCaseError::fail(e.to_string()))?;
    prop_assert_eq!(values, &naive.values[..]);
    Ok(())
}

proptest! {
    #[test]
    fn a_chain_of_views_moves_every_element_where_its_definition_says(
        shape in shapes(),
        steps in prop::collection::vec(Step::any(), 0..7),
    ) {
        let (mut tensor, mut naive) = counting(&shape).unwrap();
        for step in steps {
            step.apply(&mut tensor, &mut naive).unwrap();
            same(&tensor, &naive)?;
        }
        // What reads the result does not care how it lies.
        same(&tensor.clone_contiguous().unwrap(), &naive)?;
        same(&tensor.to_dtype(DType::F64).unwrap().to_dtype(DType::I64).unwrap(), &naive)?;
        let doubled: Vec<i64> = naive.values.iter().map(|v| 2 * v).collect();
        prop_assert_eq!(tensor.add(&tensor).unwrap().to_vec::<i64>().unwrap(), doubled);
        let sum: i64 = naive.values.iter().sum();
        prop_assert_eq!(tensor.sum().unwrap().item::<i64>().unwrap(), sum);
    }

    #[test]
    fn writing_to_a_view_leaves_its_source_alone(shape in shapes(), steps in prop::collection::vec(Step::any(), 1..4)) {
        let (source, before) = counting(&shape).unwrap();
        let (mut view, mut naive) = (source.clone(), before.clone());
        for step in steps {
            step.apply(&mut view, &mut naive).unwrap();
        }
        view.add_(100).unwrap();
        naive.values.iter_mut().for_each(|v| *v += 100);
        same(&view, &naive)?;
        same(&source, &before)?;
    }

    #[test]
    fn operands_broadcast_as_their_definition_says(
        shape in shapes(),
        ones in prop::collection::vec(any::<bool>(), 4),
        missing in 0..5usize,
        swap in any::<bool>(),
    ) {
        // The other operand: some dims are 1, some of the first are missing.
        let other: Vec<usize> = shape.iter().zip(&ones).map(|(&n, &one)| if one { 1 } else { n }).skip(missing).collect();
        let ((x, nx), (y, ny)) = (counting(&shape).unwrap(), counting(&other).unwrap());
        let ny = ny.broadcast(&shape);
        let expected: Vec<i64> = nx.values.iter().zip(&ny.values).map(|(a, b)| a - b * 7).collect();
        let seven = y.mul(7).unwrap();
        let got = if swap { seven.neg().unwrap().add(&x) } else { x.sub(&seven) }.unwrap();
        same(&got, &Naive { shape: shape.clone(), values: expected })?;
        same(&y.expand(&shape).unwrap(), &ny)?;
    }

    #[test]
    fn shapes_that_do_not_broadcast_are_named(shape in shapes(), dim in 0..4usize, more in 2..4usize) {
        prop_assume!(dim < shape.len() && shape[dim] != 1);
        let mut other = shape.clone();
        other[dim] += more;
        let (x, y) = (Tensor::zeros(&shape).unwrap(), Tensor::zeros(&other).unwrap());
        let message = x.add(&y).unwrap_err().to_string();
        prop_assert!(message.contains(&format!("{shape:?}")) && message.contains(&format!("{other:?}")), "{}", message);
    }

    #[test]
    fn cat_and_split_undo_each_other(shape in shapes(), dim in 0..4usize, size in 1..4usize) {
        prop_assume!(dim < shape.len());
        let (x, naive) = counting(&shape).unwrap();
        let parts = x.split(size, dim as isize).unwrap();
        prop_assert!(parts.iter().all(|p| p.shape()[dim] <= size));
        let parts: Vec<&Tensor> = parts.iter().collect();
        same(&Tensor::cat(&parts, dim as isize - shape.len() as isize).unwrap(), &naive)?;
    }
}
