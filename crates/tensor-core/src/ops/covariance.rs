//! How variables vary together.
use crate::{DType, Error, KEEP, Result, Tensor, shape};

/// Settings of [`Tensor::cov`].
#[derive(Clone, Copy, Debug)]
pub struct CovOptions<'a> {
    /// Taken from the number of observations: 1 for the unbiased estimate, 0 for the plain mean.
    pub correction: i64,
    /// How often each observation was made: integers, 0-d or 1-d.
    pub fweights: Option<&'a Tensor>,
    /// How much each observation counts: floats, 0-d or 1-d.
    pub aweights: Option<&'a Tensor>,
}

impl Default for CovOptions<'_> {
    fn default() -> Self {
        CovOptions { correction: 1, fweights: None, aweights: None }
    }
}

impl Tensor {
    /// The covariance of the variables in the rows of `[variables, observations]`; a 1-d tensor is one variable.
    pub fn cov(&self, options: CovOptions<'_>) -> Result<Tensor> {
        const OP: &str = "cov";
        let wrong = |why: &str| Error::new(OP, why).operands([self]);
        if self.dim() > 2 {
            return Err(wrong("takes at most 2 dims: [variables, observations]"));
        }
        if self.dtype() == DType::Bool {
            return Err(wrong("takes numbers"));
        }
        let rows = if self.dim() == 2 { self.shape()[0] } else { 1 };
        let observations = self.numel().checked_div(rows).unwrap_or_else(|| self.shape()[1]);
        let x = self.reshape([rows, observations])?;
        let n = x.shape()[1];
        let weights = options.weights(self, n)?;
        let (mean, total) = match &weights {
            Some(w) => {
                let total = w.sum()?;
                (x.mul(w)?.sum_dim([1], KEEP)?.div(&total)?, Some(total))
            }
            None => (x.sum_dim([1], KEEP)?.div(n as f64)?, None),
        };
        // What the sum of squares is divided by.
        let correction = options.correction as f64;
        let norm = match (total, &weights, options.aweights) {
            (Some(total), Some(w), Some(a)) if options.correction != 0 => {
                total.sub(&w.mul(a)?.sum()?.mul(correction)?.div(&total)?)?
            }
            (Some(total), _, _) => total.sub(options.correction)?,
            (None, _, _) => Tensor::from_slice(&[n as f64 - correction], ())?.to_device(&self.device())?,
        };
        let norm = norm.to_dtype(mean.dtype())?.clamp(Some(0.0.into()), None)?;
        let centred = x.sub(&mean)?;
        let weighted = match &weights {
            Some(w) => centred.mul(w)?,
            None => centred.clone(),
        };
        let c = centred.matmul(&weighted.t()?.to_dtype(centred.dtype())?)?.div(&norm)?;
        // One variable: a number.
        if rows == 1 { c.reshape(()) } else { Ok(c) }
    }

    /// The correlation coefficients of the variables in the rows of `[variables, observations]`, between -1 and 1.
    pub fn corrcoef(&self) -> Result<Tensor> {
        let c = self.cov(CovOptions::default()).map_err(|e| e.renamed("corrcoef"))?;
        if c.dim() == 0 {
            return c.div(&c);
        }
        let deviations = c.diagonal(0, 0, 1)?.sqrt()?;
        let scaled = c.div(&deviations.unsqueeze(1)?)?.div(&deviations.unsqueeze(0)?)?;
        scaled.clamp(Some((-1.0).into()), Some(1.0.into()))
    }
}

impl CovOptions<'_> {
    /// Both weights as one, where there are any that fit `n` observations.
    fn weights(&self, x: &Tensor, n: usize) -> Result<Option<Tensor>> {
        let check = |w: &Tensor, name: &str, fits: bool, kind: &str| {
            let wrong = |why: String| Err(Error::new("cov", format!("{name} {why}")).operands([x, w]));
            if w.dim() > 1 {
                return wrong("have more than one dim".into());
            }
            if !fits {
                return wrong(format!("are not {kind}"));
            }
            if shape::numel(w.shape()) != n {
                return wrong(format!("are {} for {n} observations", w.numel()));
            }
            if w.numel() > 0 && w.detach().lt(0)?.any()?.item::<bool>()? {
                return wrong("are negative".into());
            }
            Ok(())
        };
        if let Some(f) = self.fweights {
            check(f, "fweights", f.dtype().is_int(), "integers")?;
        }
        if let Some(a) = self.aweights {
            check(a, "aweights", a.is_floating_point(), "floats")?;
        }
        match (self.fweights, self.aweights) {
            (Some(f), Some(a)) => f.mul(a).map(Some),
            (one, other) => Ok(one.or(other).cloned()),
        }
    }
}
