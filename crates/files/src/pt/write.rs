//! Writing the zip form: the program that makes the value again, and the storages of its tensors.
use super::{Dict, Key, Value, assemble::MAX_DEPTH, globals, refused, storages::Storages};
use std::io::{Seek, Write};
use tensor_core::{Error, Result};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// PyTorch's version of the format.
const VERSION: &[u8] = b"3\n";
/// Storages start at a multiple of this, for readers that map the file.
const ALIGNMENT: u16 = 64;

pub(super) fn write(value: &Value, out: &mut (impl Write + Seek)) -> Result<()> {
    let mut tensors = Vec::new();
    collect(value, &mut tensors, 0)?;
    let storages = Storages::of(&tensors)?;
    let mut pickle = Pickle { bytes: vec![super::machine::PROTO, 2], storages: &storages, tensors: 0 };
    pickle.value(value)?;
    pickle.bytes.push(b'.');

    // The time is not that of writing but zip's first one: equal values give equal files.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .with_alignment(ALIGNMENT);
    let failed = |e: zip::result::ZipError| refused(format!("the archive cannot be written: {e}")).source_of(e);
    let mut archive = ZipWriter::new(out);
    let mut file = |name: &str, content: &[u8]| -> Result<()> {
        let large = content.len() >= u32::MAX as usize;
        archive.start_file(format!("archive/{name}"), options.large_file(large)).map_err(failed)?;
        Ok(archive.write_all(content)?)
    };
    file("data.pkl", &pickle.bytes)?;
    file("byteorder", if cfg!(target_endian = "big") { b"big" } else { b"little" })?;
    for (key, storage) in storages.contents().enumerate() {
        file(&format!("data/{key}"), &storage?)?;
    }
    file("version", VERSION)?;
    archive.finish().map_err(failed)?;
    Ok(())
}

/// All tensors, in the order in which the pickle names them.
fn collect(value: &Value, into: &mut Vec<tensor_core::Tensor>, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(refused(format!("lists and dicts nest more than {MAX_DEPTH} deep")));
    }
    match value {
        Value::Tensor(t) => into.push(t.detach()),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            items.iter().try_for_each(|item| collect(item, into, depth + 1))?;
        }
        Value::Dict(dict) => dict.iter().try_for_each(|(_, value)| collect(value, into, depth + 1))?,
        _ => {}
    }
    Ok(())
}

/// A pickle of protocol 2 with the instructions that `weights_only=True` knows.
struct Pickle<'a> {
    bytes: Vec<u8>,
    storages: &'a Storages,
    /// Tensors that were named.
    tensors: usize,
}

