//! One value or another, element by element.
use super::{
    Op,
    binary::{Arg, result_type, same_device},
};
use crate::{Category, DType, Error, Operand, Result, Scalar, Tensor, graph, shape};
use std::sync::Arc;

impl Tensor {
    /// Where this `bool` tensor is true the element of `a`, else that of `b`; all three broadcast, and `a` and `b` are
    /// promoted to one dtype.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([-1.0, 2.0])?;
    /// let y = x.gt(0.0)?.where_(&x, 0.0)?;
    /// assert_eq!(y.to_vec::<f32>()?, [0.0, 2.0]);
    /// # Ok(()) }
    /// ```
    pub fn where_<'a>(&self, a: impl Into<Arg<'a>>, b: impl Into<Arg<'a>>) -> Result<Tensor> {
        where_(self, a.into(), b.into())
    }

    /// `value` where `mask` is true, this tensor's elements elsewhere. The dtype stays.
    pub fn masked_fill<'a>(&self, mask: &Tensor, value: impl Into<Arg<'a>>) -> Result<Tensor> {
        let op = "masked_fill";
        let value = value.into();
        let wrong = |why: String| Err(Error::new(op, why).operands([self, mask]));
        if mask.dtype() != DType::Bool {
            return wrong(format!("the mask must be bool, not {}", mask.dtype()));
        }
        if let Arg::Tensor(t) = value
            && t.dim() > 0
        {
            return wrong(format!("the value must be one number, not a tensor of {} dims", t.dim()));
        }
        let category = match value {
            Arg::Tensor(t) => t.dtype().category(),
            Arg::Scalar(s) => s.category(),
        };
        // An integer holds no part of a fraction.
        if category == Category::Float && !self.is_floating_point() {
            return wrong(format!("the value is a {} and cannot be stored in {}", word(category), self.dtype()));
        }
        let cast;
        let value = match value {
            Arg::Tensor(t) => {
                cast = t.to_dtype(self.dtype())?;
                Arg::Tensor(&cast)
            }
            // A bool holds whether a number is 0, as in PyTorch.
            Arg::Scalar(s) if self.dtype() == DType::Bool => Arg::Scalar((s.to_f64() != 0.0).into()),
            scalar => scalar,
        };
        where_(mask, value, Arg::Tensor(self)).map_err(|e| e.renamed(op).operands([self, mask]))
    }

    /// [`Tensor::masked_fill`] in place; the mask broadcasts to this tensor.
    pub fn masked_fill_<'a>(&mut self, mask: &Tensor, value: impl Into<Arg<'a>>) -> Result<&mut Tensor> {
        let new = self.masked_fill(mask, value)?;
        if new.shape() != self.shape() {
            return Err(
                Error::new("masked_fill_", "the mask does not broadcast to the tensor").operands([&*self, mask])
            );
        }
        self.copy_(&new)
    }
}

fn word(c: Category) -> &'static str {
    match c {
        Category::Bool => "bool",
        Category::Int => "integer",
        Category::Float => "float",
    }
}

fn where_(cond: &Tensor, a: Arg<'_>, b: Arg<'_>) -> Result<Tensor> {
    let op = "where";
    if cond.dtype() != DType::Bool {
        return Err(Error::new(op, format!("the condition must be bool, not {}", cond.dtype()))
            .operands([cond])
            .hint("compare it first: x.ne(0)"));
    }
    let dtype = result_type(a, b);
    let mut operands = vec![cond];
    operands.extend([a, b].iter().filter_map(tensor_of));
    same_device(op, &operands)?;
    let mut sizes = shape::Dims::from_slice(cond.shape());
    for t in &operands[1..] {
        sizes = shape::broadcast(op, &sizes, t.shape()).map_err(|e| e.operands(operands.iter().copied()))?;
    }
    let (cast_a, cast_b) = (as_dtype(a, dtype)?, as_dtype(b, dtype)?);
    let reading = cond.reading_as(op, &sizes)?;
    let ra = cast_a.as_ref().map(|t| t.reading_as(op, &sizes)).transpose()?;
    let rb = cast_b.as_ref().map(|t| t.reading_as(op, &sizes)).transpose()?;
    let device = cond.device();
    let (mut out, layout) = Tensor::allocate(&sizes, dtype, &device)?;
    let scalar = |x: Arg<'_>| match x {
        Arg::Scalar(s) => s,
        Arg::Tensor(_) => Scalar::Int(0), // not reached: tensors are read
    };
    let left = ra.as_ref().map_or(Operand::Scalar(scalar(a)), |r| r.operand());
    let right = rb.as_ref().map_or(Operand::Scalar(scalar(b)), |r| r.operand());
    device.backend().select(reading.view(), left, right, out.view_mut(&layout))?;
    // Numbers want no gradient: in their place stands the condition, which wants none either.
    let inputs = [cond, cast_a.as_ref().unwrap_or(cond), cast_b.as_ref().unwrap_or(cond)];
    Ok(graph::record(|| Op::Where, &inputs, Tensor::new(Arc::new(out), layout)))
}

fn tensor_of<'a>(x: &Arg<'a>) -> Option<&'a Tensor> {
    match x {
        Arg::Tensor(t) => Some(t),
        Arg::Scalar(_) => None,
    }
}

fn as_dtype(x: Arg<'_>, dtype: DType) -> Result<Option<Tensor>> {
    tensor_of(&x).map(|t| t.to_dtype(dtype)).transpose()
}
