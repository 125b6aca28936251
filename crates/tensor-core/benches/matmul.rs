//! Matrix products of the shapes that training meets.
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tensor_core::Tensor;

fn products(c: &mut Criterion) {
    // Rows, inner size, columns; whether each side is read transposed.
    let shapes = [
        ("512", 512, 512, 512, false, false),
        ("1024", 1024, 1024, 1024, false, false),
        ("nt_1024", 1024, 1024, 1024, false, true),
        ("2048", 2048, 2048, 2048, false, false),
        ("mlp", 64, 784, 30, false, false),
        ("linear_784_512", 64, 784, 512, false, true),
        ("linear_512_512", 64, 512, 512, false, true),
        ("weight_grad_784_512", 512, 64, 784, true, false),
        ("input_grad_512_512", 64, 512, 512, false, false),
        ("row_4096", 1, 4096, 4096, false, false),
        ("tiny", 4, 4, 4, false, false),
    ];
    for (name, m, k, n, turn_x, turn_y) in shapes {
        let matrix = |r: usize, c: usize, turned: bool| {
            let t = Tensor::randn(if turned { [c, r] } else { [r, c] }).expect("possible shapes");
            if turned { t.transpose(0, 1).expect("two dims") } else { t }
        };
        let (x, y) = (matrix(m, k, turn_x), matrix(k, n, turn_y));
        c.bench_function(&format!("matmul_{name}"), |b| b.iter(|| black_box(&x).matmul(black_box(&y))));
    }
    let x = Tensor::randn([32, 128, 64]).expect("a possible shape");
    let y = Tensor::randn([32, 64, 128]).expect("a possible shape");
    c.bench_function("bmm_32x128x64", |b| b.iter(|| black_box(&x).bmm(black_box(&y))));
}

criterion_group!(benches, products);
criterion_main!(benches);
