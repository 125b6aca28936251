//! Data sets that can only be read from the beginning: logs, sockets, archives too large to keep.
use crate::random::Words;
use std::{fmt, sync::Arc};
use tensor_core::{Error, Result};

/// What a data set reads, one after the other; errors do not end it.
pub type Stream<T> = Box<dyn Iterator<Item = Result<T>> + Send>;

/// Samples in the order in which they can be read. Reading is one thing, which happens in turn; making a sample of what
/// was read is another, which the workers of an [`crate::IterableLoader`] do at the same time.
///
/// ```
/// use data::{IterableDataset, Stream};
/// use std::{fs::File, io::{BufRead, BufReader}, path::PathBuf};
/// struct Numbers(PathBuf);
/// impl IterableDataset for Numbers {
///     type Raw = String;
///     type Item = f64;
///     fn stream(&self) -> tensor_core::Result<Stream<String>> {
///         Ok(Box::new(BufReader::new(File::open(&self.0)?).lines().map(|line| Ok(line?))))
///     }
///     fn make(&self, line: String) -> tensor_core::Result<f64> {
///         line.parse().map_err(|e| tensor_core::Error::new("Numbers", format!("{line:?}: {e}")))
///     }
/// }
/// ```
///
/// [`StreamDataset`] makes one of a closure.
pub trait IterableDataset: Send + Sync {
    /// What is read.
    type Raw: Send;
    /// A sample.
    type Item;

    /// Opens the data set at its beginning. Random choices in it, and in reading on, come from the thread's generator,
    /// which the loader sets to the epoch's own.
    fn stream(&self) -> Result<Stream<Self::Raw>>;

    /// Makes a sample. Random numbers come from the sample's own stream.
    fn make(&self, raw: Self::Raw) -> Result<Self::Item>;

    /// All samples, one after the other, on this thread.
    fn samples(&self) -> Result<impl Iterator<Item = Result<Self::Item>>>
    where
        Self: Sized,
    {
        Ok(self.stream()?.map(|raw| self.make(raw?)))
    }

    /// The samples passed through `f`, by the workers.
    fn map<T, F>(self, f: F) -> MapStream<Self, F>
    where
        Self: Sized,
        F: Fn(Self::Item) -> Result<T> + Send + Sync,
    {
        MapStream { inner: self, f }
    }

    /// Only what `keep` says of what was read, before samples are made of it.
    fn filter<F>(self, keep: F) -> FilterStream<Self, F>
    where
        Self: Sized,
        F: Fn(&Self::Raw) -> bool + Send + Sync + 'static,
    {
        FilterStream { inner: self, keep: Arc::new(keep) }
    }

    /// The first `count`.
    fn take(self, count: usize) -> PartOfStream<Self>
    where
        Self: Sized,
    {
        PartOfStream { inner: self, part: Part::Take(count) }
    }

    /// All but the first `count`.
    fn skip(self, count: usize) -> PartOfStream<Self>
    where
        Self: Sized,
    {
        PartOfStream { inner: self, part: Part::Skip(count) }
    }

    /// Every `world`-th from number `rank` on: the part of one of several processes.
    fn shard(self, rank: usize, world: usize) -> Result<PartOfStream<Self>>
    where
        Self: Sized,
    {
        if rank >= world {
            return Err(
                Error::new("shard", format!("rank {rank} is none of {world} ranks")).hint("ranks are counted from 0")
            );
        }
        Ok(PartOfStream { inner: self, part: Part::Shard { rank, world } })
    }

    /// Keeps `buffer` of what was read, and takes one of them by chance: nearly shuffled where the buffer is large.
    fn shuffle(self, buffer: usize) -> PartOfStream<Self>
    where
        Self: Sized,
    {
        PartOfStream { inner: self, part: Part::Shuffle(buffer) }
    }

    /// These, then those of `other`.
    fn chain<D>(self, other: D) -> ChainStream<Self, D>
    where
        Self: Sized,
        D: IterableDataset<Raw = Self::Raw, Item = Self::Item>,
    {
        ChainStream { first: Arc::new(self), second: Arc::new(other) }
    }

    /// The whole again and again, `times` times: opened anew each time.
    fn repeat(self, times: usize) -> RepeatStream<Self>
    where
        Self: Sized,
    {
        RepeatStream { inner: Arc::new(self), times }
    }
}

/// A function that opens a stream, as a data set.
pub struct StreamDataset<F> {
    open: F,
}

impl<F> StreamDataset<F> {
    /// `open` is called once an epoch.
    pub fn new<I, T>(open: F) -> StreamDataset<F>
    where
        F: Fn() -> Result<I> + Send + Sync,
        I: Iterator<Item = Result<T>> + Send + 'static,
    {
        StreamDataset { open }
    }
}

impl<F> fmt::Debug for StreamDataset<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamDataset")
    }
}

impl<F, I, T> IterableDataset for StreamDataset<F>
where
    F: Fn() -> Result<I> + Send + Sync,
    I: Iterator<Item = Result<T>> + Send + 'static,
    T: Send,
{
    type Raw = T;
    type Item = T;
    fn stream(&self) -> Result<Stream<T>> {
        Ok(Box::new((self.open)()?))
    }
    fn make(&self, raw: T) -> Result<T> {
        Ok(raw)
    }
}

/// See [`IterableDataset::map`].
#[derive(Clone)]
pub struct MapStream<D, F> {
    inner: D,
    f: F,
}

