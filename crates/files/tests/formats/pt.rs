//! PyTorch's files, read and written.
use super::fixture;
use files::{
    StateDict,
    pt::{self, Dict, Key, Value},
};
use tensor_core::{DType, Result, Tensor};

fn assert_same(got: &StateDict, want: &StateDict, file: &str) {
    let mut names: [Vec<&str>; 2] = [got.names().collect(), want.names().collect()];
    names.iter_mut().for_each(|names| names.sort_unstable());
    assert_eq!(names[0], names[1], "{file}");
    for (name, want) in want.iter() {
        let got = got.get(name).unwrap();
        assert_eq!((got.dtype(), got.shape()), (want.dtype(), want.shape()), "{name} of {file}");
        assert_eq!(got.to_bytes().unwrap(), want.to_bytes().unwrap(), "{name} of {file}");
    }
}

#[test]
fn files_of_pytorch_hold_what_pytorch_says() -> Result<()> {
    for name in ["kinds", "nested", "single", "state_zip", "state_legacy", "checkpoint", "more_zip", "more_legacy"] {
        let file = format!("{name}.pt");
        let read = pt::load(fixture(&file))?;
        let want = StateDict::load(fixture(&format!("{name}.expected.safetensors")))?;
        assert_same(&read.state_dict()?, &want, &file);
        let bytes = std::fs::read(fixture(&file))?;
        assert_same(&pt::from_bytes(&bytes)?.state_dict()?, &want, &file);
        // Once more through what is written here.
        assert_same(&pt::from_bytes(&pt::to_bytes(&read)?)?.state_dict()?, &want, &file);
    }
    Ok(())
}

#[test]
fn a_checkpoint_holds_more_than_tensors() -> Result<()> {
    let text = std::fs::read_to_string(fixture("checkpoint.expected.json"))?;
    let want: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checkpoint = pt::load(fixture("checkpoint.pt"))?;
    for read in [checkpoint.clone(), pt::from_bytes(&pt::to_bytes(&checkpoint)?)?] {
        for (key, want) in want.as_object().unwrap() {
            assert_eq!(json(read.at(key)?), *want, "{key}");
        }
        let optimizer = read.at("optimizer")?;
        let group = optimizer.at("param_groups")?.at(0)?;
        assert_eq!(group.at("lr")?.as_f64(), Some(1e-3));
        assert_eq!(group.at("params")?.as_list().map(<[Value]>::len), Some(6));
        let numbers: Vec<Option<i64>> = optimizer.at("state")?.entries().map(|(key, _)| key.as_i64()).collect();
        assert_eq!(numbers, (0..6).map(Some).collect::<Vec<_>>());
        assert_eq!(optimizer.at("state")?.at(5)?.at("step")?.as_f64(), Some(3.0));
    }
    let error = checkpoint.at("epochs").unwrap_err().to_string();
    assert!(error.contains("\"epochs\"") && error.contains("\"epoch\""), "{error}");
    Ok(())
}

/// As Python's `json` writes it.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(i) => (*i as i64).into(),
        Value::Float(x) => (*x).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) | Value::Tuple(items) => items.iter().map(json).collect(),
        other => panic!("JSON has no {}", other.kind()),
    }
}

#[test]
fn what_is_no_tensor_or_plain_value_is_refused_by_name() {
    let refused = |name: &str| pt::load(fixture(name)).unwrap_err().to_string();
    for (name, words) in [
        ("refuse_code.pt", "posix.system"),
        ("refuse_module.pt", "torch.nn.modules.container.Sequential"),
        ("refuse_empty.pt", "empty"),
        ("refuse_text.pt", "torch.save did not write this"),
        ("refuse_truncated.pt", "cut off"),
        ("refuse_or_checksum.pt", "data/7"),
    ] {
        let message = refused(name);
        assert!(message.contains(words) && message.contains(name), "{message}");
    }
    assert!(refused("arrays.npz").contains("npz::load"), "{}", refused("arrays.npz"));
    assert!(refused("kinds.expected.safetensors").contains("StateDict::load"));
    assert!(refused("no_such.pt").contains("no_such.pt"));
}

#[test]
fn tensors_that_shared_a_storage_share_it_again() -> Result<()> {
    let read = pt::load(fixture("kinds.pt"))?;
    let tensor = |read: &Value, name: &str| read.at(name).unwrap().as_tensor().unwrap().clone();
    let written = pt::to_bytes(&read)?;
    for read in [read, pt::from_bytes(&written)?] {
        for other in ["transposed", "slice", "tied"] {
            assert!(tensor(&read, "whole").shares_storage(&tensor(&read, other)), "{other}");
        }
        assert_eq!(tensor(&read, "transposed").stride(), [1, 5]);
        assert!(!tensor(&read, "whole").shares_storage(&tensor(&read, "f32")));
    }
    Ok(())
}

#[test]
fn a_small_part_of_a_large_tensor_is_written_alone() -> Result<()> {
    let large = Tensor::zeros([100_000])?;
    let dict: StateDict = [("a", large.narrow(0, 5, 3)?), ("b", large.narrow(0, 90_000, 3)?)].into_iter().collect();
    let bytes = pt::to_bytes(&dict)?;
    assert!(bytes.len() < 2000, "{}", bytes.len());
    assert_same(&pt::from_bytes(&bytes)?.state_dict()?, &dict, "parts");
    // Repeated elements are written once.
    let repeated = Tensor::ones([1, 3])?.expand([5000, 3])?;
    let bytes = pt::to_bytes(&repeated)?;
    assert!(bytes.len() < 2000, "{}", bytes.len());
    let again = pt::from_bytes(&bytes)?;
    assert_eq!(again.as_tensor().unwrap().sum()?.item::<f32>()?, 15_000.0);
    Ok(())
}

