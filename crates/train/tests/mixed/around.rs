//! What stands around a training: the search for a learning rate, statistics of averaged weights, metrics.
use autograd::Backward;
use data::{DataLoader, TensorDataset};
use nn::{BatchNorm1d, Dropout, Forward, Linear, Module, ReLU, Sequential, functional::mse_loss};
use optim::{Adam, LBFGS, Optimizer};
use tensor_core::{Error, KEEP, Result, Tensor, manual_seed};
use train::{Accuracy, Average, Better, ConfusionMatrix, EarlyStopping, LrFindOptions, TopK, lr_find, update_bn};

fn rows(seed: u64, n: usize) -> Result<(Tensor, Tensor)> {
    manual_seed(seed);
    let x = Tensor::randn([n, 4])?;
    let y = x.sum_dim(1, KEEP)?;
    Ok((x, y))
}

#[test]
fn lr_find_suggests_a_rate_and_leaves_everything_as_it_was() -> Result<()> {
    let loader = DataLoader::new(TensorDataset::new(rows(1, 96)?)?).batch_size(16);
    let model =
        Sequential::new((Linear::new(4, 8)?, BatchNorm1d::new(8)?, ReLU, Dropout::new(0.1), Linear::new(8, 1)?));
    let mut optimizer = Adam::new(model.parameters(), 3e-4)?;
    // Not the first step: moments are to be put back too.
    let (x, y) = rows(2, 16)?;
    mse_loss(&model.forward(&x)?, &y)?.backward()?;
    optimizer.step()?;
    optimizer.zero_grad();
    let state = |model: &Sequential, optimizer: &Adam| -> Result<Vec<Vec<u8>>> {
        let states = optimizer.state_dict()?;
        model.state_dict().iter().chain(states.iter()).map(|(_, t)| t.to_bytes()).collect()
    };
    let before = (state(&model, &optimizer)?, tensor_core::rng::generator());
    let options = LrFindOptions { start_lr: 1e-5, num_iter: 60, ..Default::default() };
    let curve =
        lr_find(&model, &mut optimizer, &loader, |(x, y): &(Tensor, Tensor)| mse_loss(&model.forward(x)?, y), options)?;
    assert_eq!(state(&model, &optimizer)?, before.0);
    assert_eq!(tensor_core::rng::generator(), before.1);
    assert!(model.parameters().iter().all(|p| p.grad().is_none()));
    let lr = curve.suggestion().unwrap();
    assert!((1e-4..1.0).contains(&lr), "{lr}");
    assert!(curve.lrs.windows(2).all(|pair| pair[0] < pair[1]) && curve.lrs.len() == curve.losses.len());

    let file = std::env::temp_dir().join(format!("flambeau-lr-{}.svg", std::process::id()));
    curve.save_svg(&file)?;
    let svg = std::fs::read_to_string(&file)?;
    std::fs::remove_file(file)?;
    assert!(svg.starts_with("<svg") && svg.contains("learning rate") && svg.contains(&format!("{lr:.1e}")));

    // An error on the way leaves everything as it was, too.
    let mut calls = 0;
    let failed = lr_find(
        &model,
        &mut optimizer,
        &loader,
        |(x, y): &(Tensor, Tensor)| {
            calls += 1;
            if calls > 3 { Err(Error::new("loss", "enough")) } else { mse_loss(&model.forward(x)?, y) }
        },
        options,
    );
    assert!(failed.unwrap_err().to_string().contains("enough"));
    assert_eq!(state(&model, &optimizer)?, before.0);
    assert!(
        lr_find(
            &model,
            &mut optimizer,
            &loader,
            |_: &(Tensor, Tensor)| Tensor::zeros(()),
            LrFindOptions { start_lr: 1.0, end_lr: 0.5, ..options }
        )
        .is_err()
    );
    Ok(())
}

#[test]
fn lr_find_works_with_optimizers_that_take_a_closure() -> Result<()> {
    let loader = DataLoader::new(TensorDataset::new(rows(3, 32)?)?).batch_size(32);
    let model = Linear::new(4, 1)?;
    let mut optimizer = LBFGS::new(model.parameters(), 1.0)?;
    let loss = |(x, y): &(Tensor, Tensor)| mse_loss(&model.forward(x)?, y);
    let curve = lr_find(&model, &mut optimizer, &loader, loss, LrFindOptions { num_iter: 10, ..Default::default() })?;
    assert!(!curve.lrs.is_empty() && optimizer.lr() == 1.0);
    Ok(())
}

