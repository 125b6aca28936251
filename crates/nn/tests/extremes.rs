//! Settings beyond all memory, empty batches and wrong ranks: errors or empty results, never a panic.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use nn::{
    Conv1d, ConvOptions, ConvTranspose1d, ConvTransposeOptions, Fold, FoldOptions, Forward, FractionalMaxPool2d,
    FractionalSize, GRU, GRUCell, GroupNorm, LSTM, LayerNorm, MaxPool1d, MaxPoolOptions, MaxUnpool1d, MaxUnpoolOptions,
    MultiheadAttention, Padding, PixelShuffle, Transformer, Unfold, ZeroPad2d,
    utils::{pack_padded_sequence, pad_packed_sequence},
};
use tensor_core::Tensor;

const HUGE: usize = usize::MAX / 2;

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape).unwrap()
}

#[test]
fn settings_beyond_memory_are_errors() {
    let conv = |options| Conv1d::new(1, 1, 2, options).unwrap().forward(&zeros(&[1, 1, 4]));
    assert!(conv(ConvOptions { dilation: HUGE.into(), padding: Padding::Same, ..Default::default() }).is_err());
    assert!(conv(ConvOptions { dilation: usize::MAX.into(), ..Default::default() }).is_err());
    let options = ConvTransposeOptions { stride: HUGE.into(), dilation: HUGE.into(), ..Default::default() };
    let up = ConvTranspose1d::new(1, 1, 2, options).unwrap();
    assert!(up.forward_to_size(&zeros(&[1, 1, 4]), HUGE).is_err());
    let pool = MaxPool1d::with_options(2, MaxPoolOptions { dilation: HUGE.into(), ..Default::default() });
    assert!(pool.forward(&zeros(&[1, 1, 4])).is_err());
    let unpool = MaxUnpool1d::with_options(HUGE, MaxUnpoolOptions { stride: None, padding: HUGE.into() });
    let indices = Tensor::randint(0, 1, [1, 1, 4]).unwrap();
    assert!(unpool.forward_to_size(&zeros(&[1, 1, 4]), &indices, HUGE).is_err());
    let options = FoldOptions { stride: HUGE.into(), padding: (HUGE / 4).into(), ..Default::default() };
    assert!(Fold::with_options(4, 2, options).forward(&zeros(&[1, 4, 1])).is_err());
    assert!(Unfold::with_options(2, options).forward(&zeros(&[1, 1, 4, 4])).is_err());
    let pool = FractionalMaxPool2d::new(HUGE, FractionalSize::Size(HUGE.into()));
    assert!(pool.forward(&zeros(&[1, 1, 4, 4])).is_err());
    assert!(ZeroPad2d::new(i64::MAX).forward(&zeros(&[1, 1, 4, 4])).is_err());
    assert!(PixelShuffle::new(HUGE).forward(&zeros(&[1, 4, 4, 4])).is_err());
    assert!(LSTM::new(3, HUGE).is_err() && MultiheadAttention::new(HUGE, 1).is_err());
    let packed = pack_padded_sequence(&zeros(&[2, 2, 1]), &[2, 1], false, true).unwrap();
    assert!(pad_packed_sequence(&packed, false, 0.0, Some(usize::MAX)).is_err());
}

#[test]
fn empty_batches_give_empty_results() {
    let (y, h) = GRU::new(3, 4).unwrap().forward(&zeros(&[5, 0, 3]), None).unwrap();
    assert_eq!((y.shape(), h.shape()), (&[5, 0, 4][..], &[1, 0, 4][..]));
    assert_eq!(LayerNorm::new([3]).unwrap().forward(&zeros(&[0, 3])).unwrap().shape(), [0, 3]);
    assert_eq!(GroupNorm::new(1, 2).unwrap().forward(&zeros(&[0, 2, 3])).unwrap().shape(), [0, 2, 3]);
    let x = zeros(&[3, 0, 8]);
    let (y, _) = MultiheadAttention::new(8, 2).unwrap().forward(&x, &x, &x, Default::default()).unwrap();
    assert_eq!(y.shape(), [3, 0, 8]);
}

#[test]
fn wrong_ranks_are_errors() {
    for shape in [&[][..], &[3], &[1, 1, 1, 1, 1, 1]] {
        let x = zeros(shape);
        assert!(GRU::new(3, 4).unwrap().forward(&x, None).is_err());
        assert!(MultiheadAttention::new(3, 1).unwrap().forward(&x, &x, &x, Default::default()).is_err());
        assert!(Transformer::new(4, 1).unwrap().forward(&x, &x, Default::default()).is_err());
        assert!(Conv1d::new(3, 3, 1, ConvOptions::default()).unwrap().forward(&x).is_err());
        assert!(FractionalMaxPool2d::new(1, FractionalSize::Ratio([0.5; 2])).forward(&x).is_err());
        assert!(pack_padded_sequence(&x, &[1], false, true).is_err() || shape.len() > 1);
    }
    assert!(GRUCell::new(3, 4).unwrap().forward(&zeros(&[]), None).is_err());
}
