//! The guide's list of layers, each with what makes it that layer.
use crate::pytorch::{agree, backward, cases, digest, fill, gradients, input, numbers};
use flambeau::nn::{MaxPoolOptions, Padding as ConvPadding, scope};
use flambeau::prelude::*;

/// Whether an error says all of these.
fn says(error: Error, words: &[&str]) {
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn guide_027_linear() -> Result<()> {
    manual_seed(27);
    let layer = Linear::new(400, 300)?;
    let bound = 1.0 / 20.0;
    for part in [&layer.weight, layer.bias.as_ref().unwrap()] {
        let most = part.abs()?.max()?.item::<f64>()?;
        assert!(most <= bound && most > 0.95 * bound, "{most}");
    }
    // A uniform number within b has variance b²/3.
    let variance = layer.weight.var(1.0)?.item::<f64>()?;
    assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.02, "{variance}");
    assert!(layer.weight.mean()?.item::<f64>()?.abs() < 5e-4);
    assert!(Linear::with_options(3, 4, LinearOptions { bias: false })?.bias.is_none());
    for shape in [&[400][..], &[2, 400], &[2, 3, 400], &[0, 400]] {
        let expected = [&shape[..shape.len() - 1], &[300]].concat();
        assert_eq!(layer.forward(&Tensor::zeros(shape)?)?.shape(), expected);
    }
    // Without inputs there is the bias alone.
    let empty = Linear::new(0, 2)?;
    assert_eq!(
        empty.forward(&Tensor::zeros([3, 0])?)?.to_vec::<f32>()?,
        empty.bias.as_ref().unwrap().repeat([3])?.to_vec::<f32>()?
    );
    Ok(())
}

