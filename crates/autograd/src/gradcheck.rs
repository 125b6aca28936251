//! Comparing gradients with finite differences, in `f64`.
use crate::{GradOptions, grad};
use tensor_core::{DType, Error, ErrorKind, Result, Tensor, set_grad_enabled};

/// How [`gradcheck`] measures.
#[derive(Clone, Copy, Debug)]
pub struct GradcheckOptions {
    /// Half the distance of the two points of a difference.
    pub eps: f64,
    /// What the two may differ by, whatever their size.
    pub atol: f64,
    /// What they may differ by in relation to the numerical one.
    pub rtol: f64,
    /// Up to this many inputs elements times output elements the whole Jacobian is compared; beyond, its product with a
    /// fixed direction, whose errors are as large and as visible but named less precisely.
    pub full_limit: usize,
}

impl Default for GradcheckOptions {
    fn default() -> GradcheckOptions {
        GradcheckOptions { eps: 1e-6, atol: 1e-5, rtol: 1e-3, full_limit: 4096 }
    }
}

/// Checks the gradients of `f` at `inputs`: those that require grad must be `f64`; all outputs of a float dtype are
/// looked at. The error says which input and element is wrong, and the two values.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::{GradcheckOptions, gradcheck};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[0.3f64, -0.7, 1.1], [3])?.requires_grad_(true);
/// gradcheck(|v| Ok(vec![v[0].sin()?.mul(&v[0])?]), &[&x], GradcheckOptions::default())?;
/// # Ok(()) }
/// ```
pub fn gradcheck(
    f: impl Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[&Tensor],
    options: GradcheckOptions,
) -> Result<()> {
    check("gradcheck", &f, inputs, options)
}

/// Checks the gradients of the gradients of `f` at `inputs`: the rules must be differentiable, and rightly so.
///
/// ```
/// # use tensor_core::{Tensor, Result};
/// use autograd::{GradcheckOptions, gradgradcheck};
/// # fn main() -> Result<()> {
/// let x = Tensor::from_slice(&[0.3f64, -0.7, 1.1], [3])?.requires_grad_(true);
/// gradgradcheck(|v| Ok(vec![v[0].exp()?]), &[&x], GradcheckOptions::default())?;
/// # Ok(()) }
/// ```
pub fn gradgradcheck(
    f: impl Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[&Tensor],
    options: GradcheckOptions,
) -> Result<()> {
    let op = "gradgradcheck";
    if !inputs.iter().any(|x| x.requires_grad()) {
        return check(op, &f, inputs, options);
    }
    let outputs = float_outputs(op, &f, &copies(inputs)?)?;
    let n = inputs.len();
    // The gradients enter as further inputs, so that the dependence on them is checked as well.
    let mut all: Vec<Tensor> = copies(inputs)?;
    for (i, y) in outputs.iter().enumerate() {
        all.push(direction(y, i)?.requires_grad_(true));
    }
    let first_order = |v: &[Tensor]| -> Result<Vec<Tensor>> {
        let outputs = float_outputs(op, &f, &v[..n])?;
        // What does not depend on any input (a constant) has no gradient to differentiate.
        let pairs: Vec<(&Tensor, &Tensor)> = outputs.iter().zip(&v[n..]).filter(|(y, _)| y.requires_grad()).collect();
        let (ys, gs): (Vec<&Tensor>, Vec<&Tensor>) = pairs.into_iter().unzip();
        let wanted: Vec<&Tensor> = v[..n].iter().filter(|x| x.requires_grad()).collect();
        let options = GradOptions { grad_outputs: &gs, create_graph: true, allow_unused: true, ..Default::default() };
        grad(&ys, &wanted, options)
    };
    let all: Vec<&Tensor> = all.iter().collect();
    check(op, &first_order, &all, options)
}

type Outputs<'f> = &'f dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>;

fn check(op: &'static str, f: Outputs<'_>, inputs: &[&Tensor], options: GradcheckOptions) -> Result<()> {
    // Else it would find nothing wrong with anything.
    if !inputs.iter().any(|x| x.requires_grad()) {
        return Err(Error::new(op, "no input requires grad, so there is nothing to check")
            .operands(inputs.iter().copied())
            .hint("call requires_grad_(true) on the inputs"));
    }
    let points = copies(inputs)?;
    for (i, x) in points.iter().enumerate() {
        if x.requires_grad() && x.dtype() != DType::F64 {
            return Err(Error::new(op, format!("input {i} is {}: differences need f64", x.dtype())).operands([x]));
        }
    }
    let outputs = {
        let _recorded = set_grad_enabled(true);
        float_outputs(op, f, &points)?
    };
    for (k, y) in outputs.iter().enumerate() {
        for (i, x) in points.iter().enumerate().filter(|(_, x)| x.requires_grad()) {
            let output = |values: &[Tensor]| -> Result<Vec<f64>> {
                // Where `f` is itself a gradient, it needs a record to walk.
                let _mode = set_grad_enabled(op == "gradgradcheck");
                let all = float_outputs(op, f, values)?;
                all.get(k).ok_or_else(|| Error::new(op, "the number of outputs changes"))?.to_vec::<f64>()
            };
            let at = Place { op, output: k, input: i };
            if x.numel() * y.numel() <= options.full_limit {
                full(at, y, &points, &output, options)?;
            } else {
                along(at, y, &points, &output, options)?;
            }
        }
    }
    Ok(())
}

/// Which part of the Jacobian is being compared.
#[derive(Clone, Copy)]
struct Place {
    op: &'static str,
    output: usize,
    input: usize,
}

type Values<'f> = &'f dyn Fn(&[Tensor]) -> Result<Vec<f64>>;

