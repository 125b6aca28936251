//! Parameters as one vector, for methods that see a model as a point in space.
use autograd::Parameter;
use tensor_core::{Error, Result, Tensor};

/// The elements of all parameters, one after the other; differentiable.
///
/// ```
/// use nn::{Linear, Module, utils::{parameters_to_vector, vector_to_parameters}};
/// # fn main() -> tensor_core::Result<()> {
/// let layer = Linear::new(3, 2)?;
/// let vector = parameters_to_vector(&layer.parameters())?;
/// assert_eq!(vector.shape(), [8]);
/// vector_to_parameters(&vector.mul(0.0)?, &layer.parameters())?;
/// assert_eq!(layer.weight.to_vec::<f32>()?, [0.0; 6]);
/// # Ok(()) }
/// ```
pub fn parameters_to_vector(parameters: &[Parameter]) -> Result<Tensor> {
    let flat = parameters.iter().map(|p| p.reshape([-1])).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&flat.iter().collect::<Vec<_>>(), 0).map_err(|e| e.renamed("parameters_to_vector"))
}

/// Gives the parameters the elements of a vector, in place: the opposite of [`parameters_to_vector`].
pub fn vector_to_parameters(vector: &Tensor, parameters: &[Parameter]) -> Result<()> {
    let total: usize = parameters.iter().map(|p| p.numel()).sum();
    if vector.shape() != [total] {
        let message = format!("the parameters have {total} elements");
        return Err(Error::new("vector_to_parameters", message).operands([vector]));
    }
    let vector = vector.detach();
    let mut start = 0;
    for p in parameters {
        p.replace(&vector.narrow(0, start, p.numel())?.reshape(p.shape())?)?;
        start += p.numel();
    }
    Ok(())
}