#[test]
fn every_plain_value_comes_back() -> Result<()> {
    let mut dict = Dict::new();
    for i in [
        0,
        255,
        256,
        65_535,
        65_536,
        -1,
        -128,
        -129,
        i128::from(i32::MIN),
        1 << 31,
        1 << 63,
        1 << 64,
        i128::MAX,
        i128::MIN,
    ] {
        dict.insert(Key::Int(i), Value::Int(i));
    }
    dict.insert("float", f64::MIN_POSITIVE);
    dict.insert("text", "run-\u{3b1} \n");
    dict.insert(Key::Tuple(vec![1.into(), "a".into()]), Value::Bytes(vec![0, 200, 255]));
    dict.insert(Key::None, Value::Complex(1.5, -2.0));
    dict.insert(Key::Bool(true), Value::Set(vec![1.into(), "x".into()]));
    dict.insert(Key::Float(0.5), Value::DType("float8_e5m2".into()));
    dict.insert(Key::Device("cuda:1".into()), Value::Device("cpu".into()));
    dict.insert("none", None::<f64>);
    dict.insert("truth", true);
    dict.insert("empty", vec![Value::List(vec![]), Value::Tuple(vec![]), Value::Dict(Dict::new())]);
    let again = pt::from_bytes(&pt::to_bytes(dict.clone())?)?;
    assert_eq!(format!("{again:?}"), format!("{:?}", Value::Dict(dict)));
    Ok(())
}

#[test]
fn what_python_cannot_hold_is_not_written() {
    let deep = (0..1000).fold(Value::None, |inner, _| Value::List(vec![inner]));
    assert!(pt::to_bytes(deep).is_err());
    assert!(pt::to_bytes(Value::Set(vec![Value::List(vec![])])).is_err());
    assert!(pt::to_bytes(Value::DType("float33".into())).is_err());
}

/// Where the content of a file of the archive starts, and how long it is: its local header says so.
fn stored(bytes: &[u8], name: &str) -> (usize, usize) {
    let at = bytes.windows(name.len()).position(|w| w == name.as_bytes()).unwrap() - 30;
    let u16_at = |i: usize| usize::from(u16::from_le_bytes([bytes[at + i], bytes[at + i + 1]]));
    assert_eq!((&bytes[at..at + 4], u16_at(8)), (&b"PK\x03\x04"[..], 0), "stored as it is");
    let length = u32::from_le_bytes(bytes[at + 22..at + 26].try_into().unwrap()) as usize;
    (at + 30 + u16_at(26) + u16_at(28), length)
}

#[test]
fn the_bytes_are_those_of_the_format() -> Result<()> {
    let x = Tensor::from_slice(&[1.0f32, 2.0], [2])?;
    let dict: Dict = [("w", Value::from(&x)), ("n", Value::from(300))].into_iter().collect();
    let bytes = pt::to_bytes(dict.clone())?;
    assert_eq!(bytes, pt::to_bytes(dict)?, "the same value gives the same bytes");
    let content = |name: &str| {
        let (start, length) = stored(&bytes, name);
        bytes[start..start + length].to_vec()
    };
    // Assembled by hand from Python's pickletools and torch._utils._rebuild_tensor_v2.
    let pickle = [
        b"\x80\x02}(X\x01\0\0\0w".to_vec(),
        b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n".to_vec(),
        b"X\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\x00(K\x02t(K\x01t\x89ccollections\nOrderedDict\n)RtR".to_vec(),
        b"X\x01\0\0\0nM\x2c\x01u.".to_vec(),
    ];
    assert_eq!(content("archive/data.pkl").escape_ascii().to_string(), pickle.concat().escape_ascii().to_string());
    assert_eq!(content("archive/byteorder"), b"little");
    assert_eq!(content("archive/version"), b"3\n");
    assert_eq!(content("archive/data/0"), [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
    assert_eq!(stored(&bytes, "archive/data/0").0 % 64, 0);
    Ok(())
}

#[test]
fn dtypes_that_have_none_here_are_widened() -> Result<()> {
    let read = pt::load(fixture("more_zip.pt"))?;
    let dtype = |name: &str| read.at(name).unwrap().as_tensor().unwrap().dtype();
    for (name, want) in [
        ("i8", DType::I32),
        ("i16", DType::I32),
        ("u16", DType::I32),
        ("u32", DType::I64),
        ("u64", DType::I64),
        ("f8", DType::F32),
        ("f8_e5m2", DType::F32),
        ("array", DType::F64),
        ("negated", DType::F32),
    ] {
        assert_eq!(dtype(name), want, "{name}");
    }
    assert_eq!(read.at("np_int")?.as_i64(), Some(-3));
    assert_eq!(read.at("np_float")?.as_f64(), Some(1.5));
    assert!(matches!(read.at("set")?, Value::Set(items) if items.len() == 2));
    assert!(matches!(read.at("complex")?, Value::Complex(1.0, 2.0)));
    assert!(matches!(read.at("dtype")?, Value::DType(name) if name == "bfloat16"));
    assert!(matches!(read.at("device")?, Value::Device(name) if name == "cuda:1"));
    assert!(matches!(read.at("bytes")?, Value::Bytes(bytes) if bytes == b"ab\xff"));
    assert_eq!(read.at("size")?.as_list().map(<[Value]>::len), Some(2));
    assert!(matches!(read.at("big")?, Value::Int(i) if *i == 1 << 70));
    assert!(matches!(read.at("small")?, Value::Int(i) if *i == -(1 << 40)));
    assert_eq!(read.at("counter")?.at("a")?.as_i64(), Some(2));
    Ok(())
}