/// Every element of the Jacobian: rows from backward, columns from differences.
fn full(at: Place, y: &Tensor, points: &[Tensor], output: Values<'_>, options: GradcheckOptions) -> Result<()> {
    let x = &points[at.input];
    let (rows, columns) = (y.numel(), x.numel());
    let mut analytical = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut unit = vec![0.0; rows];
        unit[row] = 1.0;
        analytical.push(vjp(y, x, &Tensor::from_slice(&unit, y.shape())?.to_device(&y.device())?)?);
    }
    for column in 0..columns {
        let mut step = vec![0.0; columns];
        step[column] = options.eps;
        let numerical = difference(points, at.input, &step, output, options.eps)?;
        for row in 0..rows {
            let (got, want) = (analytical[row][column], numerical[row]);
            if !close(got, want, options) {
                return Err(Error::new(
                    at.op,
                    format!(
                        "output {} [{}] by input {} [{}]: backward says {got}, differences {want}",
                        at.output,
                        index_of(row, y.shape()),
                        at.input,
                        index_of(column, x.shape())
                    ),
                )
                .kind_of(ErrorKind::Autograd)
                .operands([x, y]));
            }
        }
    }
    Ok(())
}

/// The Jacobian between two fixed directions.
fn along(at: Place, y: &Tensor, points: &[Tensor], output: Values<'_>, options: GradcheckOptions) -> Result<()> {
    let x = &points[at.input];
    let (u, v) = (direction(x, at.input)?.to_vec::<f64>()?, direction(y, at.output + 7)?);
    let got: f64 = vjp(y, x, &v)?.iter().zip(&u).map(|(a, b)| a * b).sum();
    let step: Vec<f64> = u.iter().map(|u| u * options.eps).collect();
    let moved = difference(points, at.input, &step, output, options.eps)?;
    let want: f64 = moved.iter().zip(&v.to_vec::<f64>()?).map(|(a, b)| a * b).sum();
    // Sums of many terms: what cancels in them counts as size.
    let size: f64 = moved.iter().zip(&v.to_vec::<f64>()?).map(|(a, b)| (a * b).abs()).sum();
    if (got - want).abs() <= options.atol * (y.numel() as f64).sqrt() + options.rtol * size || got == want {
        return Ok(());
    }
    Err(Error::new(
        at.op,
        format!(
            "output {} by input {}, along a direction: backward says {got}, differences {want}",
            at.output, at.input
        ),
    )
    .kind_of(ErrorKind::Autograd)
    .operands([x, y]))
}

/// `v` times the Jacobian of `y` by `x`, as backward has it.
fn vjp(y: &Tensor, x: &Tensor, v: &Tensor) -> Result<Vec<f64>> {
    if !y.requires_grad() {
        return Ok(vec![0.0; x.numel()]);
    }
    let options =
        GradOptions { grad_outputs: &[v], retain_graph: Some(true), allow_unused: true, ..Default::default() };
    grad(&[y], &[x], options)?.remove(0).to_vec::<f64>()
}

/// How the output changes when input `i` moves by `step` to both sides, per `2 eps`.
fn difference(points: &[Tensor], i: usize, step: &[f64], output: Values<'_>, eps: f64) -> Result<Vec<f64>> {
    let at = |sign: f64| -> Result<Vec<f64>> {
        let x = &points[i];
        let moved: Vec<f64> = x.to_vec::<f64>()?.iter().zip(step).map(|(x, s)| x + sign * s).collect();
        let mut points = points.to_vec();
        points[i] = Tensor::from_slice(&moved, x.shape())?.to_device(&x.device())?.requires_grad_(true);
        output(&points)
    };
    let (up, down) = (at(1.0)?, at(-1.0)?);
    Ok(up.iter().zip(&down).map(|(a, b)| (a - b) / (2.0 * eps)).collect())
}

fn close(got: f64, want: f64, options: GradcheckOptions) -> bool {
    // Infinities that agree are equal; NaN never is.
    got == want || (got - want).abs() <= options.atol + options.rtol * want.abs()
}

/// Leaves of their own with the same values.
fn copies(inputs: &[&Tensor]) -> Result<Vec<Tensor>> {
    inputs
        .iter()
        .map(|x| {
            // Strides stay as they are: they are part of what is checked.
            let copy = x.detach();
            Ok(if x.requires_grad() { copy.requires_grad_(true) } else { copy })
        })
        .collect()
}

fn float_outputs(op: &'static str, f: Outputs<'_>, values: &[Tensor]) -> Result<Vec<Tensor>> {
    let outputs: Vec<Tensor> = f(values)?.into_iter().filter(|y| y.dtype().is_float()).collect();
    match outputs.iter().find(|y| y.dtype() != DType::F64) {
        Some(y) => Err(Error::new(op, format!("an output is {}: differences need f64", y.dtype())).operands([y])),
        None => Ok(outputs),
    }
}

/// Numbers between -1 and 1 that are the same in every run, none of them near 0.
fn direction(like: &Tensor, salt: usize) -> Result<Tensor> {
    let numbers: Vec<f64> = (0..like.numel())
        .map(|i| {
            let h = ((i + 1) * 0x9E37 + salt * 0x85EB) % 1009;
            let size = 0.25 + 0.75 * h as f64 / 1009.0;
            if h.is_multiple_of(2) { size } else { -size }
        })
        .collect();
    Tensor::from_slice(&numbers, like.shape())?.to_device(&like.device())
}

/// `1, 0, 2`: the position of an element.
fn index_of(mut flat: usize, shape: &[usize]) -> String {
    let mut index: Vec<String> = Vec::with_capacity(shape.len());
    for &size in shape.iter().rev() {
        index.push((flat % size.max(1)).to_string());
        flat /= size.max(1);
    }
    index.reverse();
    index.join(", ")
}
