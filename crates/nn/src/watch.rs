//! What a summary sees of a run: every call of a layer, with its shapes and the multiply-adds in it.
use crate::{hooks::main_output, identity::Identity, scope::WATCHERS};
use std::{any::Any, cell::RefCell, sync::atomic::Ordering::Relaxed};
use tensor_core::{MultiplyAdds, Result, Tensor, count_multiply_adds};

/// One call of one layer.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub identity: Option<Identity>,
    pub input: Option<Vec<usize>>,
    pub output: Option<Vec<usize>>,
    /// Of this layer itself, without those of layers inside of it.
    pub multiply_adds: u64,
}

struct Watch {
    counter: MultiplyAdds,
    calls: Vec<Call>,
    /// Calls that have not ended, with the count at their start and that of calls inside of them.
    open: Vec<(usize, u64, u64)>,
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Runs `body` and lists the calls in it, and all its multiply-adds. A watch inside of a watch is not seen by the outer
/// one.
pub(crate) fn watch(body: impl FnOnce() -> Result<()>) -> Result<(Vec<Call>, u64)> {
    /// Puts back the watch around this one, also when `body` panics.
    struct Restore(Option<Watch>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let own = WATCH.replace(None);
            // In this order: the inner counter hands its count to the outer one.
            drop(own);
            WATCH.set(self.0.take());
            WATCHERS.fetch_sub(1, Relaxed);
        }
    }
    let outer = WATCH.take();
    WATCHERS.fetch_add(1, Relaxed);
    let _restore = Restore(outer);
    WATCH.set(Some(Watch { counter: count_multiply_adds(), calls: Vec::new(), open: Vec::new() }));
    body()?;
    let seen = WATCH.with_borrow(|watch| watch.as_ref().map(|w| (w.calls.clone(), w.counter.so_far())));
    Ok(seen.unwrap_or_default())
}

/// A call begins. Without a summary nothing happens.
pub(crate) fn enter(identity: Option<&Identity>, input: Option<&Tensor>) -> Option<usize> {
    WATCH.with_borrow_mut(|watch| {
        let watch = watch.as_mut()?;
        let call = watch.calls.len();
        watch.open.push((call, watch.counter.so_far(), 0));
        watch.calls.push(Call {
            identity: identity.cloned(),
            input: input.map(|x| x.shape().to_vec()),
            output: None,
            multiply_adds: 0,
        });
        Some(call)
    })
}

/// A call ends.
pub(crate) fn leave(call: Option<usize>, output: &dyn Any) {
    let Some(call) = call else { return };
    WATCH.with_borrow_mut(|watch| {
        let Some(watch) = watch.as_mut() else { return };
        // Calls inside of this one that ended in an error which the layer dealt with are open still.
        while let Some((open, start, inside)) = watch.open.pop() {
            let all = watch.counter.so_far().saturating_sub(start);
            if let Some(seen) = watch.calls.get_mut(open) {
                seen.multiply_adds = all.saturating_sub(inside);
            }
            if let Some((_, _, outer)) = watch.open.last_mut() {
                *outer += all;
            }
            if open == call {
                break;
            }
        }
        if let Some(seen) = watch.calls.get_mut(call) {
            seen.output = main_output(output).map(|y| y.shape().to_vec());
        }
    });
}
