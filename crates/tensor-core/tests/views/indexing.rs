//! Elements picked and placed, against loops.
use crate::{counting, naive::Naive, same, shapes};
use proptest::prelude::*;
use tensor_core::{Tensor, ops::Index};

/// A random shape with a dim of it that has elements.
fn with_dim() -> impl Strategy<Value = (Vec<usize>, usize)> {
    (shapes(), 0..4usize).prop_filter("needs a dim with elements", |(shape, dim)| *dim < shape.len() && shape[*dim] > 0)
}

fn integers(values: &[usize], shape: &[usize]) -> Tensor {
    Tensor::from_slice(&values.iter().map(|&v| v as i64).collect::<Vec<_>>(), shape).unwrap()
}

proptest! {
    #[test]
    fn index_select_gather_and_take_along(
        (shape, dim) in with_dim(),
        draws in prop::collection::vec(0..64usize, 1..6),
    ) {
        let (x, naive) = counting(&shape).unwrap();
        let picks: Vec<usize> = draws.iter().map(|d| d % shape[dim]).collect();
        let mut to = shape.clone();
        to[dim] = picks.len();
        let expected = Naive::of(&to, |index| {
            let mut from = index.to_vec();
            from[dim] = picks[index[dim]];
            naive.at(&from)
        });
        let index = integers(&picks, &[picks.len()]);
        same(&x.index_select(dim as isize, &index).unwrap(), &expected)?;
        let mut line = vec![1; shape.len()];
        line[dim] = picks.len();
        let index = index.reshape(line.iter().map(|&n| n as isize).collect::<Vec<_>>()).unwrap().expand(&to).unwrap();
        same(&x.gather(dim as isize - shape.len() as isize, &index).unwrap(), &expected)?;
        same(&x.take_along_dim(&index, Some(dim as isize)).unwrap(), &expected)?;
    }

    #[test]
    fn added_rows_are_summed_where_they_meet((shape, dim) in with_dim(), draws in prop::collection::vec(0..64usize, 1..6)) {
        let places: Vec<usize> = draws.iter().map(|d| d % shape[dim]).collect();
        let mut from = shape.clone();
        from[dim] = places.len();
        let ((x, mut naive), (source, rows)) = (counting(&shape).unwrap(), counting(&from).unwrap());
        let start = naive.clone();
        naive = Naive::of(&shape, |index| {
            let mut sum = start.at(index);
            for (k, _) in places.iter().enumerate().filter(|(_, place)| **place == index[dim]) {
                let mut row = index.to_vec();
                row[dim] = k;
                sum += rows.at(&row);
            }
            sum
        });
        let index = integers(&places, &[places.len()]);
        same(&x.index_add(dim as isize, &index, &source).unwrap(), &naive)?;
    }

    #[test]
    fn brackets_take_slices_numbers_and_new_dims(
        (shape, dim) in with_dim(),
        start in -6..6isize,
        stop in -6..6isize,
        step in 1..4isize,
        number in 0..64usize,
    ) {
        let (x, naive) = counting(&shape).unwrap();
        // Python's rule for the bounds of a slice.
        let n = shape[dim] as isize;
        let bound = |b: isize| (if b < 0 { b + n } else { b }).clamp(0, n);
        let picks: Vec<usize> = (bound(start)..bound(stop)).step_by(step as usize).map(|i| i as usize).collect();
        let mut to = shape.clone();
        to[dim] = picks.len();
        let expected = Naive::of(&to, |index| {
            let mut from = index.to_vec();
            from[dim] = picks[index[dim]];
            naive.at(&from)
        });
        let mut between: Vec<Index> = (0..dim).map(|_| (..).into()).collect();
        between.push(Index::Slice { start: Some(start), stop: Some(stop), step: Some(step) });
        same(&x.i(&between).unwrap(), &expected)?;
        // The same dim from the end, by an ellipsis, and a number instead of the slice.
        let at = number % shape[dim];
        let mut between = vec![Index::NewAxis, Index::Ellipsis, at.into()];
        between.extend((dim + 1..shape.len()).map(|_| Index::from(..)));
        let mut to = shape.clone();
        to.remove(dim);
        to.insert(0, 1);
        let expected = Naive::of(&to, |index| {
            let mut from = index[1..].to_vec();
            from.insert(dim, at);
            naive.at(&from)
        });
        same(&x.i(&between).unwrap(), &expected)?;
    }

    #[test]
    fn a_mask_picks_in_row_major_order(shape in shapes(), bits in prop::collection::vec(any::<bool>(), 256)) {
        let (x, naive) = counting(&shape).unwrap();
        let bits: Vec<bool> = bits.into_iter().cycle().take(naive.values.len()).collect();
        let mask = Tensor::from_slice(&bits, &shape).unwrap();
        let expected: Vec<i64> = naive.values.iter().zip(&bits).filter(|(_, b)| **b).map(|(v, _)| *v).collect();
        same(&x.masked_select(&mask).unwrap(), &Naive { shape: vec![expected.len()], values: expected })?;
    }

    #[test]
    fn an_index_outside_is_an_error_that_names_it((shape, dim) in with_dim(), beyond in 0..5usize) {
        prop_assume!(!shape.contains(&0));
        let (x, _) = counting(&shape).unwrap();
        let wrong = shape[dim] + beyond;
        let message = x.index_select(dim as isize, &integers(&[wrong], &[1])).unwrap_err().to_string();
        prop_assert!(message.contains(&wrong.to_string()) && message.contains("index_select"), "{}", message);
        let message = x.select(dim as isize, wrong as isize).unwrap_err().to_string();
        prop_assert!(message.contains(&wrong.to_string()), "{}", message);
    }
}
