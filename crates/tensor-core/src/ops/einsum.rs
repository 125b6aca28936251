//! Einstein's summation: sums of products written with one letter per dim.
use super::Arg;
use crate::{Error, KEEP, Result, Tensor};
use std::collections::BTreeMap;

/// One dim of the calculation: a letter, or the `i`-th dim (from the front) of those that `...` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Ellipsis(usize),
    Letter(char),
}

/// One side of an equation: its letters, and before which of them `...` stands.
struct Term {
    letters: Vec<char>,
    ellipsis: Option<usize>,
}

fn term(text: &str) -> Result<Term> {
    let wrong = |why: String| Error::new("einsum", why);
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut parts = compact.split("...");
    let mut letters: Vec<char> = parts.next().unwrap_or_default().chars().collect();
    let mut ellipsis = None;
    if let Some(after) = parts.next() {
        ellipsis = Some(letters.len());
        letters.extend(after.chars());
    }
    if parts.next().is_some() {
        return Err(wrong(format!("more than one ellipsis in {text:?}")));
    }
    match letters.iter().find(|c| !c.is_ascii_alphabetic()) {
        Some(c) => Err(wrong(format!("{c:?} in {text:?} is not a letter"))
            .hint("write \"ij,jk->ik\": letters, commas, \"...\" and one \"->\"")),
        None => Ok(Term { letters, ellipsis }),
    }
}

impl Term {
    /// The labels of a tensor of `rank` dims, where `...` stands for the last of `ellipsis_rank` dims.
    fn labels(&self, rank: usize, ellipsis_rank: usize) -> Vec<Label> {
        let covered = rank - self.letters.len();
        let mut out: Vec<Label> = self.letters.iter().map(|&c| Label::Letter(c)).collect();
        if let Some(at) = self.ellipsis {
            out.splice(at..at, (ellipsis_rank - covered..ellipsis_rank).map(Label::Ellipsis));
        }
        out
    }
}

/// Sums of products of the operands' elements, as the equation says: a letter names a dim, dims of one letter run
/// together, and letters that do not appear behind `->` are summed. `...` stands for the dims left, broadcast. Without
/// `->` the result has the letters that appear once, in the order of the alphabet.
///
/// ```
/// # use tensor_core::{Tensor, Result, ops::einsum};
/// # fn main() -> Result<()> {
/// let (a, b) = (Tensor::ones([2, 3])?, Tensor::ones([3, 4])?);
/// assert_eq!(einsum("ij,jk->ik", &[&a, &b])?.shape(), [2, 4]);
/// # Ok(()) }
/// ```
pub fn einsum(equation: &str, operands: &[&Tensor]) -> Result<Tensor> {
    let wrong = |why: String| Error::new("einsum", format!("{why} in {equation:?}")).operands(operands.iter().copied());
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation, None),
    };
    let terms: Vec<Term> = left.split(',').map(term).collect::<Result<_>>().map_err(|e| wrong(e.message().into()))?;
    if terms.len() != operands.len() || operands.is_empty() {
        return Err(wrong(format!("{} operands for {} terms", operands.len(), terms.len())));
    }
    let mut ellipsis_rank = 0;
    for (i, (term, x)) in terms.iter().zip(operands).enumerate() {
        match x.dim().checked_sub(term.letters.len()) {
            Some(0) => {}
            Some(covered) if term.ellipsis.is_some() => ellipsis_rank = ellipsis_rank.max(covered),
            _ => return Err(wrong(format!("operand {i} has {} dims, not those of its letters", x.dim()))),
        }
    }
    let inputs: Vec<Vec<Label>> = terms.iter().zip(operands).map(|(t, x)| t.labels(x.dim(), ellipsis_rank)).collect();

    // Every label has one size; dims of one element are broadcast.
    let mut sizes: BTreeMap<Label, usize> = BTreeMap::new();
    for (labels, x) in inputs.iter().zip(operands) {
        for (label, &size) in labels.iter().zip(x.shape()) {
            let known = sizes.entry(*label).or_insert(size);
            match (*known, size) {
                (k, s) if k == s || s == 1 => {}
                (1, s) => *known = s,
                (k, s) => return Err(wrong(format!("sizes {k} and {s} for {}", show(*label)))),
            }
        }
    }
    let mut order = match right {
        Some(text) => {
            let out = term(text).map_err(|e| wrong(e.message().into()))?;
            let covered = if out.ellipsis.is_some() { ellipsis_rank } else { 0 };
            out.labels(out.letters.len() + covered, ellipsis_rank)
        }
        None => {
            let times = |l: &Label| inputs.iter().flatten().filter(|&k| k == l).count();
            sizes.keys().copied().filter(|l| matches!(l, Label::Ellipsis(_)) || times(l) == 1).collect()
        }
    };
    for (i, label) in order.iter().enumerate() {
        if !sizes.contains_key(label) {
            return Err(wrong(format!("{} is in the result but in no operand", show(*label))));
        }
        if order[..i].contains(label) {
            return Err(wrong(format!("{} is twice in the result", show(*label))));
        }
    }
    let kept = order.len();
    let summed: Vec<Label> = sizes.keys().copied().filter(|l| !order.contains(l)).collect();
    order.extend(summed);
    contract(operands, &inputs, &order, kept).map_err(|e| e.renamed("einsum"))
}

