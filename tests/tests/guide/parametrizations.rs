//! Beside the guide's rows, with numbers of the same kind: weights that are computed from others, as PyTorch's
//! `torch.nn.utils` computes them, with its names.
use crate::pytorch::{agree, backward, digest, fill, gradients, input, numbers};
use flambeau::nn::{Conv1d, ConvTranspose1d, utils, utils::parametrizations};
use flambeau::prelude::*;

/// Replaces a buffer by a wave of length 1.
fn unit(model: &impl Module, name: &str, start: f64, step: f64) -> Result<()> {
    let part = model.get_buffer(name)?;
    let values: Vec<f64> = (0..part.numel()).map(|k| (start + step * k as f64).sin()).collect();
    part.replace(&Tensor::from_slice(&values, part.shape())?.normalize(2.0, 0, 1e-12)?)
}

fn names(model: &impl Module) -> Vec<String> {
    model.state_dict().names().map(str::to_string).collect()
}

#[test]
fn weight_norm_is_pytorchs_under_both_names() -> Result<()> {
    let start = Linear::new(4, 3)?;
    let weight = start.weight.detach();
    let layer = parametrizations::weight_norm(start, |l| &mut l.weight, Some(0))?;
    assert!(layer.weight()?.allclose(&weight, 1e-6, 1e-7, false)?, "it starts as it was");
    assert_eq!(names(&layer), ["bias", "parametrizations.weight.original0", "parametrizations.weight.original1"]);
    fill(&layer)?;
    let y = layer.forward(&input(&[2, 4], 0.3)?)?;
    backward(&[&y])?;
    agree("weight_norm", &[digest(&y)?, gradients(&layer)?].concat(), &numbers("weight_norm"));

    let layer = utils::weight_norm(Conv1d::new(2, 3, 2, Default::default())?, |l| &mut l.weight, Some(1))?;
    assert_eq!(names(&layer), ["bias", "weight_g", "weight_v"]);
    fill(&layer)?;
    let x = input(&[2, 2, 5], 0.3)?;
    let y = layer.forward(&x)?;
    backward(&[&y])?;
    agree("weight_norm_old", &[digest(&y)?, gradients(&layer)?].concat(), &numbers("weight_norm_old"));
    let plain = utils::remove_weight_norm(layer)?;
    assert!(plain.forward(&x)?.allclose(&y, 1e-12, 1e-12, false)?);
    assert_eq!(names(&plain), ["weight", "bias"]);
    // One length of the whole.
    let whole = utils::weight_norm(Linear::new(4, 3)?, |l| &mut l.weight, None)?;
    assert_eq!(whole.originals()[0].dim(), 0);
    Ok(())
}

#[test]
fn spectral_norm_is_pytorchs_under_both_names() -> Result<()> {
    let layer = parametrizations::spectral_norm(Linear::new(4, 3)?, |l| &mut l.weight, Default::default())?;
    fill(&layer)?;
    let [u, v] = ["_u", "_v"].map(|end| format!("parametrizations.weight.0.{end}"));
    unit(&layer, &u, 0.2, 1.3)?;
    unit(&layer, &v, 0.4, 1.9)?;
    layer.train();
    let x = input(&[2, 4], 0.3)?;
    let y = layer.forward(&x)?;
    backward(&[&y])?;
    let mut got = [digest(&y)?, gradients(&layer)?].concat();
    got.extend(layer.get_buffer(&u)?.to_vec::<f64>()?);
    got.extend(layer.get_buffer(&v)?.to_vec::<f64>()?);
    layer.eval();
    got.extend(digest(&layer.forward(&x)?)?);
    agree("spectral_norm", &got, &numbers("spectral_norm"));

    let options = parametrizations::SpectralNormOptions { dim: 1, ..Default::default() };
    let layer = utils::spectral_norm(ConvTranspose1d::new(2, 3, 2, Default::default())?, |l| &mut l.weight, options)?;
    assert_eq!(names(&layer), ["bias", "weight_orig", "weight_u", "weight_v"]);
    fill(&layer)?;
    unit(&layer, "weight_u", 0.2, 1.3)?;
    unit(&layer, "weight_v", 0.4, 1.9)?;
    layer.train();
    let y = layer.forward(&input(&[2, 2, 5], 0.3)?)?;
    backward(&[&y])?;
    let mut got = [digest(&y)?, gradients(&layer)?].concat();
    got.extend(layer.get_buffer("weight_u")?.to_vec::<f64>()?);
    got.extend(layer.get_buffer("weight_v")?.to_vec::<f64>()?);
    agree("spectral_norm_old", &got, &numbers("spectral_norm_old"));
    Ok(())
}

