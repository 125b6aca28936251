//! Losses: built in, as a function, and as a type of one's own.
use flambeau::{autograd::GradOptions, prelude::*};

fn batch(seed: u64) -> Result<(Tensor, Tensor)> {
    manual_seed(seed);
    Ok((Tensor::randn([100, 784])?, Tensor::randint(0, 10, [100])?))
}

fn gradient_of(x: &Tensor, loss: &Tensor) -> Result<Vec<f32>> {
    let again = GradOptions { retain_graph: Some(true), ..Default::default() };
    grad(&[loss], &[x], again)?.remove(0).to_vec()
}

fn close(a: &Tensor, b: &Tensor) -> Result<bool> {
    a.allclose(b, 1e-6, 1e-6, false)
}

#[test]
fn guide_074_cross_entropy() -> Result<()> {
    manual_seed(74);
    let (x, y) = (Tensor::randn([8, 5])?, Tensor::randint(0, 5, [8])?);
    let weight = tensor![0.5, 1.0, 2.0, 1.5, 1.0]?;
    for weight in [None, Some(weight)] {
        let of_logits = CrossEntropyLoss { weight: weight.clone(), ..Default::default() };
        let of_log_p = NLLLoss { weight, ..Default::default() };
        assert!(close(&of_logits.forward(&x, &y)?, &of_log_p.forward(&x.log_softmax(1)?, &y)?)?);
    }
    assert!(cross_entropy(&tensor![[1e4, -1e4]]?, &tensor![1]?)?.item::<f64>()? == 2e4);
    // Probabilities as targets, and smoothed labels, which are such probabilities.
    let sharp = y.one_hot(5)?.to_dtype(DType::F32)?;
    let criterion = CrossEntropyLoss::default();
    assert!(close(&criterion.forward(&x, &sharp)?, &criterion.forward(&x, &y)?)?);
    let smooth = CrossEntropyLoss { label_smoothing: 0.1, ..Default::default() };
    let by_hand = sharp.mul(0.9)?.add(0.1 / 5.0)?;
    assert!(close(&smooth.forward(&x, &y)?, &criterion.forward(&x, &by_hand)?)?);
    // More dims: a class for each pixel.
    let pixels = Tensor::randn([2, 5, 3, 4])?;
    let classes = Tensor::randint(0, 5, [2, 3, 4])?;
    let flat = pixels.permute([0, 2, 3, 1])?.reshape([-1, 5])?;
    assert!(close(&criterion.forward(&pixels, &classes)?, &criterion.forward(&flat, &classes.reshape([-1])?)?)?);
    let ignored = CrossEntropyLoss { ignore_index: 1, ..Default::default() };
    let two = tensor![[0.3, 0.7], [2.0, 1.0]]?;
    let first = cross_entropy(&two.narrow(0, 0, 1)?, &tensor![0]?)?;
    assert!(close(&ignored.forward(&two, &tensor![0, 1]?)?, &first)?);
    let why = cross_entropy(&x, &tensor![0, 1, 2, 3, 4, 5, 0, 1]?).unwrap_err().to_string();
    assert!(why.contains("cross_entropy") && why.contains('5'), "{why}");
    Ok(())
}

