//! Optimizers, schedules and loaders that cannot be meant.
use super::{ids, said, zeros};
use flambeau::{
    data::{TensorDataset, pad_collate},
    prelude::*,
};

fn first_batch<D: Dataset + 'static, B: Send + 'static>(loader: DataLoader<D, B>) -> String
where
    D::Item: 'static,
{
    loader.iter().next().map_or("no batch".to_string(), said)
}

#[test]
fn an_optimizer_without_parameters() -> Result<()> {
    assert_eq!(
        said(Adam::new(ReLU::default().parameters(), 1e-3)),
        "Adam: got no parameters; give it model.parameters(); an iterator that was used before is empty"
    );
    let lin = Linear::new(2, 2)?;
    let twice = lin.parameters().into_iter().chain(lin.parameters());
    assert_eq!(
        said(Adam::new(twice, 1e-3)),
        "Adam: Parameter(weight f32[2, 2]) is given twice; a parameter belongs to one group; model.parameters() lists \
         a shared one once"
    );
    Ok(())
}

#[test]
fn settings_that_cannot_be_meant() -> Result<()> {
    let lin = Linear::new(2, 2)?;
    assert_eq!(said(SGD::new(lin.parameters(), -0.1)), "SGD: lr is -0.1, and must be a number of at least 0");
    assert_eq!(
        said(Adam::new(lin.parameters(), AdamOptions { betas: (0.9, 1.0), ..Default::default() })),
        "Adam: betas.1 is 1, and must be at least 0 and below 1"
    );
    assert_eq!(
        said(SGD::new(lin.parameters(), SGDOptions { nesterov: true, ..Default::default() })),
        "SGD: nesterov needs a momentum above 0 and no dampening, got 0 and 0; a usual momentum is 0.9"
    );
    let mut sgd = SGD::new(lin.parameters(), 0.1)?;
    assert_eq!(
        said(StepLR { step_size: 0, gamma: 0.1 }.schedule(&mut sgd)),
        "StepLR: step_size is 0, and must be positive"
    );
    Ok(())
}

#[test]
fn the_state_of_another_optimizer() -> Result<()> {
    let (small, large) = (Linear::new(2, 2)?, Linear::new(3, 2)?);
    let saved = |lin: &Linear| -> Result<StateDict> {
        let mut adam = Adam::new(lin.parameters(), 1e-3)?;
        let features = lin.weight.shape()[1];
        lin.forward(&zeros(&[1, features])?)?.sum()?.backward()?;
        adam.step()?;
        adam.state_dict()
    };
    let dict = saved(&large)?;
    assert_eq!(
        said(Adam::new(small.parameters(), 1e-3)?.load_state_dict(&dict)),
        "load_state_dict: state.0.exp_avg does not fit Parameter(weight f32[2, 2]): f32[2, 3] on cpu; the optimizer \
         must have the same parameters, in the same order and groups, as the saved one"
    );
    assert_eq!(
        said(Adam::new([small.weight.tied()], 1e-3)?.load_state_dict(&saved(&small)?)),
        "load_state_dict: there is a state of parameter 1, counted from 0, but the number of parameters is 1; the \
         optimizer must have the same parameters, in the same order and groups, as the saved one"
    );
    Ok(())
}

#[test]
fn a_loader_of_empty_batches() -> Result<()> {
    assert_eq!(
        first_batch(DataLoader::new(vec![1i64, 2, 3]).batch_size(0)),
        "DataLoader: batch_size is 0; it is at least 1"
    );
    Ok(())
}

#[test]
fn a_loader_told_two_orders() -> Result<()> {
    let sampler = flambeau::data::SequentialSampler::new(3);
    assert_eq!(
        first_batch(DataLoader::new(vec![1i64, 2, 3]).sampler(sampler).shuffle(true)),
        "DataLoader: sampler excludes shuffle; sampler sets the order by itself"
    );
    Ok(())
}

#[test]
fn samples_of_different_shapes() -> Result<()> {
    let ragged = || -> Result<Vec<(Tensor, i64)>> { Ok(vec![(zeros(&[3])?, 0), (zeros(&[5])?, 1)]) };
    assert_eq!(
        first_batch(DataLoader::new(ragged()?).batch_size(2)),
        "in batch 0: collate: samples 0 and 1 have different shapes in field .0: f32[3] and f32[5]; make them equal in \
         the dataset's `get`, or use a padding collate: `.collate(pad_collate(0))`, or one of your own with \
         `pad_sequence`"
    );
    assert_eq!(first_batch(DataLoader::new(ragged()?).batch_size(2).collate(pad_collate(0.0))), "no error");
    Ok(())
}

#[test]
fn inputs_and_labels_of_different_lengths() -> Result<()> {
    assert_eq!(
        said(TensorDataset::new((zeros(&[10, 3])?, ids(&[9])?))),
        "TensorDataset: the tensors have different lengths along dim 0: f32[10, 3] on cpu, i64[9] on cpu; a sample is \
         one row of each"
    );
    Ok(())
}

#[test]
fn a_sample_that_fails() -> Result<()> {
    struct Wrong;
    impl Dataset for Wrong {
        type Item = Tensor;
        fn len(&self) -> usize {
            10
        }
        fn get(&self, index: usize) -> Result<Tensor> {
            zeros(&[index, 3])?.matmul(&zeros(&[2, 3])?)
        }
    }
    assert_eq!(
        first_batch(DataLoader::new(Wrong).batch_size(4).workers(2)),
        "in sample 0: matmul: inner dimensions differ (3 and 2): f32[0, 3] on cpu, f32[2, 3] on cpu; the other operand \
         fits when its last two dims are transposed"
    );
    Ok(())
}

#[test]
fn a_split_into_other_sizes() -> Result<()> {
    assert_eq!(said(vec![1i64, 2, 3].random_split([2, 2], 0)), "random_split: sizes [2, 2] do not add up to 3 samples");
    Ok(())
}
