//! What one recorded operation costs, forward and backward: `cargo bench -p autograd`.
use autograd::{Backward, Parameter};
use criterion::{Criterion, criterion_group, criterion_main};
use tensor_core::{Result, Tensor};

/// 1000 additions of four elements, recorded, then backward.
fn chain(x: &Tensor, c: &Tensor) -> Result<()> {
    x.set_grad(None);
    let mut z = x.clone();
    for _ in 0..1000 {
        z = z.add(c)?;
    }
    z.sum()?.backward()
}

/// One layer of a small network and its backward.
fn layer(x: &Tensor, w: &Parameter, b: &Parameter) -> Result<()> {
    w.zero_grad();
    b.zero_grad();
    (x.matmul(w)? + b)?.relu()?.sum()?.backward()
}

fn overhead(c: &mut Criterion) {
    let make = || -> Result<_> {
        let x = Tensor::ones([4])?.requires_grad_(true);
        let w = Parameter::new(Tensor::ones([16, 16])?)?;
        let b = Parameter::new(Tensor::ones([16])?)?;
        Ok((x, Tensor::ones([4])?, Tensor::ones([8, 16])?, w, b))
    };
    let (x, ones, batch, w, b) = match make() {
        Ok(made) => made,
        Err(e) => return eprintln!("{e}"),
    };
    c.bench_function("add_tiny_grad (1000 operations)", |bench| bench.iter(|| chain(&x, &ones)));
    c.bench_function("small layer", |bench| bench.iter(|| layer(&batch, &w, &b)));
}

criterion_group!(benches, overhead);
criterion_main!(benches);
