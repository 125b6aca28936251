//! Functions that a user hangs on a module: called before it with its input, or after it with its output, and able to
//! replace either.
use crate::{Module, identity::Identity, scope::WATCHERS, utils::PackedSequence};
use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tensor_core::{Error, Result, Tensor};

/// What a forward hook is given.
#[derive(Clone, Copy)]
pub struct HookCall<'a> {
    /// The module that the hook hangs on.
    pub module: &'a (dyn Module + 'static),
    /// Its main input, where the layer hands it over.
    pub input: Option<&'a Tensor>,
    /// Its output; of a layer that gives several, the first.
    pub output: &'a Tensor,
}

impl fmt::Debug for HookCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookCall({} to {:?})", self.module.type_name(), self.output.shape())
    }
}

type Before = dyn Fn(&(dyn Module + 'static), &Tensor) -> Result<Option<Tensor>> + Send + Sync;
type After = dyn Fn(HookCall<'_>) -> Result<Option<Tensor>> + Send + Sync;

#[derive(Clone)]
enum Hook {
    Before(Arc<Before>),
    After(Arc<After>),
}

/// The hooks of every module that has some, in the order in which they came.
static HOOKS: Mutex<Option<HashMap<Identity, Vec<(u64, Hook)>>>> = Mutex::new(None);

/// A hook on a module: dropping it takes the hook away.
///
/// ```
/// use nn::{Forward, Linear, Module};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let lin = Linear::new(3, 2)?;
/// let hook = lin.register_forward_hook(|call| call.output.mul(0.0).map(Some))?;
/// assert_eq!(lin.forward(&Tensor::ones([1, 3])?)?.to_vec::<f32>()?, [0.0, 0.0]);
/// hook.remove();
/// assert_ne!(lin.forward(&Tensor::ones([1, 3])?)?.to_vec::<f32>()?, [0.0, 0.0]);
/// # Ok(()) }
/// ```
#[must_use = "dropping the handle takes the hook away; `keep()` leaves it for as long as the program runs"]
#[derive(Debug)]
pub struct HookHandle {
    identity: Identity,
    number: u64,
}

impl HookHandle {
    /// Takes the hook away, as dropping the handle does.
    pub fn remove(self) {}

    /// Leaves the hook where it is, for as long as the program runs.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for HookHandle {
    fn drop(&mut self) {
        let mut hooks = HOOKS.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(all) = hooks.as_mut() else { return };
        let Some(own) = all.get_mut(&self.identity) else { return };
        let before = own.len();
        own.retain(|(number, _)| *number != self.number);
        WATCHERS.fetch_sub(before - own.len(), Relaxed);
        if own.is_empty() {
            all.remove(&self.identity);
        }
    }
}

fn register(op: &'static str, module: &(dyn Module + 'static), hook: Hook) -> Result<HookHandle> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let identity = Identity::of(module).ok_or_else(|| {
        Error::new(op, format!("{} holds nothing by which it can be found again", module.type_name()))
            .hint("give it a field `place: Place`, or hang the hook on the module around it")
    })?;
    let number = NEXT.fetch_add(1, Relaxed);
    let mut hooks = HOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    hooks.get_or_insert_default().entry(identity.clone()).or_default().push((number, hook));
    WATCHERS.fetch_add(1, Relaxed);
    Ok(HookHandle { identity, number })
}

/// [`Module::register_forward_hook`] for a module that is known by its name only.
///
/// ```
/// use nn::{Forward, Linear, Module, ReLU, Sequential, register_forward_hook};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let net = Sequential::new((Linear::new(3, 2)?, ReLU));
/// let hook = register_forward_hook(net.get_submodule("1")?, |call| call.output.add(1.0).map(Some))?;
/// assert!(net.forward(&Tensor::ones([5, 3])?)?.to_vec::<f32>()?.iter().all(|&y| y >= 1.0));
/// # drop(hook);
/// # Ok(()) }
/// ```
pub fn register_forward_hook(
    module: &(dyn Module + 'static),
    hook: impl Fn(HookCall<'_>) -> Result<Option<Tensor>> + Send + Sync + 'static,
) -> Result<HookHandle> {
    register("register_forward_hook", module, Hook::After(Arc::new(hook)))
}

/// [`Module::register_forward_pre_hook`] for a module that is known by its name only.
pub fn register_forward_pre_hook(
    module: &(dyn Module + 'static),
    hook: impl Fn(&(dyn Module + 'static), &Tensor) -> Result<Option<Tensor>> + Send + Sync + 'static,
) -> Result<HookHandle> {
    register("register_forward_pre_hook", module, Hook::Before(Arc::new(hook)))
}

/// The hooks of a module; the lock is free again when they are called, so that they may run modules too.
fn of(identity: Option<&Identity>) -> Vec<Hook> {
    let Some(identity) = identity else { return Vec::new() };
    let hooks = HOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    let own = hooks.as_ref().and_then(|all| all.get(identity));
    own.map_or(Vec::new(), |own| own.iter().map(|(_, hook)| hook.clone()).collect())
}

/// Calls the hooks before a module; the input to use, where one of them replaced it.
pub(crate) fn before(
    identity: Option<&Identity>,
    module: &(dyn Module + 'static),
    input: Option<&Tensor>,
) -> Result<Option<Tensor>> {
    let mut replaced: Option<Tensor> = None;
    for hook in of(identity) {
        let Hook::Before(hook) = hook else { continue };
        let Some(input) = replaced.as_ref().or(input) else {
            let message = format!("{} does not hand over its input", module.type_name());
            return Err(Error::new("register_forward_pre_hook", message)
                .hint("run its body in scope_with(self, x, |x| ..) instead of scope"));
        };
        if let Some(other) = hook(module, input)? {
            replaced = Some(other);
        }
    }
    Ok(replaced)
}

/// Calls the hooks after a module, which may replace its output.
pub(crate) fn after<T: 'static>(
    identity: Option<&Identity>,
    module: &(dyn Module + 'static),
    input: Option<&Tensor>,
    output: &mut T,
) -> Result<()> {
    for hook in of(identity) {
        let Hook::After(hook) = hook else { continue };
        let Some(output) = main_output_mut(output) else { continue };
        if let Some(other) = hook(HookCall { module, input, output })? {
            *output = other;
        }
    }
    Ok(())
}

macro_rules! main_outputs {
    ($( $T:ty => |$output:ident| $main:expr, $main_mut:expr; )*) => {
        /// The first tensor of what a layer gave.
        pub(crate) fn main_output(output: &dyn Any) -> Option<&Tensor> {
            $( if let Some($output) = output.downcast_ref::<$T>() { return $main; } )*
            None
        }
        fn main_output_mut(output: &mut dyn Any) -> Option<&mut Tensor> {
            $( if output.is::<$T>() {
                return output.downcast_mut::<$T>().and_then(|$output| $main_mut);
            } )*
            None
        }
    };
}
main_outputs! {
    Tensor => |y| Some(y), Some(y);
    (Tensor, Tensor) => |y| Some(&y.0), Some(&mut y.0);
    (Tensor, Tensor, Tensor) => |y| Some(&y.0), Some(&mut y.0);
    (Tensor, Option<Tensor>) => |y| Some(&y.0), Some(&mut y.0);
    (Tensor, (Tensor, Tensor)) => |y| Some(&y.0), Some(&mut y.0);
    (PackedSequence, Tensor) => |y| Some(&y.0.data), Some(&mut y.0.data);
    (PackedSequence, (Tensor, Tensor)) => |y| Some(&y.0.data), Some(&mut y.0.data);
    Vec<Tensor> => |y| y.first(), y.first_mut();
    Option<Tensor> => |y| y.as_ref(), y.as_mut();
}
