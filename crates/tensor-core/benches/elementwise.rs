//! Elementwise operations, reductions and copies, on the shapes of the benchmark's rows: `cargo bench -p tensor-core
//! --bench elementwise`.
use criterion::Criterion;
use std::hint::black_box;
use tensor_core::{DROP, Result, Tensor, no_grad};

fn numbers(shape: [usize; 2]) -> Tensor {
    let data: Vec<f32> = (0..shape[0] * shape[1]).map(|i| (i * 7919 % 1009) as f32 / 251.0 - 2.0).collect();
    Tensor::from_slice(&data, shape).expect("the shape holds the data")
}

fn row(c: &mut Criterion, name: &str, f: impl Fn() -> Result<Tensor>) {
    c.bench_function(name, |b| b.iter(|| black_box(f()).expect("computes")));
}

fn main() {
    let mut c = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let _guard = no_grad();
    let (one, square) = (numbers([1, 1]), numbers([4096, 4096]));
    let (wide, bias) = (numbers([4096, 1024]), numbers([1, 1024]));
    row(&mut c, "add_scalar_tiny", || one.add(1.0));
    row(&mut c, "add_tensor_tiny", || one.add(&one));
    row(&mut c, "add_16m", || square.add(&square));
    row(&mut c, "add_bcast", || wide.add(&bias));
    row(&mut c, "exp_4m", || wide.exp());
    row(&mut c, "erf_4m", || wide.erf());
    row(&mut c, "tanh_4m", || wide.tanh());
    row(&mut c, "log_4m", || wide.log());
    row(&mut c, "sin_4m", || wide.sin());
    row(&mut c, "sum_all_16m", || square.sum());
    row(&mut c, "sum_dim0_4096", || square.sum_dim(0, DROP));
    row(&mut c, "sum_dim1_4096", || square.sum_dim(1, DROP));
    row(&mut c, "argmax_dim1", || square.argmax(Some(1), DROP));
    row(&mut c, "softmax_4096x1024", || wide.softmax(1));
    row(&mut c, "transpose_copy_4096", || square.t()?.contiguous());
    c.final_summary();
}
