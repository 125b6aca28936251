//! Safetensors files: what is written is read, and no bytes of a stranger's file can do harm.
use files::{StateDict, safetensors::Reader};
use half::{bf16, f16};
use tensor_core::{DType, Tensor};

/// A tensor of each dtype, one 0-d, one empty.
fn all_dtypes() -> StateDict {
    let mut dict = StateDict::new();
    dict.insert("bool", Tensor::from_slice(&[true, false, true], [3]).unwrap());
    dict.insert("u8", Tensor::from_slice(&[0u8, 7, 255], [3, 1]).unwrap());
    dict.insert("i32", Tensor::from_slice(&[i32::MIN, -1, i32::MAX], [3]).unwrap());
    dict.insert("i64", Tensor::from_slice(&[i64::MIN, i64::MAX], [2]).unwrap());
    dict.insert("f16", Tensor::from_slice(&[f16::from_f32(1.5), f16::NEG_INFINITY], [2]).unwrap());
    dict.insert("bf16", Tensor::from_slice(&[bf16::from_f32(-0.0), bf16::MAX], [1, 2]).unwrap());
    dict.insert("f32", Tensor::from_slice(&[f32::NAN, -0.0, f32::MIN_POSITIVE, 1e30], [2, 2]).unwrap());
    dict.insert("f64", Tensor::from_slice(&[std::f64::consts::PI], ()).unwrap());
    dict.insert("empty", Tensor::from_slice::<f32>(&[], [0, 3]).unwrap());
    dict.metadata.insert("format".into(), "pt".into());
    dict.metadata.insert("words \"quoted\"\n".into(), "é 数".into());
    dict
}

#[test]
fn every_dtype_comes_back_with_its_bits() {
    let dict = all_dtypes();
    let bytes = dict.to_bytes().unwrap();
    assert_eq!(bytes, all_dtypes().to_bytes().unwrap(), "the same dict gives the same bytes");
    let again = StateDict::from_bytes(&bytes).unwrap();
    assert_eq!(again.len(), dict.len());
    assert_eq!(again.metadata, dict.metadata);
    for (name, t) in dict.iter() {
        let u = again.get(name).unwrap();
        assert_eq!((u.shape(), u.dtype()), (t.shape(), t.dtype()), "{name}");
        assert_eq!(u.to_bytes().unwrap(), t.to_bytes().unwrap(), "{name}");
    }
}

#[test]
fn the_reference_implementation_reads_what_we_write() {
    let dict = all_dtypes();
    let bytes = dict.to_bytes().unwrap();
    let theirs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), dict.len());
    for (name, t) in dict.iter() {
        let view = theirs.tensor(name).unwrap();
        assert_eq!((view.shape(), view.data()), (t.shape(), t.to_bytes().unwrap().as_slice()), "{name}");
    }
}

