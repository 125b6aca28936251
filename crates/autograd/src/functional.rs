//! Derivatives of functions: Jacobians, Hessians and their products with vectors.
use crate::{GradOptions, grad};
use tensor_core::{Error, ErrorKind, Result, Tensor, graph, set_grad_enabled};

/// The inputs as the function sees them: leaves of their own, or, where the result shall be differentiated in turn,
/// further uses of the given ones.
fn entered(op: &'static str, inputs: &[&Tensor], create_graph: bool) -> Result<Vec<Tensor>> {
    let each = inputs.iter().enumerate().map(|(i, x)| {
        if !x.is_floating_point() {
            let message = format!("input {i} is {}, and only floats have derivatives", x.dtype());
            return Err(Error::new(op, message).kind_of(ErrorKind::Autograd).operands([*x]));
        }
        Ok(if create_graph && x.requires_grad() { graph::alias(x) } else { x.detach().requires_grad_(true) })
    });
    each.collect()
}

fn scalar(op: &'static str, y: &Tensor) -> Result<()> {
    if y.numel() == 1 {
        return Ok(());
    }
    Err(Error::new(op, "the function must give one number").kind_of(ErrorKind::Autograd).operands([y]))
}

/// The gradients of `y`, zeros where it does not depend on an input.
fn gradients(y: &Tensor, xs: &[Tensor], v: Option<&Tensor>, create_graph: bool) -> Result<Vec<Tensor>> {
    if !y.requires_grad() {
        return xs.iter().map(Tensor::zeros_like).collect();
    }
    let vs: Vec<&Tensor> = v.into_iter().collect();
    let xs: Vec<&Tensor> = xs.iter().collect();
    let options = GradOptions { grad_outputs: &vs, create_graph, retain_graph: Some(true), allow_unused: true };
    grad(&[y], &xs, options)
}

/// How a function's output depends on each of its inputs: for an output of shape `[*]` and an input of shape `[+]` all
/// partial derivatives, `[*, +]`. With `create_graph` they can be differentiated in turn.
///
/// ```
/// use autograd::jacobian;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = tensor([1.0, 2.0, 3.0])?;
/// let j = jacobian(|v| v[0].square(), &[&x], false)?;
/// assert_eq!(j[0].to_vec::<f32>()?, [2.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 6.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// An input that is no float, and what the function refuses.
pub fn jacobian(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[&Tensor],
    create_graph: bool,
) -> Result<Vec<Tensor>> {
    let _on = set_grad_enabled(true);
    let xs = entered("jacobian", inputs, create_graph)?;
    let y = f(&xs)?;
    let flat = y.ravel()?;
    let mut rows: Vec<Vec<Tensor>> = vec![Vec::new(); xs.len()];
    for i in 0..flat.numel() {
        let of_one = gradients(&flat.select(0, i as isize)?, &xs, None, create_graph)?;
        rows.iter_mut().zip(of_one).for_each(|(rows, row)| rows.push(row));
    }
    let whole = |(x, rows): (&Tensor, Vec<Tensor>)| {
        let shape: Vec<usize> = y.shape().iter().chain(x.shape()).copied().collect();
        match rows.is_empty() {
            true => x.new_zeros(&shape[..]),
            false => Tensor::stack(&rows.iter().collect::<Vec<_>>(), 0)?.reshape(&shape[..]),
        }
    };
    xs.iter().zip(rows).map(whole).collect()
}

/// The second derivatives of a function that gives one number: `[i][j]` holds those by input `i` and input `j`, of
/// their shapes one after the other.
///
/// ```
/// use autograd::hessian;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = tensor([1.0, 2.0])?;
/// let h = hessian(|v| v[0].pow(3.0)?.sum(), &[&x], false)?;
/// assert_eq!(h[0][0].to_vec::<f32>()?, [6.0, 0.0, 0.0, 12.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// A function that gives several numbers, an input that is no float.
pub fn hessian(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[&Tensor],
    create_graph: bool,
) -> Result<Vec<Vec<Tensor>>> {
    let slope = |i: usize| {
        let f = &f;
        move |xs: &[Tensor]| {
            let y = f(xs)?;
            scalar("hessian", &y)?;
            Ok(gradients(&y, xs, None, true)?.swap_remove(i))
        }
    };
    (0..inputs.len()).map(|i| jacobian(slope(i), inputs, create_graph)).collect()
}

