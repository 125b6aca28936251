//! The two cells of a layer that are no tensors: `Mode`, training or evaluation, and `Place`, its name in the model.
use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};
use tensor_core::{Tensor, watch};

/// Where a layer stands in its model; a layer without parameters holds one, so that its errors can say where, and hooks
/// find it again.
#[derive(Default)]
pub struct Place {
    name: RwLock<Option<Arc<str>>>,
    /// 0 until somebody asks.
    id: AtomicU64,
}

impl Place {
    /// Nowhere yet.
    pub const fn new() -> Place {
        Place { name: RwLock::new(None), id: AtomicU64::new(0) }
    }
    pub(crate) fn name(&self) -> Arc<str> {
        self.name.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }
    pub(crate) fn set_name(&self, name: &str) {
        *self.name.write().unwrap_or_else(PoisonError::into_inner) = Some(name.into());
    }
    /// A number that no other place has.
    pub(crate) fn id(&self) -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = self.id.load(Relaxed);
        if id != 0 {
            return id;
        }
        // If two threads ask first, the number of one of them stays.
        let fresh = NEXT.fetch_add(1, Relaxed);
        self.id.compare_exchange(0, fresh, Relaxed, Relaxed).map_or_else(|other| other, |_| fresh)
    }
}

// A copy may go elsewhere, and is named by the next walk.
impl Clone for Place {
    fn clone(&self) -> Place {
        let copy = Place::new();
        copy.set_name(&self.name());
        if autograd::clones_are_tied() {
            copy.id.store(self.id(), Relaxed);
        }
        copy
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({})", self.name())
    }
}

/// Whether a layer is training or evaluating: what `model.train()` and `model.eval()` switch, through a `&` reference.
/// A new one is training.
///
/// ```
/// use nn::{Mode, Module};
/// #[derive(Module)]
/// struct Noise {
///     mode: Mode,
/// }
/// let noise = Noise { mode: Mode::new() };
/// assert!(noise.mode.is_training());
/// noise.eval();
/// assert!(!noise.mode.is_training());
/// ```
pub struct Mode {
    training: AtomicBool,
    place: Place,
}

impl Mode {
    /// Training.
    pub fn new() -> Mode {
        Mode { training: AtomicBool::new(true), place: Place::new() }
    }
    /// Whether the layer is training.
    pub fn is_training(&self) -> bool {
        self.training.load(Relaxed)
    }
    /// The same for a layer that is at work on `input`: whoever watches hears of it.
    pub(crate) fn at_work(&self, effect: watch::Effect, input: &Tensor) -> bool {
        let training = self.is_training();
        if watch::is_watched() {
            let name = self.place.name();
            let place = name.strip_suffix("mode").map_or(&*name, |layer| layer.trim_end_matches('.'));
            watch::tell(watch::Event::Layer { place, effect, training, input });
        }
        training
    }
    /// Switches this layer alone; [`crate::Module::train`] switches a whole model.
    pub fn set_training(&self, on: bool) {
        self.training.store(on, Relaxed);
    }
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl Default for Mode {
    fn default() -> Mode {
        Mode::new()
    }
}

impl Clone for Mode {
    fn clone(&self) -> Mode {
        Mode { training: AtomicBool::new(self.is_training()), place: self.place.clone() }
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_training() { "training" } else { "evaluating" })
    }
}
