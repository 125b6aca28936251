//! A training that PyTorch has begun goes on here: model and Adam from its checkpoint, and the losses of the next steps
//! are those of PyTorch.
use flambeau::{files::pt, optim, prelude::*};

#[derive(Module)]
struct Net {
    conv: Conv2d,
    bn: BatchNorm2d,
    fc: Linear,
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.bn.forward(&self.conv.forward(x)?)?.relu()?;
        self.fc.forward(&x.flatten(1, -1)?)
    }
}

/// What PyTorch 2.15 went on with from the same file: `model.load_state_dict`, `Adam.load_state_dict`, then cross entropy
/// over pictures `sin(0.1 i + step)`, `i` counting all values, with labels `(3 n + step) % 10`.
const LOSSES: [f64; 6] = [
    2.530435800552368,
    2.290452003479004,
    2.6134939193725586,
    2.3161354064941406,
    2.4346234798431396,
    2.2937228679656982,
];

#[test]
fn pytorchs_training_goes_on_from_its_checkpoint() -> Result<()> {
    let file = pt::load(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/checkpoint.pt"))?;
    let net =
        Net { conv: Conv2d::new(3, 8, 3, Default::default())?, bn: BatchNorm2d::new(8)?, fc: Linear::new(288, 10)? };
    net.load_state_dict(&file.at("model")?.state_dict()?)?;
    net.train();
    // Another rate: that of the file counts.
    let mut adam = Adam::new(net.parameters(), 1.0)?;
    optim::from_pytorch(&mut adam, file.at("optimizer")?)?;
    assert_eq!(adam.lr(), 1e-3);
    for (step, expected) in LOSSES.into_iter().enumerate() {
        let values: Vec<f32> = (0..4 * 192).map(|i| (0.1 * f64::from(i) + step as f64).sin() as f32).collect();
        let x = Tensor::from_slice(&values, [4, 3, 8, 8])?;
        let labels: Vec<i64> = (0..4).map(|n| (3 * n + step as i64) % 10).collect();
        adam.zero_grad();
        let loss = cross_entropy(&net.forward(&x)?, &Tensor::from_slice(&labels, [4])?)?;
        loss.backward()?;
        adam.step()?;
        let loss = loss.item::<f64>()?;
        assert!((loss - expected).abs() < 1e-5 * expected, "step {step}: {loss} is not {expected}");
    }
    Ok(())
}
