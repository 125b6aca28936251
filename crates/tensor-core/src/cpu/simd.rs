//! Plain loops over slices, compiled once for each level of SIMD instructions and chosen when the program runs.
use pulp::{Arch, Simd, WithSimd};
use std::sync::OnceLock;

/// Runs a loop with the best instructions of this machine.
#[inline(always)]
pub(super) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    // Asking for the features anew would cost more than a tiny tensor.
    static ARCH: OnceLock<Arch> = OnceLock::new();
    ARCH.get_or_init(Arch::new).dispatch(work)
}

struct Map1<'a, A, O, F>(&'a [A], &'a mut [O], F);
impl<A: Copy, O, F: Fn(A) -> O> WithSimd for Map1<'_, A, O, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Map1(a, o, f) = self;
        let n = o.len().min(a.len());
        let (a, o) = (&a[..n], &mut o[..n]);
        for i in 0..n {
            o[i] = f(a[i]);
        }
    }
}
/// `o[i] = f(a[i])`
#[inline(always)]
pub(super) fn map1<A: Copy, O>(a: &[A], o: &mut [O], f: impl Fn(A) -> O) {
    dispatch(Map1(a, o, f));
}

struct Map2<'a, A, B, O, F>(&'a [A], &'a [B], &'a mut [O], F);
impl<A: Copy, B: Copy, O, F: Fn(A, B) -> O> WithSimd for Map2<'_, A, B, O, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Map2(a, b, o, f) = self;
        let n = o.len().min(a.len()).min(b.len());
        let (a, b, o) = (&a[..n], &b[..n], &mut o[..n]);
        for i in 0..n {
            o[i] = f(a[i], b[i]);
        }
    }
}
/// `o[i] = f(a[i], b[i])`
#[inline(always)]
pub(super) fn map2<A: Copy, B: Copy, O>(a: &[A], b: &[B], o: &mut [O], f: impl Fn(A, B) -> O) {
    dispatch(Map2(a, b, o, f));
}

struct Map3<'a, A, B, O, F>(&'a [A], &'a [B], &'a [B], &'a mut [O], F);
impl<A: Copy, B: Copy, O, F: Fn(A, B, B) -> O> WithSimd for Map3<'_, A, B, O, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Map3(a, b, c, o, f) = self;
        let n = o.len().min(a.len()).min(b.len()).min(c.len());
        let (a, b, c, o) = (&a[..n], &b[..n], &c[..n], &mut o[..n]);
        for i in 0..n {
            o[i] = f(a[i], b[i], c[i]);
        }
    }
}
/// `o[i] = f(a[i], b[i], c[i])`
#[inline(always)]
pub(super) fn map3<A: Copy, B: Copy, O>(a: &[A], b: &[B], c: &[B], o: &mut [O], f: impl Fn(A, B, B) -> O) {
    dispatch(Map3(a, b, c, o, f));
}

/// `o[i] = f(a[i])`, and where `hard(a[i])`, which is rare, `o[i] = g(a[i])` without SIMD.
#[inline(always)]
pub(super) fn map1_or<A: Copy, O>(
    a: &[A],
    o: &mut [O],
    f: impl Fn(A) -> O,
    hard: impl Fn(A) -> bool,
    g: impl Fn(A) -> O,
) {
    map1(a, o, f);
    if any1(a, &hard) {
        a.iter().zip(o).filter(|(a, _)| hard(**a)).for_each(|(a, o)| *o = g(*a));
    }
}

struct Any1<'a, A, F>(&'a [A], F);
impl<A: Copy, F: Fn(A) -> bool> WithSimd for Any1<'_, A, F> {
    type Output = bool;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        self.0.iter().fold(0u32, |any, &v| any | u32::from((self.1)(v))) != 0
    }
}
/// Whether `f` holds anywhere; always looks at every element.
#[inline(always)]
pub(super) fn any1<A: Copy>(a: &[A], f: impl Fn(A) -> bool) -> bool {
    dispatch(Any1(a, f))
}
