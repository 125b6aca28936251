//! L-BFGS: curvature from the last steps, with or without a line search.
use crate::{
    Optimizer,
    optimizer::{tell_step, trainable},
    setting::at_least_zero,
    wolfe::{Point, strong_wolfe},
};
use autograd::Parameter;
use files::StateDict;
use tensor_core::{Error, Result, Tensor, no_grad};

/// How far [`LBFGS`] goes along a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineSearch {
    /// Always `lr`.
    #[default]
    None,
    /// Until the strong Wolfe conditions hold.
    StrongWolfe,
}

/// Settings of [`LBFGS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LBFGSOptions {
    /// Step size, or where the line search begins.
    pub lr: f64,
    /// Most iterations of one step.
    pub max_iter: usize,
    /// Most evaluations of one step; `None` for `max_iter * 5 / 4`.
    pub max_eval: Option<usize>,
    /// Stops where the largest gradient is at most this.
    pub tolerance_grad: f64,
    /// Stops where parameters or loss change by no more than this.
    pub tolerance_change: f64,
    /// Steps that are remembered.
    pub history_size: usize,
    /// How far to go.
    pub line_search_fn: LineSearch,
    /// Go up instead of down.
    pub maximize: bool,
}

impl Default for LBFGSOptions {
    fn default() -> LBFGSOptions {
        LBFGSOptions {
            lr: 1.0,
            max_iter: 20,
            max_eval: None,
            tolerance_grad: 1e-7,
            tolerance_change: 1e-9,
            history_size: 100,
            line_search_fn: LineSearch::None,
            maximize: false,
        }
    }
}

impl From<f64> for LBFGSOptions {
    fn from(lr: f64) -> LBFGSOptions {
        LBFGSOptions { lr, ..Default::default() }
    }
}

/// L-BFGS (Liu and Nocedal, 1989, <https://doi.org/10.1007/BF01589116>). It asks for the loss several times in one
/// step, so it takes a closure that forgets the gradients, computes the loss and goes back through it.
///
/// ```
/// use autograd::Backward;
/// use optim::{LBFGS, LBFGSOptions, LineSearch, Optimizer};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::ones([2])?)?;
/// let options = LBFGSOptions { line_search_fn: LineSearch::StrongWolfe, ..Default::default() };
/// let mut optimizer = LBFGS::new([w.tied()], options)?;
/// optimizer.step_with(&mut || {
///     w.zero_grad();
///     let loss = w.sub(3.0)?.square()?.sum()?;
///     loss.backward()?;
///     Ok(loss)
/// })?;
/// assert!((w.to_vec::<f64>()?[0] - 3.0).abs() < 1e-3);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct LBFGS {
    /// The settings.
    pub options: LBFGSOptions,
    params: Vec<Parameter>,
    iterations: u64,
    /// Differences of gradients, steps, and the inverse of their product, oldest first.
    history: Vec<(Tensor, Tensor, f64)>,
    scale: f64,
    direction: Option<(Tensor, f64)>,
    last_gradient: Option<Tensor>,
}

const NAME: &str = "LBFGS";

impl LBFGS {
    /// One group of parameters.
    pub fn new(params: impl IntoIterator<Item = Parameter>, options: impl Into<LBFGSOptions>) -> Result<LBFGS> {
        let (options, params): (LBFGSOptions, Vec<Parameter>) = (options.into(), params.into_iter().collect());
        at_least_zero(NAME, "lr", options.lr)?;
        at_least_zero(NAME, "tolerance_grad", options.tolerance_grad)?;
        at_least_zero(NAME, "tolerance_change", options.tolerance_change)?;
        let params = trainable(NAME, &[], params)?;
        Ok(LBFGS {
            options,
            params,
            iterations: 0,
            history: Vec::new(),
            scale: 1.0,
            direction: None,
            last_gradient: None,
        })
    }

