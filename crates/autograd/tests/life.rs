//! What lives how long. One test, in a process of its own: the counters are of the whole process.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{Backward, BackwardOptions, GradOptions, Parameter, grad};
use tensor_core::{Result, Tensor, memory_stats, rng};

fn leaf(values: &[f32]) -> Tensor {
    Tensor::from_slice(values, [values.len()]).unwrap().requires_grad_(true)
}

/// Nodes and buffers that `f` leaves behind.
fn left_by(f: impl FnOnce() -> Result<()>) -> Result<(isize, isize)> {
    let before = memory_stats();
    f()?;
    let after = memory_stats();
    Ok((after.nodes as isize - before.nodes as isize, after.buffers as isize - before.buffers as isize))
}

#[test]
fn life() -> Result<()> {
    for f in [records_are_freed, kept_outputs_make_no_circle, half_walked_records_are_freed, higher_orders_are_freed] {
        f()?; // once, for what a thread keeps for ever
        assert_eq!(left_by(f)?, (0, 0));
    }
    backward_frees_what_the_forward_kept()?;
    steps_copy_nothing()?;
    memory_stays_flat()?;
    a_million_operations_are_walked_and_dropped()?;
    threads_compute_the_bits_of_a_serial_run()
}

fn records_are_freed() -> Result<()> {
    let (x, w) = (leaf(&[1.0, 2.0]), Parameter::new(Tensor::ones([2])?)?);
    let y = (&x.exp()? * &w)?.sum()?;
    y.backward()?;
    Ok(())
}

fn kept_outputs_make_no_circle() -> Result<()> {
    // The rule of exp keeps its own output: a node that held its tensor would hold itself.
    let x = leaf(&[1.0, 2.0]);
    let y = x.exp()?.sigmoid()?.tanh()?;
    drop(y); // never walked
    Ok(())
}

fn half_walked_records_are_freed() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let a = x.exp()?;
    let b = a.exp()?;
    grad(&[&b.sum()?], &[&a], GradOptions { retain_graph: Some(true), ..Default::default() })?;
    assert!(b.sum()?.sum()?.backward_with(Some(&Tensor::ones([7])?), BackwardOptions::default()).is_err());
    Ok(())
}

fn higher_orders_are_freed() -> Result<()> {
    let x = leaf(&[1.0, 2.0]);
    let options = GradOptions { create_graph: true, ..Default::default() };
    let first = grad(&[&x.pow(4.0)?.sum()?], &[&x], options)?.remove(0);
    let second = grad(&[&first.sum()?], &[&x], options)?.remove(0);
    second.sum()?.backward()?;
    Ok(())
}

fn backward_frees_what_the_forward_kept() -> Result<()> {
    let x = leaf(&[1.0; 8]);
    let y = x.exp()?.exp()?.exp()?.sum()?;
    let before = memory_stats().buffers;
    y.backward()?;
    // Three kept outputs went, one gradient came; the result and its record are still here.
    assert_eq!(memory_stats().buffers, before - 3 + 1);
    drop(y);
    Ok(())
}

/// A small network, trained on made-up numbers; the final weights.
fn train(seed: u64, steps: usize) -> Result<Vec<f32>> {
    rng::manual_seed(seed);
    let w1 = Parameter::new((Tensor::randn([5, 7])? * 0.5)?)?;
    let b1 = Parameter::new(Tensor::zeros([7])?)?;
    let w2 = Parameter::new((Tensor::randn([7, 3])? * 0.5)?)?;
    let x = Tensor::randn([11, 5])?;
    let target = Tensor::randn([11, 3])?;
    for _ in 0..steps {
        for p in [&w1, &b1, &w2] {
            p.zero_grad();
        }
        let hidden = (x.matmul(&w1)? + &b1)?.tanh()?;
        let loss = hidden.matmul(&w2)?.sub(&target)?.square()?.mean()?;
        loss.backward()?;
        for p in [&w1, &b1, &w2] {
            let g = p.grad().ok_or_else(|| tensor_core::Error::new("train", "no gradient"))?;
            p.update(|p| p.sub_(&g.mul(0.05)?).map(|_| ()))?;
        }
    }
    let mut weights = w1.to_vec::<f32>()?;
    weights.extend(w2.to_vec::<f32>()?);
    Ok(weights)
}

fn steps_copy_nothing() -> Result<()> {
    let before = memory_stats().cow_copies;
    train(1, 100)?;
    assert_eq!(memory_stats().cow_copies, before);
    Ok(())
}

fn memory_stays_flat() -> Result<()> {
    train(2, 10)?;
    let before = memory_stats();
    train(2, 1000)?;
    let after = memory_stats();
    assert_eq!((after.nodes, after.buffers, after.bytes), (before.nodes, before.buffers, before.bytes));
    Ok(())
}

fn a_million_operations_are_walked_and_dropped() -> Result<()> {
    let start = memory_stats();
    let x = leaf(&[0.5]);
    let mut y = x.clone();
    for _ in 0..1_000_000 {
        y = y.add(1e-9)?;
    }
    y.backward()?;
    assert_eq!(x.grad().unwrap().item::<f32>()?, 1.0);
    drop(y);
    // Dropped without ever being walked, and held by its newest result only.
    let mut y = x.clone();
    for _ in 0..1_000_000 {
        y = y.sin()?;
    }
    drop((x, y));
    let end = memory_stats();
    assert_eq!((end.nodes, end.buffers), (start.nodes, start.buffers));
    Ok(())
}

fn threads_compute_the_bits_of_a_serial_run() -> Result<()> {
    let serial: Vec<Vec<f32>> = (0..4).map(|seed| train(seed, 50)).collect::<Result<_>>()?;
    let parallel: Vec<Vec<f32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || train(seed, 50))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect::<Result<_>>()
    })?;
    assert_eq!(serial, parallel);
    assert_ne!(serial[0], serial[1]);
    Ok(())
}
