//! Files that are cut off, changed or lie about their sizes: an error each, never a panic and never much memory.
use super::fixture;
use files::{StateDict, npy, npz, pt};
use std::io::Write;
use tensor_core::{Result, Tensor};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

type Read = fn(&[u8]) -> Result<()>;

/// A small file of each kind, and its reader.
fn files() -> Vec<(&'static str, Vec<u8>, Read)> {
    let file = |name: &str| std::fs::read(fixture(name)).unwrap();
    let pt: Read = |bytes| pt::from_bytes(bytes).map(drop);
    let npz: Read = |bytes| npz::from_bytes(bytes).map(drop);
    let safetensors: Read = |bytes| StateDict::from_bytes(bytes).map(drop);
    let dict: StateDict =
        [("a.b", Tensor::ones([2, 3]).unwrap()), ("c", Tensor::zeros([4]).unwrap())].into_iter().collect();
    vec![
        ("nested.pt", file("nested.pt"), pt),
        ("kinds.pt", file("kinds.pt"), pt),
        ("more_legacy.pt", file("more_legacy.pt"), pt),
        ("ours.pt", pt::to_bytes(&dict).unwrap(), pt),
        ("arrays.npz", file("arrays.npz"), npz),
        ("arrays_compressed.npz", file("arrays_compressed.npz"), npz),
        ("fortran.npy", file("fortran.npy"), |bytes| npy::from_bytes(bytes).map(drop)),
        ("kinds.expected.safetensors", file("kinds.expected.safetensors"), safetensors),
    ]
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (name, bytes, read) in files() {
        read(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn a_changed_file_never_panics() {
    for (_, mut bytes, read) in files() {
        for at in 0..bytes.len() {
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                // A change may hit a name, a time or an element without a checksum.
                let _ = read(&bytes);
                bytes[at] ^= 1 << bit;
            }
        }
    }
}

/// A zip archive with these files.
fn archive(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A tensor of f32 in one storage: its pickle.
fn pickle(numel: &str, offset: &str, sizes: &str, strides: &str) -> Vec<u8> {
    let number = |n: &str| match n.parse::<i64>().unwrap() {
        n @ 0..256 => vec![b'K', n as u8],
        n => [&[0x8a, 8][..], &n.to_le_bytes()].concat(),
    };
    let tuple = |list: &str| {
        let numbers: Vec<u8> = list.split_whitespace().flat_map(number).collect();
        [b"(", &numbers[..], b"t"].concat()
    };
    [
        &b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu"[..],
        &number(numel),
        b"tQ",
        &number(offset),
        &tuple(sizes),
        &tuple(strides),
        b"\x89ccollections\nOrderedDict\n)RtR.",
    ]
    .concat()
}

fn tensor(pickle: &[u8], storage: &[u8]) -> Result<Tensor> {
    let files = [("x/data.pkl", pickle), ("x/data/0", storage), ("x/version", b"3\n")];
    let value = pt::from_bytes(&archive(&files, CompressionMethod::Stored))?;
    Ok(value.as_tensor().unwrap().clone())
}

#[test]
fn tensors_stay_inside_their_storages() {
    assert_eq!(tensor(&pickle("4", "1", "3", "1"), &[0; 16]).unwrap().shape(), [3]);
    assert_eq!(tensor(&pickle("4", "0", "2 2", "1 2"), &[0; 16]).unwrap().stride(), [1, 2]);
    assert_eq!(tensor(&pickle("0", "9", "0 5", "1 1"), &[]).unwrap().shape(), [0, 5]);
    let large = "9000000000000000000";
    for (numel, offset, sizes, strides) in [
        ("4", "2", "3", "1"),
        ("4", "0", "2 2", "4 1"),
        ("4", large, "1", "1"),
        ("4", "0", "2", large),
        ("4", "0", large, "1"),
        ("4", "0", "4611686018427387904 4", "0 0"),
        // Strides of 0 repeat an element without end.
        ("4", "0", "1000000000000", "0"),
        ("4", "0", "4", "1 1"),
        ("4", "0", "-1", "1"),
        ("4", "-1", "1", "1"),
        ("4", "0", "2", "-1"),
        ("5", "0", "4", "1"),
        ("3", "0", "3", "1"),
        (large, "0", "4", "1"),
        ("-1", "0", "4", "1"),
    ] {
        let result = tensor(&pickle(numel, offset, sizes, strides), &[0; 16]);
        assert!(result.is_err(), "{numel}; {offset}; {sizes}; {strides}");
    }
}

fn value(program: &[u8]) -> Result<pt::Value> {
    let program = [b"\x80\x02", program, b"."].concat();
    pt::from_bytes(&archive(&[("x/data.pkl", &program)], CompressionMethod::Stored))
}

#[test]
fn programs_that_grow_without_end_are_stopped() {
    // A list that holds itself; deep nesting; lists of ten of the list before; one text named over and over.
    assert!(value(b"]q\x00h\x00a").unwrap_err().to_string().contains("nest"));
    let deep = [&b")"[..], &[0x85; 500_000]].concat();
    assert!(value(&deep).unwrap_err().to_string().contains("nest"));
    let mut laughs = b"]q\x00".to_vec();
    for i in 0..40u8 {
        laughs.extend(b"](");
        laughs.extend([b'h', i].repeat(10));
        laughs.extend([b'e', b'q', i + 1]);
    }
    assert!(value(&laughs).unwrap_err().to_string().contains("memory"));
    let text = [&b"X\x00\x00\x01\x00"[..], &[b'a'; 65536], b"q\x000("].concat();
    let often = [&text[..], &b"h\x00".repeat(200_000), b"l"].concat();
    assert!(value(&often).unwrap_err().to_string().contains("memory"));
    assert!(value(&[&b"]("[..], &b"N".repeat(20_000_000), b"e"].concat()).unwrap_err().to_string().contains("objects"));
}

#[test]
fn what_an_archive_claims_is_not_believed() {
    let whole = pt::to_bytes(Tensor::ones([64]).unwrap()).unwrap();
    // Sizes stand in the local header and in the directory at the end, 18 and 20 bytes after the signatures.
    for (signature, at) in [(&b"PK\x03\x04"[..], 18), (&b"PK\x01\x02"[..], 20)] {
        for start in (0..whole.len() - 4).filter(|&i| whole[i..].starts_with(signature)) {
            for size in [u32::MAX, u32::MAX - 1, 1 << 30] {
                let mut lying = whole.clone();
                lying[start + at..start + at + 4].copy_from_slice(&size.to_le_bytes());
                lying[start + at + 4..start + at + 8].copy_from_slice(&size.to_le_bytes());
                let _ = pt::from_bytes(&lying);
            }
        }
    }
    // A legacy file whose storage says that it has 2^62 elements.
    let mut legacy = std::fs::read(fixture("state_legacy.pt")).unwrap();
    let end = legacy.len() - 8 - 40;
    assert_eq!(legacy[end..end + 8], 10i64.to_le_bytes(), "the last storage: fc.bias or what PyTorch put there");
    legacy[end..end + 8].copy_from_slice(&(1i64 << 62).to_le_bytes());
    assert!(pt::from_bytes(&legacy).is_err());
}
