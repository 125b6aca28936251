//! Writing into a tensor: in its buffer when nobody else holds it, else in a copy, so that a program means the same
//! either way and values kept for a gradient never change.
use crate::{
    Category, DType, Device, Error, ErrorKind, Layout, Result, Scalar, Tensor, ViewMut, context, graph,
    storage::{Buffer, Source, note_cow_copy},
};
use std::sync::Arc;

/// Carries out an in-place operation whose result has `dtype`. Where it must be recorded, `recorded` computes a new
/// tensor that takes the place of the old one; else `write` changes the elements where they are.
pub(super) fn change<'x>(
    op: &'static str,
    x: &'x mut Tensor,
    others: &[&Tensor],
    dtype: DType,
    recorded: impl FnOnce(&Tensor) -> Result<Tensor>,
    write: impl FnOnce(&Device, ViewMut<'_>) -> Result<()>,
) -> Result<&'x mut Tensor> {
    let own = x.dtype();
    if !dtype.can_cast_to(own) {
        return Err(Error::new(format!("{op}_"), format!("the result is {dtype} and cannot be stored in {own}"))
            .operands(std::iter::once(&*x).chain(others.iter().copied()))
            .hint(format!("convert the tensor first, or use {op}, which returns a new one")));
    }
    if let Some(edge) = x.edge()
        && edge.node.is_leaf()
        && edge.node.requires_grad()
        && context::is_grad_enabled()
    {
        return Err(Error::new(
            format!("{op}_"),
            "a leaf that requires grad cannot be changed in place while recording",
        )
        .kind_of(ErrorKind::Autograd)
        .operands([&*x])
        .hint("do it under no_grad(), or before requires_grad_(true)"));
    }
    let records = context::is_grad_enabled() && (x.requires_grad() || others.iter().any(|t| t.requires_grad()));
    if records || dtype != own {
        let shape_before = x.shape().to_vec();
        let new = recorded(x)?.to_dtype(own)?;
        if new.shape() != shape_before {
            return Err(Error::new(
                format!("{op}_"),
                format!("the result has shape {:?} and does not fit", new.shape()),
            )
            .operands([&*x])
            .hint("in place, the other operand must broadcast to this tensor"));
        }
        // The owners of a live tensor see the change through their own handles.
        if x.live_cell().is_some() && !records { x.replace_live(&new)? } else { *x = new }
    } else {
        x.write(write)?;
    }
    Ok(x)
}

impl Tensor {
    /// Lets `write` change the elements: where they are if nobody else holds them, else in a copy of this tensor's own.
    pub(crate) fn write(&mut self, write: impl FnOnce(&Device, ViewMut<'_>) -> Result<()>) -> Result<()> {
        if let Some(cell) = self.live_cell().cloned() {
            let layout = self.layout().clone();
            return cell.update(&layout, |b| {
                let device = b.device().clone();
                write(&device, b.view_mut(&layout))
            });
        }
        let placeholder = Tensor::from_parts(Source::Own(empty_buffer()?), Layout::contiguous(&[0]), None);
        let (source, mut layout, edge) = std::mem::replace(self, placeholder).into_parts();
        let Source::Own(mut buffer) = source else {
            return Err(Error::new("write", "a live tensor has no buffer of its own").kind_of(ErrorKind::Internal));
        };
        if Arc::get_mut(&mut buffer).is_none() || layout.may_overlap() {
            note_cow_copy();
            let copy = buffer.copied(&layout);
            match copy {
                Ok(copy) => {
                    buffer = Arc::new(copy);
                    layout = Layout::contiguous(layout.shape());
                }
                Err(e) => {
                    *self = Tensor::from_parts(Source::Own(buffer), layout, edge);
                    return Err(e);
                }
            }
        }
        let done = match Arc::get_mut(&mut buffer) {
            Some(b) => {
                let device = b.device().clone();
                write(&device, b.view_mut(&layout))
            }
            None => Err(Error::new("write", "the buffer is shared").kind_of(ErrorKind::Internal)),
        };
        *self = Tensor::from_parts(Source::Own(buffer), layout, edge);
        done
    }

    /// Copies `source`, broadcast and converted, into this tensor.
    pub fn copy_(&mut self, source: &Tensor) -> Result<&mut Tensor> {
        let dtype = self.dtype();
        let shape = self.shape().to_vec();
        let converted = source.to_dtype(dtype)?;
        let converted =
            if converted.device() == self.device() { converted } else { converted.to_device(&self.device())? };
        let reading = converted.reading_as("copy_", &shape).map_err(|e| e.operands([&*self, source]))?;
        change(
            "copy",
            self,
            &[source],
            dtype,
            |_| converted.expand(&shape)?.clone_contiguous(),
            |device, out| device.backend().copy(reading.view(), out),
        )
    }

    /// Every element becomes `value`.
    pub fn fill_(&mut self, value: impl Into<Scalar>) -> Result<&mut Tensor> {
        let value = value.into();
        let (shape, dtype, device) = (self.shape().to_vec(), self.dtype(), self.device());
        change(
            "fill",
            self,
            &[],
            dtype,
            |_| Tensor::full_on(&shape, value, dtype, &device),
            |device, out| device.backend().fill(value, out),
        )
    }

    /// Every element becomes 0.
    pub fn zero_(&mut self) -> Result<&mut Tensor> {
        self.fill_(0)
    }
}

/// What stands in for a tensor while it is being written.
fn empty_buffer() -> Result<Arc<Buffer>> {
    thread_local!(static EMPTY: std::cell::RefCell<Option<Arc<Buffer>>> = const { std::cell::RefCell::new(None) });
    EMPTY.with_borrow_mut(|slot| match slot {
        Some(b) => Ok(b.clone()),
        None => {
            let b = Arc::new(Buffer::allocate(0, DType::U8, &Device::cpu())?);
            *slot = Some(b.clone());
            Ok(b)
        }
    })
}

/// An owned operand whose buffer nobody else holds, row-major and of the result's dtype and shape, may become the result.
pub(super) fn donate(x: Tensor, shape: &[usize], dtype: DType) -> std::result::Result<Tensor, Tensor> {
    if x.shape() != shape || x.dtype() != dtype || dtype.category() != Category::Float || !x.is_contiguous() {
        return Err(x);
    }
    let (mut source, layout, edge) = x.into_parts();
    let unique = match &mut source {
        Source::Own(buffer) => Arc::get_mut(buffer).is_some(),
        Source::Live(_) => false,
    };
    let x = Tensor::from_parts(source, layout, edge);
    if unique { Ok(x) } else { Err(x) }
}

/// Records an operation that wrote over its first input, which its rule does not read.
pub(super) fn record_donated(op: impl FnOnce() -> super::Op, mut out: Tensor, others: &[&Tensor]) -> Tensor {
    if out.edge().is_none() && !others.iter().any(|t| t.requires_grad()) {
        return out;
    }
    let before = out.with_edge(out.edge().cloned());
    out.set_edge(None);
    let mut inputs: smallvec::SmallVec<[&Tensor; 3]> = smallvec::smallvec![&before];
    inputs.extend_from_slice(others);
    graph::record(op, &inputs, out)
}