/// The output, and the product of `v` (of its shape; 1 for an output of one number) with the Jacobian: one backward walk.
///
/// ```
/// use autograd::vjp;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let (y, products) = vjp(|v| v[0].exp(), &[&tensor([0.0, 0.0])?], Some(&tensor([1.0, 3.0])?), false)?;
/// assert_eq!((y.to_vec::<f32>()?, products[0].to_vec::<f32>()?), (vec![1.0, 1.0], vec![1.0, 3.0]));
/// # Ok(()) }
/// ```
///
/// # Errors
/// No `v` for an output of several numbers, an input that is no float.
pub fn vjp(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[&Tensor],
    v: Option<&Tensor>,
    create_graph: bool,
) -> Result<(Tensor, Vec<Tensor>)> {
    let _on = set_grad_enabled(true);
    let xs = entered("vjp", inputs, create_graph)?;
    let y = f(&xs)?;
    if v.is_none() {
        scalar("vjp", &y)?;
    }
    let products = gradients(&y, &xs, v, create_graph)?;
    Ok((if create_graph { y } else { y.detach() }, products))
}

/// The output, and the product of the Jacobian with `v`, one vector per input: how the output moves when the inputs move
/// by `v`. By two backward walks: the first one's result is linear in what entered it, and its derivative is the product.
///
/// ```
/// use autograd::jvp;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = tensor([1.0, 2.0])?;
/// let (_, moved) = jvp(|v| v[0].square()?.sum(), &[&x], &[&tensor([1.0, 10.0])?], false)?;
/// assert_eq!(moved.item::<f32>()?, 42.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Another number or other shapes of vectors than of inputs, an input that is no float.
pub fn jvp(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[&Tensor],
    v: &[&Tensor],
    create_graph: bool,
) -> Result<(Tensor, Tensor)> {
    let _on = set_grad_enabled(true);
    fits("jvp", inputs, v)?;
    let xs = entered("jvp", inputs, create_graph)?;
    let y = f(&xs)?;
    let probe = y.detach().zeros_like()?.requires_grad_(true);
    let slopes = gradients(&y, &xs, Some(&probe), true)?;
    let moved = paired(&slopes, v, std::slice::from_ref(&probe), create_graph)?.swap_remove(0);
    Ok((if create_graph { y } else { y.detach() }, moved))
}

/// The output of a function that gives one number, and the product of its Hessian with `v`, one vector per input.
///
/// ```
/// use autograd::hvp;
/// # use tensor_core::{Result, tensor};
/// # fn main() -> Result<()> {
/// let x = tensor([1.0, 2.0])?;
/// let (_, products) = hvp(|v| v[0].pow(3.0)?.sum(), &[&x], &[&tensor([1.0, 10.0])?], false)?;
/// assert_eq!(products[0].to_vec::<f32>()?, [6.0, 120.0]);
/// # Ok(()) }
/// ```
///
/// # Errors
/// A function that gives several numbers, vectors of other shapes than the inputs, an input that is no float.
pub fn hvp(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[&Tensor],
    v: &[&Tensor],
    create_graph: bool,
) -> Result<(Tensor, Vec<Tensor>)> {
    let _on = set_grad_enabled(true);
    fits("hvp", inputs, v)?;
    let xs = entered("hvp", inputs, create_graph)?;
    let y = f(&xs)?;
    scalar("hvp", &y)?;
    let slopes = gradients(&y, &xs, None, true)?;
    let products = paired(&slopes, v, &xs, create_graph)?;
    Ok((if create_graph { y } else { y.detach() }, products))
}

fn fits(op: &'static str, inputs: &[&Tensor], v: &[&Tensor]) -> Result<()> {
    if inputs.len() == v.len() && inputs.iter().zip(v).all(|(x, v)| x.shape() == v.shape()) {
        return Ok(());
    }
    let message = format!("{} inputs and {} vectors: there must be one of each input's shape", inputs.len(), v.len());
    Err(Error::new(op, message).operands(inputs.iter().chain(v).copied()))
}

/// The gradients of all `ys`, each with its vector. What does not depend on anything has none.
fn paired(ys: &[Tensor], vs: &[&Tensor], xs: &[Tensor], create_graph: bool) -> Result<Vec<Tensor>> {
    let (ys, vs): (Vec<&Tensor>, Vec<&Tensor>) = ys.iter().zip(vs).filter(|(y, _)| y.requires_grad()).unzip();
    if ys.is_empty() {
        return xs.iter().map(|x| x.detach().zeros_like()).collect();
    }
    let options = GradOptions { grad_outputs: &vs, create_graph, retain_graph: Some(create_graph), allow_unused: true };
    grad(&ys, &xs.iter().collect::<Vec<_>>(), options)
}
