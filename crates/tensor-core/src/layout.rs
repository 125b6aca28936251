//! Where the elements of a view lie in its buffer: sizes, strides and an offset, all counted in elements.
use crate::shape::{Dims, numel};
use smallvec::SmallVec;

/// A strided window on a buffer. Element `[i, j]` is at `offset + i * strides[0] + j * strides[1]`.
/// A stride of 0 repeats one element (`expand`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Dims,
    strides: Dims,
    offset: usize,
}

impl Layout {
    /// Row-major, from the buffer's start.
    pub fn contiguous(shape: &[usize]) -> Layout {
        Layout { shape: Dims::from_slice(shape), strides: row_major(shape), offset: 0 }
    }

    /// Any strides; whoever makes one keeps it inside its buffer (see [`Layout::required_len`]).
    pub fn strided(shape: &[usize], strides: &[usize], offset: usize) -> Layout {
        Layout { shape: Dims::from_slice(shape), strides: Dims::from_slice(strides), offset }
    }

    /// Sizes, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Distance, in elements, between neighbours along each dim.
    pub fn strides(&self) -> &[usize] {
        &self.strides
    }
    /// The position of the first element.
    pub fn offset(&self) -> usize {
        self.offset
    }
    /// The number of elements.
    pub fn numel(&self) -> usize {
        numel(&self.shape)
    }
    /// The number of dims.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// How long a buffer must be to hold every element: the largest position plus one.
    pub fn required_len(&self) -> usize {
        if self.shape.contains(&0) {
            return 0;
        }
        self.offset + 1 + self.shape.iter().zip(&self.strides).map(|(s, t)| (s - 1) * t).sum::<usize>()
    }

    /// Row-major without gaps (the offset may be anything). Dims of size 1 and empty tensors impose nothing.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&s, &t) in self.shape.iter().zip(&self.strides).rev() {
            if s == 0 {
                return true;
            }
            if s != 1 {
                if t != expected {
                    return false;
                }
                expected *= s;
            }
        }
        true
    }

    /// Whether two indices may share an element, as after `expand`. Never wrong when it says no.
    pub fn may_overlap(&self) -> bool {
        let mut dims: SmallVec<[(usize, usize); 6]> =
            self.shape.iter().zip(&self.strides).filter(|(s, _)| **s > 1).map(|(&s, &t)| (t, s)).collect();
        dims.sort_unstable();
        let mut reach = 0;
        for (stride, size) in dims {
            if stride <= reach {
                return true;
            }
            reach += stride * (size - 1);
        }
        false
    }

    /// The same elements as `shape`, with dims of size 1 repeated; `None` where the shapes do not broadcast.
    pub fn expand(&self, shape: &[usize]) -> Option<Layout> {
        let lead = shape.len().checked_sub(self.rank())?;
        let mut strides: Dims = SmallVec::from_elem(0, shape.len());
        for i in lead..shape.len() {
            let (have, stride) = (self.shape[i - lead], self.strides[i - lead]);
            strides[i] = match have {
                h if h == shape[i] => stride,
                1 => 0,
                _ => return None,
            };
        }
        Some(Layout { shape: Dims::from_slice(shape), strides, offset: self.offset })
    }

    /// Dims in the order `dims`, a permutation.
    pub fn permute(&self, dims: &[usize]) -> Layout {
        Layout {
            shape: dims.iter().map(|&d| self.shape[d]).collect(),
            strides: dims.iter().map(|&d| self.strides[d]).collect(),
            offset: self.offset,
        }
    }

    /// `len` elements of `dim`, from `start`, every `step`-th. Whoever calls has checked the range.
    pub fn slice(&self, dim: usize, start: usize, len: usize, step: usize) -> Layout {
        let mut out = self.clone();
        if len > 0 {
            out.offset += start * self.strides[dim];
        }
        out.shape[dim] = len;
        out.strides[dim] *= step;
        out
    }

    /// The same elements under another shape of the same count, where strides can say it: else `None`, and a copy is due.
    pub fn reshape(&self, shape: &[usize]) -> Option<Layout> {
        if self.is_contiguous() {
            return Some(Layout { shape: Dims::from_slice(shape), strides: row_major(shape), offset: self.offset });
        }
        if numel(shape) == 0 {
            return Some(Layout { shape: Dims::from_slice(shape), strides: row_major(shape), offset: self.offset });
        }
        // Runs of old dims that lie without gaps may be split or merged freely; new dims must not straddle two runs.
        let old: SmallVec<[(usize, usize); 6]> =
            self.shape.iter().zip(&self.strides).filter(|(s, _)| **s != 1).map(|(&s, &t)| (s, t)).collect();
        let mut strides: Dims = SmallVec::from_elem(0, shape.len());
        let mut d = shape.len();
        let mut i = old.len();
        while i > 0 {
            i -= 1;
            let (mut run, stride) = old[i];
            while i > 0 && old[i - 1].1 == run * stride {
                i -= 1;
                run *= old[i].0;
            }
            let mut filled = 1;
            while filled < run {
                if d == 0 {
                    return None;
                }
                d -= 1;
                strides[d] = filled * stride;
                filled *= shape[d];
            }
            if filled != run {
                return None;
            }
        }
        // What is left are dims of size 1.
        for k in (0..d).rev() {
            strides[k] = if k + 1 < shape.len() { strides[k + 1] * shape[k + 1] } else { 1 };
        }
        Some(Layout { shape: Dims::from_slice(shape), strides, offset: self.offset })
    }

    /// Without dims of size 1, with neighbouring dims merged where they lie without gaps: what a kernel loops over.
    pub fn collapsed(&self) -> Layout {
        let mut shape = Dims::new();
        let mut strides = Dims::new();
        for (&s, &t) in self.shape.iter().zip(&self.strides) {
            if s == 1 {
                continue;
            }
            match (shape.last_mut(), strides.last_mut()) {
                (Some(ls), Some(lt)) if *lt == s * t => {
                    *ls *= s;
                    *lt = t;
                }
                _ => {
                    shape.push(s);
                    strides.push(t);
                }
            }
        }
        Layout { shape, strides, offset: self.offset }
    }

    /// Positions of all elements, in row-major order.
    pub fn positions(&self) -> Positions<'_> {
        Positions { layout: self, index: SmallVec::from_elem(0, self.rank()), at: self.offset, left: self.numel() }
    }
}