#[test]
fn tensors_of_one_dtype_keep_their_order() {
    let t = || Tensor::from_slice(&[1.0f32], [1]).unwrap();
    let dict: StateDict = [("z", t()), ("a", t()), ("m", t())].into_iter().collect();
    let again = StateDict::from_bytes(&dict.to_bytes().unwrap()).unwrap();
    assert_eq!(again.names().collect::<Vec<_>>(), ["z", "a", "m"]);
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = all_dtypes().to_bytes().unwrap();
    for n in 0..bytes.len() {
        assert!(StateDict::from_bytes(&bytes[..n]).is_err(), "cut at {n}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(StateDict::from_bytes(&longer).is_err());
}

#[test]
fn flipped_bits_never_panic() {
    let mut bytes = all_dtypes().to_bytes().unwrap();
    for i in 0..bytes.len() {
        for bit in 0..8 {
            bytes[i] ^= 1 << bit;
            // Some flips only change a value or a name: no panic is all that can be asked.
            let _ = StateDict::from_bytes(&bytes);
            bytes[i] ^= 1 << bit;
        }
    }
}

fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn claims_beyond_the_file_are_errors() {
    let huge = u64::MAX;
    for header in [
        // Sizes no machine has, alone and in product.
        format!(r#"{{"a":{{"dtype":"F32","shape":[{huge}],"data_offsets":[0,4]}}}}"#),
        format!(r#"{{"a":{{"dtype":"U8","shape":[{huge}],"data_offsets":[0,{huge}]}}}}"#),
        format!(r#"{{"a":{{"dtype":"F32","shape":[0,{huge},{huge}],"data_offsets":[0,0]}}}}"#),
        r#"{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}"#.into(),
        // Offsets that overlap, leave gaps, run backwards or beyond.
        r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#
            .into(),
        r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#.into(),
        r#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}"#.into(),
        r#"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#.into(),
        // A shape that takes other bytes than named.
        r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}"#.into(),
        // Not what the format is.
        r#"{"a":{"dtype":"F3","shape":[1],"data_offsets":[0,8]}}"#.into(),
        r#"{"a":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}"#.into(),
        r#"{"a":1}"#.into(),
        r#"[]"#.into(),
        "".into(),
        "{".repeat(100_000),
        "[".repeat(100_000),
    ] {
        let result = StateDict::from_bytes(&file(&header, &[0; 8]));
        let message = result.expect_err(&header[..header.len().min(100)]).to_string();
        assert!(message.starts_with("safetensors: "), "{message}");
    }
    // Eight tensors whose sizes add up to the end of the address space.
    let step = 1u64 << 61;
    let many: Vec<String> = (0..7)
        .map(|i| {
            format!(
                r#""t{i}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}}"#,
                step - 1,
                i * (step - 1),
                (i + 1) * (step - 1)
            )
        })
        .collect();
    assert!(StateDict::from_bytes(&file(&format!("{{{}}}", many.join(",")), &[])).is_err());
    // The header's own length.
    assert!(StateDict::from_bytes(&u64::MAX.to_le_bytes()).is_err());
    assert!(StateDict::from_bytes(&[9, 0, 0, 0, 0, 0, 0, 0, b'{', b'}']).is_err());
}

#[test]
fn dtypes_we_do_not_have_and_bools_that_are_none_are_errors() {
    let complex = r#"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#;
    let message = StateDict::from_bytes(&file(complex, &[0; 8])).unwrap_err().to_string();
    assert!(message.contains("\"a\"") && message.contains("C64"), "{message}");
    let bools = r#"{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"#;
    assert!(StateDict::from_bytes(&file(bools, &[1, 2])).is_err());
    assert_eq!(StateDict::from_bytes(&file(bools, &[1, 0])).unwrap().get("a").unwrap().dtype(), DType::Bool);
}

#[test]
fn files_are_written_whole_and_errors_name_them() {
    let dir = std::env::temp_dir().join(format!("flambeau-safetensors-{}", std::process::id()));
    let path = dir.join("deep/model.safetensors");
    let message = StateDict::load(&path).unwrap_err().to_string();
    assert!(message.contains("model.safetensors"), "{message}");
    all_dtypes().save(&path).unwrap();
    all_dtypes().save(&path).unwrap();
    assert_eq!(StateDict::load(&path).unwrap().len(), all_dtypes().len());
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    let mut wrong = StateDict::new();
    wrong.insert("__metadata__", Tensor::ones([1]).unwrap());
    assert!(wrong.save(&path).is_err());
    assert_eq!(StateDict::load(&path).unwrap().len(), all_dtypes().len());
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn dtypes_that_have_none_here_are_widened() {
    let read = |dtype: &str, n: usize, bytes: &[u8]| {
        let header = format!(r#"{{"a":{{"dtype":"{dtype}","shape":[{n}],"data_offsets":[0,{}]}}}}"#, bytes.len());
        StateDict::from_bytes(&file(&header, bytes)).unwrap().remove("a").unwrap()
    };
    let values = |t: Tensor| (t.dtype(), t.to_vec::<f64>().unwrap());
    assert_eq!(values(read("I8", 2, &[0x80, 1])), (DType::I32, vec![-128.0, 1.0]));
    assert_eq!(values(read("I16", 1, &[0, 0x80])), (DType::I32, vec![-32768.0]));
    assert_eq!(values(read("U16", 1, &[0xff, 0xff])), (DType::I32, vec![65535.0]));
    assert_eq!(values(read("U32", 1, &[0xff; 4])), (DType::I64, vec![4_294_967_295.0]));
    assert_eq!(values(read("U64", 1, &[7, 0, 0, 0, 0, 0, 0, 0])), (DType::I64, vec![7.0]));
    assert_eq!(values(read("F8_E4M3", 2, &[0x7e, 0xb8])), (DType::F32, vec![448.0, -1.0]));
    assert_eq!(values(read("F8_E5M2", 1, &[0x3c])), (DType::F32, vec![1.0]));
}

#[test]
fn single_tensors_are_read_and_a_file_that_shrinks_is_an_error() {
    let path = std::env::temp_dir().join(format!("flambeau-lazy-{}.safetensors", std::process::id()));
    let dict = all_dtypes();
    dict.save(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.names().len(), dict.len());
    assert_eq!(reader.metadata(), dict.metadata);
    for (name, t) in dict.iter() {
        assert_eq!(reader.read(name).unwrap().to_bytes().unwrap(), t.to_bytes().unwrap(), "{name}");
        assert_eq!(reader.shape(name), Some(t.shape()));
    }
    assert!(reader.read("nobody").unwrap_err().to_string().contains("nobody"));
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    let failed = reader.names().iter().filter(|name| reader.read(name).is_err()).count();
    assert_eq!(failed, 1, "only the last one's bytes are gone");
    assert!(Reader::open(&path).unwrap_err().to_string().contains("cut off"));
    std::fs::remove_file(path).unwrap();
}
