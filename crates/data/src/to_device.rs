//! Batches that a loader can move to a device.
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};
use tensor_core::{Device, Result, Tensor};

/// What holds tensors and can be moved as a whole; names and numbers stay as they are.
pub trait ToDevice: Sized {
    /// The same on `device`.
    fn to_device(self, device: &Device) -> Result<Self>;
}

impl ToDevice for Tensor {
    fn to_device(self, device: &Device) -> Result<Tensor> {
        Tensor::to_device(&self, device)
    }
}

impl<T: ToDevice> ToDevice for Vec<T> {
    fn to_device(self, device: &Device) -> Result<Vec<T>> {
        self.into_iter().map(|x| x.to_device(device)).collect()
    }
}

impl<T: ToDevice> ToDevice for Option<T> {
    fn to_device(self, device: &Device) -> Result<Option<T>> {
        self.map(|x| x.to_device(device)).transpose()
    }
}

impl<T: ToDevice> ToDevice for BTreeMap<String, T> {
    fn to_device(self, device: &Device) -> Result<Self> {
        self.into_iter().map(|(name, x)| Ok((name, x.to_device(device)?))).collect()
    }
}

impl<T: ToDevice> ToDevice for HashMap<String, T> {
    fn to_device(self, device: &Device) -> Result<Self> {
        self.into_iter().map(|(name, x)| Ok((name, x.to_device(device)?))).collect()
    }
}

macro_rules! stays {
    ($($t:ty),*) => { $(impl ToDevice for $t {
        fn to_device(self, _: &Device) -> Result<$t> {
            Ok(self)
        }
    })* };
}
stays!(String, PathBuf, &'static str, bool, u8, i32, i64, usize, f32, f64, ());

macro_rules! tuples {
    ($($t:ident $n:tt),*) => {
        impl<$($t: ToDevice),*> ToDevice for ($($t,)*) {
            fn to_device(self, device: &Device) -> Result<Self> {
                Ok(($(self.$n.to_device(device)?,)*))
            }
        }
    };
}
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