impl<D: fmt::Debug, F> fmt::Debug for MapStream<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapStream").field(&self.inner).finish()
    }
}

impl<D, T, F> IterableDataset for MapStream<D, F>
where
    D: IterableDataset,
    F: Fn(D::Item) -> Result<T> + Send + Sync,
{
    type Raw = D::Raw;
    type Item = T;
    fn stream(&self) -> Result<Stream<D::Raw>> {
        self.inner.stream()
    }
    fn make(&self, raw: D::Raw) -> Result<T> {
        (self.f)(self.inner.make(raw)?)
    }
}

/// See [`IterableDataset::filter`].
pub struct FilterStream<D, F> {
    inner: D,
    keep: Arc<F>,
}

impl<D: fmt::Debug, F> fmt::Debug for FilterStream<D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FilterStream").field(&self.inner).finish()
    }
}

impl<D, F> IterableDataset for FilterStream<D, F>
where
    D: IterableDataset,
    D::Raw: 'static,
    F: Fn(&D::Raw) -> bool + Send + Sync + 'static,
{
    type Raw = D::Raw;
    type Item = D::Item;
    fn stream(&self) -> Result<Stream<D::Raw>> {
        let keep = self.keep.clone();
        Ok(Box::new(self.inner.stream()?.filter(move |raw| raw.as_ref().map_or(true, |raw| keep(raw)))))
    }
    fn make(&self, raw: D::Raw) -> Result<D::Item> {
        self.inner.make(raw)
    }
}

/// See [`IterableDataset::take`], [`IterableDataset::skip`], [`IterableDataset::shard`] and [`IterableDataset::shuffle`].
#[derive(Clone, Debug)]
pub struct PartOfStream<D> {
    inner: D,
    part: Part,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Take(usize),
    Skip(usize),
    Shard { rank: usize, world: usize },
    Shuffle(usize),
}

impl<D: IterableDataset> IterableDataset for PartOfStream<D>
where
    D::Raw: 'static,
{
    type Raw = D::Raw;
    type Item = D::Item;
    fn stream(&self) -> Result<Stream<D::Raw>> {
        let stream = self.inner.stream()?;
        Ok(match self.part {
            Part::Take(count) => Box::new(stream.take(count)),
            Part::Skip(count) => Box::new(stream.skip(count)),
            Part::Shard { rank, world } => Box::new(stream.skip(rank).step_by(world)),
            Part::Shuffle(size) => Box::new(Shuffled { stream, size, buffer: Vec::new() }),
        })
    }
    fn make(&self, raw: D::Raw) -> Result<D::Item> {
        self.inner.make(raw)
    }
}

struct Shuffled<T> {
    stream: Stream<T>,
    size: usize,
    buffer: Vec<T>,
}

impl<T> Iterator for Shuffled<T> {
    type Item = Result<T>;
    fn next(&mut self) -> Option<Result<T>> {
        while self.buffer.len() < self.size.max(1) {
            match self.stream.next() {
                Some(Ok(raw)) => self.buffer.push(raw),
                Some(Err(e)) => return Some(Err(e)),
                None => break,
            }
        }
        if self.buffer.is_empty() {
            return None;
        }
        Some(Ok(self.buffer.swap_remove(Words::of_thread(1).below(self.buffer.len()))))
    }
}

/// See [`IterableDataset::chain`].
#[derive(Debug)]
pub struct ChainStream<A, B> {
    first: Arc<A>,
    second: Arc<B>,
}

impl<A, B> IterableDataset for ChainStream<A, B>
where
    A: IterableDataset,
    A::Raw: 'static,
    B: IterableDataset<Raw = A::Raw, Item = A::Item> + 'static,
{
    // Which of the two made it.
    type Raw = (bool, A::Raw);
    type Item = A::Item;
    fn stream(&self) -> Result<Stream<(bool, A::Raw)>> {
        let first = self.first.stream()?.map(|raw| Ok((true, raw?)));
        let second = self.second.clone();
        let second = reopened(move || second.stream()).map(|raw| Ok((false, raw?)));
        Ok(Box::new(first.chain(second)))
    }
    fn make(&self, (first, raw): (bool, A::Raw)) -> Result<A::Item> {
        if first { self.first.make(raw) } else { self.second.make(raw) }
    }
}

/// See [`IterableDataset::repeat`].
#[derive(Debug)]
pub struct RepeatStream<D> {
    inner: Arc<D>,
    times: usize,
}

impl<D: IterableDataset + 'static> IterableDataset for RepeatStream<D>
where
    D::Raw: 'static,
{
    type Raw = D::Raw;
    type Item = D::Item;
    fn stream(&self) -> Result<Stream<D::Raw>> {
        let inner = self.inner.clone();
        Ok(Box::new((0..self.times).flat_map(move |_| {
            let inner = inner.clone();
            reopened(move || inner.stream())
        })))
    }
    fn make(&self, raw: D::Raw) -> Result<D::Item> {
        self.inner.make(raw)
    }
}

/// A stream that is opened when it is first read; where that fails, the error is all there is.
fn reopened<T: Send + 'static>(open: impl FnOnce() -> Result<Stream<T>> + Send + 'static) -> Stream<T> {
    let lazy = std::iter::once_with(open).flat_map(|opened| match opened {
        Ok(stream) => stream,
        Err(e) => Box::new(std::iter::once(Err(e))) as Stream<T>,
    });
    Box::new(lazy)
}

#[cfg(test)]
mod tests;
