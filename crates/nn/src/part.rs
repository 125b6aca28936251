//! What a field of a module can be.
use crate::{Mode, Module, Place, Visitor};
use autograd::{Buffer, Parameter};
use std::{
    collections::{BTreeMap, HashMap},
    marker::PhantomData,
};
use tensor_core::{DType, Device, Scalar};

/// A field of a module: something with parameters in it, or plain data that the walk passes over.
///
/// `#[derive(Module)]` implements it. A bare tensor is neither, because nobody could tell whether it is to be trained:
///
/// ```compile_fail,E0277
/// # use tensor_core::Tensor;
/// #[derive(nn::Module)]
/// struct Net {
///     weight: Tensor, // error: `Tensor` is neither a part of a module nor declared plain data
/// }
/// ```
///
/// Say which one it is:
///
/// ```
/// # use tensor_core::Tensor;
/// #[derive(nn::Module)]
/// struct Net {
///     weight: nn::Parameter,
///     mean: nn::Buffer,
///     #[module(plain)]
///     table: Tensor,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a part of a module nor declared plain data",
    label = "make it a part, or write `#[module(plain)]` above the field",
    note = "a trained tensor is a `Parameter`, a remembered one a `Buffer`; `#[module(plain)]` marks any other data",
    note = "parts are `Parameter`, `Buffer`, `Mode`, any type with `#[derive(Module)]`, and `Option`, `Vec`, `Box`, arrays, tuples and maps by `String` of them; numbers, `bool` and `String` are plain by themselves"
)]
pub trait Part {
    /// Shows the visitor what is inside.
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>);
}

impl Part for Parameter {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.parameter(self);
    }
}
impl Part for Buffer {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.buffer(self);
    }
}
impl Part for Mode {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.mode(self);
    }
}
impl Part for Place {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visitor.place(self);
    }
}

macro_rules! plain {
    ($($t:ty),* $(,)?) => { $(
        impl Part for $t {
            fn visit<'m>(&'m self, _: &mut Visitor<'m, '_>) {}
        }
    )* };
}
plain!(
    (),
    bool,
    char,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    String,
    &'static str,
    DType,
    Device,
    Scalar,
);

impl<T: ?Sized> Part for PhantomData<T> {
    fn visit<'m>(&'m self, _: &mut Visitor<'m, '_>) {}
}

impl<P: Part + ?Sized> Part for Box<P> {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        (**self).visit(visitor);
    }
}
impl<P: Part> Part for Option<P> {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        if let Some(part) = self {
            part.visit(visitor);
        }
    }
}

fn visit_list<'m, P: Part>(parts: &'m [P], visitor: &mut Visitor<'m, '_>) {
    for (i, part) in parts.iter().enumerate() {
        visitor.field(&i.to_string(), |visitor| part.visit(visitor));
    }
}

/// Parts are named `0`, `1`, ...
impl<P: Part> Part for Vec<P> {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visit_list(self, visitor);
    }
}
/// Parts are named `0`, `1`, ...
impl<P: Part, const N: usize> Part for [P; N] {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        visit_list(self, visitor);
    }
}
/// Parts are named by their keys.
impl<P: Part> Part for BTreeMap<String, P> {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        for (name, part) in self {
            visitor.field(name, |visitor| part.visit(visitor));
        }
    }
}
/// Parts are named by their keys, and visited in their order: a hash map's own order changes from run to run.
impl<P: Part, S> Part for HashMap<String, P, S> {
    fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
        let mut sorted: Vec<(&'m String, &'m P)> = self.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        for (name, part) in sorted {
            visitor.field(name, |visitor| part.visit(visitor));
        }
    }
}

// Collections of modules have a module's methods, though the walk does not count them as modules of their own.
impl<M: Module + ?Sized> Module for Box<M> {}
impl<M: Module> Module for Option<M> {}
impl<M: Module> Module for Vec<M> {}
impl<M: Module, const N: usize> Module for [M; N] {}
impl<M: Module> Module for BTreeMap<String, M> {}
impl<M: Module, S: 'static> Module for HashMap<String, M, S> {}

macro_rules! tuples {
    ($( ($($P:ident $i:tt),+) )*) => { $(
        /// Parts are named `0`, `1`, ...
        impl<$($P: Part),+> Part for ($($P,)+) {
            fn visit<'m>(&'m self, visitor: &mut Visitor<'m, '_>) {
                $( visitor.field(stringify!($i), |visitor| self.$i.visit(visitor)); )+
            }
        }
        impl<$($P: Module),+> Module for ($($P,)+) {}
    )* };
}
tuples! {
    (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6) (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
