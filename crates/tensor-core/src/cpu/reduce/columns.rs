//! Rows added up column by column, streaming through memory in order.
use super::{Fold, Nest, Plan, fold::take_row};
use crate::cpu::map::Block;
use rayon::prelude::*;

/// Columns that a task keeps accumulators for: 8 KiB of `f64`.
const WIDTH: usize = 1024;
/// Narrow rows that lie side by side are taken several at a time, up to about this many elements.
const NARROW: usize = 256;
/// Elements a task takes in.
const GRAIN: usize = 128 << 10;

/// `out[i, c]` is the reduction of column `c` of the rows at the positions of `reduced`, seen from the `i`-th position of
/// `kept`; rows have `n` columns.
pub(super) fn columns<S: Block, F: Fold<S::C>>(
    plan: &Plan<'_, S, F>,
    kept: &Nest,
    reduced: &Nest,
    n: usize,
    out: &mut [S],
) {
    // Several neighbouring rows count as one with `side` times the columns, merged in the end.
    let mut outer = reduced.clone();
    let (mut lines, mut side) = (1, 1);
    if n < NARROW && reduced.0.last().is_some_and(|d| d.1 == n) {
        lines = outer.0.pop().map_or(1, |d| d.0);
        side = (NARROW / n).min(lines);
    }
    let wide = lines.div_ceil(side);
    let rows = outer.len() * wide;
    let width = if side > 1 { n * side } else { n.min(WIDTH) };
    let blocks = if side > 1 { 1 } else { n.div_ceil(WIDTH) };
    let chunk = (GRAIN / width).max(16);
    let chunks = rows.div_ceil(chunk);
    // One task: some rows of one block of columns.
    let task = |t: usize| {
        let (i, block, c) = (t / (blocks * chunks), t / chunks % blocks, t % chunks);
        let first = block * WIDTH;
        let len = if side > 1 { width } else { WIDTH.min(n - first) };
        let mut a = vec![plan.fold.identity(); len];
        let mut buffer = if S::SAME { Vec::new() } else { vec![<S::C as bytemuck::Zeroable>::zeroed(); len] };
        let start = plan.offset + kept.at(i) + first;
        for row in c * chunk..rows.min((c + 1) * chunk) {
            let (o, w) = (row / wide, row % wide);
            let position = start + outer.at(o) + w * side * n;
            // The last group of narrow rows may be short.
            let len = if side > 1 { len.min((lines - w * side) * n) } else { len };
            let x = &plan.all[position..position + len];
            if S::SAME {
                take_row(&mut a[..len], bytemuck::cast_slice::<S, S::C>(x), plan.fold);
            } else {
                S::load(x, &mut buffer[..len]);
                take_row(&mut a[..len], &buffer[..len], plan.fold);
            }
        }
        a
    };
    let finish = |mut parts: Vec<Vec<F::A>>, out: &mut [S]| {
        while parts.len() > 1 {
            let upper = parts.split_off(parts.len().div_ceil(2));
            for (a, b) in parts.iter_mut().zip(upper) {
                a.iter_mut().zip(b).for_each(|(a, b)| *a = plan.fold.merge(*a, b));
            }
        }
        let a = &parts[0];
        for (c, o) in out.iter_mut().enumerate() {
            let merged = (1..side).fold(a[c], |m, s| plan.fold.merge(m, a[c + s * n]));
            *o = plan.result(merged);
        }
    };
    let group = |g: usize, out: &mut [S], parallel: bool| {
        let first = g * chunks;
        let parts = if parallel {
            (first..first + chunks).into_par_iter().map(task).collect()
        } else {
            (first..first + chunks).map(task).collect()
        };
        finish(parts, out);
    };
    // A group of tasks gives one block of columns of one kept index.
    let small = rows * n * kept.len() < GRAIN;
    let mut groups: Vec<(usize, &mut [S])> = Vec::with_capacity(kept.len() * blocks);
    for row in out.chunks_mut(n) {
        for part in row.chunks_mut(if blocks > 1 { WIDTH } else { n }) {
            groups.push((groups.len(), part));
        }
    }
    if small {
        groups.into_iter().for_each(|(g, out)| group(g, out, false));
    } else {
        let least = (GRAIN / (rows * width)).max(1);
        groups.into_par_iter().with_min_len(least).for_each(|(g, out)| group(g, out, true));
    }
}
