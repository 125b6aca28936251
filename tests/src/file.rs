//! A file of cases: tensors, and in the header's metadata a list of what to do with them.
use crate::fault::{Res, unsupported, wrong};
use safetensors::{Dtype, SafeTensors, tensor::Metadata};
use serde_json::Value as Json;
use std::path::Path;
use tensor_core::{DType, Tensor};

/// The bytes of a safetensors file and the cases in its metadata.
#[derive(Debug)]
pub struct CaseFile {
    bytes: Vec<u8>,
    header: Metadata,
    /// Where the tensors' bytes start.
    data: usize,
    cases: Vec<Json>,
}

impl CaseFile {
    /// Reads a file; `None` where it has no cases.
    pub fn open(path: &Path) -> Result<Option<CaseFile>, String> {
        let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let (length, header) = SafeTensors::read_metadata(&bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        let Some(text) = header.metadata().as_ref().and_then(|m| m.get("cases")) else { return Ok(None) };
        let cases = serde_json::from_str(text).map_err(|e| format!("{}: cases: {e}", path.display()))?;
        // The header stands behind its length, a number of eight bytes.
        Ok(Some(CaseFile { bytes, header, data: 8 + length, cases }))
    }

    /// What to do, case by case.
    pub fn cases(&self) -> &[Json] {
        &self.cases
    }

    /// A tensor of the file, row-major on the CPU.
    pub fn tensor(&self, key: &str) -> Res<Tensor> {
        let Some(info) = self.header.info(key) else { return wrong(format!("the file has no tensor {key}")) };
        let (start, end) = info.data_offsets;
        let Some(bytes) = self.bytes.get(self.data + start..self.data + end) else {
            return wrong(format!("the file ends inside of tensor {key}"));
        };
        let dtype = match info.dtype {
            Dtype::F32 => DType::F32,
            Dtype::F64 => DType::F64,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            Dtype::I64 => DType::I64,
            Dtype::I32 => DType::I32,
            Dtype::U8 => DType::U8,
            Dtype::BOOL => DType::Bool,
            other => return unsupported(format!("tensors of {other:?}")),
        };
        Ok(Tensor::from_bytes(bytes, info.shape.as_slice(), dtype)?)
    }
}

/// Every `*.safetensors` below a folder, in order of path.
pub fn below(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "safetensors") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
