//! Single operators, without gradients: products, elementwise operations, reductions, copies.
use super::{Call, Row, unrecorded};
use flambeau::{ops::Gelu, prelude::*};

pub(super) const ROWS: &[Row] = &[
    Row { name: "matmul_512", setup: || product([512, 512], [512, 512]) },
    Row { name: "matmul_1024", setup: || product([1024, 1024], [1024, 1024]) },
    Row { name: "matmul_2048", setup: || product([2048, 2048], [2048, 2048]) },
    Row { name: "matmul_mlp", setup: || product([64, 784], [784, 30]) },
    Row { name: "bmm_32x128x64", setup: bmm },
    Row { name: "matmul_nt_1024", setup: matmul_nt },
    Row { name: "add_16m", setup: || add(&[16 << 20], &[16 << 20]) },
    Row { name: "add_bcast", setup: || add(&[4096, 1024], &[1024]) },
    Row { name: "gelu_4m", setup: || of_one(&[4 << 20], |a| a.gelu(Gelu::Exact)) },
    Row { name: "exp_4m", setup: || of_one(&[4 << 20], Tensor::exp) },
    Row { name: "sum_all_16m", setup: || of_one(&[16 << 20], Tensor::sum) },
    Row { name: "sum_dim0_4096", setup: || of_one(&[4096, 4096], |a| a.sum_dim(0, DROP)) },
    Row { name: "sum_dim1_4096", setup: || of_one(&[4096, 4096], |a| a.sum_dim(1, DROP)) },
    Row { name: "argmax_dim1", setup: || of_one(&[4096, 1024], |a| a.argmax(Some(1), DROP)) },
    Row { name: "softmax_4096x1024", setup: || of_one(&[4096, 1024], |a| a.softmax(1)) },
    Row { name: "layernorm_4096x1024", setup: layer_norm },
    Row { name: "transpose_copy_4096", setup: || of_one(&[4096, 4096], |a| a.t()?.contiguous()) },
    Row { name: "cat_dim1", setup: cat },
    Row { name: "embedding_100x25x300", setup: embedding },
    Row { name: "gather_4096x1000", setup: gather },
];

fn of_one(shape: &[usize], f: fn(&Tensor) -> Result<Tensor>) -> Result<Call> {
    let a = Tensor::randn(shape)?;
    unrecorded(move || f(&a))
}

fn product(left: [usize; 2], right: [usize; 2]) -> Result<Call> {
    let (a, b) = (Tensor::randn(left)?, Tensor::randn(right)?);
    unrecorded(move || a.matmul(&b))
}

fn bmm() -> Result<Call> {
    let (a, b) = (Tensor::randn([32, 128, 64])?, Tensor::randn([32, 64, 128])?);
    unrecorded(move || a.bmm(&b))
}

fn matmul_nt() -> Result<Call> {
    let (a, b) = (Tensor::randn([1024, 1024])?, Tensor::randn([1024, 1024])?);
    unrecorded(move || a.matmul(&b.t()?))
}

fn add(left: &[usize], right: &[usize]) -> Result<Call> {
    let (a, b) = (Tensor::randn(left)?, Tensor::randn(right)?);
    unrecorded(move || a.add(&b))
}

fn layer_norm() -> Result<Call> {
    let (a, weight, bias) = (Tensor::randn([4096, 1024])?, Tensor::ones([1024])?, Tensor::zeros([1024])?);
    unrecorded(move || a.layer_norm([1024], Some(&weight), Some(&bias), 1e-5))
}

fn cat() -> Result<Call> {
    let parts = (0..8).map(|_| Tensor::randn([1024, 512])).collect::<Result<Vec<_>>>()?;
    unrecorded(move || Tensor::cat(&parts.iter().collect::<Vec<_>>(), 1))
}

fn embedding() -> Result<Call> {
    let (table, ids) = (Tensor::randn([10_000, 300])?, Tensor::randint(0, 10_000, [100, 25])?);
    unrecorded(move || table.embedding(&ids))
}

fn gather() -> Result<Call> {
    let (a, index) = (Tensor::randn([4096, 1000])?, Tensor::randint(0, 1000, [4096, 1000])?);
    unrecorded(move || a.gather(1, &index))
}
