//! Mixed precision: while a guard lives, some operations convert their operands, by PyTorch's lists for the processor.
//!
//! Matrix products, convolutions, attention and `prelu` compute in the lower precision ([`lower`]); losses, a few
//! reductions and paddings in single precision ([`single`]); everything else in the dtype of its operands, the widest where
//! they differ. The conversions are recorded, so gradients arrive in the dtype of the parameters.
use crate::{DType, Error, Result, Tensor, context::is_grad_enabled};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    marker::PhantomData,
};

/// How operands are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutocastOptions {
    /// The lower precision: `bf16` or `f16`.
    pub dtype: DType,
    /// Off makes an inner region in which nothing is converted.
    pub enabled: bool,
    /// Whether a parameter is converted once per region instead of at each use.
    pub cache_enabled: bool,
}

impl Default for AutocastOptions {
    fn default() -> AutocastOptions {
        AutocastOptions { dtype: DType::BF16, enabled: true, cache_enabled: true }
    }
}

impl From<DType> for AutocastOptions {
    fn from(dtype: DType) -> AutocastOptions {
        AutocastOptions { dtype, ..Default::default() }
    }
}

const OFF: AutocastOptions = AutocastOptions { dtype: DType::BF16, enabled: false, cache_enabled: true };

thread_local! {
    static STATE: Cell<AutocastOptions> = const { Cell::new(OFF) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Converted parameters, by the number of their leaf and whether the conversion is recorded.
    static CACHE: RefCell<HashMap<(u64, bool), Tensor>> = RefCell::new(HashMap::new());
}

/// Computes in mixed precision on this thread until the guard is dropped: `autocast(DType::BF16)?`. Wrap forward and loss in
/// it; backward and the optimizer's step belong outside.
///
/// ```
/// # use tensor_core::{AutocastOptions, DType, Result, Tensor, autocast};
/// # fn main() -> Result<()> {
/// let (x, w) = (Tensor::ones([2, 3])?, Tensor::ones([3, 4])?);
/// let _guard = autocast(DType::BF16)?;
/// let y = x.mm(&w)?;
/// assert_eq!(y.dtype(), DType::BF16);
/// let full = autocast(AutocastOptions { enabled: false, ..Default::default() })?;
/// assert_eq!(x.mm(&w)?.dtype(), DType::F32); // an inner region without
/// # drop(full);
/// # Ok(()) }
/// ```
pub fn autocast(options: impl Into<AutocastOptions>) -> Result<AutocastGuard> {
    let options = options.into();
    if options.enabled && !matches!(options.dtype, DType::BF16 | DType::F16) {
        return Err(Error::new("autocast", format!("{} is no lower precision", options.dtype)).hint("bf16 or f16"));
    }
    DEPTH.set(DEPTH.get() + 1);
    Ok(AutocastGuard { before: STATE.replace(options), region: true, not_send: PhantomData })
}

/// Whether operands are converted on this thread, and how.
pub fn autocast_state() -> AutocastOptions {
    STATE.get()
}

/// The state that [`autocast_state`] gave, again, until the guard is dropped: for what is computed anew, or on another thread.
pub fn with_autocast_state(state: AutocastOptions) -> AutocastGuard {
    AutocastGuard { before: STATE.replace(state), region: false, not_send: PhantomData }
}

/// Puts back how operands were converted before.
#[derive(Debug)]
#[must_use = "mixed precision ends when the guard is dropped: write `let _guard = autocast(..)?;`"]
pub struct AutocastGuard {
    before: AutocastOptions,
    /// Whether the user began a region: the outermost one's end empties the cache.
    region: bool,
    // The state is this thread's, so must the guard be.
    not_send: PhantomData<*const ()>,
}

impl Drop for AutocastGuard {
    fn drop(&mut self) {
        STATE.set(self.before);
        if self.region {
            DEPTH.set(DEPTH.get() - 1);
            if DEPTH.get() == 0 {
                empty_cache();
            }
        }
    }
}

/// Forgets converted parameters: their values have changed.
pub fn forget_autocast() {
    if DEPTH.get() > 0 {
        empty_cache();
    }
}

fn empty_cache() {
    // A thread that ends may have lost its cache before its guards.
    let _ = CACHE.try_with(|cache| drop(cache.take()));
}

/// Runs `body`, an operation of PyTorch's list for the lower precision, on converted operands. `None` outside of a region:
/// the caller goes on with what it has.
#[inline]
pub fn lower<'t, T, const N: usize>(
    operands: [&'t Tensor; N],
    more: Option<&'t Tensor>,
    body: impl FnOnce([&Tensor; N], Option<&Tensor>) -> Result<T>,
) -> Option<Result<T>> {
    let state = STATE.get();
    state.enabled.then(|| run(state.dtype, operands, more, body))
}

/// The same for the list of operations that compute in single precision.
#[inline]
pub fn single<'t, T, const N: usize>(
    operands: [&'t Tensor; N],
    more: Option<&'t Tensor>,
    body: impl FnOnce([&Tensor; N], Option<&Tensor>) -> Result<T>,
) -> Option<Result<T>> {
    STATE.get().enabled.then(|| run(DType::F32, operands, more, body))
}

/// Runs `body` as it is written: what is inside of an operation that is on no list.
#[inline]
pub fn unconverted<T>(body: impl FnOnce() -> T) -> T {
    let _off = STATE.get().enabled.then(|| with_autocast_state(OFF));
    body()
}

#[cold]
fn run<T, const N: usize>(
    dtype: DType,
    operands: [&Tensor; N],
    more: Option<&Tensor>,
    body: impl FnOnce([&Tensor; N], Option<&Tensor>) -> Result<T>,
) -> Result<T> {
    let converted = |t: &Tensor| convert(t, dtype);
    let all = operands.iter().map(|t| converted(t)).collect::<Result<Vec<_>>>()?;
    let last = more.map(converted).transpose()?.flatten();
    let _off = with_autocast_state(OFF);
    let operands = std::array::from_fn(|i| all[i].as_ref().unwrap_or(operands[i]));
    body(operands, last.as_ref().or(more))
}

/// `None` where a tensor stays as it is: not a float, double precision, or of the dtype already.
fn convert(t: &Tensor, dtype: DType) -> Result<Option<Tensor>> {
    let from = t.dtype();
    if !from.is_float() || from == DType::F64 || from == dtype {
        return Ok(None);
    }
    // As in PyTorch: leaves in single precision are parameters, which are used more than once.
    let leaf = t.edge().filter(|e| STATE.get().cache_enabled && e.node.is_leaf() && t.requires_grad());
    let Some(leaf) = leaf.filter(|_| from == DType::F32) else { return t.to_dtype(dtype).map(Some) };
    let key = (leaf.node.id(), is_grad_enabled());
    let known = CACHE.with_borrow(|cache| cache.get(&key).filter(|c| c.dtype() == dtype).cloned());
    if known.is_some() {
        return Ok(known);
    }
    let converted = t.to_dtype(dtype)?;
    // Outside of a region, as where a forward is computed anew, nobody would empty the cache.
    if DEPTH.get() > 0 {
        CACHE.with_borrow_mut(|cache| cache.insert(key, converted.clone()));
    }
    Ok(Some(converted))
}
