//! First values with a structure: orthogonal, sparse, and what lets a convolution pass its input on.
use super::normal_;
use autograd::Parameter;
use tensor_core::{Error, Result, Tensor};

/// Rows (or columns, where there are fewer of them) of length `gain`, at right angles to each other (Saxe et al., 2013).
/// Dims behind the first count as one.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = nn::Parameter::new(Tensor::zeros([2, 5])?)?;
/// nn::init::orthogonal_(&p, 1.0)?;
/// let products = p.matmul(&p.t()?)?;
/// assert!(products.allclose(&Tensor::eye(2)?, 0.0, 1e-6, false)?);
/// # Ok(()) }
/// ```
pub fn orthogonal_(p: &Parameter, gain: f64) -> Result<()> {
    let &[rows, ref rest @ ..] = p.shape() else { return Err(too_flat("orthogonal_", p)) };
    if rest.is_empty() {
        return Err(too_flat("orthogonal_", p));
    }
    if p.numel() == 0 {
        return Ok(());
    }
    let columns = rest.iter().product::<usize>();
    // The short side holds the vectors; normal numbers have no direction that they prefer.
    let (count, length) = (rows.min(columns), rows.max(columns));
    let vectors = orthonormal(Tensor::randn([count, length])?.to_vec::<f64>()?, length);
    let q = Tensor::from_slice(&vectors, [count, length])?;
    let q = if rows <= columns { q } else { q.t()? };
    p.replace(&q.mul(gain)?.reshape(p.shape())?.to_dtype(p.dtype())?.to_device(&p.device())?)
}

/// Gram and Schmidt's way: from each row what it shares with those before it is taken away, twice, since rounding leaves
/// a rest the first time; then it gets length 1.
pub(crate) fn orthonormal(mut rows: Vec<f64>, length: usize) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    for i in 0..rows.len() / length {
        let (before, from) = rows.split_at_mut(i * length);
        let row = &mut from[..length];
        for _ in 0..2 {
            for other in before.chunks_exact(length) {
                let shared = dot(row, other);
                row.iter_mut().zip(other).for_each(|(x, y)| *x -= shared * y);
            }
        }
        let norm = dot(row, row).sqrt();
        row.iter_mut().for_each(|x| *x /= norm);
    }
    rows
}

/// Gaussian with standard deviation `std`, and in each column the share `sparsity` of elements 0 (Martens, 2010).
pub fn sparse_(p: &Parameter, sparsity: f64, std: f64) -> Result<()> {
    let &[rows, columns] = p.shape() else {
        return Err(Error::new("sparse_", "only a matrix has columns").operands([&**p]));
    };
    if !(0.0..=1.0).contains(&sparsity) {
        return Err(Error::new("sparse_", format!("sparsity is {sparsity}, not within 0 and 1")));
    }
    normal_(p, 0.0, std)?;
    let zeros = (sparsity * rows as f64).ceil() as usize;
    let mut kept = vec![1.0; rows * columns];
    for column in 0..columns {
        for &row in &Tensor::randperm(rows)?.to_vec::<i64>()?[..zeros] {
            kept[row as usize * columns + column] = 0.0;
        }
    }
    let kept = Tensor::from_slice(&kept, [rows, columns])?.to_dtype(p.dtype())?.to_device(&p.device())?;
    p.update(|t| t.mul_(&kept).map(drop))
}

/// 1 in the middle of the kernel from each input channel to the output channel of its number, in each of `groups`; 0
/// elsewhere: a convolution that passes on as many channels as it can. For weights of 3 to 5 dims.
///
/// ```
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let p = nn::Parameter::new(Tensor::ones([1, 1, 3])?)?;
/// nn::init::dirac_(&p, 1)?;
/// assert_eq!(p.to_vec::<f32>()?, [0.0, 1.0, 0.0]);
/// # Ok(()) }
/// ```
pub fn dirac_(p: &Parameter, groups: usize) -> Result<()> {
    let shape = p.shape().to_vec();
    let wrong = |why: &str| Err(Error::new("dirac_", why).operands([&**p]));
    let &[output, input, ref kernel @ ..] = &shape[..] else { return Err(too_flat("dirac_", p)) };
    if !(1..=3).contains(&kernel.len()) {
        return wrong("takes the weight of a convolution: 3 to 5 dims");
    }
    if groups == 0 || !output.is_multiple_of(groups) {
        return wrong("the number of output channels must be a multiple of `groups`");
    }
    let window = kernel.iter().product::<usize>();
    let middle = kernel.iter().fold(0, |at, &size| at * size + size / 2);
    let mut values = vec![0.0; p.numel()];
    for channel in (0..output).filter(|channel| channel % (output / groups) < input) {
        let from = channel % (output / groups);
        if let Some(value) = values.get_mut((channel * input + from) * window + middle) {
            *value = 1.0;
        }
    }
    p.replace(&Tensor::from_slice(&values, &shape[..])?.to_dtype(p.dtype())?.to_device(&p.device())?)
}

fn too_flat(op: &'static str, p: &Parameter) -> Error {
    Error::new(op, "needs at least 2 dims").operands([&**p])
}
