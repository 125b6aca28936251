//! The well-known models have the names, shapes and numbers of those whose weights they load.
use nn::{
    Forward, Module, StateDict,
    models::{self, Bert, BertInputs, BertOptions, Gpt2, Gpt2LmHead, Gpt2Options, Vgg, VggOptions},
};
use tensor_core::{DType, Result, Tensor, manual_seed};

fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models").join(name)
}

/// Weights by a formula that the program which made the expected outputs has too: any model is filled without a file.
fn made(name: &str, shape: &[usize]) -> Result<Tensor> {
    let start = name.bytes().fold(0u32, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    let numel: usize = shape.iter().product();
    let spread = |i: u32| {
        let mut x = start.wrapping_add(i);
        x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
        x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
        f64::from(x ^ (x >> 16)) / 2f64.powi(32) - 0.5
    };
    let value: Box<dyn Fn(f64) -> f64> = match shape {
        [] => return Tensor::from_slice(&[0i64], ()),
        [first, _, ..] => {
            let scale = (24.0 / (numel as f64 / *first as f64)).sqrt();
            Box::new(move |u| u * scale)
        }
        _ if name.ends_with("running_var") => Box::new(|u| 1.0 + 0.5 * u),
        _ if name.ends_with("weight") => Box::new(|u| 1.0 + 0.2 * u),
        _ => Box::new(|u| 0.2 * u),
    };
    let values: Vec<f32> = (0..numel as u32).map(|i| value(spread(i)) as f32).collect();
    Tensor::from_slice(&values, shape)
}

/// Fills a model and makes it one of f64 that evaluates.
fn filled<M: Module>(model: M) -> Result<M> {
    let mut dict = StateDict::new();
    for (name, part) in model.state_dict().iter() {
        dict.insert(name, made(name, part.shape())?);
    }
    model.load_state_dict(&dict)?;
    model.to_dtype(DType::F64)?;
    model.eval();
    Ok(model)
}

fn assert_near(name: &str, got: &Tensor) -> Result<()> {
    let expected = StateDict::load(fixture("outputs.safetensors"))?;
    let want = expected.get(name).unwrap();
    assert_eq!(got.shape(), want.shape(), "{name}");
    for (got, want) in got.to_vec::<f64>()?.into_iter().zip(want.to_vec::<f64>()?) {
        assert!((got - want).abs() <= 1e-8 * want.abs().max(1.0), "{name}: {got} is not {want}");
    }
    Ok(())
}

fn images() -> Result<Tensor> {
    made("input.images", &[2, 3, 64, 64])?.to_dtype(DType::F64)?.mul(10.0)
}

fn small_vgg(layers: [usize; 5], batch_norm: bool) -> Result<Vgg> {
    Vgg::new(&VggOptions { layers, batch_norm, hidden: 16, num_classes: 10, ..Default::default() })
}

#[test]
fn names_shapes_and_counts_are_those_of_torchvision() -> Result<()> {
    let text = std::fs::read_to_string(fixture("names.txt"))?;
    let mut seen = 0;
    for list in text.split("# ").skip(1) {
        let mut lines = list.lines();
        let (name, count) = lines.next().unwrap().split_once(' ').unwrap();
        let model: Box<dyn Module> = match name {
            "resnet18" => Box::new(models::resnet18(1000)?),
            "resnet34" => Box::new(models::resnet34(1000)?),
            "resnet50" => Box::new(models::resnet50(1000)?),
            "vgg11" => Box::new(small_vgg([1, 1, 2, 2, 2], false)?),
            "vgg13" => Box::new(small_vgg([2, 2, 2, 2, 2], false)?),
            "vgg16" => Box::new(small_vgg([2, 2, 3, 3, 3], false)?),
            "vgg19" => Box::new(small_vgg([2, 2, 4, 4, 4], false)?),
            "vgg11_bn" => Box::new(small_vgg([1, 1, 2, 2, 2], true)?),
            "vgg13_bn" => Box::new(small_vgg([2, 2, 2, 2, 2], true)?),
            "vgg16_bn" => Box::new(small_vgg([2, 2, 3, 3, 3], true)?),
            "vgg19_bn" => Box::new(small_vgg([2, 2, 4, 4, 4], true)?),
            _ => panic!("{name} is not known"),
        };
        let ours: Vec<String> = model
            .state_dict()
            .iter()
            .map(|(name, t)| {
                let sizes: Vec<String> = t.shape().iter().map(usize::to_string).collect();
                format!("{name} {}", if sizes.is_empty() { "-".to_string() } else { sizes.join(",") })
            })
            .collect();
        assert_eq!(ours, lines.collect::<Vec<_>>(), "{name}");
        assert_eq!(model.num_parameters().to_string(), count, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 11);
    Ok(())
}

#[test]
fn torchvisions_models_give_torchvisions_numbers() -> Result<()> {
    let x = images()?;
    let resnet = filled(models::resnet18(10)?)?;
    assert_near("resnet18", &resnet.forward(&x)?)?;
    resnet.train();
    assert_near("resnet18.training", &resnet.forward(&x)?)?;
    assert_near("resnet50", &filled(models::resnet50(10)?)?.forward(&x)?)?;
    assert_near("vgg11", &filled(small_vgg([1, 1, 2, 2, 2], false)?)?.forward(&x)?)?;
    assert_near("vgg13_bn", &filled(small_vgg([2, 2, 2, 2, 2], true)?)?.forward(&x)?)
}

fn small_bert(layers: usize) -> BertOptions {
    BertOptions {
        vocab_size: 50,
        hidden_size: 32,
        num_hidden_layers: layers,
        num_attention_heads: 4,
        intermediate_size: 48,
        max_position_embeddings: 16,
        ..Default::default()
    }
}

fn small_gpt2(layers: usize) -> Gpt2Options {
    Gpt2Options { vocab_size: 50, n_positions: 16, n_embd: 32, n_layer: layers, n_head: 4, ..Default::default() }
}

fn ids() -> Result<Tensor> {
    Tensor::from_slice(&[1i64, 7, 3, 49, 0, 0, 5, 5, 8, 2, 11, 30], [2, 6])
}

/// PyTorch's own encoder layers, filled with the same weights, gave the expected numbers.
#[test]
fn bert_and_gpt2_give_the_numbers_of_pytorchs_layers() -> Result<()> {
    let kinds = Tensor::from_slice(&[0i64, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1], [2, 6])?;
    let mask = Tensor::from_slice(&[1i64, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], [2, 6])?;
    let inputs = BertInputs { attention_mask: Some(&mask), token_type_ids: Some(&kinds), ..Default::default() };
    let output = filled(Bert::new(small_bert(2))?)?.forward(&ids()?, inputs)?;
    assert_near("bert.last", &output.last_hidden_state)?;
    assert_near("bert.pooled", &output.pooler_output)?;

    // The table has two names; the formula gives another table for each, and a file may have only the first.
    let model = Gpt2LmHead::new(small_gpt2(2))?;
    let mut dict = StateDict::new();
    for (name, part) in model.transformer.state_dict().iter() {
        let name = format!("transformer.{name}");
        dict.insert(name.clone(), made(&name, part.shape())?);
    }
    model.load_state_dict(&dict)?;
    model.to_dtype(DType::F64)?;
    model.eval();
    assert_near("gpt2", &model.forward(&ids()?)?)?;
    assert_near("gpt2", &model.clone().forward(&ids()?)?)
}

#[test]
fn names_of_bert_and_gpt2_are_those_of_hugging_face() -> Result<()> {
    let names = |model: &dyn Module| model.state_dict().names().map(str::to_string).collect::<Vec<_>>();
    let both = |name: &str| [format!("{name}.weight"), format!("{name}.bias")];
    let mut bert: Vec<String> =
        ["word", "position", "token_type"].map(|n| format!("embeddings.{n}_embeddings.weight")).into();
    bert.extend(both("embeddings.LayerNorm"));
    for part in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm",
    ] {
        bert.extend(both(&format!("encoder.layer.0.{part}")));
    }
    bert.extend(both("pooler.dense"));
    assert_eq!(names(&Bert::new(small_bert(1))?), bert);

    let mut gpt2 = vec!["transformer.wte.weight".to_string(), "transformer.wpe.weight".to_string()];
    for part in ["ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"] {
        gpt2.extend(both(&format!("transformer.h.0.{part}")));
    }
    gpt2.extend(both("transformer.ln_f"));
    gpt2.push("lm_head.weight".to_string());
    let model = Gpt2LmHead::new(small_gpt2(1))?;
    assert_eq!(names(&model), gpt2);
    assert_eq!(model.state_dict().get("transformer.h.0.attn.c_attn.weight").unwrap().shape(), [32, 96]);
    Ok(())
}

/// 109,482,240 and 124,439,808 are the counts that Hugging Face gives for `bert-base-uncased` and `gpt2`. A layer is the
/// difference of two small models, and so is a token.
#[test]
fn sizes_are_those_of_the_published_models() -> Result<()> {
    let bert = |n: usize| {
        Ok::<_, tensor_core::Error>(
            Bert::new(BertOptions { vocab_size: 2, num_hidden_layers: n, ..Default::default() })?.num_parameters(),
        )
    };
    let (one, two) = (bert(1)?, bert(2)?);
    assert_eq!(one + 11 * (two - one) + (30_522 - 2) * 768, 109_482_240);
    let gpt2 = |n: usize| {
        Ok::<_, tensor_core::Error>(
            Gpt2::new(Gpt2Options { vocab_size: 2, n_layer: n, ..Default::default() })?.num_parameters(),
        )
    };
    let (one, two) = (gpt2(1)?, gpt2(2)?);
    assert_eq!(one + 11 * (two - one) + (50_257 - 2) * 768, 124_439_808);
    Ok(())
}

#[test]
fn models_train_and_their_errors_say_where() -> Result<()> {
    manual_seed(0);
    let model = Gpt2LmHead::new(small_gpt2(1))?;
    let out = model.forward(&ids()?)?.reshape([12, 50])?;
    let loss = nn::functional::cross_entropy(&out, &ids()?.reshape([12])?)?;
    autograd::Backward::backward(&loss)?;
    assert!(model.parameters().iter().all(|p| p.grad().is_some()));

    let long = Tensor::zeros([1, 17])?.to_dtype(DType::I64)?;
    let message = model.forward(&long).unwrap_err().to_string();
    assert!(message.contains("17 ids are more than the 16 positions"), "{message}");
    let model = models::resnet18(10)?;
    model.train();
    let message = model.forward(&Tensor::zeros([1, 1, 32, 32])?).unwrap_err().to_string();
    assert!(message.starts_with("in conv1: conv2d"), "{message}");
    assert!(Bert::new(BertOptions { num_attention_heads: 5, ..small_bert(1) }).is_err());
    Ok(())
}