/// Strides of a gapless row-major tensor.
pub fn row_major(shape: &[usize]) -> Dims {
    let mut strides: Dims = SmallVec::from_elem(1, shape.len());
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i].max(1);
    }
    strides
}

/// See [`Layout::positions`].
#[derive(Debug)]
pub struct Positions<'a> {
    layout: &'a Layout,
    index: Dims,
    at: usize,
    left: usize,
}

impl Iterator for Positions<'_> {
    type Item = usize;
    fn next(&mut self) -> Option<usize> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let here = self.at;
        for d in (0..self.index.len()).rev() {
            self.index[d] += 1;
            self.at += self.layout.strides[d];
            if self.index[d] < self.layout.shape[d] {
                break;
            }
            self.at -= self.index[d] * self.layout.strides[d];
            self.index[d] = 0;
        }
        Some(here)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
impl ExactSizeIterator for Positions<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_matrix_reads_column_by_column() {
        let l = Layout::contiguous(&[2, 3]).permute(&[1, 0]);
        assert_eq!(l.positions().collect::<Vec<_>>(), [0, 3, 1, 4, 2, 5]);
        assert!(!l.is_contiguous());
        assert!(l.reshape(&[6]).is_none());
        assert!(l.reshape(&[3, 1, 2]).is_some());
    }

    #[test]
    fn reshaping_a_view_keeps_its_elements() {
        let l = Layout::contiguous(&[4, 6]).slice(1, 0, 3, 2);
        let r = l.reshape(&[2, 2, 3, 1]).expect("rows split freely");
        assert!(l.positions().eq(r.positions()));
        let l = Layout::contiguous(&[4, 6]).slice(0, 1, 2, 2);
        let r = l.reshape(&[2, 3, 2]).expect("columns split freely");
        assert!(l.positions().eq(r.positions()));
    }

    #[test]
    fn expanded_layouts_overlap() {
        assert!(Layout::contiguous(&[1, 3]).expand(&[2, 3]).expect("broadcasts").may_overlap());
        assert!(!Layout::contiguous(&[4, 3]).permute(&[1, 0]).may_overlap());
    }
}
