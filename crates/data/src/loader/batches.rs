//! An epoch under way: its worker threads, and their batches put back in order.
//!
//! The caller hands out tickets, as many as batches may be ahead; workers send back what they made, in any order; a batch
//! that is early waits. So memory is bounded, and nobody waits but for a batch or for work. Dropping the iterator raises
//! the stop flag, closes the queue of tickets and joins the threads.
use super::{
    Settings,
    report::Tally,
    work::{Made, Work},
};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tensor_core::{Error, Result};

/// The batches of one epoch, in order; what `for batch in &loader` goes through.
pub struct Batches<B> {
    state: State<B>,
    settings: Settings,
    turn: u64,
    /// When the loader was last asked or answered, for its report.
    last: Instant,
}

enum State<B> {
    /// The epoch could not even be planned.
    Failed(Option<Error>),
    Running(Epoch<B>),
}

/// Which epoch, from which seed, from which batch on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) seed: u64,
    pub(super) epoch: u64,
    pub(super) batch: usize,
}

struct Epoch<B> {
    work: Arc<dyn Work<B>>,
    number: u64,
    /// The batch to hand out next.
    next: usize,
    /// How many batches there are; not known of a stream before its end.
    len: Option<usize>,
    stop: Arc<AtomicBool>,
    crew: Option<Crew<B>>,
}

struct Crew<B> {
    /// `None` once there is nothing left to ask for.
    tickets: Option<Sender<usize>>,
    made: Receiver<Made<B>>,
    /// The next ticket.
    asked: usize,
    early: BTreeMap<usize, Made<B>>,
    threads: Vec<JoinHandle<()>>,
    timeout: Option<Duration>,
    /// A batch has not come in time: its worker may never end.
    stuck: bool,
}

impl<B: Send + 'static> Batches<B> {
    /// Begins the next epoch; `plan` makes its work, and says how many batches it has where that is known.
    pub(super) fn start(
        settings: &Settings,
        plan: impl FnOnce(Start) -> Result<(Arc<dyn Work<B>>, Option<usize>)>,
    ) -> Batches<B> {
        let (start, turn) = {
            let mut progress = settings.progress();
            let (epoch, batch) = (progress.next_epoch, progress.next_batch);
            (progress.epoch, progress.batch) = (epoch, batch);
            (progress.next_epoch, progress.next_batch) = (epoch + 1, 0);
            progress.turn += 1;
            (Start { seed: progress.seed(), epoch, batch }, progress.turn)
        };
        let state = match Epoch::start(settings, start, plan) {
            Ok(epoch) => State::Running(epoch),
            Err(e) => State::Failed(Some(e)),
        };
        Batches { state, settings: settings.clone(), turn, last: Instant::now() }
    }
}

impl<B: Send + 'static> Epoch<B> {
    fn start(
        settings: &Settings,
        start: Start,
        plan: impl FnOnce(Start) -> Result<(Arc<dyn Work<B>>, Option<usize>)>,
    ) -> Result<Epoch<B>> {
        if settings.prefetch == 0 {
            return Err(Error::new("DataLoader", "prefetch is 0").hint("it is at least 1; workers(0) makes none ahead"));
        }
        let (work, len) = plan(start)?;
        let mut running = Epoch { work, number: start.epoch, next: start.batch, len, stop: Arc::default(), crew: None };
        // More threads than batches would only start and stop.
        let workers = settings.workers.min(running.left().unwrap_or(usize::MAX));
        if workers > 0 {
            running.hire(workers, settings)?;
        }
        Ok(running)
    }

    fn hire(&mut self, workers: usize, settings: &Settings) -> Result<()> {
        let (tickets, to_make) = unbounded::<usize>();
        let (send, made) = unbounded();
        let mut threads = Vec::new();
        for worker in 0..workers {
            let (work, stop) = (self.work.clone(), self.stop.clone());
            let (to_make, send) = (to_make.clone(), send.clone());
            let run = move || {
                for ticket in to_make {
                    let Some(made) = work.make(ticket, &stop) else { return };
                    if send.send(made).is_err() {
                        return;
                    }
                }
            };
            match thread::Builder::new().name(format!("data-{worker}")).spawn(run) {
                Ok(thread) => threads.push(thread),
                // Fewer threads are slower, not wrong.
                Err(_) if !threads.is_empty() => break,
                Err(e) => return Err(Error::from(e).renamed("DataLoader").within("starting a worker")),
            }
        }
        let ahead = threads.len().saturating_mul(settings.prefetch);
        let mut crew = Crew {
            tickets: Some(tickets),
            made,
            asked: self.next,
            early: BTreeMap::new(),
            threads,
            timeout: settings.timeout,
            stuck: false,
        };
        let last = self.next.saturating_add(ahead).min(self.len.unwrap_or(usize::MAX));
        while crew.asked < last {
            crew.ask(self.len);
        }
        self.crew = Some(crew);
        Ok(())
    }
}

