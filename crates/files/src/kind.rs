//! The element types of other programs' files, read as the dtype that holds every value of theirs.
use half::{bf16, f16};
use std::borrow::Cow;
use tensor_core::{DType, Error, ErrorKind, Result, Tensor};

/// An element type that files have and whose values a tensor can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// One of ours.
    Same(DType),
    I8,
    I16,
    U16,
    U32,
    U64,
    /// An 8-bit float.
    F8(F8),
}

/// The 8-bit floats of PyTorch and safetensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum F8 {
    /// Without infinities.
    E4M3,
    E5M2,
    /// Without infinities and negative zero.
    E4M3Fnuz,
    E5M2Fnuz,
    /// Powers of two.
    E8M0,
}

impl Kind {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Kind::Same(dtype) => dtype.size(),
            Kind::I8 | Kind::F8(_) => 1,
            Kind::I16 | Kind::U16 => 2,
            Kind::U32 => 4,
            Kind::U64 => 8,
        }
    }

    /// What tensors of it become: the narrowest dtype that holds all its values.
    #[cfg(test)]
    pub fn dtype(self) -> DType {
        match self {
            Kind::Same(dtype) => dtype,
            Kind::I8 | Kind::I16 | Kind::U16 => DType::I32,
            Kind::U32 | Kind::U64 => DType::I64,
            Kind::F8(_) => DType::F32,
        }
    }

    /// A tensor of these elements.
    ///
    /// # Errors
    /// Bytes that are not what the shape takes, and unsigned 64-bit values beyond i64.
    pub fn tensor(self, bytes: &[u8], big_endian: bool, shape: &[usize]) -> Result<Tensor> {
        let bytes = native(bytes, self.size(), big_endian);
        match self {
            Kind::Same(dtype) => Tensor::from_bytes(&bytes, shape, dtype),
            Kind::I8 => Tensor::from_slice(&each(&bytes, |[b]| i32::from(i8::from_ne_bytes([b]))), shape),
            Kind::I16 => Tensor::from_slice(&each(&bytes, |b| i32::from(i16::from_ne_bytes(b))), shape),
            Kind::U16 => Tensor::from_slice(&each(&bytes, |b| i32::from(u16::from_ne_bytes(b))), shape),
            Kind::U32 => Tensor::from_slice(&each(&bytes, |b| i64::from(u32::from_ne_bytes(b))), shape),
            Kind::U64 => {
                let fitting: Option<Vec<i64>> =
                    each(&bytes, |b| i64::try_from(u64::from_ne_bytes(b)).ok()).into_iter().collect();
                let values = fitting
                    .ok_or_else(|| Error::new("read", "a value of uint64 does not fit i64").kind_of(ErrorKind::Io))?;
                Tensor::from_slice(&values, shape)
            }
            Kind::F8(f8) => Tensor::from_slice(&each(&bytes, |[b]| f8.value(b)), shape),
        }
    }
}

impl F8 {
    /// The number that a byte stands for.
    fn value(self, byte: u8) -> f32 {
        let (mantissa_bits, bias) = match self {
            // The upper byte of a half.
            F8::E5M2 => return f16::from_bits(u16::from(byte) << 8).to_f32(),
            // 2^-127 is below the smallest normal f32; the upper half of an f32 starts with the exponent too.
            F8::E8M0 if byte == 0 => return bf16::from_bits(0x0040).to_f32(),
            F8::E8M0 if byte == 0xff => return f32::NAN,
            F8::E8M0 => return bf16::from_bits(u16::from(byte) << 7).to_f32(),
            F8::E4M3 if byte & 0x7f == 0x7f => return f32::NAN,
            F8::E4M3Fnuz | F8::E5M2Fnuz if byte == 0x80 => return f32::NAN,
            F8::E4M3 => (3, 7),
            F8::E4M3Fnuz => (3, 8),
            F8::E5M2Fnuz => (2, 16),
        };
        let (sign, rest) = (byte >> 7, i32::from(byte & 0x7f));
        let (exponent, mantissa) = (rest >> mantissa_bits, rest & ((1 << mantissa_bits) - 1));
        // Exact: at most four bits times a power of two that f32 has.
        let magnitude = match exponent {
            0 => mantissa as f32 * 2f32.powi(1 - bias - mantissa_bits),
            e => (mantissa + (1 << mantissa_bits)) as f32 * 2f32.powi(e - bias - mantissa_bits),
        };
        if sign == 1 { -magnitude } else { magnitude }
    }
}

/// Elements of `N` bytes as numbers of a type that tensors have.
fn each<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&b| number(b)).collect()
}

/// Elements in this machine's byte order.
fn native(bytes: &[u8], size: usize, big_endian: bool) -> Cow<'_, [u8]> {
    if size == 1 || big_endian == cfg!(target_endian = "big") {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.chunks_exact(size).flat_map(|element| element.iter().rev().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_floats_are_what_their_papers_say() {
        // Largest, smallest normal and smallest subnormal values: Micikevicius et al. 2022, Noune et al. 2022, OCP MX.
        let values = |f8: F8, bytes: &[u8]| bytes.iter().map(|&b| f8.value(b)).collect::<Vec<f32>>();
        assert_eq!(
            values(F8::E4M3, &[0x7e, 0xfe, 0x08, 0x01, 0x38, 0x00]),
            [448.0, -448.0, 2f32.powi(-6), 2f32.powi(-9), 1.0, 0.0]
        );
        assert_eq!(
            values(F8::E5M2, &[0x7b, 0x04, 0x01, 0x7c, 0x3c]),
            [57344.0, 2f32.powi(-14), 2f32.powi(-16), f32::INFINITY, 1.0]
        );
        assert_eq!(values(F8::E4M3Fnuz, &[0x7f, 0x08, 0x01, 0x40]), [240.0, 2f32.powi(-7), 2f32.powi(-10), 1.0]);
        assert_eq!(values(F8::E5M2Fnuz, &[0x7f, 0x04, 0x01, 0x40]), [57344.0, 2f32.powi(-15), 2f32.powi(-17), 1.0]);
        assert_eq!(values(F8::E8M0, &[0, 1, 127, 254]), [2f32.powi(-127), 2f32.powi(-126), 1.0, 2f32.powi(127)]);
        for (f8, nan) in
            [(F8::E4M3, 0xff), (F8::E5M2, 0x7d), (F8::E4M3Fnuz, 0x80), (F8::E5M2Fnuz, 0x80), (F8::E8M0, 0xff)]
        {
            assert!(f8.value(nan).is_nan(), "{f8:?}");
        }
    }

    #[test]
    fn integers_keep_their_values_in_either_byte_order() {
        let read = |kind: Kind, bytes: &[u8], big| {
            let t = kind.tensor(bytes, big, &[bytes.len() / kind.size()]).unwrap();
            assert_eq!(t.dtype(), kind.dtype());
            t.to_vec::<i64>().unwrap()
        };
        assert_eq!(read(Kind::I8, &[0x80, 0x7f], false), [-128, 127]);
        assert_eq!(read(Kind::I16, &[0xff, 0xfe], true), [-2]);
        assert_eq!(read(Kind::U16, &[0xfe, 0xff], false), [0xfffe]);
        assert_eq!(read(Kind::U32, &[0xff; 4], false), [0xffff_ffff]);
        assert_eq!(read(Kind::U64, &[0, 0, 0, 0, 0, 0, 1, 2], true), [0x102]);
        assert!(Kind::U64.tensor(&[0xff; 8], false, &[1]).is_err());
        assert_eq!(read(Kind::Same(DType::I32), &[0, 0, 0, 9], true), [9]);
    }
}
