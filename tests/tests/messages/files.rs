//! Weights that do not fit, files that are missing or broken.
use super::{said, zeros};
use flambeau::prelude::*;
use std::path::PathBuf;

#[derive(Module)]
struct Net {
    lin1: Linear,
    lin2: Linear,
}

fn net() -> Result<Net> {
    Ok(Net { lin1: Linear::new(4, 3)?, lin2: Linear::new(3, 2)? })
}

#[test]
fn missing_and_unexpected_weights() -> Result<()> {
    let mut dict = net()?.state_dict();
    if let Some(weight) = dict.remove("lin2.weight") {
        dict.insert("fc2.weight", weight);
    }
    assert_eq!(
        said(net()?.load_state_dict(&dict)),
        "load_state_dict: the state dict does not fit: 1 missing: lin2.weight (there is fc2.weight); 1 unexpected: \
         fc2.weight; load_state_dict_partial takes over what fits"
    );
    Ok(())
}

#[test]
fn weights_of_another_shape() -> Result<()> {
    let mut dict = net()?.state_dict();
    dict.insert("lin2.weight", zeros(&[10, 3])?);
    dict.insert("lin2.bias", zeros(&[10])?);
    assert_eq!(
        said(net()?.load_state_dict(&dict)),
        "load_state_dict: the state dict does not fit: 2 of another shape: lin2.weight is [2, 3], the dict has [10, \
         3], lin2.bias is [2], the dict has [10]; load_state_dict_partial takes over what fits"
    );
    Ok(())
}

#[test]
fn weights_of_a_data_parallel_model() -> Result<()> {
    let mut dict = StateDict::new();
    dict.insert_all("module.", &Linear::new(3, 2)?.state_dict());
    assert_eq!(
        said(Linear::new(3, 2)?.load_state_dict(&dict)),
        "load_state_dict: the state dict does not fit: 2 missing: weight, bias; 2 unexpected: module.weight, \
         module.bias; it was saved from a DataParallel model: load dict.strip_prefix(\"module.\")"
    );
    Ok(())
}

/// A file that goes away with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: &[u8]) -> Result<Temporary> {
        let path = std::env::temp_dir().join(format!("flambeau-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes)?;
        Ok(Temporary(path))
    }

    /// The message of loading it, with its name without the folder.
    fn said(&self) -> String {
        said(StateDict::load(&self.0)).replace(&self.0.display().to_string(), "FILE")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_file_that_is_not_there() -> Result<()> {
    let here = std::env::current_dir()?.display().to_string();
    assert_eq!(
        said(StateDict::load("no/such/model.safetensors")).replace(&here, "HERE"),
        "safetensors: cannot read no/such/model.safetensors: No such file or directory (os error 2); a relative path \
         starts at HERE"
    );
    Ok(())
}

#[test]
fn a_file_that_is_cut_off() -> Result<()> {
    let bytes = net()?.state_dict().to_bytes()?;
    assert_eq!(
        Temporary::new("cut", &bytes[..bytes.len() - 20])?.said(),
        "safetensors: FILE: the header names 92 bytes, the file has 72; it is cut off: copy or save it again"
    );
    assert_eq!(
        Temporary::new("short", &bytes[..100])?.said(),
        "safetensors: FILE: a header of 264 bytes does not fit a file of 100 bytes; it is cut off, or no safetensors \
         file"
    );
    assert_eq!(
        Temporary::new("empty", &[])?.said(),
        "safetensors: FILE: 0 bytes are too few for a header; it is empty or cut off"
    );
    Ok(())
}

#[test]
fn a_file_of_another_kind() -> Result<()> {
    assert_eq!(
        Temporary::new("model.pt", b"PK\x03\x04 what torch.save wrote")?.said(),
        "safetensors: FILE: this is a zip archive, as torch.save writes, and no safetensors file; \
         files::pt::load(path)?.state_dict() reads it"
    );
    let weights = Temporary::new("weights", &net()?.state_dict().to_bytes()?)?;
    assert_eq!(
        said(Checkpoint::load(&weights.0)).replace(&weights.0.display().to_string(), "FILE"),
        "checkpoint: FILE: it is no checkpoint of a training; weights alone are read with StateDict::load and \
         model.load_state_dict"
    );
    Ok(())
}
