//! Scales, step by step, as torch.amp.GradScaler('cpu') of PyTorch 2.15 found them.
use autograd::{Backward, Parameter};
use optim::{GradScaler, GradScalerOptions, Optimizer, SGD};
use tensor_core::{DType, Result, Tensor};

/// Scale and growth tracker after each update, and where the parameter then stood.
type Row = (f64, i64, [f32; 2]);

fn replay(options: GradScalerOptions, bad: &[(usize, f32)], rows: &[Row]) -> Result<()> {
    let w = Parameter::new(Tensor::from_slice(&[1.0f32, 2.0], [2])?)?;
    let mut optimizer = SGD::new([w.tied()], 0.1)?;
    let mut scaler = GradScaler::new(options)?;
    for (i, (scale, tracker, values)) in rows.iter().enumerate() {
        optimizer.zero_grad();
        scaler.scale(&w.square()?.sum()?)?.backward()?;
        let planted = bad.iter().find(|(step, _)| *step == i).map(|(_, value)| *value);
        if let Some(bad) = planted {
            let first = w.grad().unwrap().to_vec::<f32>()?[0];
            w.set_grad(Some(Tensor::from_slice(&[first, bad], [2])?));
        }
        let overflown = w.grad().unwrap().to_vec::<f32>()?.iter().any(|g| !g.is_finite());
        assert_eq!(scaler.step(&mut optimizer)?, !overflown, "step {i}");
        scaler.update(None)?;
        assert_eq!(scaler.get_scale(), *scale, "step {i}");
        assert_eq!(w.to_vec::<f32>()?, values, "step {i}");
        let state = scaler.state_dict()?;
        assert_eq!(state.get("_growth_tracker").unwrap().item::<i64>()?, *tracker, "step {i}");
        // A scaler that was saved and loaded goes on the same.
        let mut loaded = GradScaler::new(Default::default())?;
        loaded.load_state_dict(&state)?;
        scaler = loaded;
    }
    Ok(())
}

#[test]
fn scales_with_planted_infinities_are_those_of_pytorch() -> Result<()> {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let options = |init_scale, growth_factor, backoff_factor, growth_interval| GradScalerOptions {
        init_scale,
        growth_factor,
        backoff_factor,
        growth_interval,
        enabled: true,
    };
    replay(
        options(1024.0, 2.0, 0.5, 3),
        &[(4, inf), (5, nan), (9, -inf)],
        &[
            (1024.0, 1, [0.8, 1.6]),
            (1024.0, 2, [0.64, 1.28]),
            (2048.0, 0, [0.511_999_96, 1.023_999_9]),
            (2048.0, 1, [0.409_599_96, 0.819_199_9]),
            (1024.0, 0, [0.409_599_96, 0.819_199_9]),
            (512.0, 0, [0.409_599_96, 0.819_199_9]),
            (512.0, 1, [0.327_679_96, 0.655_359_9]),
            (512.0, 2, [0.262_143_97, 0.524_287_94]),
            (1024.0, 0, [0.209_715_17, 0.419_430_35]),
            (512.0, 0, [0.209_715_17, 0.419_430_35]),
            (512.0, 1, [0.167_772_14, 0.335_544_3]),
            (512.0, 2, [0.134_217_71, 0.268_435_42]),
            (1024.0, 0, [0.107_374_17, 0.214_748_34]),
            (1024.0, 1, [0.085_899_34, 0.171_798_68]),
        ],
    )?;
    replay(
        options(3.0, 1.7, 0.3, 2),
        &[(0, inf), (7, nan)],
        &[
            (0.899_999_976_158_142_1, 0, [1.0, 2.0]),
            (0.899_999_976_158_142_1, 1, [0.8, 1.6]),
            (1.529_999_971_389_770_5, 0, [0.64, 1.28]),
            (1.529_999_971_389_770_5, 1, [0.511_999_96, 1.023_999_9]),
            (2.600_999_832_153_320_3, 0, [0.409_599_96, 0.819_199_9]),
            (2.600_999_832_153_320_3, 1, [0.327_679_96, 0.655_359_9]),
            (4.421_699_523_925_781, 0, [0.262_143_97, 0.524_287_94]),
            (1.326_509_833_335_876_5, 0, [0.262_143_97, 0.524_287_94]),
            (1.326_509_833_335_876_5, 1, [0.209_715_17, 0.419_430_35]),
            (2.255_066_633_224_487_3, 0, [0.167_772_14, 0.335_544_3]),
        ],
    )?;
    // Near the end of what f32 holds: scaled gradients overflow by themselves.
    replay(
        options(2f64.powi(126), 2.0, 0.5, 1),
        &[],
        &[
            (2f64.powi(125), 0, [1.0, 2.0]),
            (2f64.powi(126), 0, [0.8, 1.6]),
            (2f64.powi(127), 0, [0.64, 1.28]),
            (2f64.powi(126), 0, [0.64, 1.28]),
        ],
    )
}

#[test]
fn wrong_orders_of_calls_are_errors_that_say_so() -> Result<()> {
    let w = Parameter::new(Tensor::ones([2])?)?;
    let mut optimizer = SGD::new([w.tied()], 0.1)?;
    let mut scaler = GradScaler::new(Default::default())?;
    let says = |error: tensor_core::Error, what: &str| {
        let text = error.to_string();
        assert!(text.contains(what), "{text}");
    };
    says(scaler.update(None).unwrap_err(), "nothing to go by");
    says(scaler.step(&mut optimizer).unwrap_err(), "no parameter of the optimizer has a gradient");
    scaler.scale(&w.sum()?)?.backward()?;
    scaler.unscale_(&mut optimizer)?;
    assert_eq!(w.grad().unwrap().to_vec::<f32>()?, [1.0, 1.0]);
    says(scaler.unscale_(&mut optimizer).unwrap_err(), "unscale_() has been called");
    assert!(scaler.step(&mut optimizer)?);
    says(scaler.step(&mut optimizer).unwrap_err(), "step() has been called");
    says(scaler.unscale_(&mut optimizer).unwrap_err(), "after step()");
    scaler.update(Some(8.0))?;
    assert_eq!(scaler.get_scale(), 8.0);

    let half = Parameter::new(Tensor::ones([2])?.to_dtype(DType::F16)?)?;
    let mut optimizer = SGD::new([half.tied()], 0.1)?;
    half.sum()?.backward()?;
    says(scaler.unscale_(&mut optimizer).unwrap_err(), "f16");
    for options in [
        GradScalerOptions { growth_factor: 1.0, ..Default::default() },
        GradScalerOptions { backoff_factor: 1.0, ..Default::default() },
        GradScalerOptions { init_scale: -1.0, ..Default::default() },
        GradScalerOptions { growth_interval: 0, ..Default::default() },
    ] {
        assert!(GradScaler::new(options).is_err());
    }
    Ok(())
}

#[test]
fn a_scaler_that_is_off_lets_everything_pass() -> Result<()> {
    let w = Parameter::new(Tensor::ones([2])?)?;
    let mut optimizer = SGD::new([w.tied()], 0.5)?;
    let mut scaler = GradScaler::new(GradScalerOptions { enabled: false, ..Default::default() })?;
    let loss = w.sum()?;
    scaler.scale(&loss)?.backward()?;
    assert!(scaler.step(&mut optimizer)?);
    scaler.update(None)?;
    assert_eq!((scaler.get_scale(), scaler.state_dict()?.len()), (1.0, 0));
    assert_eq!(w.to_vec::<f32>()?, [0.5, 0.5]);
    Ok(())
}
