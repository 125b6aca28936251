//! SaRA: fine-tuning of the smallest weights alone.
use super::{adam_like::biases, projection};
use crate::{
    Member, Shared, State, setting,
    table::optimizers,
    words::{largest, moments, total, turned},
};
use tensor_core::{Result, Tensor};

optimizers! {
    /// SaRA (Hu et al., 2024, <https://arxiv.org/abs/2409.06633>): AdamW on those weights alone that are below `threshold`
    /// in size before the first step; after `progressive_iter` steps, only those of them stay that still are.
    SaRA, SaRAOptions, group sara {
        /// `None` for `1e-3 exp(-350 threshold)`.
        lr: Option<f64> = None,
        betas: (f64, f64) = (0.9, 0.999), threshold: f64 = 1e-3,
        /// Steps after which weights that have grown are left alone; -1 for never.
        progressive_iter: i64 = -1,
        /// Weight of the nuclear norm of the chosen weights, in the loss of one matrix of each group, drawn at each step
        /// from those with more than 64 rows and columns (and more than 100 chosen weights). Needs the feature `linalg`.
        lambda_rank: f64 = 0.0,
        weight_decay: f64 = 0.01, ams_bound: bool = false, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn lr(&self) -> f64 {
            self.lr.unwrap_or(1e-3 * (-350.0 * self.threshold).exp())
        }
        fn check(&self) -> Result<()> {
            setting::check("SaRA", &self.settings())?;
            setting::none_negative("SaRA", [("threshold", self.threshold), ("lambda_rank", self.lambda_rank)])?;
            if self.progressive_iter < -1 {
                return Err(setting::outside("SaRA", "progressive_iter", self.progressive_iter as f64, "at least -1"));
            }
            if cfg!(not(feature = "linalg")) && self.lambda_rank > 0.0 {
                return Err(projection::without_linalg("SaRA", "lambda_rank"));
            }
            Ok(())
        }
    }
}

fn sara(o: &SaRAOptions, members: &mut [Member<'_>], _: &mut Shared) -> Result<()> {
    let penalized = if o.lambda_rank > 0.0 { drawn(members)? } else { None };
    for (i, member) in members.iter_mut().enumerate() {
        member.update(|p, g, s| one(o, p, g, s, penalized == Some(i)))?;
    }
    Ok(())
}

/// One of the large matrices.
fn drawn(members: &[Member<'_>]) -> Result<Option<usize>> {
    const LARGE: usize = 64;
    let is_large = |m: &Member<'_>| m.grad.dim() == 2 && m.grad.shape().iter().all(|&size| size > LARGE);
    let large: Vec<usize> = (0..members.len()).filter(|&i| is_large(&members[i])).collect();
    let first = if large.len() > 1 { Tensor::randperm(large.len())?.narrow(0, 0, 1)?.item::<i64>()? } else { 0 };
    Ok(large.get(first.unsigned_abs() as usize).copied())
}

fn one(o: &SaRAOptions, p: &mut Tensor, g: &Tensor, s: &mut State, penalized: bool) -> Result<()> {
    const ENOUGH: f64 = 100.0;
    let small = |p: &Tensor| p.abs()?.lt(o.threshold);
    let refined = o.progressive_iter >= 0 && s.step == o.progressive_iter.unsigned_abs() + 1;
    let [mask] = s.slots(["mask"], || small(p))?;
    if refined {
        *mask = mask.logical_and(&small(p)?)?;
    }
    let mask = mask.clone();
    let mut g = g.clone();
    if penalized && total(&mask.to_dtype(g.dtype())?)? > ENOUGH {
        // The nuclear norm's gradient is the nearest orthogonal matrix.
        let (u, vh) = projection::singular_vectors(&mask.where_(&*p, 0.0)?)?;
        g = g.add(&u.matmul(&vh)?.mul(o.lambda_rank)?)?;
    }
    let g = turned!(o, g);
    let (m, v) = moments(s, &g, &g, o.betas)?;
    let (bias1, bias2) = biases(o.betas, s.step);
    let d = largest(o.ams_bound, s, "max_exp_avg_sq", v)?.sqrt()?.div(bias2)?.add(o.eps)?;
    let lr = crate::Rule::lr(o);
    let new = p.mul(1.0 - o.weight_decay * lr)?.sub(&m.div(&d)?.mul(lr / bias1)?)?;
    let new = mask.where_(&new, &*p)?;
    p.copy_(&new).map(drop)
}

#[cfg(all(test, feature = "linalg"))]
mod tests {
    use super::*;
    use crate::{Optimizer, Setting};
    use autograd::Parameter;

    /// One matrix of a group is penalized, each as often; those that are small, or have few chosen weights, never.
    #[test]
    fn the_penalty_falls_on_one_large_matrix_at_a_time() {
        let shapes = [[70, 80], [70, 80], [64, 80]];
        let params = shapes.map(|shape| Parameter::new(Tensor::full(shape, 0.5).unwrap()).unwrap());
        let options =
            SaRAOptions { lr: Some(0.1), threshold: 1.0, lambda_rank: 1.0, weight_decay: 0.0, ..Default::default() };
        let mut counts = [0; 3];
        for _ in 0..40 {
            let mut optimizer = SaRA::new(params.iter().map(Parameter::tied), options.clone()).unwrap();
            params.iter().for_each(|p| p.set_grad(Some(p.zeros_like().unwrap())));
            let before = params.each_ref().map(|p| p.to_vec::<f32>().unwrap());
            optimizer.step().unwrap();
            let moved: Vec<usize> = (0..3).filter(|&i| params[i].to_vec::<f32>().unwrap() != before[i]).collect();
            assert_eq!(moved.len(), 1);
            counts[moved[0]] += 1;
        }
        // Binomial of 40: 20 and 5 deviations of 3.2.
        assert!(counts[2] == 0 && counts[0] > 4 && counts[1] > 4, "{counts:?}");
    }

    #[test]
    fn the_rate_follows_the_threshold_until_it_is_set() {
        let p = Parameter::new(Tensor::ones([2]).unwrap()).unwrap();
        let mut optimizer = crate::with_settings("SaRA", [p], &[("threshold", Setting::Float(2e-3))]).unwrap();
        assert!((optimizer.lr() - 1e-3 * (-0.7f64).exp()).abs() < 1e-15);
        optimizer.set_lr(0.5);
        assert_eq!(optimizer.lr(), 0.5);
    }
}
