//! The names of Python that a file may use, and what each is taken for.
use super::refused;
use crate::kind::{F8, Kind};
use tensor_core::{DType, Error, Result};

/// A function or class that a pickle names. None of them is called: each is a way to make a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    Counter,
    Set,
    ByteArray,
    Complex,
    Encode,
    Size,
    Device,
    /// A dtype by its name in `torch`.
    DType(&'static str),
    Storage(Elements),
    /// `_rebuild_tensor`, `_v2`, `_v3`.
    Tensor,
    TensorV3,
    Parameter,
    FromType,
    FromCpu,
    /// `torch.Tensor`, `torch.nn.Parameter`: named as the type of a tensor, not called.
    TensorType,
    NumpyScalar,
    NumpyDType,
    NumpyArray,
    NumpyRebuild,
}

/// What the elements of a storage are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Elements {
    /// Some that a tensor can hold.
    Known(Kind),
    /// Others: PyTorch's name and the bytes of one.
    Other(&'static str, usize),
}

impl Elements {
    pub fn size(self) -> usize {
        match self {
            Elements::Known(kind) => kind.size(),
            Elements::Other(_, size) => size,
        }
    }

    pub fn kind(self) -> Result<Kind> {
        match self {
            Elements::Known(kind) => Ok(kind),
            Elements::Other(name, _) => {
                let error = refused(format!("tensors of {name} cannot be read: no dtype here holds its values"));
                Err(if name.starts_with("complex") {
                    error.hint("save torch.view_as_real(x)")
                } else {
                    error.hint("save it as another dtype: x.dequantize(), x.float()")
                })
            }
        }
    }
}

const fn same(dtype: DType) -> Elements {
    Elements::Known(Kind::Same(dtype))
}

/// PyTorch's dtypes: name, older name of the storage class, elements.
const DTYPES: &[(&str, &str, Elements)] = &[
    ("float32", "FloatStorage", same(DType::F32)),
    ("float64", "DoubleStorage", same(DType::F64)),
    ("float16", "HalfStorage", same(DType::F16)),
    ("bfloat16", "BFloat16Storage", same(DType::BF16)),
    ("int64", "LongStorage", same(DType::I64)),
    ("int32", "IntStorage", same(DType::I32)),
    ("int16", "ShortStorage", Elements::Known(Kind::I16)),
    ("int8", "CharStorage", Elements::Known(Kind::I8)),
    ("uint8", "ByteStorage", same(DType::U8)),
    ("bool", "BoolStorage", same(DType::Bool)),
    ("uint16", "", Elements::Known(Kind::U16)),
    ("uint32", "", Elements::Known(Kind::U32)),
    ("uint64", "", Elements::Known(Kind::U64)),
    ("float8_e4m3fn", "", Elements::Known(Kind::F8(F8::E4M3))),
    ("float8_e5m2", "", Elements::Known(Kind::F8(F8::E5M2))),
    ("float8_e4m3fnuz", "", Elements::Known(Kind::F8(F8::E4M3Fnuz))),
    ("float8_e5m2fnuz", "", Elements::Known(Kind::F8(F8::E5M2Fnuz))),
    ("float8_e8m0fnu", "", Elements::Known(Kind::F8(F8::E8M0))),
    ("float4_e2m1fn_x2", "", Elements::Other("float4_e2m1fn_x2", 1)),
    ("complex32", "ComplexHalfStorage", Elements::Other("complex32", 4)),
    ("complex64", "ComplexFloatStorage", Elements::Other("complex64", 8)),
    ("complex128", "ComplexDoubleStorage", Elements::Other("complex128", 16)),
    ("quint8", "QUInt8Storage", Elements::Other("quint8", 1)),
    ("qint8", "QInt8Storage", Elements::Other("qint8", 1)),
    ("qint32", "QInt32Storage", Elements::Other("qint32", 4)),
    ("quint4x2", "QUInt4x2Storage", Elements::Other("quint4x2", 1)),
    ("quint2x4", "QUInt2x4Storage", Elements::Other("quint2x4", 1)),
];

/// The elements of tensors of a dtype.
pub(super) fn elements(dtype: &str) -> Option<Elements> {
    DTYPES.iter().find(|(name, ..)| *name == dtype).map(|(.., elements)| *elements)
}

