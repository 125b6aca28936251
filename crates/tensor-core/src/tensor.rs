//! The tensor: a view of a buffer, and where it came from.
use crate::{
    DType, Device, Element, Error, ErrorKind, Layout, Result, Scalar,
    backend::{Operand, View},
    graph::{Edge, Node},
    storage::{Buffer, BufferRef, LiveCell, Source},
};
use std::{borrow::Cow, fmt, sync::Arc};

/// An array of any rank and dtype on any device. Cheap to clone: clones and views share their elements, and whoever
/// writes to shared elements (`add_`, `fill_`) gets a copy of their own first, so no change is ever seen elsewhere.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0, 4.0], [2, 2])?;
/// let y = (x.matmul(&x)? + 1.0)?;
/// assert_eq!(y.to_vec::<f32>()?, [8.0, 11.0, 16.0, 23.0]);
/// # Ok(()) }
/// ```
pub struct Tensor {
    source: Source,
    /// Always inside the buffer.
    layout: Layout,
    edge: Option<Edge>,
}

// A live tensor's clone is a snapshot: what holds a clone keeps the values of now.
impl Clone for Tensor {
    fn clone(&self) -> Tensor {
        self.with_edge(self.edge.clone())
    }
}

impl Tensor {
    pub(crate) fn new(buffer: Arc<Buffer>, layout: Layout) -> Tensor {
        debug_assert!(layout.required_len() * buffer.dtype().size() <= buffer.storage().bytes());
        Tensor { source: Source::Own(buffer), layout, edge: None }
    }

    /// Room for a result: row-major, any content.
    pub(crate) fn allocate(shape: &[usize], dtype: DType, device: &Device) -> Result<(Buffer, Layout)> {
        // A shape that an operator worked out may be one that no machine holds: strides of it would overflow.
        crate::shape::checked_numel("allocate", shape)?;
        let layout = Layout::contiguous(shape);
        Ok((Buffer::allocate(layout.numel(), dtype, device)?, layout))
    }

