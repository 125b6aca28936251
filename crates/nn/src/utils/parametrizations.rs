//! Weights with a length, a norm or right angles that hold however they are trained, under PyTorch's new names
//! (`parametrizations.weight.original0`).
use super::parametrize::{At, Naming, Parametrize, Parametrized, register_parametrization};
use crate::{Buffer, Mode, Module, Part, Visitor, init::orthonormal};
use tensor_core::{DROP, Error, KEEP, Result, Tensor, no_grad};

/// `weight = g * v / |v|` (Salimans and Kingma, 2016): the length of each slice along a dim, and its direction. Originals:
/// `g`, `v`.
#[derive(Debug, Clone, Module)]
pub struct WeightNorm {
    /// The dim whose slices have a length each; `None` for one length of the whole.
    pub dim: Option<isize>,
}

impl WeightNorm {
    /// The lengths, shaped so that they broadcast over the weight.
    fn lengths(&self, v: &Tensor) -> Result<Tensor> {
        let Some(dim) = self.dim else { return v.norm() };
        let dim = place("weight_norm", v, dim)?;
        let others: Vec<isize> = (0..v.dim()).filter(|&d| d != dim).map(|d| d as isize).collect();
        if others.is_empty() { v.abs() } else { v.vector_norm(2.0, &others[..], KEEP) }
    }
}

impl Parametrize for WeightNorm {
    fn forward(&self, originals: &[&Tensor]) -> Result<Tensor> {
        let [g, v] = originals else { return Err(Error::new("weight_norm", "takes g and v")) };
        v.mul(&g.div(&self.lengths(v)?)?)
    }
    fn right_inverse(&self, weight: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![self.lengths(weight)?, weight.clone()])
    }
}

/// A dim counted from the front.
fn place(op: &'static str, x: &Tensor, dim: isize) -> Result<usize> {
    let from_front = if dim < 0 { dim + x.dim() as isize } else { dim };
    match usize::try_from(from_front) {
        Ok(dim) if dim < x.dim() => Ok(dim),
        _ => Err(Error::new(op, format!("dim {dim} is out of range")).operands([x])),
    }
}

/// Splits a parameter into lengths and directions: [`WeightNorm`].
///
/// ```
/// use nn::{Linear, Module, utils::parametrizations::weight_norm};
/// # fn main() -> tensor_core::Result<()> {
/// let layer = weight_norm(Linear::new(20, 40)?, |l| &mut l.weight, Some(0))?;
/// let dict = layer.state_dict();
/// assert_eq!(dict.get("parametrizations.weight.original0").map(|g| g.shape().to_vec()), Some(vec![40, 1]));
/// # Ok(()) }
/// ```
pub fn weight_norm<L: Module + Clone>(layer: L, at: At<L>, dim: Option<isize>) -> Result<Parametrized<L>> {
    register_parametrization(layer, at, WeightNorm { dim })
}

/// Settings of [`spectral_norm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectralNormOptions {
    /// Power iterations at every forward of training.
    pub n_power_iterations: usize,
    /// The least norm that a vector is divided by.
    pub eps: f64,
    /// The dim of outputs: 0, for transposed convolutions 1.
    pub dim: isize,
}

impl Default for SpectralNormOptions {
    fn default() -> SpectralNormOptions {
        SpectralNormOptions { n_power_iterations: 1, eps: 1e-12, dim: 0 }
    }
}

/// The weight divided by its largest singular value (Miyato et al., 2018), which a power iteration in training keeps up
/// with.
#[derive(Debug, Clone)]
pub struct SpectralNorm {
    /// The left and right singular vectors; a vector has none.
    vectors: Option<(Buffer, Buffer)>,
    mode: Mode,
    options: SpectralNormOptions,
    naming: Vectors,
}

