//! Elements of one dtype from one layout to another.
use super::{
    convert::{convert, with_type},
    storage::{data, data_mut},
};
use crate::{DType, Result, View, ViewMut};

pub(super) fn copy(x: View<'_>, out: ViewMut<'_>) -> Result<()> {
    with_type!(out.dtype, T => {
        let x = data::<T>(x)?;
        let mut out = data_mut::<T>(out)?;
        if let (Some(from), Some(to)) = (x.contiguous(), out.contiguous()) {
            to.copy_from_slice(from);
            return Ok(());
        }
        for (from, to) in x.layout.positions().zip(out.layout.positions()) {
            out.all[to] = x.all[from];
        }
    });
    Ok(())
}

pub(super) fn cast(x: View<'_>, out: ViewMut<'_>) -> Result<()> {
    let to_bool = out.dtype == DType::Bool;
    with_type!(x.dtype, S => with_type!(out.dtype, D => {
        let x = data::<S>(x)?;
        let out = data_mut::<D>(out)?;
        for (from, to) in x.layout.positions().zip(out.layout.positions()) {
            let v = x.all[from];
            out.all[to] = if to_bool { super::convert::Number::from_i64(i64::from(super::convert::Number::truth(v))) } else { convert::<S, D>(v) };
        }
    }));
    Ok(())
}