    /// Sizes, outermost first.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }
    /// The size of `dim`; negative ones count from the end.
    pub fn size(&self, dim: isize) -> Result<usize> {
        let d = crate::shape::dim("size", dim, self.dim())?;
        self.shape().get(d).copied().ok_or_else(|| Error::new("size", "a 0-d tensor has no sizes"))
    }
    /// The number of dims.
    pub fn dim(&self) -> usize {
        self.layout.rank()
    }
    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.layout.numel()
    }
    /// Distance, in elements, between neighbours along each dim.
    pub fn stride(&self) -> &[usize] {
        self.layout.strides()
    }
    /// The position of the first element in the buffer.
    pub fn storage_offset(&self) -> usize {
        self.layout.offset()
    }
    /// Sizes, strides and offset.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    /// Row-major without gaps.
    pub fn is_contiguous(&self) -> bool {
        self.layout.is_contiguous()
    }
    /// The element type.
    pub fn dtype(&self) -> DType {
        match &self.source {
            Source::Own(b) => b.dtype(),
            Source::Live(cell) => cell.snapshot().dtype(),
        }
    }
    /// Where the elements are.
    pub fn device(&self) -> Device {
        self.buffer().device().clone()
    }
    /// Whether the elements are floats.
    pub fn is_floating_point(&self) -> bool {
        self.dtype().is_float()
    }
    /// Whether two tensors read the same buffer, as views do.
    pub fn shares_storage(&self, other: &Tensor) -> bool {
        Arc::ptr_eq(&self.buffer(), &other.buffer())
    }

    pub(crate) fn buffer(&self) -> BufferRef<'_> {
        self.source.buffer()
    }

    /// Another view of the same elements, without history.
    pub(crate) fn view_as_layout(&self, layout: Layout) -> Tensor {
        Tensor::new(self.buffer().clone(), layout)
    }

    /// The buffer and layout of a tensor nobody needs any more.
    pub(crate) fn into_parts(self) -> (Source, Layout, Option<Edge>) {
        (self.source, self.layout, self.edge)
    }
    pub(crate) fn from_parts(source: Source, layout: Layout, edge: Option<Edge>) -> Tensor {
        Tensor { source, layout, edge }
    }

    // ------------------------------------------------------------------------------------------------- history

    /// Where this tensor stands in the record; `None` for a plain value.
    pub fn edge(&self) -> Option<&Edge> {
        self.edge.as_ref()
    }
    /// The same values (a snapshot, if live) at another place in the record.
    pub(crate) fn with_edge(&self, edge: Option<Edge>) -> Tensor {
        Tensor { source: Source::Own(self.buffer().clone()), layout: self.layout.clone(), edge }
    }
    pub(crate) fn set_edge(&mut self, edge: Option<Edge>) {
        self.edge = edge;
    }
    pub(crate) fn into_edge(self) -> Option<Edge> {
        self.edge
    }

    /// Whether gradients flow to this tensor.
    pub fn requires_grad(&self) -> bool {
        self.edge.as_ref().is_some_and(|e| e.node.requires_grad())
    }

    /// Asks for gradients (or stops asking): the tensor becomes a leaf of its own. Integers cannot have gradients and
    /// stay plain; `backward` through them says so.
    #[must_use = "it returns the tensor: `let x = x.requires_grad_(true);`"]
    pub fn requires_grad_(mut self, on: bool) -> Tensor {
        match &self.edge {
            Some(e) if e.node.is_leaf() => e.node.set_requires_grad(on),
            _ if on && self.dtype().is_float() && self.edge.is_none() => {
                let node = Arc::new(Node::leaf(self.shape(), self.dtype()));
                self.edge = Some(Edge { node, output: 0 });
            }
            Some(_) if !on => self.edge = None,
            _ => {}
        }
        self
    }

    /// The same tensor, whose `grad_fn` is printed as `name` says: for the last step of what is known under one name.
    ///
    /// ```
    /// # use tensor_core::{tensor, Result};
    /// # fn main() -> Result<()> {
    /// let x = tensor([3.0])?.requires_grad_(true);
    /// assert_eq!(x.square()?.sum()?.called("my_loss").to_string(), "tensor(9., grad_fn=<MyLoss>)");
    /// # Ok(()) }
    /// ```
    #[must_use = "it returns the tensor"]
    pub fn called(self, name: &'static str) -> Tensor {
        if let Some(edge) = self.edge.as_ref().filter(|edge| !edge.node.is_leaf()) {
            edge.node.call_it(name);
        }
        self
    }

    /// The same values without history.
    #[must_use]
    pub fn detach(&self) -> Tensor {
        self.with_edge(None)
    }

    /// Whether a user made it, rather than a recorded operation.
    pub fn is_leaf(&self) -> bool {
        self.edge.as_ref().is_none_or(|e| e.node.is_leaf())
    }

    /// The gradient that `backward` collected in this leaf, or left in this result after `retain_grad()`.
    pub fn grad(&self) -> Option<Tensor> {
        let Edge { node, output } = self.edge.as_ref()?;
        if node.is_leaf() { node.grad() } else { node.retained_grad(*output) }
    }
    /// Replaces the gradient of this leaf.
    pub fn set_grad(&self, grad: Option<Tensor>) {
        if let Some(e) = &self.edge {
            e.node.set_grad(grad);
        }
    }

    // -------------------------------------------------------------------------------------------- live tensors

    /// A tensor whose values its owner replaces: what a parameter derefs to. Clones and views are snapshots.
    pub fn into_live(self) -> Result<Tensor> {
        if matches!(self.source, Source::Live(_)) {
            return Ok(self);
        }
        // A live tensor covers its buffer exactly, so that it can be written as a whole.
        let full = self.is_contiguous() && self.storage_offset() == 0;
        let buffer = if full { self.buffer().clone() } else { Arc::new(self.buffer().copied(&self.layout)?) };
        let layout = Layout::contiguous(self.shape());
        Ok(Tensor { source: Source::Live(Arc::new(LiveCell::new(buffer))), layout, edge: self.edge })
    }

    /// The same live tensor again, not a snapshot: what tied parameters share.
    pub fn share(&self) -> Tensor {
        match &self.source {
            Source::Live(cell) => {
                Tensor { source: Source::Live(cell.clone()), layout: self.layout.clone(), edge: self.edge.clone() }
            }
            Source::Own(_) => self.clone(),
        }
    }

    /// A live tensor of its own, without history, that starts with the values of this one: what a deep copy holds. The
    /// elements are shared until either changes.
    #[must_use]
    pub fn duplicate(&self) -> Tensor {
        match &self.source {
            Source::Live(cell) => {
                let source = Source::Live(Arc::new(LiveCell::new(cell.snapshot())));
                Tensor { source, layout: self.layout.clone(), edge: None }
            }
            Source::Own(_) => self.detach(),
        }
    }

    /// Puts other values (same shape, any dtype and device) into a live tensor; snapshots keep the old ones.
    pub fn replace_live(&self, values: &Tensor) -> Result<()> {
        let Source::Live(cell) = &self.source else {
            return Err(
                Error::new("replace", "the tensor is not live").hint("only parameters and buffers can be replaced")
            );
        };
        if values.shape() != self.shape() {
            return Err(Error::new("replace", "shapes differ").operands([self, values]));
        }
        let values = values.contiguous()?;
        let whole = values.storage_offset() == 0;
        let buffer = if whole { values.buffer().clone() } else { Arc::new(values.buffer().copied(values.layout())?) };
        cell.replace(buffer);
        Ok(())
    }

    pub(crate) fn live_cell(&self) -> Option<&Arc<LiveCell>> {
        match &self.source {
            Source::Live(cell) => Some(cell),
            Source::Own(_) => None,
        }
    }

    // ----------------------------------------------------------------------------------------------- host data

    /// A tensor of these elements, row-major, on the CPU.
    pub fn from_slice<T: Element>(data: &[T], shape: impl crate::ShapeArg) -> Result<Tensor> {
        let shape = crate::shape::exact("from_slice", shape)?;
        if crate::shape::numel(&shape) != data.len() {
            return Err(Error::new(
                "from_slice",
                format!(
                    "shape {:?} takes {} elements, got {}",
                    shape.as_slice(),
                    crate::shape::numel(&shape),
                    data.len()
                ),
            )
            .hint("the product of the sizes is the number of elements"));
        }
        Tensor::from_bytes(bytemuck::cast_slice(data), &shape, T::DTYPE)
    }

    /// A tensor on the CPU from native-endian bytes; `bool` as 0 or 1.
    pub fn from_bytes(bytes: &[u8], shape: &[usize], dtype: DType) -> Result<Tensor> {
        let need = crate::shape::checked_numel("from_bytes", shape)? * dtype.size();
        if bytes.len() != need {
            return Err(Error::new("from_bytes", format!("{dtype}{shape:?} takes {need} bytes, got {}", bytes.len())));
        }
        if dtype == DType::Bool && bytes.iter().any(|&b| b > 1) {
            return Err(Error::new("from_bytes", "a bool is the byte 0 or 1").hint("read it as u8 and compare with 0"));
        }
        let device = Device::cpu();
        let (mut buffer, layout) = Tensor::allocate(shape, dtype, &device)?;
        device.backend().upload(bytes, buffer.storage_mut())?;
        Ok(Tensor::new(Arc::new(buffer), layout))
    }

    /// The elements in row-major order as native-endian bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let x = self.detach().contiguous()?;
        let size = x.dtype().size();
        let mut bytes = vec![0; x.numel() * size];
        let buffer = x.buffer();
        buffer.device().backend().download(buffer.storage(), x.storage_offset() * size, &mut bytes)?;
        Ok(bytes)
    }

    /// The elements in row-major order, converted to `T`.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        use half::{bf16, f16};
        fn read<S: bytemuck::AnyBitPattern + Element, T: Element>(bytes: &[u8]) -> Vec<T> {
            bytes
                .chunks_exact(size_of::<S>())
                .map(|b| T::from_scalar(bytemuck::pod_read_unaligned::<S>(b).to_scalar()))
                .collect()
        }
        let bytes = self.to_bytes()?;
        Ok(match self.dtype() {
            DType::F32 => read::<f32, T>(&bytes),
            DType::F64 => read::<f64, T>(&bytes),
            DType::F16 => read::<f16, T>(&bytes),
            DType::BF16 => read::<bf16, T>(&bytes),
            DType::I64 => read::<i64, T>(&bytes),
            DType::I32 => read::<i32, T>(&bytes),
            DType::U8 => read::<u8, T>(&bytes),
            DType::Bool => bytes.iter().map(|&b| T::from_scalar(Scalar::Bool(b != 0))).collect(),
        })
    }

    /// The value of a tensor of one element.
    pub fn item<T: Element>(&self) -> Result<T> {
        match self.to_vec::<T>()?.as_slice() {
            [one] if self.numel() == 1 => Ok(*one),
            _ => Err(Error::new("item", format!("a tensor of {} elements is not one number", self.numel()))
                .operands([self])
                .hint("reduce it first, or read all of it with to_vec")),
        }
    }

    /// The same values on `device`.
    pub fn to_device(&self, device: &Device) -> Result<Tensor> {
        if self.device() == *device {
            return Ok(self.clone());
        }
        if self.requires_grad() && crate::is_grad_enabled() {
            return Err(Error::new("to", format!("moving a recorded tensor to {device} is not differentiable here"))
                .kind_of(ErrorKind::Unsupported)
                .operands([self])
                .hint("move what it is computed from, or detach() it"));
        }
        let bytes = self.to_bytes()?;
        let (mut buffer, layout) = Tensor::allocate(self.shape(), self.dtype(), device)?;
        device.backend().upload(&bytes, buffer.storage_mut())?;
        Ok(Tensor::new(Arc::new(buffer), layout))
    }
}

