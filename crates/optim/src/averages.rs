//! Averages of parameters over a training: the exponential one, and the plain one of SWA.
use autograd::Parameter;
use files::StateDict;
use tensor_core::{Error, Result, Tensor, no_grad};

/// How [`AveragedModel`] weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Average {
    /// `mean = decay mean + (1 - decay) p`.
    Ema(f64),
    /// All alike: stochastic weight averaging (Izmailov et al., 2018, <https://arxiv.org/abs/1803.05407>).
    Swa,
}

/// Averages of parameters, beside the parameters that are trained. PyTorch's `torch.optim.swa_utils.AveragedModel`; batch
/// norms must see data again with the averages in place: `update_bn` in `train`.
///
/// ```
/// use optim::{Average, AveragedModel};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let w = autograd::Parameter::new(Tensor::zeros([2])?)?;
/// let mut average = AveragedModel::new([w.tied()], Average::Swa)?;
/// for x in [1.0, 3.0] {
///     w.update(|w| w.fill_(x).map(drop))?; // a step
///     average.update_parameters()?;
/// }
/// average.swap()?; // the averages, for validation
/// assert_eq!(w.to_vec::<f64>()?, [2.0, 2.0]);
/// average.swap()?; // and back to training
/// assert_eq!(w.to_vec::<f64>()?, [3.0, 3.0]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct AveragedModel {
    params: Vec<Parameter>,
    means: Vec<Tensor>,
    average: Average,
    count: u64,
}

impl AveragedModel {
    /// Of these parameters; their values of now count once the first update has been made.
    pub fn new(params: impl IntoIterator<Item = Parameter>, average: Average) -> Result<AveragedModel> {
        if let Average::Ema(decay) = average
            && !(0.0..=1.0).contains(&decay)
        {
            return Err(Error::new("AveragedModel", format!("the decay is {decay}, not within 0 and 1")));
        }
        let params: Vec<Parameter> = params.into_iter().collect();
        let means = params.iter().map(|p| p.detach().clone_contiguous()).collect::<Result<_>>()?;
        Ok(AveragedModel { params, means, average, count: 0 })
    }

    /// Takes the parameters of now into the averages: after every step, or after every epoch.
    pub fn update_parameters(&mut self) -> Result<()> {
        let _unrecorded = no_grad();
        // As in PyTorch, the first one is taken as it is.
        let weight = match (self.average, self.count) {
            (_, 0) => 1.0,
            (Average::Ema(decay), _) => 1.0 - decay,
            (Average::Swa, n) => 1.0 / (n as f64 + 1.0),
        };
        for (p, mean) in self.params.iter().zip(&mut self.means) {
            if weight == 1.0 {
                mean.copy_(&p.detach())?;
            } else {
                let way = p.detach().sub(&*mean)?.mul(weight)?;
                mean.add_(&way)?;
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Exchanges parameters and averages; once more brings them back.
    pub fn swap(&mut self) -> Result<()> {
        for (p, mean) in self.params.iter().zip(&mut self.means) {
            let own = p.detach().clone_contiguous()?;
            p.update(|p| p.copy_(mean).map(drop))?;
            mean.copy_(&own)?;
        }
        Ok(())
    }

    /// The averages, in the order of the parameters.
    pub fn averages(&self) -> &[Tensor] {
        &self.means
    }

    /// How many updates were made.
    pub fn n_averaged(&self) -> u64 {
        self.count
    }

    /// Averages and their number, to be saved.
    pub fn state_dict(&self) -> Result<StateDict> {
        let mut dict = StateDict::new();
        for (i, mean) in self.means.iter().enumerate() {
            dict.insert(format!("average.{i}"), mean.clone_contiguous()?);
        }
        dict.insert("n_averaged", Tensor::from_slice(&[self.count as i64], ())?);
        Ok(dict)
    }

    /// Goes on where saved averages stood.
    pub fn load_state_dict(&mut self, dict: &StateDict) -> Result<()> {
        let entry = |name: &str| {
            dict.get(name).ok_or_else(|| Error::new("AveragedModel", format!("the state has no {name:?}")))
        };
        let mut means = Vec::with_capacity(self.means.len());
        for (i, old) in self.means.iter().enumerate() {
            let new = entry(&format!("average.{i}"))?;
            if new.shape() != old.shape() {
                return Err(Error::new("AveragedModel", format!("average {i} does not fit")).operands([new, old]));
            }
            means.push(new.to_device(&old.device())?.to_dtype(old.dtype())?.clone_contiguous()?);
        }
        self.count = entry("n_averaged")?.item::<i64>()?.max(0).unsigned_abs();
        self.means = means;
        Ok(())
    }
}
