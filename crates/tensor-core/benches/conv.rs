//! Convolution and pooling of the shapes that training meets: the three maps of each.
use criterion::{Criterion, criterion_group, criterion_main};
use smallvec::smallvec;
use std::hint::black_box;
use tensor_core::{
    MaxPool2dOptions, Tensor,
    ops::{Conv, ConvKind, conv_map},
};

fn convolutions(c: &mut Criterion) {
    // Images, input channels, output channels, size, kernel, stride, padding, groups.
    let shapes = [
        ("cnn_1_32", 64, 1, 32, 28, 3, 1, 1, 1),
        ("cnn_32_64", 64, 32, 64, 14, 3, 1, 1, 1),
        ("stem", 8, 3, 64, 224, 7, 2, 3, 1),
        ("3x3", 8, 64, 64, 56, 3, 1, 1, 1),
        ("1x1", 8, 256, 64, 56, 1, 1, 0, 1),
        ("dw", 8, 128, 128, 56, 3, 1, 1, 128),
    ];
    for (name, n, ci, co, size, kernel, stride, padding, groups) in shapes {
        let out = (size + 2 * padding - kernel) / stride + 1;
        let (xs, ws, ys) = ([n, ci, size, size], [co, ci / groups, kernel, kernel], [n, co, out, out]);
        let [x, w, y] = [xs, ws, ys].map(|s| Tensor::randn(s).expect("possible shapes"));
        let maps =
            [(ConvKind::Forward, &x, &w, ys), (ConvKind::InputGrad, &y, &w, xs), (ConvKind::WeightGrad, &y, &x, ws)];
        for (kind, a, b, shape) in maps {
            let op = Conv {
                kind,
                stride: smallvec![stride; 2],
                padding: smallvec![padding; 2],
                dilation: smallvec![1; 2],
                groups,
            };
            c.bench_function(&format!("conv_{name}_{kind:?}"), |bench| {
                bench.iter(|| conv_map(&op, black_box(a), black_box(b), &shape));
            });
        }
    }
    let x = Tensor::randn([16, 64, 112, 112]).expect("a possible shape");
    let options = MaxPool2dOptions { stride: Some([2, 2]), padding: [1, 1], ..Default::default() };
    c.bench_function("max_pool_3_2_1", |b| b.iter(|| black_box(&x).max_pool2d(3, options)));
    c.bench_function("max_pool_2_2", |b| b.iter(|| black_box(&x).max_pool2d(2, MaxPool2dOptions::default())));
}

criterion_group!(benches, convolutions);
criterion_main!(benches);