/// A buffer that is being read through a layout.
pub(crate) struct Reading<'a> {
    buffer: BufferRef<'a>,
    layout: Cow<'a, Layout>,
}

impl Reading<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        self.buffer.view(&self.layout)
    }
    /// Where the elements are; unlike [`Tensor::device`] without touching a counter.
    pub(crate) fn device(&self) -> &Device {
        self.buffer.device()
    }
    pub(crate) fn operand(&self) -> Operand<'_> {
        Operand::View(self.view())
    }
}

impl Tensor {
    /// Holds the buffer for the time of a backend call.
    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading { buffer: self.buffer(), layout: Cow::Borrowed(&self.layout) }
    }
    /// The same, broadcast to `shape`, which the caller has computed by [`crate::shape::broadcast`].
    pub(crate) fn reading_as(&self, op: &'static str, shape: &[usize]) -> Result<Reading<'_>> {
        let layout = if self.shape() == shape {
            Cow::Borrowed(&self.layout)
        } else {
            Cow::Owned(self.layout.expand(shape).ok_or_else(|| {
                Error::new(op, format!("shape {:?} does not broadcast to {shape:?}", self.shape()))
                    .operands([self])
                    .hint("in place the tensor keeps its shape: sizes of the other side must be equal or 1")
            })?)
        };
        Ok(Reading { buffer: self.buffer(), layout })
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
