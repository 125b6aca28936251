//! What the reductions do with each element, and the loop over a slice.
use crate::cpu::{
    binary::{maximum, minimum},
    convert::Number,
    simd::dispatch,
};
use pulp::{Simd, WithSimd};

/// An associative operation with an identity.
pub(in crate::cpu) trait Fold<C>: Copy + Send + Sync {
    /// What is accumulated.
    type A: Copy + Send + Sync;
    fn identity(self) -> Self::A;
    fn step(self, a: Self::A, x: C) -> Self::A;
    fn merge(self, a: Self::A, b: Self::A) -> Self::A;
}

macro_rules! folds {
    ($($name:ident: $A:ty, $identity:expr, |$x:ident| $widen:expr, |$a:ident, $b:ident| $merge:expr;)*) => { $(
        #[derive(Clone, Copy)]
        pub(in crate::cpu) struct $name;
        impl<C: Number> Fold<C> for $name {
            type A = $A;
            #[inline(always)]
            fn identity(self) -> $A { $identity }
            #[inline(always)]
            fn step(self, $a: $A, $x: C) -> $A { let $b: $A = $widen; $merge }
            #[inline(always)]
            fn merge(self, $a: $A, $b: $A) -> $A { $merge }
        }
    )* };
}
folds! {
    FloatSum: f64, 0.0, |x| x.to_f64(), |a, b| a + b;
    FloatProduct: f64, 1.0, |x| x.to_f64(), |a, b| a * b;
    IntSum: i64, 0, |x| x.to_i64(), |a, b| a.wrapping_add(b);
    IntProduct: i64, 1, |x| x.to_i64(), |a, b| a.wrapping_mul(b);
}

/// The largest, with what the largest of nothing is. NaN wins.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Largest<C>(pub(in crate::cpu) C);
impl<C: Number> Fold<C> for Largest<C> {
    type A = C;
    #[inline(always)]
    fn identity(self) -> C {
        self.0
    }
    #[inline(always)]
    fn step(self, a: C, x: C) -> C {
        maximum(a, x)
    }
    #[inline(always)]
    fn merge(self, a: C, b: C) -> C {
        maximum(a, b)
    }
}

/// The smallest, with what the smallest of nothing is. NaN wins.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Smallest<C>(pub(in crate::cpu) C);
impl<C: Number> Fold<C> for Smallest<C> {
    type A = C;
    #[inline(always)]
    fn identity(self) -> C {
        self.0
    }
    #[inline(always)]
    fn step(self, a: C, x: C) -> C {
        minimum(a, x)
    }
    #[inline(always)]
    fn merge(self, a: C, b: C) -> C {
        minimum(a, b)
    }
}

/// Independent accumulators, so that one addition need not wait for the last.
const LANES: usize = 32;
/// Elements after which the accumulators are merged.
const PIECE: usize = 4096;

struct Piece<'a, C, F>(&'a [C], F);
impl<C: Copy, F: Fold<C>> WithSimd for Piece<'_, C, F> {
    type Output = F::A;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> F::A {
        let Piece(x, f) = self;
        let mut total = f.identity();
        let wide = x.chunks_exact(LANES);
        let rest = wide.remainder();
        if x.len() >= LANES {
            let mut lanes = [f.identity(); LANES];
            for chunk in wide {
                for i in 0..LANES {
                    lanes[i] = f.step(lanes[i], chunk[i]);
                }
            }
            let mut width = LANES / 2;
            while width > 0 {
                for i in 0..width {
                    lanes[i] = f.merge(lanes[i], lanes[i + width]);
                }
                width /= 2;
            }
            total = lanes[0];
        }
        for &v in rest {
            total = f.step(total, v);
        }
        total
    }
}

/// Reduces a slice; long ones in halves.
pub(in crate::cpu) fn fold<C: Copy, F: Fold<C>>(x: &[C], f: F) -> F::A {
    if x.len() <= PIECE {
        return dispatch(Piece(x, f));
    }
    let middle = (x.len() / 2).next_multiple_of(PIECE);
    f.merge(fold(&x[..middle], f), fold(&x[middle..], f))
}

/// Merges partial results in halves.
pub(super) fn tree<C, F: Fold<C>>(parts: &[F::A], f: F) -> F::A {
    match parts {
        [] => f.identity(),
        [one] => *one,
        _ => {
            let (a, b) = parts.split_at(parts.len() / 2);
            f.merge(tree(a, f), tree(b, f))
        }
    }
}

struct Columns<'a, C, A, F>(&'a mut [A], &'a [C], F);
impl<C: Copy, F: Fold<C>> WithSimd for Columns<'_, C, F::A, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Columns(a, x, f) = self;
        let n = a.len().min(x.len());
        let (a, x) = (&mut a[..n], &x[..n]);
        for i in 0..n {
            a[i] = f.step(a[i], x[i]);
        }
    }
}
/// Takes in one row: an element to each accumulator.
#[inline]
pub(super) fn take_row<C: Copy, F: Fold<C>>(a: &mut [F::A], x: &[C], f: F) {
    dispatch(Columns(a, x, f));
}
