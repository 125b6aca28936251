//! Tensors with given strides, made by public calls only: padded memory, then views of it.
use tensor_core::{Device, Result, Tensor};

/// Padding beyond this is not worth it: the values then come row-major, which must give the same results.
const MOST_ELEMENTS: usize = 1 << 22;

/// The values of `x` (row-major, on the CPU) on `device` as a view with `strides` where views can say it.
pub fn with_strides(x: &Tensor, strides: &[usize], device: &Device) -> Result<Tensor> {
    match view(x, strides, device)? {
        Some(v) => Ok(v),
        None => x.to_device(device),
    }
}

fn view(x: &Tensor, strides: &[usize], device: &Device) -> Result<Option<Tensor>> {
    let shape = x.shape();
    if strides.len() != shape.len() || x.numel() == 0 {
        return Ok(None);
    }
    // Dims that lie in memory, the farthest stride first; the others have size 1 or repeat.
    let mut real: Vec<usize> = (0..shape.len()).filter(|&d| shape[d] > 1 && strides[d] > 0).collect();
    real.sort_by_key(|&d| std::cmp::Reverse(strides[d]));
    let mut memory = Vec::new();
    for (i, &d) in real.iter().enumerate() {
        let room = match i {
            0 => shape[d],
            _ => {
                let outer = strides[real[i - 1]];
                if !outer.is_multiple_of(strides[d]) || outer / strides[d] < shape[d] {
                    return Ok(None);
                }
                outer / strides[d]
            }
        };
        memory.push(room);
    }
    memory.push(real.last().map_or(1, |&d| strides[d]));
    let len = memory.iter().product::<usize>();
    if len > MOST_ELEMENTS {
        return Ok(None);
    }

    let size = x.dtype().size();
    let values = x.to_bytes()?;
    let mut bytes = vec![0u8; len * size];
    let mut index = vec![0usize; shape.len()];
    for value in values.chunks_exact(size) {
        let at = index.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>() * size;
        bytes[at..at + size].copy_from_slice(value);
        for d in (0..shape.len()).rev() {
            index[d] += 1;
            if index[d] < shape[d] {
                break;
            }
            index[d] = 0;
        }
    }

    let mut v = Tensor::from_bytes(&bytes, &memory, x.dtype())?.to_device(device)?;
    for (i, &d) in real.iter().enumerate() {
        v = v.narrow(i as isize, 0, shape[d])?;
    }
    v = v.select(-1, 0)?;
    // Back to the order of the dims, then the dims that are not in memory.
    let mut order: Vec<usize> = (0..real.len()).collect();
    order.sort_by_key(|&i| real[i]);
    v = v.permute(order)?;
    for d in 0..shape.len() {
        if !real.contains(&d) {
            v = v.unsqueeze(d as isize)?;
        }
    }
    v = v.expand(shape)?;
    let as_asked = (0..shape.len()).all(|d| shape[d] == 1 || v.stride()[d] == strides[d]);
    Ok(as_asked.then_some(v))
}
