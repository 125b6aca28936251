//! Which storages a file needs: tensors on one buffer share one, unless they leave most of it out.
use super::refused;
use std::collections::HashMap;
use tensor_core::{DType, Layout, Result, Tensor};

/// The storages of all tensors of a file, and where each tensor lies.
pub(super) struct Storages {
    /// Each as a tensor that covers it, row-major.
    whole: Vec<Tensor>,
    windows: Vec<(usize, Layout)>,
}

/// A tensor as a window on a storage.
pub(super) struct Window<'a> {
    pub storage: usize,
    pub storage_numel: usize,
    pub dtype: DType,
    pub layout: &'a Layout,
}

/// The tensors of one buffer.
#[derive(Default)]
struct Group {
    start: usize,
    end: usize,
    /// Different layouts, the first tensor of each, and its storage, if it has one of its own.
    layouts: Vec<(usize, Option<usize>)>,
    /// The common storage.
    common: Option<usize>,
}

impl Storages {
    pub fn of(tensors: &[Tensor]) -> Result<Storages> {
        let mut groups: HashMap<usize, Group> = HashMap::new();
        for (i, t) in tensors.iter().enumerate().filter(|(_, t)| t.numel() > 0) {
            let (start, end) = (t.storage_offset(), t.layout().required_len());
            let group = groups.entry(t.buffer_id()).or_insert(Group { start, end, ..Group::default() });
            (group.start, group.end) = (group.start.min(start), group.end.max(end));
            if !group.layouts.iter().any(|(first, _)| tensors[*first].layout() == t.layout()) {
                group.layouts.push((i, None));
            }
        }
        let mut storages = Storages { whole: Vec::new(), windows: Vec::with_capacity(tensors.len()) };
        for t in tensors {
            let Some(group) = groups.get_mut(&t.buffer_id()).filter(|_| t.numel() > 0) else {
                let alone = storages.add(t.contiguous()?);
                storages.windows.push((alone, Layout::contiguous(t.shape())));
                continue;
            };
            let length = group.end - group.start;
            let used = group.layouts.iter().fold(0, |n: usize, (first, _)| n.saturating_add(tensors[*first].numel()));
            if length <= used {
                let common = match group.common {
                    Some(common) => common,
                    None => storages.add(t.with_layout(Layout::strided(&[length], &[1], group.start))?),
                };
                group.common = Some(common);
                let offset = t.storage_offset() - group.start;
                storages.windows.push((common, Layout::strided(t.shape(), t.stride(), offset)));
            } else if let Some((_, own)) = group.layouts.iter_mut().find(|(i, _)| tensors[*i].layout() == t.layout()) {
                let alone = match *own {
                    Some(alone) => alone,
                    None => storages.add(t.contiguous()?),
                };
                *own = Some(alone);
                storages.windows.push((alone, Layout::contiguous(t.shape())));
            }
        }
        Ok(storages)
    }

    fn add(&mut self, whole: Tensor) -> usize {
        self.whole.push(whole);
        self.whole.len() - 1
    }

    /// Where the tensor of this number lies.
    pub fn window(&self, tensor: usize) -> Result<Window<'_>> {
        let found =
            self.windows.get(tensor).and_then(|(storage, layout)| Some((*storage, layout, self.whole.get(*storage)?)));
        let (storage, layout, whole) = found.ok_or_else(|| refused("a tensor has no storage"))?;
        Ok(Window { storage, storage_numel: whole.numel(), dtype: whole.dtype(), layout })
    }

    /// The bytes of each storage.
    pub fn contents(&self) -> impl Iterator<Item = Result<Vec<u8>>> {
        self.whole.iter().map(Tensor::to_bytes)
    }
}
