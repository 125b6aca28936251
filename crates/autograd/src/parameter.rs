//! What layers are made of: `Parameter`, which is trained, and `Buffer`, which is only remembered. Both hold a live
//! tensor: an optimizer, a checkpoint or `to(device)` changes the values, and every handle sees it.
use std::{
    cell::Cell,
    fmt,
    ops::Deref,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tensor_core::{DType, Device, Error, Result, Tensor, no_grad, ops::Arg};

/// The place of a part in its model (`lin1.weight`), shared by its handles; the visitor of the module writes it.
#[derive(Debug)]
struct Name {
    text: RwLock<Arc<str>>,
    /// No other part of this program has it, or ever will.
    id: u64,
}

impl Name {
    fn new(text: Arc<str>) -> Arc<Name> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Name { text: RwLock::new(text), id: NEXT.fetch_add(1, Relaxed) })
    }
    fn get(&self) -> Arc<str> {
        self.text.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    fn set(&self, name: &str) {
        *self.text.write().unwrap_or_else(PoisonError::into_inner) = name.into();
    }
}

thread_local! {
    static CLONES_ARE_TIED: Cell<bool> = const { Cell::new(false) };
}

/// A copy of a module (or of anything with parts) that shares its parameters and buffers: inside of `copy`, a part's
/// `clone()` is its `tied()`.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// assert!(autograd::tied_clone(&w).is_tied_to(&w));
/// assert!(!w.clone().is_tied_to(&w));
/// # Ok(()) }
/// ```
pub fn tied_clone<T: Clone>(of: &T) -> T {
    /// Sets back what was, also when a `clone` panics.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            CLONES_ARE_TIED.set(self.0);
        }
    }
    let _restore = Restore(CLONES_ARE_TIED.replace(true));
    of.clone()
}

/// Whether a copy is being made by [`tied_clone`]: for what has an identity of its own beside parameters and buffers.
pub fn clones_are_tied() -> bool {
    CLONES_ARE_TIED.get()
}

/// A tensor that an optimizer trains: it requires grad from the start, and it is used wherever a `&Tensor` is.
///
/// `clone()` is a deep copy (whose values are shared until one of the two changes); [`Parameter::tied`] is another
/// handle to the same parameter.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::{Backward, Parameter};
/// # fn main() -> Result<()> {
/// let w = Parameter::new(Tensor::ones([2])?)?;
/// let handle = w.tied();
/// let x = Tensor::from_slice(&[3.0f32, 4.0], [2])?;
/// (&x * &w)?.sum()?.backward()?;
/// if let Some(g) = w.grad() {
///     handle.update(|p| p.sub_(&g.mul(0.5)?).map(|_| ()))?; // a step of gradient descent
/// }
/// assert_eq!(w.to_vec::<f32>()?, [-0.5, -1.0]);
/// # Ok(()) }
/// ```
pub struct Parameter {
    live: Tensor,
    name: Arc<Name>,
}

/// A tensor that belongs to a layer without being trained, such as the running mean of a batch normalisation: saved,
/// loaded and moved with the model.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::Buffer;
/// # fn main() -> Result<()> {
/// let mean = Buffer::new(Tensor::zeros([2])?)?;
/// mean.update(|m| m.add_(1.5).map(|_| ()))?;
/// assert_eq!(mean.to_vec::<f32>()?, [1.5, 1.5]);
/// # Ok(()) }
/// ```
pub struct Buffer {
    live: Tensor,
    name: Arc<Name>,
}

/// What both are able to do.
macro_rules! live_part {
    ($Part:ident) => {
        impl $Part {
            /// Another handle to the same values, name and gradient: for an optimizer, or for a layer that shares them.
            #[must_use]
            pub fn tied(&self) -> $Part {
                $Part { live: self.live.share(), name: self.name.clone() }
            }

            /// Whether two handles are of the same part.
            pub fn is_tied_to(&self, other: &$Part) -> bool {
                Arc::ptr_eq(&self.name, &other.name)
            }

            /// A number that this part and its handles have, and no other part of this program.
            pub fn id(&self) -> u64 {
                self.name.id
            }

            /// A tensor whose in-place methods write to this part; use it under `no_grad()`.
            #[must_use]
            pub fn live(&self) -> Tensor {
                self.live.share()
            }

            /// Its place in the model, as in PyTorch's `named_parameters()`; empty outside of one.
            pub fn name(&self) -> Arc<str> {
                self.name.get()
            }

            /// Writes the name: what a module's visitor does.
            pub fn set_name(&self, name: &str) {
                self.name.set(name);
            }

            /// Changes the values in place, unrecorded. Nothing is copied unless somebody holds the old values.
            pub fn update<T>(&self, change: impl FnOnce(&mut Tensor) -> Result<T>) -> Result<T> {
                let _unrecorded = no_grad();
                let mut live = self.live.share();
                let done = change(&mut live)?;
                tensor_core::autocast::forget_autocast();
                // `*t = ..` made the handle another tensor.
                if !live.shares_storage(&self.live) {
                    self.replace(&live)?;
                }
                Ok(done)
            }

            /// Takes over the values of a tensor of the same shape, converted to this part's dtype and device: what
            /// loading a checkpoint does.
            pub fn replace(&self, values: &Tensor) -> Result<()> {
                if values.shape() != self.shape() {
                    return Err(Error::new(
                        "replace",
                        format!("shape {:?} does not fit into {:?} of shape {:?}", values.shape(), self, self.shape()),
                    ));
                }
                let values = values.detach().to_device(&self.device())?.to_dtype(self.dtype())?;
                tensor_core::autocast::forget_autocast();
                self.live.replace_live(&values)
            }
        }

        impl Deref for $Part {
            type Target = Tensor;
            fn deref(&self) -> &Tensor {
                &self.live
            }
        }
        impl AsRef<Tensor> for $Part {
            fn as_ref(&self) -> &Tensor {
                &self.live
            }
        }
        impl<'a> From<&'a $Part> for Arg<'a> {
            fn from(part: &'a $Part) -> Arg<'a> {
                Arg::Tensor(&part.live)
            }
        }
        impl fmt::Debug for $Part {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // One line: a model's Debug shows what it is made of, not a million numbers.
                let name = self.name();
                write!(
                    f,
                    concat!(stringify!($Part), "({}{}{}{:?})"),
                    name,
                    if name.is_empty() { "" } else { " " },
                    self.dtype(),
                    self.shape()
                )
            }
        }
        impl fmt::Display for $Part {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($Part), " containing:\n{}"), self.live)
            }
        }
    };
}
live_part!(Parameter);
live_part!(Buffer);