/// The class of the storages of a dtype.
pub(super) fn storage_class(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "FloatStorage",
        DType::F64 => "DoubleStorage",
        DType::F16 => "HalfStorage",
        DType::BF16 => "BFloat16Storage",
        DType::I64 => "LongStorage",
        DType::I32 => "IntStorage",
        DType::U8 => "ByteStorage",
        DType::Bool => "BoolStorage",
    }
}

/// What `module.name` is taken for.
///
/// # Errors
/// Everything that is not on the list is refused, with its name.
pub(super) fn find(module: &str, name: &str) -> Result<Global> {
    // Python 2's and older libraries' names of the same.
    let module = match module {
        "__builtin__" => "builtins",
        "numpy.core.multiarray" => "numpy._core.multiarray",
        "torch.tensor" => "torch._tensor",
        _ => module,
    };
    let on_gpu = module == "torch.cuda" && name.ends_with("Storage");
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("collections", "Counter") => Global::Counter,
        ("builtins", "set" | "frozenset") => Global::Set,
        ("builtins", "bytearray") => Global::ByteArray,
        ("builtins", "complex") => Global::Complex,
        ("_codecs", "encode") => Global::Encode,
        ("torch", "Size") => Global::Size,
        ("torch", "device") => Global::Device,
        ("torch", "Tensor") | ("torch.nn.parameter", "Parameter" | "Buffer") => Global::TensorType,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Global::Tensor,
        ("torch._utils", "_rebuild_tensor_v3") => Global::TensorV3,
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Global::Parameter,
        ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor") => Global::FromCpu,
        ("torch._tensor", "_rebuild_from_type_v2") => Global::FromType,
        ("torch.storage", "UntypedStorage" | "_UntypedStorage") => Global::Storage(same(DType::U8)),
        ("numpy._core.multiarray", "scalar") => Global::NumpyScalar,
        ("numpy._core.multiarray", "_reconstruct") => Global::NumpyRebuild,
        ("numpy", "dtype") => Global::NumpyDType,
        ("numpy", "ndarray") => Global::NumpyArray,
        ("torch", _) | ("torch.cuda", _) if module == "torch" || on_gpu => {
            match DTYPES.iter().find(|(dtype, storage, _)| *dtype == name || (*storage == name && !name.is_empty())) {
                Some((dtype, ..)) if *dtype == name && module == "torch" => Global::DType(dtype),
                Some((.., elements)) => Global::Storage(*elements),
                None => return Err(unknown(module, name)),
            }
        }
        _ => return Err(unknown(module, name)),
    })
}

fn unknown(module: &str, name: &str) -> Error {
    let error = refused(format!("it asks for {module}.{name}, which is refused: nothing of it has run"));
    match (module, name) {
        ("torch._utils", "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor") => {
            error.hint("there are no sparse tensors here: save x.to_dense()")
        }
        ("torch._utils", "_rebuild_qtensor") => error.hint("there are no quantised tensors here: save x.dequantize()"),
        _ if module.starts_with("__torch__") => {
            error.hint("it is a TorchScript model; its weights are read: torch.save(model.state_dict(), path)")
        }
        _ if module.starts_with("torch.nn.modules") || module.starts_with("torchvision.models") => error
            .hint("it holds a whole model, which is code; its weights are read: torch.save(model.state_dict(), path)"),
        _ => error.hint("tensors, numbers, texts and lists, tuples, sets and dicts of them are read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_list_is_found() {
        assert_eq!(find("torch", "FloatStorage").unwrap(), Global::Storage(same(DType::F32)));
        assert_eq!(find("torch.cuda", "HalfStorage").unwrap(), Global::Storage(same(DType::F16)));
        assert_eq!(find("torch", "float32").unwrap(), Global::DType("float32"));
        assert_eq!(find("__builtin__", "set").unwrap(), Global::Set);
        for (module, name) in [
            ("posix", "system"),
            ("builtins", "eval"),
            ("builtins", "getattr"),
            ("torch", ""),
            ("torch.cuda", "float32"),
            ("torch", "load"),
            ("torch.storage", "_load_from_bytes"),
            ("torch._utils", "_rebuild_qtensor"),
            ("os", "OrderedDict"),
        ] {
            let message = find(module, name).unwrap_err().to_string();
            assert!(message.contains(&format!("{module}.{name}")), "{message}");
        }
    }
}
