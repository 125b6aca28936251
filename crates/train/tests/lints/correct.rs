//! Programs without a mistake, some of which look like one.
use crate::{batch, classifier, moody, numbers};
use autograd::{Backward, GradOptions, Parameter, grad};
use nn::{
    BatchNorm1d, Dropout, Embedding, Forward, LSTM, Linear, Module, ReLU, Sequential, Tanh,
    functional::{binary_cross_entropy_with_logits, cross_entropy, kl_div, mse_loss, nll_loss},
};
use optim::{
    Adam, AdamW, LBFGS, LBFGSOptions, Optimizer, SGD, SGDOptions, clip_grad_norm_,
    lr_scheduler::{LinearLR, Schedule},
};
use tensor_core::{DROP, DType, Result, Tensor, manual_seed, no_grad};
use train::{Accuracy, Lints};

fn none(watch: Lints) {
    let found = watch.finish();
    assert!(found.is_empty(), "{found:?}");
}

fn train(model: &impl Forward, optimizer: &mut dyn Optimizer, x: &Tensor, y: &Tensor) -> Result<()> {
    optimizer.zero_grad();
    cross_entropy(&model.forward(x)?, y)?.backward()?;
    optimizer.step()
}

#[test]
fn training_and_evaluation_as_they_should_be() -> Result<()> {
    let model = moody()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    let mut total = 0.0;
    for epoch in 0..4 {
        model.train();
        for i in 0..5 {
            let (x, y) = batch(10 * epoch + i, 32, 3)?;
            optimizer.zero_grad();
            let scores = model.forward(&x)?;
            let loss = cross_entropy(&scores, &y)?;
            loss.backward()?;
            optimizer.step()?;
            Accuracy::new().update(&scores, &y)?;
            total += loss.item::<f64>()?;
        }
        model.eval();
        let _guard = no_grad();
        for i in 0..3 {
            let (x, y) = batch(100 + i, 32, 3)?;
            Accuracy::new().update(&model.forward(&x)?, &y)?;
            cross_entropy(&model.forward(&x)?, &y)?;
        }
    }
    assert!(total.is_finite());
    none(watch);
    Ok(())
}

