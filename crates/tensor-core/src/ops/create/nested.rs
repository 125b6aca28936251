//! Tensors written as nested arrays.
use crate::{DType, Error, Result, Scalar, Tensor, shape::Dims};
use half::{bf16, f16};

/// What [`tensor`] takes: numbers, and arrays, slices and vectors of what it takes.
pub trait Nested {
    /// The dtype of the tensor: `f32` for floats, `i64` for integers, `bool` for `true` and `false`, as in PyTorch;
    /// half precision stays what it is.
    const DTYPE: DType;
    /// How many levels of nesting there are.
    const RANK: usize;
    /// Writes the sizes of the first element of every level into `shape`.
    fn sizes(&self, shape: &mut Dims);
    /// Appends all numbers to `out`. `place` is where this element stands, for the message where sizes differ.
    fn numbers(&self, shape: &[usize], place: &mut Vec<usize>, out: &mut Vec<Scalar>) -> Result<()>;
}

macro_rules! scalars {
    ($($t:ty => $dtype:ident, |$v:ident| $scalar:expr;)*) => { $(impl Nested for $t {
        const DTYPE: DType = DType::$dtype;
        const RANK: usize = 0;
        fn sizes(&self, _: &mut Dims) {}
        fn numbers(&self, _: &[usize], _: &mut Vec<usize>, out: &mut Vec<Scalar>) -> Result<()> {
            let $v = *self;
            out.push($scalar);
            Ok(())
        }
    })* };
}
scalars! {
    f64 => F32, |v| Scalar::Float(v);
    f32 => F32, |v| Scalar::Float(f64::from(v));
    f16 => F16, |v| Scalar::Float(v.to_f64());
    bf16 => BF16, |v| Scalar::Float(v.to_f64());
    i64 => I64, |v| Scalar::Int(v);
    i32 => I64, |v| Scalar::Int(i64::from(v));
    u8 => I64, |v| Scalar::Int(i64::from(v));
    usize => I64, |v| Scalar::Int(v as i64);
    bool => Bool, |v| Scalar::Bool(v);
}

impl<T: Nested> Nested for [T] {
    const DTYPE: DType = T::DTYPE;
    const RANK: usize = T::RANK + 1;
    fn sizes(&self, shape: &mut Dims) {
        shape.push(self.len());
        match self.first() {
            Some(first) => first.sizes(shape),
            // Nothing tells the sizes below: they are zero.
            None => shape.extend(std::iter::repeat_n(0, T::RANK)),
        }
    }
    fn numbers(&self, shape: &[usize], place: &mut Vec<usize>, out: &mut Vec<Scalar>) -> Result<()> {
        let [size, inner @ ..] = shape else { return Ok(()) };
        if self.len() != *size {
            return Err(Error::new(
                "tensor",
                format!("the rows differ in length: {place:?} has {} elements, the first has {size}", self.len()),
            )
            .hint("rows of a tensor are equally long"));
        }
        for (i, row) in self.iter().enumerate() {
            place.push(i);
            row.numbers(inner, place, out)?;
            place.pop();
        }
        Ok(())
    }
}

macro_rules! as_slices {
    ($([$($generics:tt)*] $t:ty;)*) => { $(impl<$($generics)*> Nested for $t {
        const DTYPE: DType = T::DTYPE;
        const RANK: usize = T::RANK + 1;
        fn sizes(&self, shape: &mut Dims) {
            self[..].sizes(shape);
        }
        fn numbers(&self, shape: &[usize], place: &mut Vec<usize>, out: &mut Vec<Scalar>) -> Result<()> {
            self[..].numbers(shape, place, out)
        }
    })* };
}
as_slices! {
    [T: Nested, const N: usize] [T; N];
    [T: Nested] Vec<T>;
}

impl<T: Nested + ?Sized> Nested for &T {
    const DTYPE: DType = T::DTYPE;
    const RANK: usize = T::RANK;
    fn sizes(&self, shape: &mut Dims) {
        (**self).sizes(shape);
    }
    fn numbers(&self, shape: &[usize], place: &mut Vec<usize>, out: &mut Vec<Scalar>) -> Result<()> {
        (**self).numbers(shape, place, out)
    }
}

/// A tensor on the CPU of the numbers in nested arrays, slices or vectors. Floats become `f32`, integers `i64`;
/// [`Tensor::from_slice`] keeps the type of its elements.
///
/// ```
/// # use tensor_core::{tensor, DType, Result};
/// # fn main() -> Result<()> {
/// let x = tensor([[1.0, 2.0], [3.0, 4.0]])?;
/// assert_eq!((x.shape(), x.dtype()), (&[2, 2][..], DType::F32));
/// assert_eq!(tensor(vec![1, 2, 3])?.dtype(), DType::I64);
/// assert_eq!(tensor(2.5)?.dim(), 0);
/// # Ok(()) }
/// ```
pub fn tensor<T: Nested>(values: T) -> Result<Tensor> {
    Tensor::from_nested(values, T::DTYPE)
}

/// [`tensor()`](fn@tensor) of a literal: `tensor![[1.0, 2.0], [3.0, 4.0]]`. Rows of different lengths do not compile.
///
/// ```
/// # use tensor_core::{tensor, Result};
/// # fn main() -> Result<()> {
/// let x = tensor![[1, 2, 3], [3, 4, 5]]?;
/// assert_eq!(x.to_string(), "tensor([[1, 2, 3],\n        [3, 4, 5]])");
/// assert_eq!(tensor![]?.shape(), [0]);
/// # Ok(()) }
/// ```
#[macro_export]
macro_rules! tensor {
    () => { $crate::tensor([0.0_f32; 0]) };
    ($($row:expr),+ $(,)?) => { $crate::tensor([$($row),+]) };
}

impl Tensor {
    /// A tensor on the CPU of the numbers in nested arrays, slices or vectors, of the dtype that is asked for:
    /// `torch.tensor(values, dtype=..)`.
    ///
    /// ```
    /// # use tensor_core::{DType, Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let x = Tensor::from_nested([[1, 2, 3], [3, 4, 5]], DType::F32)?;
    /// assert_eq!(x.to_string(), "tensor([[1., 2., 3.],\n        [3., 4., 5.]])");
    /// # Ok(()) }
    /// ```
    pub fn from_nested<T: Nested>(values: T, dtype: DType) -> Result<Tensor> {
        let mut shape = Dims::new();
        values.sizes(&mut shape);
        let mut numbers = Vec::new();
        values.numbers(&shape, &mut Vec::new(), &mut numbers)?;
        fn build<T: crate::Element>(numbers: &[Scalar], shape: &Dims) -> Result<Tensor> {
            let values: Vec<T> = numbers.iter().map(|&n| T::from_scalar(n)).collect();
            Tensor::from_slice(&values, shape.as_slice())
        }
        match dtype {
            DType::F32 => build::<f32>(&numbers, &shape),
            DType::F64 => build::<f64>(&numbers, &shape),
            DType::F16 => build::<f16>(&numbers, &shape),
            DType::BF16 => build::<bf16>(&numbers, &shape),
            DType::I64 => build::<i64>(&numbers, &shape),
            DType::I32 => build::<i32>(&numbers, &shape),
            DType::U8 => build::<u8>(&numbers, &shape),
            DType::Bool => build::<bool>(&numbers, &shape),
        }
    }
}
