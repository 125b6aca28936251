//! One value everywhere, and evenly spaced values.
use super::{
    convert::{Number, with_type},
    storage::data_mut,
};
use crate::{DType, Result, Scalar, ViewMut};

/// A scalar as the dtype's element stores it.
pub(super) fn element<T: Number>(dtype: DType, s: Scalar) -> T {
    match (dtype, s) {
        (DType::Bool, _) => T::from_i64(i64::from(s.to_f64() != 0.0)),
        (_, Scalar::Float(v)) => T::from_f64(v),
        (_, s) => T::from_i64(s.to_i64()),
    }
}

pub(super) fn fill(value: Scalar, out: ViewMut<'_>) -> Result<()> {
    let dtype = out.dtype;
    with_type!(dtype, T => {
        let value: T = element(dtype, value);
        let mut out = data_mut::<T>(out)?;
        match out.contiguous() {
            Some(all) => all.fill(value),
            None => out.layout.positions().for_each(|p| out.all[p] = value),
        }
    });
    Ok(())
}

pub(super) fn ramp(start: Scalar, step: Scalar, out: ViewMut<'_>) -> Result<()> {
    let dtype = out.dtype;
    with_type!(dtype, T => {
        let out = data_mut::<T>(out)?;
        let positions = out.layout.positions().enumerate();
        if dtype.is_float() || matches!(start, Scalar::Float(_)) || matches!(step, Scalar::Float(_)) {
            let (start, step) = (start.to_f64(), step.to_f64());
            positions.for_each(|(i, p)| out.all[p] = element(dtype, Scalar::Float(start + i as f64 * step)));
        } else {
            let (start, step) = (start.to_i64(), step.to_i64());
            positions.for_each(|(i, p)| {
                out.all[p] = element(dtype, Scalar::Int(start.wrapping_add(step.wrapping_mul(i as i64))));
            });
        }
    });
    Ok(())
}
