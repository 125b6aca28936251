//! What is true on this thread: whether operations are recorded, and where random numbers come from.
use crate::rng::Generator;
use std::{cell::Cell, marker::PhantomData};

// PyTorch's default seed, so that a program that sets none is repeatable too.
const DEFAULT_SEED: u64 = 67_280_421_310_721;

thread_local! {
    static RECORD: Cell<bool> = const { Cell::new(true) };
    static GENERATOR: Cell<Generator> = Cell::new(Generator::new(DEFAULT_SEED));
}

/// Whether operations on tensors that require gradients are recorded on this thread.
pub fn is_grad_enabled() -> bool {
    RECORD.get()
}

/// While it lives, recording is switched on or off; dropping it restores what was.
#[must_use = "recording changes only while the guard lives: write `let _guard = no_grad();`"]
#[derive(Debug)]
pub struct GradModeGuard {
    was: bool,
    // The mode belongs to this thread, so must the guard.
    not_send: PhantomData<*const ()>,
}

/// Switches recording on or off until the guard is dropped.
pub fn set_grad_enabled(on: bool) -> GradModeGuard {
    GradModeGuard { was: RECORD.replace(on), not_send: PhantomData }
}

/// Nothing is recorded until the guard is dropped: evaluation and updates by hand.
///
/// ```
/// # use tensor_core::{Tensor, no_grad};
/// # fn main() -> tensor_core::Result<()> {
/// let x = Tensor::ones([2])?.requires_grad_(true);
/// let y = {
///     let _guard = no_grad();
///     x.exp()?
/// };
/// assert!(!y.requires_grad());
/// # Ok(()) }
/// ```
pub fn no_grad() -> GradModeGuard {
    set_grad_enabled(false)
}

impl Drop for GradModeGuard {
    fn drop(&mut self) {
        RECORD.set(self.was);
    }
}

pub(crate) fn generator() -> Generator {
    GENERATOR.get()
}

pub(crate) fn set_generator(g: Generator) {
    GENERATOR.set(g);
}

/// Takes `count` numbers of this thread's sequence.
pub(crate) fn take_random(count: usize) -> crate::rng::Key {
    let mut g = GENERATOR.get();
    let key = g.take(count);
    GENERATOR.set(g);
    key
}