#[test]
fn update_bn_gives_the_statistics_that_pytorch_gives() -> Result<()> {
    let batches = [
        Tensor::from_slice(&[1.0f32, 2.0, 3.0, 5.0, 2.0, 8.0], [3, 2])?,
        Tensor::from_slice(&[0.0f32, 1.0, 4.0, 1.0], [2, 2])?,
        Tensor::from_slice(&[7.0f32, -3.0, 1.0, 0.0, 2.0, 2.0, 5.0, 4.0], [4, 2])?,
    ];
    for momentum in [Some(0.1), None] {
        let options = nn::BatchNormOptions { momentum, ..Default::default() };
        let model = Sequential::new((BatchNorm1d::with_options(2, options)?,));
        model.forward(&Tensor::randn([8, 2])?)?;
        model.eval();
        update_bn(batches.iter().map(|x| Ok((x.clone(), ()))), &model)?;
        let state = model.state_dict();
        let close = |name: &str, expected: [f64; 2]| -> Result<()> {
            let got = state.get(name).unwrap().to_vec::<f64>()?;
            assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5 * b.abs().max(1.0)), "{name}: {got:?}");
            Ok(())
        };
        close("0.running_mean", MEAN)?;
        close("0.running_var", VAR)?;
        assert_eq!(state.get("0.num_batches_tracked").unwrap().item::<i64>()?, 3);
        // Still evaluating: the statistics are used, not changed.
        model.forward(&batches[0])?;
        assert_eq!(model.state_dict().get("0.num_batches_tracked").unwrap().item::<i64>()?, 3);
    }
    Ok(())
}

/// By torch.optim.swa_utils.update_bn of PyTorch 2.15.
const MEAN: [f64; 2] = [2.583_333_253_860_473_6, 2.25];
const VAR: [f64; 2] = [5.527_777_671_813_965, 5.972_222_328_186_035];

#[test]
fn accumulated_gradients_are_those_of_the_whole_batch() -> Result<()> {
    let model = Linear::new(4, 1)?;
    let (x, y) = rows(4, 12)?;
    mse_loss(&model.forward(&x)?, &y)?.backward()?;
    let whole = model.weight.grad().unwrap().to_vec::<f32>()?;
    model.zero_grad();
    for part in 0..3 {
        let (x, y) = (x.narrow(0, 4 * part, 4)?, y.narrow(0, 4 * part, 4)?);
        mse_loss(&model.forward(&x)?, &y)?.mul(1.0 / 3.0)?.backward()?;
    }
    let parts = model.weight.grad().unwrap().to_vec::<f32>()?;
    assert!(whole.iter().zip(&parts).all(|(a, b)| (a - b).abs() < 1e-5), "{whole:?} {parts:?}");
    Ok(())
}

#[test]
fn metrics_of_a_small_table() -> Result<()> {
    // Truth 0: 2 right, 1 taken for 1. Truth 1: 1 right, 2 taken for 2. Truth 2: 1 right. Class 3 does not occur.
    let truth = Tensor::from_slice(&[0i64, 0, 0, 1, 1, 1, 2], [7])?;
    let guess = Tensor::from_slice(&[0i64, 0, 1, 1, 2, 2, 2], [7])?;
    let mut matrix = ConfusionMatrix::new(4)?;
    matrix.update(&guess, &truth)?;
    assert_eq!(matrix.to_tensor()?.to_vec::<i64>()?, [2, 1, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    near(matrix.accuracy(), 4.0 / 7.0);
    near(matrix.precision(1), 0.5);
    near(matrix.precision(2), 1.0 / 3.0);
    near(matrix.recall(1), 1.0 / 3.0);
    near(matrix.f1(0), 0.8);
    near(matrix.f1(1), 0.4);
    near(matrix.f1(2), 0.5);
    near(matrix.f1(3), 0.0);
    near(matrix.balanced_accuracy(), (2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 3.0);
    near(matrix.f1_average(Average::Macro), (0.8 + 0.4 + 0.5) / 3.0);
    near(matrix.f1_average(Average::Weighted), (3.0 * 0.8 + 3.0 * 0.4 + 0.5) / 7.0);
    near(matrix.precision_average(Average::Micro), 4.0 / 7.0);
    near(matrix.recall_average(Average::Macro), (2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 3.0);

    let scores = Tensor::from_slice(&[0.1f32, 0.5, 0.4, 0.7, 0.2, 0.1], [2, 3])?;
    let target = Tensor::from_slice(&[2i64, 2], [2])?;
    let (mut top1, mut top2, mut all) = (TopK::new(1), TopK::new(2), TopK::new(9));
    for top in [&mut top1, &mut top2, &mut all] {
        top.update(&scores, &target)?;
    }
    assert_eq!((top1.value(), top2.value(), all.value()), (0.0, 0.5, 1.0));
    let mut accuracy = Accuracy::new();
    accuracy.update(&scores, &target)?;
    assert_eq!(accuracy.value(), top1.value());
    let why = matrix.update(&scores, &Tensor::from_slice(&[0i64, 4], [2])?).unwrap_err().to_string();
    assert!(why.contains("class id 4 is outside of the 4 classes"), "{why}");
    assert_eq!(matrix.samples(), 7);
    Ok(())
}

#[test]
fn early_stopping_waits_for_what_counts_as_better() {
    let mut stopping = EarlyStopping::new(2, Better::Higher);
    stopping.min_delta = 0.05;
    assert!(!stopping.update(f64::NAN) && !stopping.is_best());
    assert!(!stopping.update(0.5) && stopping.is_best());
    assert!(!stopping.update(0.54));
    assert!(!stopping.update(0.56) && stopping.is_best());
    assert!(!stopping.update(0.5));
    assert!(stopping.update(0.6));
    assert_eq!((stopping.best(), stopping.best_epoch()), (Some(0.56), Some(3)));
}
