//! The settings of what slides over an input, as PyTorch writes them: one number, or one for each dim.
use crate::{
    args::Args,
    fault::{Res, refused},
    value::Value,
};

/// Sizes for `N` dims, `None` where they are not given.
pub(crate) fn opt_sizes<const N: usize>(a: &Args, place: usize, name: &str) -> Res<Option<[usize; N]>> {
    let given = match a.opt_ints(place, name)? {
        None => return Ok(None),
        Some(given) => given,
    };
    // The API takes no negative sizes, so there is nothing to refuse.
    let whole = |i: i64| usize::try_from(i).or_else(|_| refused(format!("{name} = {i}")));
    let sizes: Vec<usize> = given.into_iter().map(whole).collect::<Res<_>>()?;
    match sizes[..] {
        [] => Ok(None),
        [all] => Ok(Some([all; N])),
        _ => match <[usize; N]>::try_from(sizes) {
            Ok(sizes) => Ok(Some(sizes)),
            Err(sizes) => refused(format!("{name} = {sizes:?} for {N} dims")),
        },
    }
}

/// Sizes for `N` dims, `default` for each where they are not given.
pub(crate) fn sizes<const N: usize>(a: &Args, place: usize, name: &str, default: usize) -> Res<[usize; N]> {
    Ok(opt_sizes(a, place, name)?.unwrap_or([default; N]))
}

/// `output_size` of adaptive pooling, where `None` keeps the size of the input.
pub(super) fn adaptive<const N: usize>(a: &Args, place: usize, input: &[usize]) -> Res<[usize; N]> {
    let Some(Value::List(items)) = a.get(place, "output_size") else { return sizes(a, place, "output_size", 1) };
    if items.len() != N || input.len() < N {
        return refused(format!("{} output sizes for {N} dims", items.len()));
    }
    let mut output = [0; N];
    for (i, item) in items.iter().enumerate() {
        output[i] = match item {
            Value::Null => input[input.len() - N + i],
            Value::Int(size) => usize::try_from(*size).or_else(|_| refused(format!("output_size = {size}")))?,
            other => return refused(format!("an output size is {}", other.kind())),
        };
    }
    Ok(output)
}