#[test]
fn guide_075_nll_loss() -> Result<()> {
    let x = tensor![[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]?.log()?;
    let y = tensor![0, 2]?;
    let picked = [-(0.7f64.ln()), -(0.1f64.ln())];
    let with = |reduction| NLLLoss { reduction, ..Default::default() }.forward(&x, &y)?.to_vec::<f64>();
    for (loss, expected) in [
        (with(Reduction::None)?, picked.to_vec()),
        (with(Reduction::Sum)?, vec![picked[0] + picked[1]]),
        (with(Reduction::Mean)?, vec![(picked[0] + picked[1]) / 2.0]),
    ] {
        assert!(loss.len() == expected.len() && loss.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    // A class beyond the last is the usual slip.
    let why = nll_loss(&x, &tensor![0, 3]?).unwrap_err().to_string();
    assert!(why.contains("nll_loss") && why.contains('3'), "{why}");
    Ok(())
}

#[test]
fn guide_076_divergence() -> Result<()> {
    let (p, q) = (tensor![[0.2, 0.8], [0.5, 0.5]]?, tensor![[0.4, 0.6], [0.5, 0.5]]?);
    let by_hand = 0.4 * (0.4f64 / 0.2).ln() + 0.6 * (0.6f64 / 0.8).ln();
    for (reduction, expected) in
        [(Reduction::Sum, by_hand), (Reduction::BatchMean, by_hand / 2.0), (Reduction::Mean, by_hand / 4.0)]
    {
        let loss = KLDivLoss { reduction, ..Default::default() };
        assert!((loss.forward(&p.log()?, &q)?.item::<f64>()? - expected).abs() < 1e-6);
        let loss = KLDivLoss { reduction, log_target: true };
        assert!((loss.forward(&p.log()?, &q.log()?)?.item::<f64>()? - expected).abs() < 1e-6);
    }
    Ok(())
}

#[test]
fn guide_077_mean_squares_do_not_broadcast() -> Result<()> {
    let why = mse_loss(&Tensor::zeros([3])?, &Tensor::zeros([3, 1])?).unwrap_err().to_string();
    assert!(why.contains("mse_loss") && why.contains("[3]") && why.contains("[3, 1]"), "{why}");
    let each = MSELoss { reduction: Reduction::None };
    assert_eq!(each.forward(&tensor![1.0, 4.0]?, &tensor![1.0, 2.0]?)?.to_vec::<f32>()?, [0.0, 4.0]);
    Ok(())
}

#[test]
fn guide_078_every_loss_of_pytorch_is_there() -> Result<()> {
    use flambeau::nn::loss::*;
    let x = tensor![0.5, -1.0, 2.0]?;
    let y = tensor![1.0, -1.0, 1.0]?;
    let p = x.sigmoid()?;
    let both: [(&dyn Loss, &Tensor, Tensor); 10] = [
        (&L1Loss::default(), &x, y.clone()),
        (&MSELoss::default(), &x, y.clone()),
        (&SmoothL1Loss::default(), &x, y.clone()),
        (&HuberLoss::default(), &x, y.clone()),
        (&BCELoss::default(), &p, y.relu()?),
        (&BCEWithLogitsLoss { pos_weight: Some(tensor![2.0]?), ..Default::default() }, &x, y.relu()?),
        (&KLDivLoss::default(), &x, p.clone()),
        (&PoissonNLLLoss::default(), &x, y.relu()?),
        (&SoftMarginLoss::default(), &x, y.clone()),
        (&HingeEmbeddingLoss::default(), &x, y.clone()),
    ];
    for (loss, input, target) in both {
        assert!(loss.forward(input, &target)?.item::<f32>()?.is_finite());
    }
    let (rows, ids) = (Tensor::randn([2, 3])?, tensor![2, 0]?);
    let classes: [(&dyn Loss, Tensor); 5] = [
        (&CrossEntropyLoss::default(), ids.clone()),
        (&NLLLoss::default(), ids.clone()),
        (&MultiMarginLoss::default(), ids.clone()),
        (&MultiLabelMarginLoss::default(), tensor![[2, 0, -1], [1, -1, 0]]?),
        (&MultiLabelSoftMarginLoss::default(), tensor![[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]?),
    ];
    for (loss, target) in classes {
        assert!(loss.forward(&rows, &target)?.item::<f32>()?.is_finite());
    }
    let (a, b, c) = (Tensor::randn([2, 3])?, Tensor::randn([2, 3])?, Tensor::randn([2, 3])?);
    let sides = tensor![1.0, -1.0]?;
    let others = [
        MarginRankingLoss::default().forward(
            &a.narrow(1, 0, 1)?.flatten(0, 1)?,
            &b.narrow(1, 0, 1)?.flatten(0, 1)?,
            &sides,
        )?,
        CosineEmbeddingLoss::default().forward(&a, &b, &sides)?,
        TripletMarginLoss::default().forward(&a, &b, &c)?,
        TripletMarginWithDistanceLoss::default().forward(&a, &b, &c)?,
        GaussianNLLLoss::default().forward(&a, &b, &c.square()?.add(0.1)?)?,
        CTCLoss::default().forward(&Tensor::randn([6, 1, 4])?.log_softmax(2)?, &tensor![[1, 2, 1]]?, &[6], &[3])?,
    ];
    for loss in others {
        assert!(loss.item::<f32>()?.is_finite());
    }
    // With the linear and the adaptive one, which have weights of their own, 23.
    let wide = AdaptiveLogSoftmaxWithLoss::new(3, 6, &[2, 4])?.forward(&a, &ids)?.1;
    let own = LinearCrossEntropyLoss::new(3, 4)?.forward(&a, &ids)?;
    assert!(wide.item::<f32>()?.is_finite() && own.item::<f32>()?.is_finite());
    Ok(())
}

#[test]
fn guide_079_class_ids_and_what_is_ignored() -> Result<()> {
    let x = Tensor::randn([4, 3])?.log_softmax(1)?;
    let why = nll_loss(&x, &tensor![0.0, 1.0, 2.0, 0.0]?).unwrap_err().to_string();
    assert!(why.contains("integer") && why.contains("class"), "{why}");
    // Ids that are ignored count neither above nor below the line, and give no gradient.
    let leaf = x.detach().requires_grad_(true);
    let loss = nll_loss(&leaf, &tensor![0, -100, 2, -100]?)?;
    loss.backward()?;
    let (values, g) = (leaf.to_vec::<f64>()?, leaf.grad().unwrap().to_vec::<f64>()?);
    assert!((loss.item::<f64>()? + (values[0] + values[8]) / 2.0).abs() < 1e-6);
    assert_eq!(g, [-0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.5, 0.0, 0.0, 0.0]);
    // Weights count below the line too.
    let weighted = NLLLoss { weight: Some(tensor![1.0, 2.0, 3.0]?), ..Default::default() };
    let loss = weighted.forward(&x, &tensor![0, 1, 2, 0]?)?.item::<f64>()?;
    let by_hand = -(values[0] + 2.0 * values[4] + 3.0 * values[8] + values[9]) / 7.0;
    assert!((loss - by_hand).abs() < 1e-6);
    Ok(())
}

#[test]
fn guide_080_a_classifier_gives_log_probabilities() -> Result<()> {
    let net = Sequential::new((Linear::new(784, 10)?, LogSoftmax::new(1)));
    assert_eq!(net.num_parameters(), 7_850);
    let rows = net.forward(&Tensor::randn([100, 784])?)?.exp()?.sum_dim(1, DROP)?;
    assert!(rows.to_vec::<f64>()?.iter().all(|sum| (sum - 1.0).abs() < 1e-6));
    Ok(())
}

#[test]
fn guide_081_or_the_loss_takes_its_logits() -> Result<()> {
    let (x, y) = batch(81)?;
    let layer = Linear::new(784, 10)?;
    let scores = layer.forward(&x)?;
    let (a, b) = (nll_loss(&scores.log_softmax(1)?, &y)?, cross_entropy(&scores, &y)?);
    assert!((a.item::<f64>()? - b.item::<f64>()?).abs() <= 1e-6);
    Ok(())
}

#[test]
fn guide_082_the_loss_of_an_untrained_network() -> Result<()> {
    for seed in 0..20 {
        let (x, y) = batch(seed)?;
        let net = Linear::new(784, 10)?;
        let loss = nll_loss(&net.forward(&x)?.log_softmax(1)?, &y)?;
        let value = loss.item::<f32>()?;
        assert!((2.2..2.9).contains(&value), "seed {seed}: {value}");
        let shown = loss.to_string();
        assert!(shown.starts_with("tensor(2.") && shown.ends_with(", grad_fn=<NllLoss>)"), "{shown}");
    }
    Ok(())
}

fn custom_mse(output: &Tensor, target: &Tensor) -> Result<Tensor> {
    (output - target)?.pow(2)?.mean()
}

#[test]
fn guide_083_a_loss_as_a_function() -> Result<()> {
    manual_seed(83);
    let (x, target) = (Tensor::randn([8, 3])?.requires_grad_(true), Tensor::randn([8, 3])?);
    let (own, theirs) = (custom_mse(&x, &target)?, mse_loss(&x, &target)?);
    assert!((own.item::<f32>()? - theirs.item::<f32>()?).abs() <= 1e-7);
    let (own, theirs) = (gradient_of(&x, &own)?, gradient_of(&x, &theirs)?);
    assert!(own.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= 1e-7));
    Ok(())
}

/// The mean of the negative log-probability of the right class.
fn custom_nll(log_probabilities: &Tensor, classes: &Tensor) -> Result<Tensor> {
    log_probabilities.mul(-1.0)?.gather(1, &classes.unsqueeze(1)?)?.mean()
}

#[derive(Debug)]
struct CustomNll;

impl Loss for CustomNll {
    fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        custom_nll(input, target)
    }
}

#[test]
fn guide_084_the_likelihood_by_hand() -> Result<()> {
    let (x, y) = batch(84)?;
    let scores = x.narrow(1, 0, 10)?.log_softmax(1)?;
    let (own, theirs) = (custom_nll(&scores, &y)?, nll_loss(&scores, &y)?);
    assert!((own.item::<f32>()? - theirs.item::<f32>()?).abs() <= 1e-6 * theirs.item::<f32>()?);
    Ok(())
}

#[test]
fn guide_085_three_equal_losses() -> Result<()> {
    let (x, y) = batch(85)?;
    let x = x.narrow(1, 0, 10)?.to_dtype(DType::F64)?.requires_grad_(true);
    let scores = x.log_softmax(1)?;
    let criteria: [Box<dyn Loss>; 2] = [Box::new(CustomNll), Box::new(NLLLoss::default())];
    let mut losses = vec![custom_nll(&scores, &y)?];
    for criterion in criteria {
        losses.push(criterion.forward(&scores, &y)?);
    }
    let values: Vec<f64> = losses.iter().map(|l| l.item::<f64>()).collect::<Result<_>>()?;
    assert!(values.iter().all(|v| (v - values[0]).abs() < 1e-12), "{values:?}");
    let gradients: Vec<Vec<f32>> = losses.iter().map(|l| gradient_of(&x, l)).collect::<Result<_>>()?;
    for other in &gradients[1..] {
        assert!(other.iter().zip(&gradients[0]).all(|(a, b)| (a - b).abs() < 1e-9));
    }
    Ok(())
}
