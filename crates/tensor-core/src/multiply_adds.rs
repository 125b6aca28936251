//! Counting the multiply-adds of products and convolutions, as they are asked for: what a model costs, whatever its
//! layers are.
use std::{cell::Cell, marker::PhantomData};

thread_local! {
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// While it lives, the multiply-adds of this thread's matrix products and convolutions are counted; see
/// [`count_multiply_adds`].
#[must_use = "counting ends when the guard is dropped"]
#[derive(Debug)]
pub struct MultiplyAdds {
    was: Option<u64>,
    // The count belongs to this thread, so must the guard.
    not_send: PhantomData<*const ()>,
}

/// Counts from now on, from 0, until the guard is dropped. A product `[n, k] x [k, m]` has `n k m` multiply-adds, a
/// convolution those of its kernel at each output; sums, activations and normalisations count nothing. Meanwhile
/// operations that a backend would fuse are composed, so that what is inside of them counts too.
///
/// ```
/// # use tensor_core::{Tensor, count_multiply_adds};
/// # fn main() -> tensor_core::Result<()> {
/// let counted = count_multiply_adds();
/// Tensor::ones([2, 3])?.matmul(&Tensor::ones([3, 5])?)?;
/// assert_eq!(counted.so_far(), 30);
/// # Ok(()) }
/// ```
pub fn count_multiply_adds() -> MultiplyAdds {
    MultiplyAdds { was: COUNT.replace(Some(0)), not_send: PhantomData }
}

impl MultiplyAdds {
    /// How many there were since counting began.
    pub fn so_far(&self) -> u64 {
        COUNT.get().unwrap_or(0)
    }
}

impl Drop for MultiplyAdds {
    fn drop(&mut self) {
        let own = self.so_far();
        // A count around this one goes on.
        COUNT.set(self.was.map(|was| was.saturating_add(own)));
    }
}

/// Whether somebody counts.
pub(crate) fn counting() -> bool {
    COUNT.get().is_some()
}

/// As many as these sizes multiplied: those of the result, and the terms of each element.
pub(crate) fn count<'a>(sizes: impl Iterator<Item = &'a usize>) {
    if let Some(count) = COUNT.get() {
        let new = sizes.fold(1u64, |product, &size| product.saturating_mul(size as u64));
        COUNT.set(Some(count.saturating_add(new)));
    }
}
