//! The zip form: an archive with the pickle `data.pkl` and a file `data/KEY` for each storage.
use super::{
    Value,
    assemble::{Assembly, Elements},
    input::{Input, Source},
    machine::{Machine, Storage},
    refused,
};
use crate::{inflate::Inflated, kind::Kind};
use std::io::Cursor;
use tensor_core::{Result, Tensor};
use zip::ZipArchive;

const PICKLE: &str = "data.pkl";

pub(super) fn read(source: &mut dyn Source, length: u64) -> Result<Value> {
    let archive = ZipArchive::new(source).map_err(|e| {
        refused(format!("this is no whole zip archive: {e}"))
            .hint("it is cut off or damaged: copy or save it again")
            .source_of(e)
    })?;
    // All files stand in one folder, whose name is that of the file when it was saved.
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let shortest = names.iter().filter(|name| name.ends_with(PICKLE)).min_by_key(|name| name.len());
    let Some(folder) = shortest.and_then(|name| name.strip_suffix(PICKLE)).map(str::to_string) else {
        let error = refused("the archive has no data.pkl, so torch.save did not write it");
        let numpy = names.iter().any(|name| name.ends_with(".npy"));
        return Err(if numpy { error.hint("npz::load reads NumPy's archives") } else { error });
    };
    if names.iter().any(|name| name.strip_prefix(&folder) == Some("constants.pkl")) {
        return Err(refused("this is a TorchScript archive, which holds code")
            .hint("its weights are read: torch.save(model.state_dict(), path)"));
    }
    let mut files = Files { archive, folder, inflated: Inflated::new(length), big_endian: false };
    if files.has("byteorder") {
        files.big_endian = match &files.read("byteorder")?[..] {
            b"little" => false,
            b"big" => true,
            other => {
                return Err(refused(format!("the byte order {:?} is not known", other.escape_ascii().to_string())));
            }
        };
    }
    let pickle = files.read(PICKLE)?;
    let length = pickle.len() as u64;
    let mut machine = Machine::default();
    let object = machine.run(&mut Input::new(&mut Cursor::new(pickle), length))?;
    Assembly::new(&machine, &mut files, length).value(&object)
}

struct Files<'a> {
    archive: ZipArchive<&'a mut dyn Source>,
    folder: String,
    inflated: Inflated,
    big_endian: bool,
}

impl Files<'_> {
    fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(&format!("{}{name}", self.folder)).is_some()
    }

    /// The content of a file of the archive; its checksum is compared.
    fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let broken = |e: &dyn std::fmt::Display| refused(format!("{name} of the archive cannot be read: {e}"));
        let entry = self.archive.by_name(&format!("{}{name}", self.folder)).map_err(|e| broken(&e).source_of(e))?;
        let claimed = entry.size();
        self.inflated.read(entry, claimed).map_err(|e| broken(&e))
    }
}

impl Elements for Files<'_> {
    fn read(&mut self, storage: &Storage, kind: Kind) -> Result<Tensor> {
        let bytes = Files::read(self, &format!("data/{}", storage.key))?;
        let need = u128::from(storage.numel) * storage.elements.size() as u128;
        if bytes.len() as u128 != need {
            return Err(refused(format!("{need} bytes were expected, the archive has {}", bytes.len())));
        }
        kind.tensor(&bytes, self.big_endian, &[bytes.len() / kind.size()]).map_err(|e| refused(e.message()))
    }
}
