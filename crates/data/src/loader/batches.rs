//! An epoch under way: its worker threads, and their batches put back in order.
//!
//! The caller hands out batch numbers, as many as may be ahead; workers send back what they made, in any order; a batch
//! that is early waits. So memory is bounded, and nobody waits but for a batch or for work. Dropping the iterator raises
//! the stop flag, closes the queue of numbers and joins the threads.
use super::{DataLoader, Progress, lock, plan::Plan, work::Source};
use crate::Dataset;
use crossbeam::channel::{Receiver, Sender, unbounded};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};
use tensor_core::{Error, Result};

/// The batches of one epoch, in order; what `for batch in &loader` goes through.
pub struct Batches<D: Dataset, B> {
    state: State<D, B>,
    progress: Arc<Mutex<Progress>>,
    turn: u64,
}

enum State<D: Dataset, B> {
    /// The epoch could not even be planned.
    Failed(Option<Error>),
    Running(Epoch<D, B>),
}

struct Epoch<D: Dataset, B> {
    source: Arc<Source<D, B>>,
    plan: Arc<Plan>,
    /// The batch to hand out next.
    next: usize,
    stop: Arc<AtomicBool>,
    crew: Option<Crew<B>>,
}

struct Crew<B> {
    /// `None` once there is nothing left to ask for.
    numbers: Option<Sender<usize>>,
    made: Receiver<(usize, Result<B>)>,
    /// The next number to ask for.
    asked: usize,
    early: BTreeMap<usize, Result<B>>,
    threads: Vec<JoinHandle<()>>,
}

impl<D, B> Batches<D, B>
where
    D: Dataset + 'static,
    D::Item: 'static,
    B: Send + 'static,
{
    pub(super) fn start(loader: &DataLoader<D, B>) -> Batches<D, B> {
        let (seed, epoch, batch, turn) = {
            let mut progress = loader.progress();
            let (epoch, batch) = (progress.next_epoch, progress.next_batch);
            (progress.epoch, progress.batch) = (epoch, batch);
            (progress.next_epoch, progress.next_batch) = (epoch + 1, 0);
            progress.turn += 1;
            (progress.seed(), epoch, batch, progress.turn)
        };
        let state = match Epoch::start(loader, seed, epoch, batch) {
            Ok(epoch) => State::Running(epoch),
            Err(e) => State::Failed(Some(e)),
        };
        Batches { state, progress: loader.progress.clone(), turn }
    }
}

impl<D, B> Epoch<D, B>
where
    D: Dataset + 'static,
    D::Item: 'static,
    B: Send + 'static,
{
    fn start(loader: &DataLoader<D, B>, seed: u64, epoch: u64, first: usize) -> Result<Epoch<D, B>> {
        if loader.prefetch == 0 {
            return Err(Error::new("DataLoader", "prefetch is 0").hint("it is at least 1; workers(0) makes none ahead"));
        }
        let plan = Arc::new(loader.order.plan(seed, epoch, loader.source.dataset.len())?);
        let mut running = Epoch { source: loader.source.clone(), plan, next: first, stop: Arc::default(), crew: None };
        let left = running.plan.len().saturating_sub(first);
        // More threads than batches would only start and stop.
        let workers = loader.workers.min(left);
        if workers > 0 {
            running.hire(workers, loader.prefetch)?;
        }
        Ok(running)
    }

    fn hire(&mut self, workers: usize, prefetch: usize) -> Result<()> {
        let (numbers, to_make) = unbounded::<usize>();
        let (send, made) = unbounded();
        let mut threads = Vec::with_capacity(workers);
        for worker in 0..workers {
            let (source, plan, stop) = (self.source.clone(), self.plan.clone(), self.stop.clone());
            let (to_make, send) = (to_make.clone(), send.clone());
            let work = move || {
                for number in to_make {
                    let Some(batch) = source.batch(&plan, number, &stop) else { return };
                    if send.send((number, batch)).is_err() {
                        return;
                    }
                }
            };
            match thread::Builder::new().name(format!("data-{worker}")).spawn(work) {
                Ok(thread) => threads.push(thread),
                // Fewer threads are slower, not wrong.
                Err(_) if !threads.is_empty() => break,
                Err(e) => return Err(Error::from(e).renamed("DataLoader").within("starting a worker")),
            }
        }
        let ahead = threads.len().saturating_mul(prefetch);
        let mut crew = Crew { numbers: Some(numbers), made, asked: self.next, early: BTreeMap::new(), threads };
        let last = self.next.saturating_add(ahead).min(self.plan.len());
        while crew.asked < last {
            crew.ask(self.plan.len());
        }
        self.crew = Some(crew);
        Ok(())
    }
}

impl<D: Dataset, B> Epoch<D, B> {
    fn next(&mut self) -> Option<Result<B>> {
        if self.next >= self.plan.len() {
            self.finish();
            return None;
        }
        let number = self.next;
        self.next += 1;
        match &mut self.crew {
            None => self.source.batch(&self.plan, number, &self.stop),
            Some(crew) => Some(crew.wait_for(number, self.plan.len())),
        }
    }

    /// Stops the workers and waits for them.
    fn finish(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(Crew { numbers, made, early, threads, .. }) = self.crew.take() {
            drop((numbers, made, early));
            for thread in threads {
                // Workers catch the panics of what they call, so there is nothing to learn from the result; and one
                // that did panic has ended all the same.
                let _ = thread.join();
            }
        }
    }
}

impl<D: Dataset, B> Drop for Epoch<D, B> {
    fn drop(&mut self) {
        self.finish();
    }
}

impl<B> Crew<B> {
    fn ask(&mut self, len: usize) {
        if let Some(numbers) = &self.numbers {
            // Fails only when every worker has gone, which `wait_for` reports.
            let _ = numbers.send(self.asked);
            self.asked += 1;
            if self.asked >= len {
                self.numbers = None;
            }
        }
    }

    fn wait_for(&mut self, number: usize, len: usize) -> Result<B> {
        let batch = loop {
            if let Some(batch) = self.early.remove(&number) {
                break batch;
            }
            match self.made.recv() {
                Ok((n, batch)) if n == number => break batch,
                Ok((n, batch)) => drop(self.early.insert(n, batch)),
                Err(_) => return Err(Error::new("DataLoader", "the workers ended early")),
            }
        };
        self.ask(len);
        batch
    }
}

impl<D: Dataset, B> Iterator for Batches<D, B> {
    type Item = Result<B>;

    fn next(&mut self) -> Option<Result<B>> {
        let epoch = match &mut self.state {
            State::Failed(error) => return error.take().map(Err),
            State::Running(epoch) => epoch,
        };
        let batch = epoch.next();
        let mut progress = lock(&self.progress);
        if progress.turn == self.turn {
            // After the last batch, the next epoch begins.
            (progress.epoch, progress.batch) = match epoch.next < epoch.plan.len() {
                true => (epoch.plan.epoch, epoch.next),
                false => (epoch.plan.epoch + 1, 0),
            };
        }
        batch
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.state {
            State::Failed(error) => usize::from(error.is_some()),
            State::Running(epoch) => epoch.plan.len().saturating_sub(epoch.next),
        };
        (left, Some(left))
    }
}

impl<D: Dataset, B> ExactSizeIterator for Batches<D, B> {}

impl<D: Dataset, B> fmt::Debug for Batches<D, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("left", &self.size_hint().0).finish()
    }
}
