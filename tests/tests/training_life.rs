//! What a long training leaves behind: nothing. Steps write in place, memory stays flat, and a graph that outlives an
//! optimizer step still belongs to the weights it was made with.
use flambeau::{
    autograd::GradOptions,
    optim::{SGD, SGDOptions},
    prelude::*,
};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tensor_core::{memory_stats, reset_peak};

/// The counters belong to the process, so these tests take turns.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Module)]
struct Net {
    conv: Conv2d,
    norm: BatchNorm2d,
    dropout: Dropout,
    fc: Linear,
}

impl Net {
    fn new() -> Result<Net> {
        Ok(Net {
            conv: Conv2d::new(1, 4, 3, Conv2dOptions { padding: 1.into(), ..Default::default() })?,
            norm: BatchNorm2d::new(4)?,
            dropout: Dropout::new(0.1),
            fc: Linear::new(4 * 16, 3)?,
        })
    }
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.norm.forward(&self.conv.forward(x)?)?.relu()?;
        self.fc.forward(&self.dropout.forward(&x.flatten(1, -1)?)?)
    }
}

fn step(net: &Net, optimizer: &mut impl Optimizer, x: &Tensor, y: &Tensor) -> Result<()> {
    optimizer.zero_grad();
    cross_entropy(&net.forward(x)?, y)?.backward()?;
    optimizer.step()
}

fn batch() -> Result<(Tensor, Tensor)> {
    Ok((Tensor::randn([5, 1, 4, 4])?, Tensor::from_slice(&[0i64, 1, 2, 1, 0], [5])?))
}

#[test]
fn a_hundred_steps_of_training_copy_nothing() -> Result<()> {
    let _turn = alone();
    let (x, y) = batch()?;
    let net = Net::new()?;
    net.train();
    let mut adam = Adam::new(net.parameters(), 1e-3)?;
    let mut sgd = SGD::new(net.parameters(), SGDOptions { lr: 1e-2, momentum: 0.9, ..Default::default() })?;
    let before = memory_stats().cow_copies;
    for _ in 0..100 {
        step(&net, &mut adam, &x, &y)?;
        step(&net, &mut sgd, &x, &y)?;
    }
    assert_eq!(memory_stats().cow_copies - before, 0);
    Ok(())
}

#[test]
fn guide_072_validation_without_gradients_needs_the_memory_of_one_forward() -> Result<()> {
    let _turn = alone();
    let net = Net::new()?;
    net.eval();
    let x = Tensor::randn([64, 1, 4, 4])?;
    let y = Tensor::zeros([64])?.to_dtype(DType::I64)?;
    let peak_of = |work: &dyn Fn() -> Result<()>| -> Result<usize> {
        let _no_grad = no_grad();
        let before = memory_stats().bytes;
        reset_peak();
        work()?;
        Ok(memory_stats().peak_bytes - before)
    };
    let once = peak_of(&|| net.forward(&x).map(drop))?;
    let loop_of_fifty = peak_of(&|| {
        for _ in 0..50 {
            let scores = net.forward(&x)?;
            assert!(cross_entropy(&scores, &y)?.item::<f64>()?.is_finite());
            assert_eq!(scores.argmax(Some(1), DROP)?.shape(), [64]);
        }
        Ok(())
    })?;
    assert!(once > 0 && loop_of_fifty <= once + once / 10, "{once} bytes for a forward, {loop_of_fifty} for the loop");
    Ok(())
}

#[test]
fn ten_thousand_steps_leave_memory_flat() -> Result<()> {
    let _turn = alone();
    let (x, y) = batch()?;
    let net = Net::new()?;
    net.train();
    let mut adam = Adam::new(net.parameters(), 1e-3)?;
    let mut run = |steps: usize| -> Result<_> {
        for i in 0..steps {
            step(&net, &mut adam, &x, &y)?;
            match i % 10 {
                // A loss that is never differentiated, a forward that fails half way, a second derivative.
                0 => drop(net.forward(&x)?),
                1 => assert!(net.forward(&Tensor::zeros([5, 1, 5, 5])?).is_err()),
                2 => {
                    let x = x.clone().requires_grad_(true);
                    let loss = net.forward(&x)?.square()?.sum()?;
                    let options = GradOptions { create_graph: true, ..Default::default() };
                    let gx = grad(&[&loss], &[&x], options)?;
                    gx[0].square()?.sum()?.backward()?;
                }
                _ => {}
            }
        }
        adam.zero_grad();
        Ok(memory_stats())
    };
    let early = run(100)?;
    let late = run(10_000)?;
    assert_eq!((early.buffers, early.nodes, early.bytes), (late.buffers, late.nodes, late.bytes));
    assert!(late.peak_bytes <= early.peak_bytes + early.peak_bytes / 10, "{early:?} {late:?}");
    assert_eq!(late.cow_copies, early.cow_copies);
    Ok(())
}

#[test]
fn a_graph_that_outlives_a_step_gives_the_old_weights_gradient() -> Result<()> {
    let _turn = alone();
    let w = Parameter::new(Tensor::from_slice(&[2.0f32], [1])?)?;
    let x = Tensor::from_slice(&[3.0f32], [1])?.requires_grad_(true);
    let early = x.mul(&w)?.sum()?;
    let mut sgd = SGD::new([w.tied()], 1.0)?;
    x.mul(&w)?.sum()?.backward()?;
    x.set_grad(None);
    sgd.step()?;
    assert_eq!(w.to_vec::<f32>()?, [-1.0]);
    early.backward()?;
    assert_eq!(x.grad().map(|g| g.to_vec::<f32>()).transpose()?, Some(vec![2.0]));
    Ok(())
}

#[test]
fn twenty_epochs_of_a_loader_leave_memory_flat() -> Result<()> {
    let _turn = alone();
    let samples: Vec<(Tensor, i64)> =
        (0..200).map(|i| Ok((Tensor::ones([3, 16, 1 + i % 16])?, i as i64))).collect::<Result<_>>()?;
    let loader = DataLoader::new(samples).batch_size(16).shuffle(true).workers(3).seed(0);
    let loader = loader.collate(flambeau::data::pad_collate(0));
    let epoch = || -> Result<_> {
        for batch in &loader {
            batch?;
        }
        // One that is abandoned as well.
        assert!(loader.iter().nth(2).is_some());
        Ok(memory_stats())
    };
    let first = epoch()?;
    for _ in 1..20 {
        let now = epoch()?;
        assert_eq!((now.buffers, now.nodes, now.bytes), (first.buffers, first.nodes, first.bytes));
    }
    Ok(())
}
