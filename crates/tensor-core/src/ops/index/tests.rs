//! Picking and placing against their definitions, and what wrong indices say.
use super::*;
use crate::Index;

fn x() -> Tensor {
    Tensor::from_slice(&(0..24).map(|v| v as f32).collect::<Vec<_>>(), [2, 3, 4]).unwrap()
}
fn ids(values: &[i64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape).unwrap()
}
fn values(t: Tensor) -> Vec<f32> {
    t.to_vec().unwrap()
}

#[test]
fn picking_along_a_dim() {
    assert_eq!(values(x().index_select(2, &ids(&[3, 0], &[2])).unwrap())[..4], [3.0, 0.0, 7.0, 4.0]);
    let turned = x().transpose(0, 2).unwrap();
    let picked = turned.index_select(0, &ids(&[3, 0], &[2])).unwrap();
    assert_eq!(picked.shape(), [2, 3, 2]);
    assert_eq!(values(picked)[..4], [3.0, 15.0, 7.0, 19.0]);
    let index = ids(&[0, 3, 1, 2], &[1, 2, 2]);
    assert_eq!(values(x().gather(2, &index).unwrap()), [0.0, 3.0, 5.0, 6.0]);
    assert_eq!(values(x().take(&ids(&[-1, 2], &[2])).unwrap()), [23.0, 2.0]);
    assert_eq!(values(x().take_along_dim(&ids(&[1], &[1, 1, 1]), Some(0)).unwrap())[..2], [12.0, 13.0]);
    assert_eq!(x().index_select(1, &ids(&[], &[0])).unwrap().shape(), [2, 0, 4]);
}

#[test]
fn placing_along_a_dim() {
    let zeros = Tensor::zeros([3, 2]).unwrap();
    let source = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2]).unwrap();
    let index = ids(&[2, 0, 2, 0], &[2, 2]);
    assert_eq!(values(zeros.scatter(0, &index, &source).unwrap()), [0.0, 4.0, 0.0, 0.0, 3.0, 0.0]);
    assert_eq!(values(zeros.scatter_add(0, &index, &source).unwrap()), [0.0, 6.0, 0.0, 0.0, 4.0, 0.0]);
    assert_eq!(values(zeros.scatter(0, &index, 7.0).unwrap()), [0.0, 7.0, 0.0, 0.0, 7.0, 0.0]);
    let rows = ids(&[2, 2], &[2]);
    assert_eq!(values(zeros.index_add(0, &rows, &source).unwrap()), [0.0, 0.0, 0.0, 0.0, 4.0, 6.0]);
    assert_eq!(values(zeros.index_copy(0, &ids(&[1, 0], &[2]), &source).unwrap()), [3.0, 4.0, 1.0, 2.0, 0.0, 0.0]);
    assert_eq!(values(zeros.index_fill(1, &ids(&[-1], &[1]), 5.0).unwrap()), [0.0, 5.0, 0.0, 5.0, 0.0, 5.0]);
    let row = Tensor::ones([1, 2]).unwrap();
    assert_eq!(values(zeros.slice_scatter(&row, 0, -1, isize::MAX, 1).unwrap())[4..], [1.0, 1.0]);
    assert_eq!(values(zeros.select_scatter(&Tensor::ones([3]).unwrap(), 1, 0).unwrap())[..2], [1.0, 0.0]);
}

#[test]
fn brackets_mean_what_they_mean_in_python() {
    let x = x();
    let (a, b) = (ids(&[0, 1], &[2]), ids(&[2, -1], &[2]));
    // x[a, :, b]: not neighbours, so the result begins with the index.
    let far = x.index(&[Some(&a), None, Some(&b)]).unwrap();
    assert_eq!((far.shape(), values(far.clone())), (&[2, 3][..], vec![2.0, 6.0, 10.0, 15.0, 19.0, 23.0]));
    // x[:, a, b]
    let near = x.index(&[None, Some(&a), Some(&b)]).unwrap();
    assert_eq!((near.shape(), values(near.clone())), (&[2, 2][..], vec![2.0, 7.0, 14.0, 19.0]));
    let mask = x.gt(20.0).unwrap();
    assert_eq!(values(x.i(&[(&mask).into()]).unwrap()), [21.0, 22.0, 23.0]);
    assert_eq!(values(x.masked_select(&mask).unwrap()), [21.0, 22.0, 23.0]);
    assert_eq!(values(x.i(&[Index::Int(-1), (1..).into(), Index::from(0)]).unwrap()), [16.0, 20.0]);
    let got = x.i(&[Index::NewAxis, Index::Ellipsis, Index::Slice { start: None, stop: None, step: Some(3) }]).unwrap();
    assert_eq!(got.shape(), [1, 2, 3, 2]);
    let rows = ids(&[1, 0, 1], &[3]);
    assert_eq!(x.i(&[0.into(), Index::Ellipsis, (&rows).into()]).unwrap().shape(), [3, 3]);
    let put = Tensor::zeros([2, 3]).unwrap();
    let one = Tensor::ones(()).unwrap();
    let twice = ids(&[1, 1], &[2]);
    assert_eq!(values(put.index_put(&[None, Some(&twice)], &one, true).unwrap()), [0.0, 2.0, 0.0, 0.0, 2.0, 0.0]);
    assert_eq!(values(put.index_put(&[Some(&a), Some(&twice)], &one, false).unwrap()), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(ids(&[0, 3, 0, 5], &[2, 2]).nonzero().unwrap().to_vec::<i64>().unwrap(), [0, 1, 1, 1]);
}

#[test]
fn tables_and_classes() {
    let table = Tensor::from_slice(&[0.0f32, 1.0, 10.0, 11.0], [2, 2]).unwrap();
    let out = table.embedding(&ids(&[1, 0], &[2, 1])).unwrap();
    assert_eq!((out.shape(), values(out.clone())), (&[2, 1, 2][..], vec![10.0, 11.0, 0.0, 1.0]));
    let hot = ids(&[2, 0], &[2]).one_hot(-1).unwrap();
    assert_eq!(hot.to_vec::<i64>().unwrap(), [0, 0, 1, 1, 0, 0]);
}

#[test]
fn wrong_indices_are_named() {
    let say = |r: Result<Tensor>| r.unwrap_err().to_string();
    let x = x();
    assert!(
        say(x.index_select(1, &ids(&[3], &[1])))
            .starts_with("index_select: index 3 is out of range for dim 1 of size 3")
    );
    assert!(
        say(x.gather(0, &ids(&[2], &[1, 1, 1]))).starts_with("gather: index 2 is out of range for dim 0 of size 2")
    );
    assert!(say(x.scatter(0, &ids(&[-1], &[1, 1, 1]), 1.0)).starts_with("scatter: index -1 is out of range"));
    assert!(
        say(x.index(&[Some(&ids(&[0, 9], &[2]))])).starts_with("index: index 9 is out of range for dim 0 of size 2")
    );
    let table = Tensor::zeros([5, 2]).unwrap();
    assert!(
        say(table.embedding(&ids(&[1, 2, 7, 0], &[2, 2])))
            .starts_with("embedding: id 7 at position [1, 0] is outside of a table of 5 rows")
    );
    assert!(say(ids(&[3], &[1]).one_hot(3)).starts_with("one_hot: class 3 is outside of 3 classes"));
    assert!(say(x.index_select(0, &Tensor::zeros([1]).unwrap())).contains("an index is i64 or i32, got f32"));
    let wide = Tensor::zeros([2, 3, 5]).unwrap().to_dtype(DType::I64).unwrap();
    assert!(say(x.gather(0, &wide)).contains("size 5 in dim 2"));
}