#[test]
fn guide_029_max_pooling() -> Result<()> {
    let x = Tensor::arange(0, 25, 1)?.to_dtype(DType::F32)?.reshape([1, 5, 5])?;
    assert_eq!(MaxPool2d::new(2).forward(&x)?.to_vec::<f32>()?, [6.0, 8.0, 16.0, 18.0]);
    let options = MaxPoolOptions { ceil_mode: true, ..Default::default() };
    let largest = MaxPool2d::with_options(2, options).forward(&x)?;
    assert_eq!(largest.to_vec::<f32>()?, [6.0, 8.0, 9.0, 16.0, 18.0, 19.0, 21.0, 23.0, 24.0]);
    let dilated = MaxPoolOptions { stride: Some(1.into()), dilation: 2.into(), ..Default::default() };
    let (values, places) = MaxPool2d::with_options(2, dilated).forward_with_indices(&x)?;
    assert_eq!(values.to_vec::<f32>()?[..3], [12.0, 13.0, 14.0]);
    assert_eq!(places.to_vec::<i64>()?[..3], [12, 13, 14]);
    // What pads is below every number.
    let padded = MaxPoolOptions { padding: 1.into(), ..Default::default() };
    let below = MaxPool2d::with_options(2, padded).forward(&Tensor::full([1, 2, 2], -3.0)?)?;
    assert_eq!(below.to_vec::<f32>()?, [-3.0; 4]);
    // Of equal elements the first takes the gradient.
    let ties = Tensor::ones([1, 2, 2])?.requires_grad_(true);
    MaxPool2d::new(2).forward(&ties)?.sum()?.backward()?;
    assert_eq!(ties.grad().unwrap().to_vec::<f32>()?, [1.0, 0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn guide_030_relu() -> Result<()> {
    let x = tensor![-1.0, 0.0, 2.0, f32::NAN]?.requires_grad_(true);
    let y = ReLU::default().forward(&x)?;
    assert_eq!(y.to_vec::<f32>()?[..3], [0.0, 0.0, 2.0]);
    assert!(y.to_vec::<f32>()?[3].is_nan());
    y.narrow(0, 0, 3)?.sum()?.backward()?;
    assert_eq!(x.grad().unwrap().to_vec::<f32>()?[..3], [0.0, 0.0, 1.0]);
    let mut own = tensor![-1.0, 5.0]?;
    own.relu_()?;
    assert_eq!(
        own.to_vec::<f32>()?,
        x.relu()?.narrow(0, 0, 1)?.to_vec::<f32>()?.into_iter().chain([5.0]).collect::<Vec<_>>()
    );
    Ok(())
}

#[test]
fn guide_031_batch_normalisation() -> Result<()> {
    let norm = BatchNorm2d::new(3)?;
    norm.to(DType::F64)?;
    for i in 0..10 {
        let x = input(&[4, 3, 2, 2], 0.1 + 0.05 * f64::from(i))?.mul(1.0 + f64::from(i))?;
        norm.forward(&x)?;
    }
    let mut got = norm.running_mean.as_ref().unwrap().to_vec::<f64>()?;
    got.extend(norm.running_var.as_ref().unwrap().to_vec::<f64>()?);
    norm.eval();
    got.extend(digest(&norm.forward(&input(&[4, 3, 2, 2], 0.3)?)?)?);
    agree("batch_norm", &got, &numbers("batch_norm"));
    norm.train();
    says(norm.forward(&input(&[1, 3, 1, 1], 0.3)?).unwrap_err(), &["batch_norm", "one value per channel", "eval()"]);
    let plain = BatchNormOptions { affine: false, track_running_stats: false, ..Default::default() };
    let plain = BatchNorm2d::with_options(3, plain)?;
    assert!(plain.state_dict().is_empty() && plain.parameters().is_empty());
    Ok(())
}

#[test]
fn guide_032_dropout() -> Result<()> {
    manual_seed(32);
    let layer = Dropout::new(0.1);
    let x = Tensor::ones([1_000_000])?;
    let y = layer.forward(&x)?;
    let zeros = y.eq(0.0)?.sum()?.item::<f64>()? / 1e6;
    assert!((zeros - 0.1).abs() < 0.003, "{zeros}");
    assert_eq!(y.max()?.item::<f32>()?, 1.0 / 0.9);
    manual_seed(32);
    assert_eq!(layer.forward(&x)?.to_bytes()?, y.to_bytes()?, "the same seed drops the same");
    layer.eval();
    assert_eq!(layer.forward(&y)?.to_bytes()?, y.to_bytes()?);
    Ok(())
}

#[test]
fn guide_033_embedding() -> Result<()> {
    let table = Embedding::with_options(5, 2, EmbeddingOptions { padding_idx: Some(0), ..Default::default() })?;
    assert_eq!(table.weight.to_vec::<f32>()?[..2], [0.0, 0.0]);
    table.forward(&tensor![[1, 3, 1], [0, 0, 3]]?)?.sum()?.backward()?;
    assert_eq!(table.weight.grad().unwrap().to_vec::<f32>()?, [0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 2.0, 2.0, 0.0, 0.0]);
    says(table.forward(&tensor![[1, 2], [3, 5]]?).unwrap_err(), &["5", "[5, 2]", "embedding"]);
    let short = EmbeddingOptions { max_norm: Some(1.0), ..Default::default() };
    let vectors = tensor![[3.0, 4.0], [0.3, 0.4]]?;
    let frozen = Embedding::from_pretrained(&vectors, true, short)?;
    assert!(frozen.parameters().iter().all(|p| !p.requires_grad()));
    let rows = frozen.forward(&tensor![0, 1]?)?;
    assert!(rows.allclose(&tensor![[0.6, 0.8], [0.3, 0.4]]?, 1e-6, 0.0, false)?);
    assert_eq!(Embedding::new(10_000, 300)?.num_parameters(), 3_000_000);
    Ok(())
}

#[test]
fn guide_034_gru_and_lstm() -> Result<()> {
    let mut expected = cases("recurrent").into_iter();
    let mut count = 0;
    for kind in ["GRU", "LSTM", "LSTM with a projection"] {
        for num_layers in [1, 2] {
            for bidirectional in [false, true] {
                for bias in [true, false] {
                    let batch_first = count % 2 == 0;
                    let (batch, states) =
                        (if batch_first { 2 } else { 5 }, num_layers * if bidirectional { 2 } else { 1 });
                    let x = input(&[2, 5, 3], 0.3)?.requires_grad_(true);
                    let projected = kind == "LSTM with a projection";
                    let h = input(&[states, batch, if projected { 3 } else { 4 }], 0.9)?;
                    let c = input(&[states, batch, 4], 1.7)?;
                    let (outputs, gradients) = if kind == "GRU" {
                        let options = GRUOptions { num_layers, bias, batch_first, bidirectional, ..Default::default() };
                        let gru = GRU::with_options(3, 4, options)?;
                        fill(&gru)?;
                        let (y, h) = gru.forward(&x, Some(&h))?;
                        backward(&[&y, &h])?;
                        (vec![y, h], gradients(&gru)?)
                    } else {
                        let proj_size = if projected { 3 } else { 0 };
                        let options = LSTMOptions {
                            num_layers,
                            bias,
                            batch_first,
                            bidirectional,
                            proj_size,
                            ..Default::default()
                        };
                        let lstm = LSTM::with_options(3, 4, options)?;
                        fill(&lstm)?;
                        let (y, (h, c)) = lstm.forward(&x, Some((&h, &c)))?;
                        backward(&[&y, &h, &c])?;
                        (vec![y, h, c], gradients(&lstm)?)
                    };
                    let mut got = outputs
                        .iter()
                        .map(digest)
                        .collect::<Result<Vec<_>>>()?
                        .into_iter()
                        .flatten()
                        .collect::<Vec<f64>>();
                    got.extend(digest(&x.grad().unwrap())?);
                    got.extend(gradients);
                    agree(&format!("{kind} {count}"), &got, &expected.next().unwrap());
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 24);
    Ok(())
}

#[test]
fn guide_035_softmax_and_log_softmax() -> Result<()> {
    manual_seed(35);
    let x = Tensor::randn([50, 7])?.mul(1e4)?;
    let p = Softmax::new(1).forward(&x)?;
    assert!(p.sum_dim(1, DROP)?.to_vec::<f64>()?.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
    let log_p = LogSoftmax::new(1).forward(&x)?;
    assert!(log_p.to_vec::<f32>()?.iter().all(|v| v.is_finite()));
    assert!(log_p.exp()?.allclose(&p, 1e-4, 1e-6, false)?);
    let nothing = Tensor::full([1, 3], f64::NEG_INFINITY)?;
    assert!(Softmax::new(1).forward(&nothing)?.to_vec::<f32>()?.iter().all(|v| v.is_nan()));
    // d log p[0] / dx = e0 - p.
    let x = tensor![1.0, 2.0, 0.5]?.requires_grad_(true);
    let log_p = LogSoftmax::new(0).forward(&x)?;
    log_p.narrow(0, 0, 1)?.sum()?.backward()?;
    let expected = tensor![1.0, 0.0, 0.0]?.sub(&log_p.detach().exp()?)?;
    assert!(x.grad().unwrap().allclose(&expected, 0.0, 1e-6, false)?);
    Ok(())
}

#[test]
fn guide_036_multihead_attention() -> Result<()> {
    for (j, expected) in cases("attention").iter().enumerate() {
        let options = match j {
            1 => MultiheadAttentionOptions { batch_first: true, bias: false, ..Default::default() },
            2 => MultiheadAttentionOptions { kdim: Some(5), vdim: Some(6), ..Default::default() },
            3 => MultiheadAttentionOptions { add_bias_kv: true, add_zero_attn: true, ..Default::default() },
            _ => MultiheadAttentionOptions::default(),
        };
        let attention = MultiheadAttention::with_options(8, 2, options)?;
        fill(&attention)?;
        let mut inputs = [
            input(&[4, 2, 8], 0.3)?,
            input(&[6, 2, if j == 2 { 5 } else { 8 }], 0.5)?,
            input(&[6, 2, if j == 2 { 6 } else { 8 }], 0.9)?,
        ];
        if j == 1 {
            inputs = [inputs[0].transpose(0, 1)?, inputs[1].transpose(0, 1)?, inputs[2].transpose(0, 1)?];
        }
        let [q, k, v] = &inputs;
        let padding: Vec<bool> = (0..12).map(|at| at >= 10).collect();
        let padding = Tensor::from_slice(&padding, [2, 6])?;
        let mask: Vec<bool> = (0..24).map(|at| at == 1 || at == 20).collect();
        let mask = Tensor::from_slice(&mask, [4, 6])?;
        let how = Attend {
            key_padding_mask: Some(&padding),
            attn_mask: Some(&mask),
            average_attn_weights: j != 3,
            ..Default::default()
        };
        let (y, weights) = attention.forward(q, k, v, how)?;
        backward(&[&y])?;
        let got = [digest(&y)?, digest(&weights.unwrap())?, gradients(&attention)?].concat();
        agree(&format!("attention {j}"), &got, expected);

        // Without weights another path computes it, with the same outputs and gradients.
        attention.zero_grad();
        let (fast, none) = attention.forward(q, k, v, Attend { need_weights: false, ..how })?;
        backward(&[&fast])?;
        assert!(none.is_none());
        agree(&format!("attention {j} without weights"), &digest(&fast)?, &expected[..2]);
        agree(&format!("attention {j} without weights"), &gradients(&attention)?, &expected[4..]);
    }
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct Copier {
    tokens: Embedding,
    places: Embedding,
    encoder: TransformerEncoder,
    head: Linear,
}

impl Forward for Copier {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        scope(self, || {
            let places = Tensor::arange(0, ids.size(1)? as i64, 1)?;
            let x = self.tokens.forward(ids)?.add(&self.places.forward(&places)?)?;
            self.head.forward(&self.encoder.forward(&x)?)
        })
    }
}

fn layer_options(norm_first: bool) -> TransformerLayerOptions {
    let activation = if norm_first { TransformerActivation::Gelu } else { TransformerActivation::Relu };
    TransformerLayerOptions {
        dim_feedforward: 16,
        dropout: 0.0,
        batch_first: true,
        norm_first,
        activation,
        ..Default::default()
    }
}

#[test]
fn guide_037_transformer_encoder() -> Result<()> {
    for (j, expected) in cases("encoder").iter().enumerate() {
        let layer = TransformerEncoderLayer::with_options(8, 2, layer_options(j == 1))?;
        let norm = if j == 1 { Some(LayerNorm::new([8])?) } else { None };
        let encoder = TransformerEncoder::new(layer, 2, norm);
        fill(&encoder)?;
        let mask = Transformer::generate_square_subsequent_mask(5)?.to_dtype(DType::F64)?;
        let masks = EncoderMasks { mask: (j == 1).then_some(&mask), ..Default::default() };
        let y = encoder.forward_masked(&input(&[3, 5, 8], 0.3)?, masks)?;
        backward(&[&y])?;
        agree(&format!("encoder {j}"), &[digest(&y)?, gradients(&encoder)?].concat(), expected);
    }

    // The sequence copied from its end: every place must look at another one.
    manual_seed(37);
    let options =
        TransformerLayerOptions { dim_feedforward: 32, dropout: 0.0, batch_first: true, ..Default::default() };
    let model = Copier {
        tokens: Embedding::new(6, 16)?,
        places: Embedding::new(5, 16)?,
        encoder: TransformerEncoder::new(TransformerEncoderLayer::with_options(16, 2, options)?, 2, None),
        head: Linear::new(16, 6)?,
    };
    let mut optimizer = Adam::new(model.parameters(), 5e-3)?;
    let batch = |n: usize| -> Result<(Tensor, Tensor)> {
        let ids = Tensor::randint(0, 6, [n, 5])?;
        let turned = ids.flip([1])?;
        Ok((ids, turned))
    };
    for _ in 0..200 {
        let (ids, target) = batch(32)?;
        optimizer.zero_grad();
        let scores = model.forward(&ids)?;
        cross_entropy(&scores.reshape([-1, 6])?, &target.reshape([-1])?)?.backward()?;
        optimizer.step()?;
    }
    let (ids, target) = batch(200)?;
    let right = model.forward(&ids)?.argmax(Some(2), DROP)?.eq(&target)?.to_dtype(DType::F32)?.mean()?.item::<f64>()?;
    assert!(right > 0.99, "{right} copied");
    Ok(())
}

#[test]
fn guide_038_transformer_decoder() -> Result<()> {
    let layer = TransformerDecoderLayer::with_options(8, 2, layer_options(false))?;
    let decoder = TransformerDecoder::new(layer, 2, None);
    fill(&decoder)?;
    let (tgt, memory) = (input(&[3, 5, 8], 0.3)?, input(&[3, 7, 8], 0.8)?);
    let mask = Transformer::generate_square_subsequent_mask(5)?.to_dtype(DType::F64)?;
    let masks = DecoderMasks { tgt_mask: Some(&mask), ..Default::default() };
    let y = decoder.forward(&tgt, &memory, masks)?;
    backward(&[&y])?;
    agree("decoder", &[digest(&y)?, gradients(&decoder)?].concat(), &numbers("decoder"));
    // The hint says the same as the mask; what comes later changes nothing before it.
    let causal = DecoderMasks { tgt_is_causal: true, ..Default::default() };
    let hinted = decoder.forward(&tgt, &memory, causal)?;
    assert!(hinted.allclose(&y, 1e-10, 1e-12, false)?);
    for t in 0..5 {
        let mut other = tgt.clone();
        other.slice_mut(1, t, t + 1, 1)?.fill_(3.0)?;
        let z = decoder.forward(&other, &memory, causal)?;
        let before = |y: &Tensor| y.narrow(1, 0, t as usize)?.to_vec::<f64>();
        assert_eq!(before(&z)?, before(&hinted)?);
    }
    Ok(())
}

#[test]
fn guide_028_conv2d() -> Result<()> {
    let conv = Conv2d::new(3, 64, 3, Conv2dOptions { padding: 1.into(), ..Default::default() })?;
    assert_eq!(conv.weight.shape(), [64, 3, 3, 3]);
    // PyTorch's first weights: uniform within 1 / sqrt(fan in).
    let bound = 1.0 / f64::sqrt(27.0);
    for p in conv.parameters() {
        let values = p.to_vec::<f64>()?;
        let largest = values.iter().fold(0.0f64, |a, v| a.max(v.abs()));
        assert!(largest <= bound && largest > 0.8 * bound, "{largest} {bound}");
    }
    // One picture without a batch dimension, too; integers are not images.
    assert_eq!(conv.forward(&Tensor::randn([3, 24, 24])?)?.shape(), [64, 24, 24]);
    says(conv.forward(&Tensor::zeros([1, 3, 8, 8])?.to_dtype(DType::U8)?).unwrap_err(), &["conv2d", "u8"]);
    Ok(())
}

#[test]
fn guide_040_the_size_of_a_convolutions_output() -> Result<()> {
    manual_seed(40);
    let draw = |low, high| -> Result<usize> { Ok(Tensor::randint(low, high, [1])?.item::<i64>()? as usize) };
    let mut fitting = 0;
    for _ in 0..500 {
        let kernel = [draw(1, 5)?, draw(1, 5)?];
        let options = Conv2dOptions {
            stride: [draw(1, 4)?, draw(1, 4)?].into(),
            padding: [draw(0, 3)?, draw(0, 3)?].into(),
            dilation: [draw(1, 3)?, draw(1, 3)?].into(),
            ..Default::default()
        };
        let size = [draw(1, 12)?, draw(1, 12)?];
        let conv = Conv2d::new(1, 1, kernel, options)?;
        let out = conv.out_size(size);
        match conv.forward(&Tensor::zeros([1, size[0], size[1]])?) {
            Ok(y) => {
                assert_eq!(y.shape()[1..], out);
                fitting += 1;
            }
            Err(_) => assert!(out.contains(&0)),
        }
    }
    assert!(fitting > 300, "{fitting}");
    Ok(())
}

#[test]
fn guide_041_conv2d_and_its_options() -> Result<()> {
    let options = Conv2dOptions { stride: 1.into(), padding: 1.into(), ..Default::default() };
    assert_eq!(Conv2d::new(3, 64, (3, 3), options)?.num_parameters(), 1_792);
    let with = |options: Conv2dOptions, kernel: [usize; 2]| Conv2d::new(3, 6, kernel, options);
    let plain = Conv2dOptions::default();
    use flambeau::ops::PadMode;
    let all = [
        with(Conv2dOptions { padding: (1, 2).into(), ..plain }, [3, 5])?,
        with(Conv2dOptions { padding: ConvPadding::Same, ..plain }, [3, 3])?,
        with(Conv2dOptions { padding: ConvPadding::Valid, ..plain }, [3, 3])?,
        with(Conv2dOptions { padding: 1.into(), padding_mode: PadMode::Reflect, ..plain }, [3, 3])?,
        with(Conv2dOptions { padding: 1.into(), padding_mode: PadMode::Replicate, ..plain }, [3, 3])?,
        with(Conv2dOptions { padding: 2.into(), padding_mode: PadMode::Circular, ..plain }, [3, 3])?,
        with(Conv2dOptions { dilation: 2.into(), stride: 2.into(), bias: false, ..plain }, [3, 3])?,
        with(Conv2dOptions { groups: 3, ..plain }, [1, 1])?,
    ];
    for (i, (conv, expected)) in all.iter().zip(cases("conv_options")).enumerate() {
        fill(conv)?;
        let x = input(&[2, 3, 9, 8], 0.3)?.requires_grad_(true);
        let y = conv.forward(&x)?;
        backward(&[&y])?;
        let got = [digest(&y)?, digest(&x.grad().unwrap())?, gradients(conv)?].concat();
        agree(&format!("convolution {i}"), &got, &expected);
    }
    Ok(())
}

#[test]
fn guide_042_a_batch_of_images() -> Result<()> {
    let conv = Conv2d::new(3, 64, (3, 3), Conv2dOptions { padding: 1.into(), ..Default::default() })?;
    assert_eq!(conv.forward(&Tensor::randn([100, 3, 24, 24])?)?.shape(), [100, 64, 24, 24]);
    fill(&conv)?;
    let x = input(&[4, 3, 24, 24], 0.3)?.requires_grad_(true);
    let y = conv.forward(&x)?;
    backward(&[&y])?;
    agree("conv", &[digest(&y)?, digest(&x.grad().unwrap())?, gradients(&conv)?].concat(), &numbers("conv"));
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct Cnn {
    conv1: Conv2d,
    head: Linear,
}

#[test]
fn guide_043_wrong_channels_are_the_usual_first_error() -> Result<()> {
    let net = Cnn { conv1: Conv2d::new(3, 64, 3, Default::default())?, head: Linear::new(64, 10)? };
    net.train();
    let why = net.conv1.forward(&Tensor::zeros([100, 1, 24, 24])?).unwrap_err();
    says(why, &["in conv1: conv2d", "expected 3 channels, got 1", "[100, 1, 24, 24]", "expand"]);
    let why = net.conv1.forward(&Tensor::zeros([100, 24, 24, 3])?).unwrap_err();
    says(why, &["in conv1: conv2d", "permute([0, 3, 1, 2])"]);
    says(net.head.forward(&Tensor::zeros([2, 10])?).unwrap_err(), &["in head: linear", "64"]);
    Ok(())
}

#[test]
fn guide_039_every_layer_has_an_example() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nn/src");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    // Lines of code in documentation, which `cargo test --doc` runs.
    let mut examples = String::new();
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let (text, mut code) = (std::fs::read_to_string(&path).unwrap(), false);
            // A table of layers whose examples are written once, with the name of each.
            if text.contains("#[doc = concat!(\"use nn::{") {
                examples += &text;
            }
            for line in text.lines().map(str::trim) {
                let Some(line) = line.strip_prefix("///") else { continue };
                code ^= line.trim() == "```";
                if code {
                    examples += line;
                    examples.push('\n');
                }
            }
        }
    }
    let words: std::collections::HashSet<&str> = examples.split(|c: char| !c.is_alphanumeric()).collect();
    let mut checked = 0;
    for file in ["layers.rs", "layers/norm.rs", "layers/pool.rs", "loss.rs"] {
        let text = read(file);
        let exported = text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
        for name in exported.flat_map(|list| list.split(|c: char| !c.is_alphanumeric())) {
            let setting =
                ["Options", "Masks", "Mode", "Activation", "Nonlinearity", "Weights", "Size", "Sizes", "Layers"];
            let plain = ["Padding", "Pair", "Single", "Triple", "Attend"];
            let kind = name.starts_with(char::is_uppercase) && !plain.contains(&name);
            if kind && !setting.iter().any(|end| name.ends_with(end)) {
                assert!(words.contains(name), "{name} ({file}) stands in no example of the documentation");
                checked += 1;
            }
        }
    }
    assert!(checked > 90, "{checked}");
}
