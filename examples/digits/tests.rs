//! The same weights, bit for bit, whoever makes the batches, however many threads compute, and wherever it stopped.
use crate::training::{Plan, Settings, hash, train};
use flambeau::prelude::*;
use flambeau::with_num_threads;
use std::path::PathBuf;

const SETTINGS: Settings = Settings { epochs: 4, lr: 3e-3, batch_size: 32, seed: 7 };

fn plan(workers: usize, name: &str) -> Plan {
    let folder = std::env::temp_dir().join(format!("flambeau-digits-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Plan { device: Device::cpu(), workers, folder, stop_after: None, digits: Some(137 + 160) }
}

fn weights(plan: &Plan, from: Option<PathBuf>) -> u64 {
    let from = from.map(|path| Checkpoint::load(path).unwrap());
    hash(&train(&SETTINGS, plan, from.as_ref(), |_| {}).unwrap().model).unwrap()
}

#[test]
fn workers_threads_and_interruptions_change_no_bit_of_the_weights() {
    let expected = weights(&plan(0, "whole"), None);
    for workers in [0, 1, 2, 4] {
        for threads in [1, 2, 8] {
            let plan = plan(workers, "workers");
            let found = with_num_threads(threads, || weights(&plan, None)).unwrap();
            assert_eq!(found, expected, "{workers} workers, {threads} threads");
        }
    }
    let mut stopped = plan(2, "stopped");
    stopped.stop_after = Some(2);
    assert_ne!(weights(&stopped, None), expected);
    // Random numbers of this thread move on meanwhile; the checkpoint knows where they stood.
    Tensor::randn([5]).unwrap();
    let file = stopped.folder.join("epoch-2.safetensors");
    assert!(!stopped.folder.join("epoch-3.safetensors").exists());
    assert_eq!(weights(&plan(1, "resumed"), Some(file)), expected);
    for name in ["whole", "workers", "stopped", "resumed"] {
        std::fs::remove_dir_all(plan(0, name).folder).unwrap();
    }
}

#[test]
fn another_seed_gives_other_weights() {
    let plan = plan(0, "seeds");
    let one = Settings { epochs: 1, ..SETTINGS };
    let first = train(&one, &plan, None, |_| {}).unwrap();
    let second = train(&Settings { seed: 8, ..one }, &plan, None, |_| {}).unwrap();
    assert_ne!(hash(&first.model).unwrap(), hash(&second.model).unwrap());
    assert_eq!(first.curve.len(), 1);
    std::fs::remove_dir_all(plan.folder).unwrap();
}
