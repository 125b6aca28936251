//! Operators that `tensor-core` is about to have: until then the rules that use them fail.
use tensor_core::{Error, Result, Tensor, ops::Arg, rng::Key};

fn no() -> Result<Tensor> {
    Err(Error::new("autograd", "an operator that this derivative uses is missing"))
}

#[allow(unused)]
pub(crate) trait Awaiting {
    fn index_select(&self, _: isize, _: &Tensor) -> Result<Tensor> {
        no()
    }
    fn index_add(&self, _: isize, _: &Tensor, _: &Tensor) -> Result<Tensor> {
        no()
    }
    fn gather(&self, _: isize, _: &Tensor) -> Result<Tensor> {
        no()
    }
    fn scatter<'a>(&self, _: isize, _: &Tensor, _: impl Into<Arg<'a>>) -> Result<Tensor> {
        no()
    }
    fn scatter_add(&self, _: isize, _: &Tensor, _: &Tensor) -> Result<Tensor> {
        no()
    }
    fn slice_scatter(&self, _: &Tensor, _: isize, _: isize, _: isize, _: usize) -> Result<Tensor> {
        no()
    }
    fn matmul(&self, _: &Tensor) -> Result<Tensor> {
        no()
    }
    fn dropout_keyed(&self, _: f64, _: Key) -> Result<Tensor> {
        no()
    }
}
impl Awaiting for Tensor {}