impl<B> Epoch<B> {
    fn left(&self) -> Option<usize> {
        self.len.map(|len| len.saturating_sub(self.next))
    }

    fn next(&mut self) -> Option<Made<B>> {
        if self.left() == Some(0) {
            self.finish();
            return None;
        }
        let made = match &mut self.crew {
            None => self.work.make(self.next, &self.stop)?,
            Some(crew) => match crew.wait_for(self.next, self.len) {
                Ok(made) => made,
                Err(e) => {
                    let failed = Made::failed(self.next, e);
                    // A late batch can still come; one whose workers are gone cannot.
                    self.next += usize::from(!crew.stuck);
                    return Some(failed);
                }
            },
        };
        if made.batch.is_none() {
            self.len = Some(self.next);
            self.finish();
            return None;
        }
        self.next += 1;
        Some(made)
    }

    /// Stops the workers and waits for them, but for those that were late already.
    fn finish(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(Crew { tickets, made, early, threads, stuck, .. }) = self.crew.take() {
            drop((tickets, made, early));
            for thread in threads {
                if stuck && !thread.is_finished() {
                    continue;
                }
                // Workers catch the panics of what they call, so there is nothing to learn from the result; and one
                // that did panic has ended all the same.
                let _ = thread.join();
            }
        }
    }
}

impl<B> Drop for Epoch<B> {
    fn drop(&mut self) {
        self.finish();
    }
}

impl<B> Crew<B> {
    fn ask(&mut self, len: Option<usize>) {
        if let Some(tickets) = &self.tickets {
            // Fails only when every worker has gone, which `wait_for` reports.
            let _ = tickets.send(self.asked);
            self.asked += 1;
            if len.is_some_and(|len| self.asked >= len) {
                self.tickets = None;
            }
        }
    }

    fn wait_for(&mut self, number: usize, len: Option<usize>) -> Result<Made<B>> {
        let deadline = self.timeout.map(|timeout| (timeout, Instant::now() + timeout));
        let made = loop {
            if let Some(made) = self.early.remove(&number) {
                break made;
            }
            let received = match deadline {
                None => self.made.recv().map_err(RecvTimeoutError::from),
                Some((_, deadline)) => self.made.recv_deadline(deadline),
            };
            match received {
                Ok(made) if made.number == number => break made,
                Ok(made) => drop(self.early.insert(made.number, made)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new("DataLoader", "the workers ended early"));
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.stuck = true;
                    let timeout = deadline.map(|(timeout, _)| timeout).unwrap_or_default();
                    return Err(Error::new("DataLoader", format!("batch {number} was not made within {timeout:?}"))
                        .hint("the next call waits for it again; allow more by `.timeout(..)`"));
                }
            }
        };
        self.stuck = false;
        self.ask(len);
        Ok(made)
    }
}

impl<B> Iterator for Batches<B> {
    type Item = Result<B>;

    fn next(&mut self) -> Option<Result<B>> {
        let epoch = match &mut self.state {
            State::Failed(error) => return error.take().map(Err),
            State::Running(epoch) => epoch,
        };
        let asked = Instant::now();
        let made = epoch.next();
        let now = Instant::now();
        let (elapsed, waiting) = (now - self.last, now - asked);
        self.last = now;

        let mut progress = self.settings.progress();
        if progress.turn == self.turn {
            // After the last batch, the next epoch begins.
            (progress.epoch, progress.batch) = match epoch.left() {
                Some(0) => (epoch.number + 1, 0),
                _ => (epoch.number, epoch.next),
            };
        }
        let Made { batch, samples, padding, .. } = made?;
        let batch = batch?;
        let ok = batch.is_ok();
        progress.tally += Tally { elapsed, waiting, batches: ok.into(), samples, padding };
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Failed(error) => (error.is_some().into(), Some(error.is_some().into())),
            State::Running(epoch) => (epoch.left().unwrap_or(0), epoch.left()),
        }
    }
}

impl<B> fmt::Debug for Batches<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("left", &self.size_hint().1).finish()
    }
}
