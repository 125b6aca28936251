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
