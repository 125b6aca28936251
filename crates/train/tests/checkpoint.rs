//! A training stopped and resumed from its checkpoint has the bits of one that was never stopped.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::Backward;
use data::LoaderState;
use files::StateDict;
use nn::Forward;
use nn::{BatchNorm1d, Dropout, Linear, Module, ReLU, Sequential, functional::cross_entropy};
use optim::{
    Adam, Optimizer,
    lr_scheduler::{Schedule, Scheduler, StepLR},
};
use std::path::PathBuf;
use tensor_core::{Result, Tensor, manual_seed};
use train::Checkpoint;

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("flambeau-train-{}-{name}.safetensors", std::process::id()))
}

struct Training {
    model: Sequential,
    optimizer: Adam,
    scheduler: Scheduler<StepLR>,
}

impl Training {
    fn new(seed: u64) -> Result<Training> {
        manual_seed(seed);
        let model =
            Sequential::new((Linear::new(4, 8)?, BatchNorm1d::new(8)?, ReLU, Dropout::new(0.3), Linear::new(8, 3)?));
        let mut optimizer = Adam::new(model.parameters(), 0.01)?;
        let scheduler = StepLR { step_size: 3, gamma: 0.5 }.schedule(&mut optimizer)?;
        Ok(Training { model, optimizer, scheduler })
    }

    /// Its data and its dropout come from this thread's random numbers.
    fn step(&mut self) -> Result<()> {
        let (x, y) = (Tensor::randn([16, 4])?, Tensor::randint(0, 3, [16])?);
        self.optimizer.zero_grad();
        cross_entropy(&self.model.forward(&x)?, &y)?.backward()?;
        self.optimizer.step()?;
        self.scheduler.step(&mut self.optimizer);
        Ok(())
    }

    fn bits(&self) -> Vec<u8> {
        self.model.state_dict().to_bytes().unwrap()
    }
}

#[test]
fn a_resumed_training_has_the_same_bits() -> Result<()> {
    let path = file("resume");
    let mut whole = Training::new(1)?;
    for step in 0..10 {
        if step == 5 {
            Checkpoint::new(&whole.model, &whole.optimizer)?
                .with_epoch(2)
                .with_step(step)
                .with_loader(LoaderState { seed: u64::MAX, epoch: 2, batch: 7 })
                .with_section("scheduler", whole.scheduler.state_dict()?)
                .with_metadata("note", "half way")
                .save(&path)?;
        }
        whole.step()?;
    }

    let mut resumed = Training::new(99)?;
    let checkpoint = Checkpoint::load(&path)?;
    checkpoint.restore(&resumed.model, &mut resumed.optimizer)?;
    resumed.scheduler.load_state_dict(checkpoint.section("scheduler")?)?;
    assert_eq!((checkpoint.epoch, checkpoint.step), (2, 5));
    assert_eq!(checkpoint.loader, Some(LoaderState { seed: u64::MAX, epoch: 2, batch: 7 }));
    assert_eq!(checkpoint.metadata["note"], "half way");
    for _ in 5..10 {
        resumed.step()?;
    }
    assert_eq!(whole.bits(), resumed.bits());
    std::fs::remove_file(path).ok();
    Ok(())
}

#[test]
fn the_weights_of_a_checkpoint_can_be_read_alone() -> Result<()> {
    let path = file("weights");
    let training = Training::new(2)?;
    Checkpoint::new(&training.model, &training.optimizer)?.save(&path)?;
    let other = Training::new(3)?;
    other.model.load_state_dict(&StateDict::load(&path)?.strip_prefix("model."))?;
    assert_eq!(training.bits(), other.bits());
    std::fs::remove_file(path).ok();
    Ok(())
}

#[test]
fn what_is_no_checkpoint_is_refused() -> Result<()> {
    let path = file("refused");
    let mut training = Training::new(4)?;
    training.model.state_dict().save(&path)?;
    let message = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(message.contains("it is no checkpoint of a training"), "{message}");

    let checkpoint = Checkpoint::new(&training.model, &training.optimizer)?;
    assert!(checkpoint.clone().with_section("a.b", StateDict::new()).save(&path).is_err());
    let message = checkpoint.section("scheduler").unwrap_err().to_string();
    assert_eq!(message, "checkpoint: the checkpoint has no \"scheduler\", only model, optimizer");
    checkpoint.save(&path)?;
    let other = Sequential::new((Linear::new(2, 2)?,));
    assert!(Checkpoint::load(&path)?.restore(&other, &mut training.optimizer).is_err());

    // Words that are not what they should be.
    for key in ["generator", "epoch", "loader", "sections"] {
        let mut file = StateDict::load(&path)?;
        file.metadata.insert(key.into(), if key == "sections" { String::new() } else { "x".into() });
        file.save(&path)?;
        let loaded = Checkpoint::load(&path);
        assert!(loaded.is_err() || loaded?.section("model").is_err(), "{key}");
        checkpoint.save(&path)?;
    }
    std::fs::remove_file(path).ok();
    Ok(())
}
