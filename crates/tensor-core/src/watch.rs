//! What a training does, told to whoever asked: the few moments from which mistakes can be seen (crate `train`'s lints).
//! Where nobody watches, each costs the look at one flag.
use crate::{Tensor, anomaly::set_detect_anomaly};
use std::{
    cell::{Cell, RefCell},
    fmt,
    marker::PhantomData,
    rc::Rc,
    sync::Arc,
};

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static WATCHERS: RefCell<Vec<Rc<dyn Watcher>>> = const { RefCell::new(Vec::new()) };
}

/// A moment of a training.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Backward begins at these results.
    Backward {
        /// Where it begins.
        outputs: &'a [&'a Tensor],
    },
    /// An optimizer is about to change parameters by their gradients.
    Step {
        /// Its name.
        optimizer: &'a str,
        /// Names and live tensors of all its parameters.
        parameters: &'a [(Arc<str>, Tensor)],
        /// The learning rates of its groups.
        lrs: &'a [f64],
    },
    /// An optimizer forgets the gradients of its parameters.
    ZeroGrad,
    /// A loss is about to be computed.
    Loss {
        /// PyTorch's name of it.
        name: &'static str,
        /// What the model gave.
        input: &'a Tensor,
        /// What it should have given.
        target: &'a Tensor,
    },
    /// A layer that behaves differently in training and in evaluation is at work.
    Layer {
        /// Where it stands in its model.
        place: &'a str,
        /// What differs.
        effect: Effect,
        /// How it is set.
        training: bool,
        /// What it is given.
        input: &'a Tensor,
    },
    /// The largest of several scores is looked for, as for the class that a model thinks most likely.
    Choice {
        /// The scores.
        scores: &'a Tensor,
    },
}

/// What a layer does in training only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It leaves out at random.
    Drops,
    /// It normalises with the statistics of the batch, and remembers them.
    BatchStatistics,
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Backward { outputs } => write!(f, "Backward of {} outputs", outputs.len()),
            Event::Step { optimizer, parameters, .. } => write!(f, "Step of {optimizer}, {}", parameters.len()),
            Event::ZeroGrad => f.write_str("ZeroGrad"),
            Event::Loss { name, .. } => write!(f, "Loss {name}"),
            Event::Layer { place, effect, training, .. } => write!(f, "Layer {place} {effect:?}, training {training}"),
            Event::Choice { scores } => write!(f, "Choice of {:?}", scores.shape()),
        }
    }
}

/// Whoever wants to know. What it computes meanwhile is not told.
pub trait Watcher {
    /// Hears of an event.
    fn see(&self, event: &Event<'_>);
}

/// Tells `watcher` what happens on this thread, until the guard is dropped.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use tensor_core::{tensor, watch::{self, Event, Watcher}};
/// #[derive(Default)]
/// struct Count(Cell<usize>);
/// impl Watcher for Count {
///     fn see(&self, _event: &Event<'_>) {
///         self.0.set(self.0.get() + 1);
///     }
/// }
/// # fn main() -> tensor_core::Result<()> {
/// let count = Rc::new(Count::default());
/// let guard = watch::watch(count.clone());
/// tensor([[0.1, 0.9]])?.argmax(Some(1), tensor_core::DROP)?;
/// drop(guard);
/// assert_eq!(count.0.get(), 1);
/// # Ok(()) }
/// ```
pub fn watch(watcher: Rc<dyn Watcher>) -> WatchGuard {
    WATCHERS.with_borrow_mut(|all| all.push(watcher.clone()));
    WATCHED.set(true);
    WatchGuard { watcher, not_send: PhantomData }
}

/// The watching ends when it is dropped.
#[must_use = "the watching ends when the guard is dropped"]
pub struct WatchGuard {
    watcher: Rc<dyn Watcher>,
    // Events are of this thread, so must the guard be.
    not_send: PhantomData<*const ()>,
}

impl fmt::Debug for WatchGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WatchGuard")
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        // The thread may be ending, with its list gone already.
        let _ = WATCHERS.try_with(|all| {
            let mut all = all.borrow_mut();
            if let Some(i) = all.iter().position(|w| Rc::ptr_eq(w, &self.watcher)) {
                all.remove(i);
            }
            WATCHED.set(!all.is_empty());
        });
    }
}

/// Whether anybody watches this thread.
#[inline]
pub fn is_watched() -> bool {
    WATCHED.get()
}

/// Tells an event to all who watch. Who has to work for an event asks [`is_watched`] first.
#[inline]
pub fn tell(event: Event<'_>) {
    if WATCHED.get() {
        tell_all(&event);
    }
}

#[cold]
fn tell_all(event: &Event<'_>) {
    /// Puts the flag back, also where a watcher panics.
    struct Deaf;
    impl Drop for Deaf {
        fn drop(&mut self) {
            WATCHED.set(WATCHERS.with_borrow(|all| !all.is_empty()));
        }
    }
    // A copy: a watcher may begin or end another's watching.
    let all = WATCHERS.with_borrow(Vec::clone);
    WATCHED.set(false);
    let _deaf = Deaf;
    let _quiet = set_detect_anomaly(false);
    for watcher in all {
        watcher.see(event);
    }
}