impl Pickle<'_> {
    fn value(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::None => self.bytes.push(b'N'),
            Value::Bool(b) => self.bytes.push(if *b { 0x88 } else { 0x89 }),
            Value::Int(i) => self.int(*i),
            Value::Float(x) => self.float(*x),
            Value::Complex(re, im) => {
                self.global("__builtin__", "complex");
                self.float(*re);
                self.float(*im);
                self.bytes.extend([0x86, b'R']);
            }
            Value::Text(text) => self.text(text)?,
            Value::Bytes(bytes) => self.raw(bytes)?,
            Value::Tensor(_) => self.tensor()?,
            Value::List(items) => {
                self.bytes.extend(b"](");
                self.all(items)?;
                self.bytes.push(b'e');
            }
            Value::Tuple(items) => {
                self.bytes.push(b'(');
                self.all(items)?;
                self.bytes.push(b't');
            }
            Value::Set(items) => {
                if let Some(item) = items.iter().find(|i| matches!(i, Value::List(_) | Value::Set(_) | Value::Dict(_)))
                {
                    return Err(refused(format!("Python has no sets of {}s", item.kind())));
                }
                self.global("__builtin__", "set");
                self.bytes.extend(b"](");
                self.all(items)?;
                self.bytes.extend([b'e', 0x85, b'R']);
            }
            Value::Dict(dict) => self.dict(dict)?,
            Value::DType(name) => self.dtype(name)?,
            Value::Device(name) => self.device(name)?,
        }
        Ok(())
    }

    fn all(&mut self, items: &[Value]) -> Result<()> {
        items.iter().try_for_each(|item| self.value(item))
    }

    fn dict(&mut self, dict: &Dict) -> Result<()> {
        self.bytes.extend(b"}(");
        for (key, value) in dict.iter() {
            self.key(key)?;
            self.value(value)?;
        }
        self.bytes.push(b'u');
        Ok(())
    }

    fn key(&mut self, key: &Key) -> Result<()> {
        match key {
            Key::None => self.bytes.push(b'N'),
            Key::Bool(b) => self.bytes.push(if *b { 0x88 } else { 0x89 }),
            Key::Int(i) => self.int(*i),
            Key::Float(x) => self.float(*x),
            Key::Text(text) => self.text(text)?,
            Key::Bytes(bytes) => self.raw(bytes)?,
            Key::Tuple(keys) => {
                self.bytes.push(b'(');
                keys.iter().try_for_each(|key| self.key(key))?;
                self.bytes.push(b't');
            }
            Key::DType(name) => self.dtype(name)?,
            Key::Device(name) => self.device(name)?,
        }
        Ok(())
    }

    fn int(&mut self, i: i128) {
        match i {
            0..=0xff => self.bytes.extend([b'K', i as u8]),
            0x100..=0xffff => {
                self.bytes.push(b'M');
                self.bytes.extend((i as u16).to_le_bytes());
            }
            _ => match i32::try_from(i) {
                Ok(i) => {
                    self.bytes.push(b'J');
                    self.bytes.extend(i.to_le_bytes());
                }
                // As many bytes as keep the sign.
                Err(_) => {
                    let spare = if i < 0 { i.leading_ones() } else { i.leading_zeros() };
                    let n = (i128::BITS - spare) / 8 + 1;
                    self.bytes.extend([0x8a, n as u8]);
                    self.bytes.extend(&i.to_le_bytes()[..n as usize]);
                }
            },
        }
    }

    fn float(&mut self, x: f64) {
        self.bytes.push(b'G');
        self.bytes.extend(x.to_be_bytes());
    }

    fn text(&mut self, text: &str) -> Result<()> {
        let length = u32::try_from(text.len()).map_err(|_| too_long(text.len()))?;
        self.bytes.push(b'X');
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(text.as_bytes());
        Ok(())
    }

    /// Protocol 2 has no bytes: they are a text whose characters are their numbers.
    fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.global("_codecs", "encode");
        self.text(&bytes.iter().map(|&b| char::from(b)).collect::<String>())?;
        self.text("latin1")?;
        self.bytes.extend([0x86, b'R']);
        Ok(())
    }

    fn dtype(&mut self, name: &str) -> Result<()> {
        if globals::elements(name).is_none() {
            return Err(refused(format!("PyTorch has no dtype {name:?}")).hint("its names are float32, int64, ..."));
        }
        self.global("torch", name);
        Ok(())
    }

    fn device(&mut self, name: &str) -> Result<()> {
        self.global("torch", "device");
        self.text(name)?;
        self.bytes.extend([0x85, b'R']);
        Ok(())
    }

    /// `_rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad=False, hooks=OrderedDict())`
    fn tensor(&mut self) -> Result<()> {
        let at = self.storages.window(self.tensors)?;
        self.tensors += 1;
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.bytes.extend(b"((");
        self.text("storage")?;
        self.global("torch", globals::storage_class(at.dtype));
        self.text(&at.storage.to_string())?;
        self.text("cpu")?;
        self.int(at.storage_numel as i128);
        self.bytes.extend(b"tQ");
        self.int(at.layout.offset() as i128);
        for sizes in [at.layout.shape(), at.layout.strides()] {
            self.bytes.push(b'(');
            sizes.iter().for_each(|&n| self.int(n as i128));
            self.bytes.push(b't');
        }
        self.bytes.push(0x89);
        self.global("collections", "OrderedDict");
        self.bytes.extend(b")RtR");
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) {
        self.bytes.extend(format!("c{module}\n{name}\n").bytes());
    }
}

fn too_long(bytes: usize) -> Error {
    refused(format!("a text of {bytes} bytes is too long"))
}