fn show(label: Label) -> String {
    match label {
        Label::Letter(c) => format!("{c:?}"),
        Label::Ellipsis(_) => "a dim of \"...\"".into(),
    }
}

/// Multiplies the operands from left to right, each with all dims in the same `order`; dims from `kept` on are summed as
/// soon as no later operand has them.
fn contract(operands: &[&Tensor], inputs: &[Vec<Label>], order: &[Label], kept: usize) -> Result<Tensor> {
    let last_use = |l: &Label| inputs.iter().rposition(|labels| labels.contains(l)).unwrap_or(0);
    let mut product: Option<Tensor> = None;
    for (i, (x, labels)) in operands.iter().zip(inputs).enumerate() {
        let x = arranged(x, labels, order)?;
        let sum: Vec<usize> = (kept..order.len()).filter(|&d| last_use(&order[d]) == i).collect();
        product = Some(match product {
            Some(before) => sum_of_products(&before, &x, &sum)?,
            None if sum.is_empty() => x,
            None => x.sum_dim(&sum[..], KEEP)?,
        });
    }
    let Some(product) = product else { return Err(Error::new("einsum", "no operands")) };
    let shape = product.shape()[..kept].to_vec();
    product.reshape(shape)
}

/// `x` with one dim for each label of `order`: repeated labels as diagonals, missing ones of size 1.
fn arranged(x: &Tensor, labels: &[Label], order: &[Label]) -> Result<Tensor> {
    let (mut x, mut labels) = (x.clone(), labels.to_vec());
    let mut d = 0;
    while d < labels.len() {
        match labels[d + 1..].iter().position(|l| *l == labels[d]) {
            Some(offset) => {
                let twin = d + 1 + offset;
                // Sizes differ only where one is 1.
                let size = x.shape()[d].max(x.shape()[twin]);
                let mut full = x.shape().to_vec();
                (full[d], full[twin]) = (size, size);
                x = x.expand(full)?.diagonal(0, d as isize, twin as isize)?;
                let label = labels.remove(twin);
                labels.remove(d);
                labels.push(label);
            }
            None => d += 1,
        }
    }
    let place = |l: &Label| labels.iter().position(|k| k == l);
    let permutation: Vec<usize> = order.iter().filter_map(place).collect();
    let shape: Vec<usize> = order.iter().map(|l| place(l).map_or(1, |d| x.shape()[d])).collect();
    x.permute(permutation)?.reshape(shape)
}

/// `sum(a * b)` over the dims `sum`, which stay with size 1, as one batched matrix product.
fn sum_of_products(a: &Tensor, b: &Tensor, sum: &[usize]) -> Result<Tensor> {
    let (mut a, mut b) = (a.clone(), b.clone());
    // Each dim is of both and stays, of `a` alone, of `b` alone, or of both and summed.
    let (mut both, mut only_a, mut only_b, mut inner) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for d in 0..a.dim() {
        let (in_a, in_b) = (a.shape()[d] != 1, b.shape()[d] != 1);
        match (sum.contains(&d), in_a, in_b) {
            (true, true, true) => inner.push(d),
            (true, true, false) => a = a.sum_dim(&[d][..], KEEP)?,
            (true, false, true) => b = b.sum_dim(&[d][..], KEEP)?,
            (true, false, false) => {}
            (false, true, true) => both.push(d),
            (false, true, false) => only_a.push(d),
            (false, false, _) => only_b.push(d),
        }
    }
    let done: Vec<usize> = sum.iter().copied().filter(|d| !inner.contains(d)).collect();
    let count = |x: &Tensor, dims: &[usize]| dims.iter().map(|&d| x.shape()[d]).product::<usize>();
    let (batch, rows, columns, depth) = (count(&a, &both), count(&a, &only_a), count(&b, &only_b), count(&a, &inner));
    let left = a.permute([&both[..], &only_a, &inner, &only_b, &done].concat())?.reshape([batch, rows, depth])?;
    let right = b.permute([&both[..], &inner, &only_b, &only_a, &done].concat())?.reshape([batch, depth, columns])?;
    let product = match inner.is_empty() {
        // Nothing to sum: plain products, for every dtype.
        true => left.mul(&right)?,
        // Sums of integers are i64 by now, what was not summed is not.
        false => {
            let dtype = super::result_type(Arg::Tensor(&left), Arg::Tensor(&right));
            left.to_dtype(dtype)?.matmul(&right.to_dtype(dtype)?)?
        }
    };
    let now = [&both[..], &only_a, &only_b, &inner, &done].concat();
    let size = |d: usize| match () {
        () if sum.contains(&d) => 1,
        () if only_b.contains(&d) => b.shape()[d],
        () => a.shape()[d],
    };
    let shape: Vec<usize> = now.iter().map(|&d| size(d)).collect();
    let back: Vec<usize> = (0..now.len()).filter_map(|d| now.iter().position(|&n| n == d)).collect();
    product.reshape(shape)?.permute(back)
}
