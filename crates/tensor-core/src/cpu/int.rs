//! What the kernels of integer operations need of `i64`, `i32` and `u8`.
use bytemuck::Pod;

/// `i64`, `i32` or `u8`. Overflow wraps.
pub(super) trait Int:
    Pod
    + Send
    + Sync
    + Ord
    + std::ops::BitAnd<Output = Self>
    + std::ops::BitOr<Output = Self>
    + std::ops::BitXor<Output = Self>
    + std::ops::Not<Output = Self>
{
    const ZERO: Self;
    const MIN: Self;
    const MAX: Self;
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn neg(self) -> Self;
    fn abs(self) -> Self;
    fn sign(self) -> Self;
    /// The quotient rounded down; `b` is not 0.
    fn floor_divide(self, b: Self) -> Self;
    /// With the sign of `b`, which is not 0.
    fn remainder(self, b: Self) -> Self;
    /// With the sign of `self`; `b` is not 0.
    fn fmod(self, b: Self) -> Self;
    fn pow(self, b: Self) -> Self;
    fn shl(self, b: Self) -> Self;
    fn shr(self, b: Self) -> Self;
}

macro_rules! ints {
    ($($t:ident, |$a:ident| $abs:expr, $sign:expr, |$f:ident, $g:ident| $floor:expr, $remainder:expr;)*) => { $(impl Int for $t {
        const ZERO: $t = 0;
        const MIN: $t = $t::MIN;
        const MAX: $t = $t::MAX;
        #[inline(always)]
        fn add(self, b: $t) -> $t { self.wrapping_add(b) }
        #[inline(always)]
        fn sub(self, b: $t) -> $t { self.wrapping_sub(b) }
        #[inline(always)]
        fn mul(self, b: $t) -> $t { self.wrapping_mul(b) }
        #[inline(always)]
        fn neg(self) -> $t { self.wrapping_neg() }
        #[inline(always)]
        fn abs(self) -> $t { let $a = self; $abs }
        #[inline(always)]
        fn sign(self) -> $t { let $a = self; $sign }
        #[inline(always)]
        fn floor_divide(self, b: $t) -> $t { let ($f, $g) = (self, b); $floor }
        #[inline(always)]
        fn remainder(self, b: $t) -> $t { let ($f, $g) = (self, b); $remainder }
        #[inline(always)]
        fn fmod(self, b: $t) -> $t { self.wrapping_rem(b) }
        fn pow(self, b: $t) -> $t {
            #[allow(unused_comparisons)]
            if b < 0 {
                // One over the power, cut to an integer.
                return match self {
                    1 => 1,
                    v if v == (0 as $t).wrapping_sub(1) => if b & 1 == 0 { 1 } else { v },
                    _ => 0,
                };
            }
            let (mut base, mut left, mut power): ($t, $t, $t) = (self, b, 1);
            while left > 0 {
                if left & 1 == 1 {
                    power = power.wrapping_mul(base);
                }
                base = base.wrapping_mul(base);
                left >>= 1;
            }
            power
        }
        #[inline(always)]
        fn shl(self, b: $t) -> $t {
            let inside = (b as u64) < u64::from($t::BITS);
            if inside { self.wrapping_shl(b as u32) } else { 0 }
        }
        #[inline(always)]
        fn shr(self, b: $t) -> $t {
            let inside = (b as u64) < u64::from($t::BITS);
            self.wrapping_shr(if inside { b as u32 } else { $t::BITS - 1 }) >> u32::from(!inside && $t::MIN == 0)
        }
    })* };
}
ints! {
    i64, |a| a.wrapping_abs(), a.signum(),
        |a, b| a.wrapping_div(b) - i64::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0)),
        { let r = a.wrapping_rem(b); if r != 0 && (r < 0) != (b < 0) { r + b } else { r } };
    i32, |a| a.wrapping_abs(), a.signum(),
        |a, b| a.wrapping_div(b) - i32::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0)),
        { let r = a.wrapping_rem(b); if r != 0 && (r < 0) != (b < 0) { r + b } else { r } };
    u8, |a| a, u8::from(a != 0), |a, b| a / b, a % b;
}