/// What differs between PyTorch's two spectral norms.
#[derive(Clone, Debug)]
pub(super) enum Vectors {
    /// `_u` and `_v`; `u` is found first.
    New,
    /// `weight_u` and `weight_v`, with the parameter's own name; `v` is found first.
    Old(String),
}

impl SpectralNorm {
    /// For a weight like this one.
    pub fn new(weight: &Tensor, options: SpectralNormOptions) -> Result<SpectralNorm> {
        let made = SpectralNorm::start(weight, options, Vectors::New)?;
        // As PyTorch: so that evaluation is right without any training.
        made.iterate(weight, 15)?;
        Ok(made)
    }

    pub(super) fn start(weight: &Tensor, options: SpectralNormOptions, naming: Vectors) -> Result<SpectralNorm> {
        let mut made = SpectralNorm { vectors: None, mode: Mode::new(), options, naming };
        if weight.dim() < 2 && matches!(made.naming, Vectors::New) {
            return Ok(made);
        }
        let matrix = made.matrix(weight)?.detach();
        let unit = |size: usize| -> Result<Buffer> {
            let drawn = Tensor::randn_on([size], matrix.dtype(), &matrix.device())?;
            Buffer::new(drawn.normalize(2.0, 0, options.eps)?)
        };
        made.vectors = Some((unit(matrix.shape()[0])?, unit(matrix.shape()[1])?));
        Ok(made)
    }

    /// Outputs along the first dim, all others along the second.
    fn matrix(&self, weight: &Tensor) -> Result<Tensor> {
        let dim = place("spectral_norm", weight, self.options.dim)?;
        let first = if dim == 0 { weight.clone() } else { weight.movedim(dim as isize, 0)? };
        if first.dim() < 2 { first.reshape([-1, 1]) } else { first.flatten(1, -1) }
    }

    fn iterate(&self, weight: &Tensor, times: usize) -> Result<()> {
        let Some((u, v)) = &self.vectors else { return Ok(()) };
        let _unrecorded = no_grad();
        let matrix = self.matrix(weight)?.detach();
        let turned = matrix.t()?;
        for _ in 0..times {
            let left = || u.replace(&matrix.mv(v)?.normalize(2.0, 0, self.options.eps)?);
            let right = || v.replace(&turned.mv(u)?.normalize(2.0, 0, self.options.eps)?);
            match self.naming {
                Vectors::New => left().and_then(|()| right())?,
                Vectors::Old(_) => right().and_then(|()| left())?,
            }
        }
        Ok(())
    }
}

impl Parametrize for SpectralNorm {
    fn forward(&self, originals: &[&Tensor]) -> Result<Tensor> {
        let [weight] = originals else { return Err(Error::new("spectral_norm", "takes one weight")) };
        let Some((u, v)) = &self.vectors else { return weight.normalize(2.0, 0, self.options.eps) };
        if self.mode.is_training() {
            self.iterate(weight, self.options.n_power_iterations)?;
        }
        // Snapshots: a second forward before the backward of this one moves the vectors on.
        let (u, v) = (u.detach(), v.detach());
        let sigma = u.dot(&self.matrix(weight)?.mv(&v)?)?;
        weight.div(&sigma)
    }
    /// What cannot be told from the quotient stays in the original.
    fn right_inverse(&self, weight: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![weight.clone()])
    }
}

impl Part for SpectralNorm {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.module(self, |visitor| {
            if let Some((u, v)) = &self.vectors {
                let name = match &self.naming {
                    Vectors::New => "",
                    Vectors::Old(name) => name,
                };
                visitor.field(&format!("{name}_u"), |visitor| u.visit(visitor));
                visitor.field(&format!("{name}_v"), |visitor| v.visit(visitor));
            }
            visitor.field("mode", |visitor| self.mode.visit(visitor));
        });
    }
}
impl Module for SpectralNorm {}