impl Parameter {
    /// A parameter that starts with these values, which must be floats.
    pub fn new(values: Tensor) -> Result<Parameter> {
        if !values.dtype().is_float() {
            return Err(Error::new("Parameter::new", "only floats can be trained")
                .operands([&values])
                .hint("convert it with to_dtype(DType::F32), or make it a Buffer"));
        }
        let live = values.detach().requires_grad_(true).into_live();
        // Now nobody else holds the values, so that the first step can write in place.
        drop(values);
        Ok(Parameter { live: live?, name: Name::new("".into()) })
    }

    /// A stand-in for this parameter whose values were computed from others: a layer that holds it instead passes its
    /// gradients on to them. It has this parameter's name and identity.
    #[must_use]
    pub fn computed_as(&self, values: Tensor) -> Parameter {
        Parameter { live: values, name: self.name.clone() }
    }

    /// Trains it (as from the start), or freezes it: a frozen parameter takes no gradient.
    ///
    /// ```
    /// # use tensor_core::{Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// w.set_requires_grad(false);
    /// assert!(!w.mul(2.0)?.requires_grad());
    /// # Ok(()) }
    /// ```
    pub fn set_requires_grad(&self, on: bool) {
        if let Some(edge) = self.live.edge() {
            edge.node.set_requires_grad(on);
        }
    }

    /// Forgets the gradient.
    pub fn zero_grad(&self) {
        self.set_grad(None);
    }

    /// Moves values and gradient; all handles follow.
    pub fn to_device(&self, device: &Device) -> Result<()> {
        if self.device() != *device {
            self.live.replace_live(&self.live.detach().to_device(device)?)?;
            self.set_grad(self.grad().map(|g| g.detach().to_device(device)).transpose()?);
        }
        Ok(())
    }

    /// Converts values and gradient to another float dtype; all handles follow.
    ///
    /// ```
    /// # use tensor_core::{DType, Tensor, Result};
    /// # fn main() -> Result<()> {
    /// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
    /// w.to_dtype(DType::F64)?;
    /// assert_eq!(w.dtype(), DType::F64);
    /// # Ok(()) }
    /// ```
    pub fn to_dtype(&self, dtype: DType) -> Result<()> {
        if self.dtype() != dtype {
            if let Some(edge) = self.live.edge() {
                edge.node.convert_leaf(dtype)?;
            }
            self.live.replace_live(&self.live.detach().to_dtype(dtype)?)?;
        }
        Ok(())
    }
}

/// A deep copy: its own values (shared until either changes), gradient and name cell.
impl Clone for Parameter {
    fn clone(&self) -> Parameter {
        if CLONES_ARE_TIED.get() {
            return self.tied();
        }
        let live = self.live.duplicate().requires_grad_(true);
        live.set_grad(self.grad());
        let copy = Parameter { live, name: Name::new(self.name()) };
        copy.set_requires_grad(self.requires_grad());
        copy
    }
}

impl Buffer {
    /// A buffer that starts with these values, of any dtype.
    pub fn new(values: Tensor) -> Result<Buffer> {
        let live = values.detach().into_live();
        drop(values);
        Ok(Buffer { live: live?, name: Name::new("".into()) })
    }

    /// Moves the values; all handles follow.
    pub fn to_device(&self, device: &Device) -> Result<()> {
        if self.device() != *device {
            self.live.replace_live(&self.live.detach().to_device(device)?)?;
        }
        Ok(())
    }

    /// Converts the values; all handles follow.
    pub fn to_dtype(&self, dtype: DType) -> Result<()> {
        if self.dtype() != dtype {
            self.live.replace_live(&self.live.detach().to_dtype(dtype)?)?;
        }
        Ok(())
    }
}

/// A deep copy: its own values (shared until either changes) and name cell.
impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        if CLONES_ARE_TIED.get() {
            return self.tied();
        }
        Buffer { live: self.live.duplicate(), name: Name::new(self.name()) }
    }
}