    /// All gradients in one row, as of a loss that falls.
    fn gradient(&self) -> Result<Tensor> {
        let rows = self
            .params
            .iter()
            .map(|p| p.grad().map_or_else(|| p.zeros_like(), |g| Ok(g.detach()))?.reshape([p.numel()]))
            .collect::<Result<Vec<_>>>()?;
        let all = Tensor::cat(&rows.iter().collect::<Vec<_>>(), 0)?;
        if self.options.maximize { all.neg() } else { Ok(all) }
    }

    /// `p += t d`.
    fn go(&self, t: f64, direction: &Tensor) -> Result<()> {
        let _unrecorded = no_grad();
        let mut start = 0;
        for p in &self.params {
            let part = direction.narrow(0, start, p.numel())?.reshape(p.shape())?.mul(t)?;
            start += p.numel();
            p.update(|p| p.add_(&part).map(drop))?;
        }
        Ok(())
    }

    fn evaluate(&self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<(Tensor, f64)> {
        let loss = closure()?;
        let value = loss.item::<f64>()?;
        Ok((loss, if self.options.maximize { -value } else { value }))
    }

    /// The direction for gradient `g`: two loops over the history instead of an inverse of the Hessian.
    fn direct(&mut self, g: &Tensor) -> Result<Tensor> {
        if let (Some((d, t)), Some(last)) = (&self.direction, &self.last_gradient) {
            let (y, s) = (g.sub(last)?, d.mul(*t)?);
            let ys = dot(&y, &s)?;
            if ys > 1e-10 {
                if self.history.len() >= self.options.history_size.max(1) {
                    self.history.remove(0);
                }
                self.scale = ys / dot(&y, &y)?;
                self.history.push((y, s, 1.0 / ys));
            }
        }
        let mut q = g.neg()?;
        let mut shares = Vec::new();
        for (y, s, ro) in self.history.iter().rev() {
            let share = dot(s, &q)? * ro;
            q.sub_(&y.mul(share)?)?;
            shares.push(share);
        }
        let mut r = q.mul(self.scale)?;
        for ((y, s, ro), share) in self.history.iter().zip(shares.into_iter().rev()) {
            r.add_(&s.mul(share - dot(y, &r)? * ro)?)?;
        }
        Ok(r)
    }
}

fn dot(a: &Tensor, b: &Tensor) -> Result<f64> {
    a.dot(b)?.item()
}

fn largest(x: &Tensor) -> Result<f64> {
    if x.numel() == 0 { Ok(0.0) } else { x.abs()?.amax()?.item() }
}

impl Optimizer for LBFGS {
    fn step(&mut self) -> Result<()> {
        Err(Error::new(NAME, "a step needs a closure that computes the loss anew").hint("call step_with(&mut || ..)"))
    }