/// Divides a parameter by its largest singular value: [`SpectralNorm`].
///
/// ```
/// use nn::{Linear, Module, utils::parametrizations::spectral_norm};
/// # fn main() -> tensor_core::Result<()> {
/// let layer = spectral_norm(Linear::new(20, 40)?, |l| &mut l.weight, Default::default())?;
/// let names = ["bias", "parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"];
/// assert_eq!(layer.state_dict().names().collect::<Vec<_>>(), names);
/// # Ok(()) }
/// ```
pub fn spectral_norm<L: Module + Clone>(
    mut layer: L,
    at: At<L>,
    options: SpectralNormOptions,
) -> Result<Parametrized<L>> {
    let norm = SpectralNorm::new(&at(&mut layer).detach(), options)?;
    register_parametrization(layer, at, norm)
}

/// How [`orthogonal`] makes a matrix with right angles of any matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrthogonalMap {
    /// The exponential of what the lower triangle and its opposite make: PyTorch's choice for square matrices.
    MatrixExp,
    /// A product of reflections, one for each column: PyTorch's choice for others.
    Householder,
}

/// A matrix whose rows (or columns, where there are fewer of them) have length 1 and stand at right angles.
#[derive(Debug, Clone, Module)]
pub struct Orthogonal {
    /// What the map is multiplied with, so that training starts from the given weight.
    base: Buffer,
    #[module(plain)]
    map: OrthogonalMap,
}

impl Parametrize for Orthogonal {
    fn forward(&self, originals: &[&Tensor]) -> Result<Tensor> {
        let [x] = originals else { return Err(Error::new("orthogonal", "takes one matrix")) };
        let wide = x.shape()[0] < x.shape()[1];
        let x = if wide { x.t()? } else { (*x).clone() };
        let (n, k) = (x.shape()[0], x.shape()[1]);
        let q = match self.map {
            OrthogonalMap::MatrixExp => {
                let triangle = x.tril(0)?;
                let square = Tensor::cat(&[&triangle, &triangle.detach().new_zeros([n, n - k])?], 1)?;
                exponential(&square.sub(&square.t()?)?)?.narrow(1, 0, k)?
            }
            OrthogonalMap::Householder => reflections(&x)?,
        };
        let q = self.base.matmul(&q)?;
        if wide { q.t() } else { Ok(q) }
    }
    fn right_inverse(&self, weight: &Tensor) -> Result<Vec<Tensor>> {
        // Of minus the identity, the reflections make the identity, and the exponential of no triangle is it too; what
        // the weight is stands in the base.
        let (n, k) = (weight.shape()[0], weight.shape()[1]);
        let identity = Tensor::eye_on(n, k, weight.dtype(), &weight.device())?;
        Ok(vec![identity.neg()?])
    }
}

/// The exponential of a matrix, by squaring that of a small part of it. Its series ends far below rounding.
fn exponential(a: &Tensor) -> Result<Tensor> {
    let size = a.detach().abs()?.sum_dim(1, DROP)?;
    let size = if size.numel() == 0 { 0.0 } else { size.max()?.item::<f64>()? };
    // For a norm of at most 1/2, 14 terms leave less than 1e-16.
    let squarings = if size > 0.5 { (size * 2.0).log2().ceil().min(1000.0) as i32 } else { 0 };
    let small = a.mul(0.5f64.powi(squarings))?;
    let identity = Tensor::eye_on(a.shape()[0], a.shape()[0], a.dtype(), &a.device())?;
    // Horner's: 1 + x (1 + x/2 (1 + x/3 (..))).
    let mut sum = identity.clone();
    for term in (1..=14).rev() {
        sum = identity.add(&small.matmul(&sum)?.div(f64::from(term))?)?;
    }
    for _ in 0..squarings {
        sum = sum.matmul(&sum)?;
    }
    Ok(sum)
}

