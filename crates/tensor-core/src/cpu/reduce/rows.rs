//! Runs of neighbours, each reduced to a number; several runs where outer dims are reduced too.
use super::{Fold, Nest, Plan, fold::fold, fold::tree};
use crate::cpu::map::Block;
use rayon::prelude::*;

/// Elements a task reduces at least.
const GRAIN: usize = 64 << 10;
/// Elements that are converted at a time.
const BLOCK: usize = 1024;

/// `out[i]` is the reduction of runs of `n` at the positions of `reduced`, seen from the `i`-th position of `kept`.
pub(super) fn rows<S: Block, F: Fold<S::C>>(
    plan: &Plan<'_, S, F>,
    kept: &Nest,
    reduced: &Nest,
    n: usize,
    out: &mut [S],
) {
    let runs = reduced.len();
    let run = |position: usize, len: usize| slice(plan.fold, &plan.all[position..position + len]);
    let each = runs * n;
    if out.len() >= 16 || each * out.len() <= GRAIN {
        let one = |i: usize| {
            let start = plan.offset + kept.at(i);
            if runs == 1 {
                return plan.result(run(start, n));
            }
            let a = (0..runs).fold(plan.fold.identity(), |a, r| plan.fold.merge(a, run(start + reduced.at(r), n)));
            plan.result(a)
        };
        let grain = (GRAIN / each.max(1)).max(1);
        if out.len() <= grain {
            out.iter_mut().enumerate().for_each(|(i, o)| *o = one(i));
        } else {
            out.par_chunks_mut(grain).enumerate().for_each(|(c, part)| {
                part.iter_mut().enumerate().for_each(|(i, o)| *o = one(c * grain + i));
            });
        }
        return;
    }
    // Few results of many elements: cut the runs.
    let cuts = n.div_ceil(GRAIN);
    for (i, o) in out.iter_mut().enumerate() {
        let start = plan.offset + kept.at(i);
        let part = |p: usize| {
            let (r, cut) = (p / cuts, p % cuts);
            run(start + reduced.at(r) + cut * GRAIN, GRAIN.min(n - cut * GRAIN))
        };
        let least = (GRAIN / n).max(1);
        let parts: Vec<F::A> = (0..runs * cuts).into_par_iter().with_min_len(least).map(part).collect();
        *o = plan.result(tree(&parts, plan.fold));
    }
}

fn slice<S: Block, F: Fold<S::C>>(f: F, x: &[S]) -> F::A {
    if S::SAME {
        return fold(bytemuck::cast_slice::<S, S::C>(x), f);
    }
    let mut block = [<S::C as bytemuck::Zeroable>::zeroed(); BLOCK];
    x.chunks(BLOCK).fold(f.identity(), |a, part| {
        S::load(part, &mut block[..part.len()]);
        f.merge(a, fold(&block[..part.len()], f))
    })
}
