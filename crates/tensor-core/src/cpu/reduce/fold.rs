//! What the reductions do with each element, and the loop over a slice.
use crate::cpu::{
    binary::{maximum, minimum},
    convert::Number,
    real::Real,
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

    /// What takes in a few elements at a time, where that is quicker.
    type Short: Copy;
    fn short(self) -> Self::Short;
    fn take(self, s: Self::Short, x: C) -> Self::Short;
    fn settle(self, a: Self::A, s: Self::Short) -> Self::A;
}

/// A few elements are taken in as all are.
macro_rules! nothing_shorter {
    ($C:ty) => {
        type Short = Self::A;
        #[inline(always)]
        fn short(self) -> Self::A {
            <Self as Fold<$C>>::identity(self)
        }
        #[inline(always)]
        fn take(self, s: Self::A, x: $C) -> Self::A {
            self.step(s, x)
        }
        #[inline(always)]
        fn settle(self, a: Self::A, s: Self::A) -> Self::A {
            <Self as Fold<$C>>::merge(self, a, s)
        }
    };
}
pub(in crate::cpu) use nothing_shorter;

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
            nothing_shorter!(C);
        }
    )* };
}
folds! {
    FloatProduct: f64, 1.0, |x| x.to_f64(), |a, b| a * b;
    IntSum: i64, 0, |x| x.to_i64(), |a, b| a.wrapping_add(b);
    IntProduct: i64, 1, |x| x.to_i64(), |a, b| a.wrapping_mul(b);
}

/// A sum in f64, of sums of few elements in their own type: twice the elements at a time where that is f32.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct FloatSum;
impl<C: Real> Fold<C> for FloatSum {
    type A = f64;
    #[inline(always)]
    fn identity(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, a: f64, x: C) -> f64 {
        a + x.as_f64()
    }
    #[inline(always)]
    fn merge(self, a: f64, b: f64) -> f64 {
        a + b
    }
    type Short = C;
    #[inline(always)]
    fn short(self) -> C {
        C::ZERO
    }
    #[inline(always)]
    fn take(self, s: C, x: C) -> C {
        s + x
    }
    #[inline(always)]
    fn settle(self, a: f64, s: C) -> f64 {
        a + s.as_f64()
    }
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
    nothing_shorter!(C);
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
    nothing_shorter!(C);
}

/// Independent accumulators, so that one addition need not wait for the last.
const LANES: usize = 64;
/// Elements that an accumulator takes in at a time: few enough for f32 to keep its digits.
const FEW: usize = 8;
/// Elements after which the accumulators are merged.
const PIECE: usize = 4096;

struct Piece<'a, C, F>(&'a [C], F);
impl<C: Copy, F: Fold<C>> WithSimd for Piece<'_, C, F> {
    type Output = F::A;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> F::A {
        let Piece(x, f) = self;
        let mut total = f.identity();
        let (wide, rest) = x.as_chunks::<LANES>();
        if !wide.is_empty() {
            let mut lanes = [f.identity(); LANES];
            for few in wide.chunks(FEW) {
                let mut short = [f.short(); LANES];
                for chunk in few {
                    for i in 0..LANES {
                        short[i] = f.take(short[i], chunk[i]);
                    }
                }
                for i in 0..LANES {
                    lanes[i] = f.settle(lanes[i], short[i]);
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