/// The first columns of the product of a reflection for each column: below the diagonal stands its vector, whose element
/// on the diagonal is 1. The diagonal itself holds signs.
fn reflections(x: &Tensor) -> Result<Tensor> {
    let (n, k) = (x.shape()[0], x.shape()[1]);
    let below = x.tril(-1)?;
    let identity = Tensor::eye_on(n, k, x.dtype(), &x.device())?;
    let vectors = below.add(&identity)?;
    let scale = below.square()?.sum_dim(0, DROP)?.add(1.0)?.reciprocal()?.mul(2.0)?;
    let mut q = identity;
    for column in (0..k).rev() {
        let v = vectors.narrow(1, column, 1)?;
        q = q.sub(&v.matmul(&v.t()?.matmul(&q)?)?.mul(&scale.narrow(0, column, 1)?)?)?;
    }
    let signs = x.detach().diagonal(0, 0, 1)?.trunc()?;
    q.mul(&signs)
}

/// Keeps a matrix orthogonal: its rows or columns, whichever are fewer, have length 1 and stand at right angles. It starts
/// as the orthogonal matrix that Gram and Schmidt find from the one that is there.
///
/// ```
/// use nn::{Linear, utils::parametrizations::orthogonal};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let layer = orthogonal(Linear::new(20, 40)?, |l| &mut l.weight, None)?;
/// let q = layer.weight()?;
/// assert!(q.t()?.matmul(&q)?.allclose(&Tensor::eye(20)?, 0.0, 1e-5, false)?);
/// # Ok(()) }
/// ```
pub fn orthogonal<L: Module + Clone>(mut layer: L, at: At<L>, map: Option<OrthogonalMap>) -> Result<Parametrized<L>> {
    let weight = at(&mut layer).detach();
    let &[rows, columns] = weight.shape() else {
        return Err(Error::new("orthogonal", "only a matrix can be orthogonal").operands([&weight]));
    };
    let square = rows == columns;
    let map = map.unwrap_or(if square { OrthogonalMap::MatrixExp } else { OrthogonalMap::Householder });
    let tall = if rows < columns { weight.t()? } else { weight.clone() };
    let (n, k) = (rows.max(columns), rows.min(columns));
    // The columns of the weight, and as many drawn ones as make a basis of the whole space.
    let mut vectors = tall.t()?.to_vec::<f64>()?;
    vectors.extend(Tensor::randn([n - k, n])?.to_vec::<f64>()?);
    let basis = if n == 0 { vectors } else { orthonormal(vectors, n) };
    if basis.iter().any(|x| !x.is_finite()) {
        return Err(Error::new("orthogonal", "the weight's rows or columns depend on each other")
            .operands([&weight])
            .hint("start with init::orthogonal_"));
    }
    let base = Tensor::from_slice(&basis, [n, n])?.t()?.to_dtype(weight.dtype())?.to_device(&weight.device())?;
    register_parametrization(layer, at, Orthogonal { base: Buffer::new(base)?, map })
}

/// [`super::weight_norm`], under the old names.
pub(super) fn old_weight_norm<L: Module + Clone>(layer: L, at: At<L>, dim: Option<isize>) -> Result<Parametrized<L>> {
    Parametrized::new(layer, at, Naming::Suffixes(&["_g", "_v"]), Box::new(WeightNorm { dim }))
}

/// [`super::spectral_norm`], under the old names.
pub(super) fn old_spectral_norm<L: Module + Clone>(
    mut layer: L,
    at: At<L>,
    options: SpectralNormOptions,
) -> Result<Parametrized<L>> {
    let weight = at(&mut layer).tied();
    let found = layer.named_parameters().into_iter().find(|(_, p)| p.is_tied_to(&weight));
    let name = found.map_or(String::new(), |(name, _)| name.rsplit('.').next().unwrap_or_default().to_string());
    let norm = SpectralNorm::start(&weight.detach(), options, Vectors::Old(name))?;
    Parametrized::new(layer, at, Naming::Suffixes(&["_orig"]), Box::new(norm))
}
