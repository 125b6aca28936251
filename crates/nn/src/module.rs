//! Everything a model can do because its parts can be visited.
use crate::{
    HookCall, HookHandle, LoadReport, Part, StateDict, hooks, state,
    visitor::{Seen, Visitor},
};
use autograd::{Buffer, Parameter};
use std::{any::Any, collections::HashSet, fmt};
use tensor_core::{DType, Device, Result, Tensor};

/// A layer or a model: a struct whose parts are visited. `#[derive(Module)]` implements it, and `Clone` of such a
/// struct is a deep copy.
///
/// All methods take `&self`: parameters, buffers and modes are cells, so an optimizer's handles stay valid.
///
/// ```
/// use nn::{Linear, Module};
/// # fn main() -> tensor_core::Result<()> {
/// let lin = Linear::new(3, 2)?;
/// assert_eq!(lin.num_parameters(), 8);
/// assert_eq!(lin.state_dict().names().collect::<Vec<_>>(), ["weight", "bias"]);
/// # Ok(()) }
/// ```
pub trait Module: Part + Any {
    /// The name of the type, without path and parameters: `Linear`.
    fn type_name(&self) -> &'static str {
        let full = std::any::type_name::<Self>();
        let bare = full.split('<').next().unwrap_or(full);
        bare.rsplit("::").next().unwrap_or(bare)
    }

    /// Parameters with their dotted names, in the order of fields; one that several parts share comes once.
    fn named_parameters(&self) -> Vec<(String, Parameter)> {
        let mut found = Vec::new();
        let mut ids = HashSet::new();
        self.visit(&mut Visitor::new(&mut |path, seen| {
            if let Seen::Parameter(p) = seen
                && ids.insert(p.id())
            {
                found.push((path.to_string(), p.tied()));
            }
        }));
        found
    }

    /// Handles to the parameters, in the order of fields: what an optimizer takes.
    fn parameters(&self) -> Vec<Parameter> {
        self.named_parameters().into_iter().map(|(_, p)| p).collect()
    }

    /// Buffers with their dotted names, in the order of fields.
    fn named_buffers(&self) -> Vec<(String, Buffer)> {
        let mut found: Vec<(String, Buffer)> = Vec::new();
        self.visit(&mut Visitor::new(&mut |path, seen| {
            if let Seen::Buffer(b) = seen
                && !found.iter().any(|(_, other)| other.is_tied_to(b))
            {
                found.push((path.to_string(), b.tied()));
            }
        }));
        found
    }

    /// Handles to the buffers, in the order of fields.
    fn buffers(&self) -> Vec<Buffer> {
        self.named_buffers().into_iter().map(|(_, b)| b).collect()
    }

    /// All modules inside with their dotted names, this one (with an empty name) first.
    ///
    /// ```
    /// use nn::{Linear, Module, ReLU, Sequential};
    /// # fn main() -> tensor_core::Result<()> {
    /// let net = Sequential::new((Linear::new(3, 2)?, ReLU));
    /// let linears = net.named_modules().into_iter().filter(|(_, module)| module.is::<Linear>());
    /// assert_eq!(linears.map(|(name, _)| name).collect::<Vec<_>>(), ["0"]);
    /// # Ok(()) }
    /// ```
    fn named_modules(&self) -> Vec<(String, &(dyn Module + 'static))> {
        let mut found = Vec::new();
        self.visit(&mut Visitor::new(&mut |path, seen| {
            if let Seen::Enter(m) = seen {
                found.push((path.to_string(), m));
            }
        }));
        found
    }

    /// All modules inside, this one first.
    fn modules(&self) -> Vec<&(dyn Module + 'static)> {
        self.named_modules().into_iter().map(|(_, module)| module).collect()
    }

    /// The modules directly inside, with their names.
    fn named_children(&self) -> Vec<(String, &(dyn Module + 'static))> {
        let mut found = Vec::new();
        let mut depth = 0;
        self.visit(&mut Visitor::new(&mut |path, seen| match seen {
            Seen::Enter(m) => {
                depth += 1;
                if depth == 2 {
                    found.push((path.to_string(), m));
                }
            }
            Seen::Leave(_) => depth -= 1,
            _ => {}
        }));
        found
    }

    /// The modules directly inside.
    fn children(&self) -> Vec<&(dyn Module + 'static)> {
        self.named_children().into_iter().map(|(_, module)| module).collect()
    }

    /// The module of this dotted name, such as `encoder.layers.1`.
    fn get_submodule(&self, name: &str) -> Result<&(dyn Module + 'static)> {
        let all = self.named_modules();
        let names = all.iter().map(|(name, _)| name.as_str());
        let missing = state::no_such("get_submodule", "module", name, names);
        all.into_iter().find(|(own, _)| own == name).map(|(_, module)| module).ok_or(missing)
    }

    /// The parameter of this dotted name, such as `encoder.layers.1.weight`: a handle to it.
    fn get_parameter(&self, name: &str) -> Result<Parameter> {
        let all = self.named_parameters();
        let names = all.iter().map(|(name, _)| name.as_str());
        let missing = state::no_such("get_parameter", "parameter", name, names);
        all.into_iter().find(|(own, _)| own == name).map(|(_, part)| part).ok_or(missing)
    }

    /// The buffer of this dotted name, such as `bn1.running_mean`: a handle to it.
    fn get_buffer(&self, name: &str) -> Result<Buffer> {
        let all = self.named_buffers();
        let names = all.iter().map(|(name, _)| name.as_str());
        let missing = state::no_such("get_buffer", "buffer", name, names);
        all.into_iter().find(|(own, _)| own == name).map(|(_, part)| part).ok_or(missing)
    }

    /// Calls `hook` with every output of this module, until the handle is dropped. What it returns takes the output's
    /// place; `None` leaves it. The module may move, and keeps its hooks; a clone has none. Modules that share their
    /// first parameter and are of one type share hooks too.
    ///
    /// For a module that is known by its name only there is [`crate::register_forward_hook`]. A module of one's own calls
    /// its hooks if its body runs in [`crate::scope`] or [`crate::scope_with`].
    ///
    /// ```
    /// use nn::{Forward, Linear, Module};
    /// # use std::sync::{Arc, Mutex};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let lin = Linear::new(3, 2)?;
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// let features = seen.clone();
    /// let hook = lin.register_forward_hook(move |call| {
    ///     features.lock().map(|mut f| f.push(call.output.detach())).ok();
    ///     Ok(None)
    /// })?;
    /// lin.forward(&Tensor::ones([5, 3])?)?;
    /// assert_eq!(seen.lock().map(|f| f[0].shape().to_vec()).ok(), Some(vec![5, 2]));
    /// # drop(hook);
    /// # Ok(()) }
    /// ```
    fn register_forward_hook(
        &self,
        hook: impl Fn(HookCall<'_>) -> Result<Option<Tensor>> + Send + Sync + 'static,
    ) -> Result<HookHandle>
    where
        Self: Sized,
    {
        hooks::register_forward_hook(self, hook)
    }

    /// Calls `hook` with every main input of this module before it runs, until the handle is dropped. What it returns
    /// takes the input's place. See [`Module::register_forward_hook`].
    fn register_forward_pre_hook(
        &self,
        hook: impl Fn(&(dyn Module + 'static), &Tensor) -> Result<Option<Tensor>> + Send + Sync + 'static,
    ) -> Result<HookHandle>
    where
        Self: Sized,
    {
        hooks::register_forward_pre_hook(self, hook)
    }

    /// Calls `f` with every module inside, children before their parents, this one last.
    ///
    /// ```
    /// use nn::{Linear, Module, init};
    /// # fn main() -> tensor_core::Result<()> {
    /// let net = (Linear::new(3, 2)?, Linear::new(2, 1)?);
    /// net.apply(|module| match module.downcast_ref::<Linear>() {
    ///     Some(linear) => init::constant_(&linear.weight, 0.5),
    ///     None => Ok(()),
    /// })?;
    /// assert_eq!(net.1.weight.to_vec::<f32>()?, [0.5, 0.5]);
    /// # Ok(()) }
    /// ```
    fn apply(&self, mut f: impl FnMut(&(dyn Module + 'static)) -> Result<()>) -> Result<()>
    where
        Self: Sized,
    {
        let mut result = Ok(());
        self.visit(&mut Visitor::new(&mut |path, seen| {
            if let Seen::Leave(module) = seen
                && result.is_ok()
            {
                result = f(module).map_err(|e| if e.path().is_empty() { e.within(path) } else { e });
            }
        }));
        result
    }

    /// The number of elements in all parameters; those of a shared one count once.
    fn num_parameters(&self) -> usize {
        self.parameters().iter().map(|p| p.numel()).sum()
    }

    /// Training: dropout drops, batch normalisation uses the batch.
    fn train(&self) {
        self.set_training(true);
    }

    /// Evaluation: the same input always gives the same output.
    fn eval(&self) {
        self.set_training(false);
    }

    /// [`Module::train`] or [`Module::eval`].
    fn set_training(&self, on: bool) {
        self.visit(&mut Visitor::new(&mut |_, seen| {
            if let Seen::Mode(mode) = seen {
                mode.set_training(on);
            }
        }));
    }

    /// Forgets the gradients of all parameters.
    fn zero_grad(&self) {
        self.visit(&mut Visitor::new(&mut |_, seen| {
            if let Seen::Parameter(p) = seen {
                p.zero_grad();
            }
        }));
    }

    /// No parameter takes gradients any more, until [`Module::unfreeze`].
    fn freeze(&self) {
        self.requires_grad_(false);
    }

    /// All parameters take gradients.
    fn unfreeze(&self) {
        self.requires_grad_(true);
    }

    /// [`Module::unfreeze`] or [`Module::freeze`].
    fn requires_grad_(&self, on: bool) {
        self.visit(&mut Visitor::new(&mut |_, seen| {
            if let Seen::Parameter(p) = seen {
                p.set_requires_grad(on);
            }
        }));
    }

    /// [`Module::to_device`] or [`Module::to_dtype`]: `model.to(&device)?`, `model.to(DType::F64)?`.
    ///
    /// ```
    /// use nn::{Linear, Module};
    /// # use tensor_core::{DType, Device};
    /// # fn main() -> tensor_core::Result<()> {
    /// let lin = Linear::new(3, 2)?;
    /// lin.to(&Device::cpu())?;
    /// lin.to(DType::F64)?;
    /// assert_eq!(lin.weight.dtype(), DType::F64);
    /// # Ok(()) }
    /// ```
    fn to(&self, target: impl Into<To>) -> Result<()>
    where
        Self: Sized,
    {
        match target.into() {
            To::Device(device) => self.to_device(&device),
            To::DType(dtype) => self.to_dtype(dtype),
        }
    }

    /// Moves parameters, their gradients and buffers to `device`, in place: all handles follow.
    fn to_device(&self, device: &Device) -> Result<()> {
        let mut result = Ok(());
        self.visit(&mut Visitor::new(&mut |path, seen| {
            if result.is_ok() {
                result = match seen {
                    Seen::Parameter(p) => p.to_device(device),
                    Seen::Buffer(b) => b.to_device(device),
                    _ => Ok(()),
                }
                .map_err(|e| e.within(path));
            }
        }));
        result
    }

    /// Converts parameters, their gradients and floating buffers to another float dtype, in place; integer buffers
    /// (counters) stay.
    fn to_dtype(&self, dtype: DType) -> Result<()> {
        let mut result = Ok(());
        self.visit(&mut Visitor::new(&mut |path, seen| {
            if result.is_ok() {
                result = match seen {
                    Seen::Parameter(p) => p.to_dtype(dtype),
                    Seen::Buffer(b) if b.dtype().is_float() => b.to_dtype(dtype),
                    _ => Ok(()),
                }
                .map_err(|e| e.within(path));
            }
        }));
        result
    }

    /// The values of all parameters and buffers by name: a snapshot that later steps do not change. A part that is
    /// shared is listed under each of its names, as in PyTorch.
    fn state_dict(&self) -> StateDict {
        let mut dict = StateDict::new();
        self.visit(&mut Visitor::new(&mut |path, seen| match seen {
            Seen::Parameter(p) => drop(dict.insert(path, p.detach())),
            Seen::Buffer(b) => drop(dict.insert(path, b.detach())),
            _ => {}
        }));
        dict
    }

    /// Takes over the values of `dict`, which must name every parameter and buffer, in its shape, and nothing else.
    /// When it does not, the error lists all that is wrong, and nothing has changed.
    fn load_state_dict(&self, dict: &StateDict) -> Result<()> {
        state::load_strict(&mut |visitor| self.visit(visitor), dict)
    }

    /// Takes over what fits of `dict` and reports the rest: for a model that differs from the saved one.
    fn load_state_dict_partial(&self, dict: &StateDict) -> Result<LoadReport> {
        state::load_partial(&mut |visitor| self.visit(visitor), dict)
    }
}

impl dyn Module {
    /// This module as a `T`, if it is one: how [`Module::apply`] picks layers.
    pub fn downcast_ref<T: Module>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }

    /// Whether this module is a `T`.
    pub fn is<T: Module>(&self) -> bool {
        (self as &dyn Any).is::<T>()
    }
}

impl fmt::Debug for dyn Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

/// Where [`Module::to`] brings a model, or what it makes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum To {
    /// A device.
    Device(Device),
    /// A float dtype.
    DType(DType),
}

impl From<&Device> for To {
    fn from(device: &Device) -> To {
        To::Device(device.clone())
    }
}
impl From<Device> for To {
    fn from(device: Device) -> To {
        To::Device(device)
    }
}
impl From<DType> for To {
    fn from(dtype: DType) -> To {
        To::DType(dtype)
    }
}