#[test]
fn accuracy_before_backward() -> Result<()> {
    let model = moody()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..5 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        let scores = model.forward(&x)?;
        Accuracy::new().update(&scores, &y)?;
        cross_entropy(&scores, &y)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn fine_tuning_with_a_frozen_body_in_eval_mode() -> Result<()> {
    let (body, head) = (moody()?, Sequential::new((Dropout::new(0.1), Linear::new(3, 3)?)));
    let model = (body, head);
    model.0.freeze();
    model.0.eval();
    let mut optimizer = Adam::new(model.1.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..5 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        cross_entropy(&model.1.forward(&model.0.forward(&x)?)?, &y)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn a_head_that_is_trained_on_features_without_gradients() -> Result<()> {
    let model = (moody()?, Linear::new(3, 3)?);
    model.0.eval();
    let mut optimizer = Adam::new(model.1.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..5 {
        let (x, y) = batch(i, 32, 3)?;
        let features = {
            let _guard = no_grad();
            model.0.forward(&x)?
        };
        train(&model.1, &mut optimizer, &features, &y)?;
    }
    none(watch);
    Ok(())
}

#[test]
fn frozen_parameters_in_the_optimizer() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    // The optimizer has it, and gets no gradient for it any more.
    model.parameters()[0].set_requires_grad(false);
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    none(watch);
    Ok(())
}

#[test]
fn gradient_accumulation() -> Result<()> {
    let model = moody()?;
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        optimizer.zero_grad();
        for part in 0..4 {
            let (x, y) = batch(10 * i + part, 16, 3)?;
            cross_entropy(&model.forward(&x)?, &y)?.mul(0.25)?.backward()?;
        }
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn losses_summed_before_one_backward() -> Result<()> {
    let model = moody()?;
    let mut optimizer = SGD::new(model.parameters(), 0.1)?;
    let watch = Lints::watch(&model);
    for i in 0..6 {
        optimizer.zero_grad();
        let mut total = Tensor::zeros(())?;
        for part in 0..5 {
            let (x, y) = batch(10 * i + part, 16, 3)?;
            total = total.add(&cross_entropy(&model.forward(&x)?, &y)?)?;
        }
        total.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn zero_grad_after_the_step() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        cross_entropy(&model.forward(&x)?, &y)?.backward()?;
        clip_grad_norm_(model.parameters(), 1.0, 2.0)?;
        optimizer.step()?;
        model.zero_grad();
    }
    none(watch);
    Ok(())
}

/// Two players, each with an optimizer; gradients of one's loss stay in the other until its turn.
#[test]
fn generator_and_discriminator() -> Result<()> {
    let generator = Sequential::new((Linear::new(4, 16)?, BatchNorm1d::new(16)?, ReLU, Linear::new(16, 6)?));
    let discriminator = Sequential::new((Linear::new(6, 16)?, Dropout::new(0.2), ReLU, Linear::new(16, 1)?));
    let (mut g, mut d) = (Adam::new(generator.parameters(), 2e-4)?, Adam::new(discriminator.parameters(), 2e-4)?);
    let watch = (Lints::watch(&generator), Lints::watch(&discriminator));
    for i in 0..8 {
        let (real, _) = batch(i, 32, 3)?;
        let z = Tensor::randn([32, 4])?;
        let fake = {
            let _guard = no_grad();
            generator.forward(&z)?
        };
        d.zero_grad();
        let ones = Tensor::ones([32, 1])?;
        binary_cross_entropy_with_logits(&discriminator.forward(&real)?, &ones)?.backward()?;
        binary_cross_entropy_with_logits(&discriminator.forward(&fake)?, &ones.zeros_like()?)?.backward()?;
        d.step()?;
        g.zero_grad();
        binary_cross_entropy_with_logits(&discriminator.forward(&generator.forward(&z)?)?, &ones)?.backward()?;
        g.step()?;
    }
    none(watch.0);
    none(watch.1);
    Ok(())
}

#[derive(Debug, Clone, Module)]
struct Reader {
    embedding: Embedding,
    lstm: LSTM,
    head: Linear,
}

#[test]
fn a_recurrent_network_with_clipped_gradients() -> Result<()> {
    manual_seed(1);
    let model = Reader { embedding: Embedding::new(20, 8)?, lstm: LSTM::new(8, 8)?, head: Linear::new(8, 20)? };
    let mut optimizer = AdamW::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for _ in 0..6 {
        let ids = Tensor::randint(0, 20, [12, 4])?;
        optimizer.zero_grad();
        let (y, _) = model.lstm.forward(&model.embedding.forward(&ids.narrow(0, 0, 11)?)?, None)?;
        let scores = model.head.forward(&y)?.reshape([44, 20])?;
        cross_entropy(&scores, &ids.narrow(0, 1, 11)?.reshape([44])?)?.backward()?;
        clip_grad_norm_(model.parameters(), 0.5, 2.0)?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn dropout_at_work_on_purpose_while_a_model_is_judged() -> Result<()> {
    let model = moody()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    // All but dropout is set to evaluation.
    model.eval();
    model.apply(|module| {
        if let Some(dropout) = module.downcast_ref::<Dropout>() {
            dropout.mode.set_training(true);
        }
        Ok(())
    })?;
    let (x, y) = batch(50, 32, 3)?;
    let _guard = no_grad();
    for _ in 0..5 {
        model.forward(&x)?.argmax(Some(1), DROP)?;
    }
    cross_entropy(&model.forward(&x)?, &y)?;
    none(watch);
    Ok(())
}

#[test]
fn an_average_over_dropouts_of_a_model_that_has_nothing_else() -> Result<()> {
    let model = Sequential::new((Linear::new(6, 16)?, ReLU, Dropout::new(0.3), Linear::new(16, 3)?));
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        train(&model, &mut optimizer, &x, &y)?;
    }
    let (x, y) = batch(50, 32, 3)?;
    let _guard = no_grad();
    let mut mean = Tensor::zeros([32, 3])?;
    for _ in 0..10 {
        mean = mean.add(&model.forward(&x)?.softmax(1)?.mul(0.1)?)?;
    }
    nll_loss(&mean.log()?, &y)?;
    let votes = (0..3).map(|_| model.forward(&x)?.argmax(Some(1), DROP)).collect::<Result<Vec<_>>>()?;
    assert_eq!(votes.len(), 3);
    none(watch);
    Ok(())
}

#[test]
fn lbfgs_with_a_closure() -> Result<()> {
    let model = Sequential::new((Linear::new(6, 8)?, Tanh, Linear::new(8, 1)?));
    let mut optimizer = LBFGS::new(model.parameters(), LBFGSOptions { max_iter: 5, ..Default::default() })?;
    let watch = Lints::watch(&model);
    let (x, y) = numbers(0, 32)?;
    for _ in 0..4 {
        optimizer.step_with(&mut || {
            model.zero_grad();
            let loss = mse_loss(&model.forward(&x)?, &y)?;
            loss.backward()?;
            Ok(loss)
        })?;
    }
    none(watch);
    Ok(())
}

#[test]
fn a_schedule_that_warms_up_from_zero_and_ends_there() -> Result<()> {
    let model = classifier()?;
    let mut optimizer = SGD::new(model.parameters(), SGDOptions { lr: 0.5, momentum: 0.9, ..Default::default() })?;
    let warmup = LinearLR { start_factor: 1e-3, end_factor: 1.0, total_iters: 5 };
    let mut schedule = warmup.schedule(&mut optimizer)?;
    let watch = Lints::watch(&model);
    for i in 0..12 {
        let (x, y) = batch(i, 64, 3)?;
        if i > 9 {
            optimizer.set_lr(0.0);
        }
        train(&model, &mut optimizer, &x, &y)?;
        schedule.step(&mut optimizer);
    }
    none(watch);
    Ok(())
}

#[test]
fn heads_that_take_turns() -> Result<()> {
    let model = (Linear::new(6, 8)?, Linear::new(8, 3)?, Linear::new(8, 3)?, Linear::new(8, 3)?);
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..8 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        let h = model.0.forward(&x)?.relu()?;
        let head = if i % 2 == 0 { &model.1 } else { &model.2 }; // the third has not had its turn yet
        cross_entropy(&head.forward(&h)?, &y)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn a_student_of_two_teachers() -> Result<()> {
    let (student, teacher) = (moody()?, moody()?);
    let mut optimizer = Adam::new(student.parameters(), 1e-2)?;
    let watch = Lints::watch(&student);
    for i in 0..6 {
        let (x, y) = batch(i, 32, 3)?;
        // A mean teacher is in training too.
        let target = {
            let _guard = no_grad();
            teacher.forward(&x)?.softmax(1)?
        };
        optimizer.zero_grad();
        let scores = student.forward(&x)?;
        let soft = kl_div(&scores.log_softmax(1)?, &target)?;
        cross_entropy(&scores, &y)?.add(&soft)?.backward()?;
        optimizer.step()?;
        let _guard = no_grad();
        for (mean, p) in teacher.parameters().iter().zip(student.parameters()) {
            mean.update(|mean| mean.mul_(0.99)?.add_(&p.mul(0.01)?).map(drop))?;
        }
    }
    none(watch);
    Ok(())
}

#[test]
fn attention_and_soft_targets_have_softmax_in_them() -> Result<()> {
    let model = (nn::MultiheadAttention::new(6, 2)?, Linear::new(6, 3)?);
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..4 {
        let (x, y) = batch(i, 32, 3)?;
        let x = x.unsqueeze(1)?;
        optimizer.zero_grad();
        let (h, _) = model.0.forward(&x, &x, &x, Default::default())?;
        let target = y.one_hot(3)?.to_dtype(DType::F32)?.mul(5.0)?.softmax(1)?;
        cross_entropy(&model.1.forward(&h.squeeze_dim(1)?)?, &target)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn attacks_on_a_model_that_is_not_trained() -> Result<()> {
    let model = moody()?;
    model.eval();
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 32, 3)?;
    let mut x = x;
    for _ in 0..5 {
        let leaf = x.detach().requires_grad_(true);
        model.zero_grad();
        cross_entropy(&model.forward(&leaf)?, &y)?.backward()?;
        x = leaf.detach().add(&leaf.grad().unwrap().sign()?.mul(0.1)?)?;
    }
    none(watch);
    Ok(())
}

#[test]
fn a_penalty_on_gradients() -> Result<()> {
    let model = Sequential::new((Linear::new(6, 8)?, Tanh, Linear::new(8, 1)?));
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..6 {
        let (x, y) = numbers(i, 32)?;
        let x = x.requires_grad_(true);
        optimizer.zero_grad();
        let out = model.forward(&x)?;
        let gx = grad(&[&out.sum()?], &[&x], GradOptions { create_graph: true, ..Default::default() })?.remove(0);
        let penalty = gx.square()?.sum_dim(1, DROP)?.mean()?;
        mse_loss(&out, &y)?.add(&penalty.mul(0.1)?)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn large_targets_with_an_optimizer_that_does_not_mind() -> Result<()> {
    let model = Sequential::new((Linear::new(6, 8)?, ReLU, Linear::new(8, 1)?));
    let mut optimizer = Adam::new(model.parameters(), 1e-1)?;
    let watch = Lints::watch(&model);
    for i in 0..8 {
        let (x, y) = numbers(i, 32)?;
        optimizer.zero_grad();
        mse_loss(&model.forward(&x)?, &y.mul(1e5)?)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn a_branch_that_starts_closed() -> Result<()> {
    // As in low-rank adapters: the first factor gets gradients only once the second is no longer 0.
    let (a, b) = (Parameter::new(Tensor::randn([2, 6])?)?, Parameter::new(Tensor::zeros([3, 2])?)?);
    let model = Linear::new(6, 3)?;
    model.freeze();
    let mut optimizer = Adam::new([a.tied(), b.tied()], 1e-2)?;
    let watch = Lints::watch(&model);
    for i in 0..8 {
        let (x, y) = batch(i, 32, 3)?;
        optimizer.zero_grad();
        let more = x.linear(&a, None)?.linear(&b, None)?;
        cross_entropy(&model.forward(&x)?.add(&more)?, &y)?.backward()?;
        optimizer.step()?;
    }
    none(watch);
    Ok(())
}

#[test]
fn one_batch_learned_by_heart_until_it_is_good_enough() -> Result<()> {
    let model = moody()?;
    let mut optimizer = Adam::new(model.parameters(), 1e-2)?;
    let watch = Lints::watch(&model);
    let (x, y) = batch(0, 16, 3)?;
    for i in 0..10 {
        optimizer.zero_grad();
        let loss = cross_entropy(&model.forward(&x)?, &y)?;
        if i == 9 {
            break;
        }
        loss.backward()?;
        optimizer.step()?;
        // The loss after the step, on the same batch.
        let _guard = no_grad();
        cross_entropy(&model.forward(&x)?, &y)?;
    }
    none(watch);
    Ok(())
}