#[test]
fn orthogonal_weights_are_pytorchs_and_stay_orthogonal() -> Result<()> {
    use parametrizations::OrthogonalMap::MatrixExp;
    let cases = [
        ("orthogonal_exp", 3, 3, None),
        ("orthogonal_house", 5, 3, None),
        ("orthogonal_exp_wide", 3, 5, Some(MatrixExp)),
    ];
    for (name, inputs, outputs, map) in cases {
        let start = Linear::new(inputs, outputs)?;
        init::orthogonal_(&start.weight, 1.0)?;
        let weight = start.weight.detach();
        let layer = parametrizations::orthogonal(start, |l| &mut l.weight, map)?;
        assert!(layer.weight()?.allclose(&weight, 1e-5, 1e-6, false)?, "{name} starts as it was");
        assert_eq!(names(&layer), ["bias", "parametrizations.weight.original", "parametrizations.weight.0.base"]);
        fill(&layer)?;
        let n = inputs.max(outputs);
        let expected = numbers(name);
        layer
            .get_buffer("parametrizations.weight.0.base")?
            .replace(&Tensor::from_slice(&expected[..n * n], [n, n])?)?;
        if name == "orthogonal_house" {
            // Signs stand on the diagonal.
            let ones = Tensor::full([outputs], -1.0)?.to_dtype(DType::F64)?;
            let original = &layer.originals()[0];
            original.replace(&original.detach().diagonal_scatter(&ones, 0, 0, 1)?)?;
        }
        let y = layer.forward(&input(&[2, inputs], 0.3)?)?;
        backward(&[&y])?;
        agree(name, &[digest(&y)?, gradients(&layer)?].concat(), &expected[n * n..]);
        let mut optimizer = SGD::new(layer.parameters(), 0.1)?;
        optimizer.step()?;
        let q = layer.weight()?;
        let square = if inputs >= outputs { q.matmul(&q.t()?)? } else { q.t()?.matmul(&q)? };
        let one = Tensor::eye(inputs.min(outputs))?.to_dtype(DType::F64)?;
        assert!(square.allclose(&one, 0.0, 1e-10, false)?, "{name}");
    }
    Ok(())
}

#[test]
fn a_parametrized_layer_is_a_layer() -> Result<()> {
    // Buffers of the layer itself are its own, and hooks find it.
    let norm = BatchNorm1d::new(2)?;
    let layer = utils::weight_norm(norm, |l| l.weight.as_mut().unwrap(), None)?;
    let x = Tensor::randn([8, 2])?;
    layer.forward(&x)?;
    assert_eq!(layer.get_buffer("num_batches_tracked")?.item::<i64>()?, 1);
    let net = Sequential::new((layer, ReLU));
    let hook = net.get(0).unwrap();
    let hook = flambeau::nn::register_forward_hook(hook, |call| call.output.zeros_like().map(Some))?;
    assert_eq!(net.forward(&x)?.abs()?.sum()?.item::<f32>()?, 0.0);
    hook.remove();
    // Files hold what is trained.
    let other = net.clone();
    other.load_state_dict(&net.state_dict())?;
    assert!(net.state_dict().contains("0.weight_g"));
    // Two parameters of one layer.
    let both = utils::weight_norm(GRU::new(2, 3)?, |l| &mut l.weights[0].weight_ih, Some(0))?;
    let (y, _) = both.with(|gru| gru.forward(&Tensor::randn([4, 1, 2])?, None))?;
    y.sum()?.backward()?;
    assert!(both.originals().iter().all(|p| p.grad().is_some()));
    assert_eq!(names(&both)[3..], ["weight_ih_l0_g", "weight_ih_l0_v"]);
    Ok(())
}