    fn step_with(&mut self, closure: &mut dyn FnMut() -> Result<Tensor>) -> Result<Tensor> {
        let LBFGSOptions { lr, max_iter, tolerance_grad, tolerance_change, line_search_fn, .. } = self.options;
        let max_eval = self.options.max_eval.unwrap_or(max_iter * 5 / 4);
        let (first, mut loss) = self.evaluate(closure)?;
        tell_step(NAME, self);
        let mut g = self.gradient()?;
        let mut evaluations = 1;
        if largest(&g)? <= tolerance_grad {
            return Ok(first);
        }
        for iteration in 1..=max_iter {
            self.iterations += 1;
            let d = self.direct(&g)?;
            let before = loss;
            self.last_gradient = Some(g.clone());
            let mut t = if self.iterations == 1 { (1.0 / g.abs()?.sum()?.item::<f64>()?).min(1.0) * lr } else { lr };
            let slope = dot(&g, &d)?;
            self.direction = Some((d.clone(), t));
            if slope > -tolerance_change {
                break;
            }
            if line_search_fn == LineSearch::StrongWolfe {
                let here: Vec<Tensor> = self.params.iter().map(|p| p.detach()).collect();
                let mut look = |t: f64| -> Result<Point> {
                    self.go(t, &d)?;
                    let (_, loss) = self.evaluate(closure)?;
                    let g = self.gradient()?;
                    self.params.iter().zip(&here).try_for_each(|(p, x)| p.replace(x))?;
                    Ok(Point { t, loss, slope: dot(&g, &d)?, g })
                };
                let start = Point { t: 0.0, loss, slope, g: g.clone() };
                let most = max_eval.saturating_sub(evaluations);
                let (found, spent) = strong_wolfe(&mut look, start, t, largest(&d)?, tolerance_change, most)?;
                (loss, g, t) = (found.loss, found.g, found.t);
                evaluations += spent;
                self.go(t, &d)?;
            } else {
                self.go(t, &d)?;
                if iteration != max_iter {
                    loss = self.evaluate(closure)?.1;
                    g = self.gradient()?;
                    evaluations += 1;
                }
            }
            self.direction = Some((d.clone(), t));
            let small = largest(&g)? <= tolerance_grad
                || largest(&d)? * t.abs() <= tolerance_change
                || (loss - before).abs() < tolerance_change;
            if evaluations >= max_eval || small {
                break;
            }
        }
        Ok(first)
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.params.iter().map(Parameter::tied).collect()
    }
    fn lrs(&self) -> Vec<f64> {
        vec![self.options.lr]
    }
    fn set_lrs(&mut self, lrs: &[f64]) {
        if let Some(lr) = lrs.first() {
            self.options.lr = *lr;
        }
    }
    fn set_momentum(&mut self, _momentum: f64) {}

    fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        let number = |x: f64| Tensor::from_slice(&[x], ());
        dict.insert("param_groups.0.lr", number(self.options.lr)?);
        dict.insert("state.0.n_iter", Tensor::from_slice(&[self.iterations as i64], ())?);
        dict.insert("state.0.H_diag", number(self.scale)?);
        for (i, (y, s, ro)) in self.history.iter().enumerate() {
            dict.insert(format!("state.0.old_dirs.{i}"), y.clone());
            dict.insert(format!("state.0.old_stps.{i}"), s.clone());
            dict.insert(format!("state.0.ro.{i}"), number(*ro)?);
        }
        if let (Some((d, t)), Some(g)) = (&self.direction, &self.last_gradient) {
            dict.insert("state.0.d", d.clone());
            dict.insert("state.0.t", number(*t)?);
            dict.insert("state.0.prev_flat_grad", g.clone());
        }
        dict.metadata.insert("optimizer".into(), NAME.into());
        Ok(dict)
    }

    fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let entry = |name: &str| {
            dict.get(name).ok_or_else(|| Error::new("load_state_dict", format!("a state of LBFGS has no {name:?}")))
        };
        let numel: usize = self.params.iter().map(|p| p.numel()).sum();
        let row = |name: &str| {
            let found = entry(name)?;
            if found.shape() != [numel] {
                return Err(
                    Error::new("load_state_dict", format!("{name} does not fit {numel} parameters")).operands([found])
                );
            }
            found.to_device(&self.params[0].device())
        };
        let lr = entry("param_groups.0.lr")?.item::<f64>()?;
        at_least_zero(NAME, "lr", lr)?;
        let iterations = entry("state.0.n_iter")?.item::<i64>()?.max(0) as u64;
        let scale = entry("state.0.H_diag")?.item::<f64>()?;
        let mut history = Vec::new();
        while let Some(ro) = dict.get(&format!("state.0.ro.{}", history.len())) {
            let i = history.len();
            history.push((row(&format!("state.0.old_dirs.{i}"))?, row(&format!("state.0.old_stps.{i}"))?, ro.item()?));
        }
        let mut direction = None;
        let mut last_gradient = None;
        if dict.get("state.0.d").is_some() {
            direction = Some((row("state.0.d")?, entry("state.0.t")?.item()?));
            last_gradient = Some(row("state.0.prev_flat_grad")?);
        }
        self.options.lr = lr;
        (self.iterations, self.scale, self.history) = (iterations, scale, history);
        (self.direction, self.last_gradient) = (direction, last_gradient);
        Ok(())
    }
}
