//! What the derive refuses, and in which words: small sources, compiled by rustc against the crate under test.
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// A source that must compile: it finds the right build of the crate, and shows that a refusal is one.
const GOOD: &str = "
    #[derive(nn::Module)]
    pub struct Net {
        pub weight: nn::Parameter,
        pub sizes: Vec<usize>,
        #[module(plain)]
        pub table: std::collections::HashSet<u8>,
    }";

/// Checks a source; what rustc said where it refused.
fn check(library: &Path, source: &str) -> Result<(), String> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("source_{}_{}.rs", std::process::id(), NEXT.fetch_add(1, Relaxed));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(name);
    std::fs::write(&file, source).unwrap();
    let done = Command::new(std::env::var("RUSTC").unwrap_or("rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(folder)
        .arg("--extern")
        .arg(format!("nn={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", library.parent().unwrap().display()))
        .arg(&file)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// The crate as it was built for this test: it lies beside the test, and the newest that works is it.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let entries = std::fs::read_dir(test.parent().unwrap()).unwrap().flatten();
        let mut found: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with("libnn-") && name.ends_with(".rlib")
            })
            .collect();
        found.sort_by_key(|path| std::cmp::Reverse(path.metadata().and_then(|data| data.modified()).ok()));
        let mut why = String::new();
        for path in found {
            match check(&path, GOOD) {
                Ok(()) => return path,
                Err(message) => why = message,
            }
        }
        panic!("no build of nn compiles the source that is right: {why}")
    })
}

/// All of these must be in what rustc says.
fn refused(source: &str, words: &[&str]) {
    let why = check(library(), source).expect_err(source);
    for word in words {
        assert!(why.contains(word), "{word:?} is missing in:\n{why}");
    }
}

#[test]
fn a_bare_tensor_is_refused_with_what_to_write() {
    refused(
        "#[derive(nn::Module)]
        pub struct Net { pub weight: <nn::Parameter as std::ops::Deref>::Target }",
        &[
            "is neither a part of a module nor declared plain data",
            "make it a part, or write `#[module(plain)]` above the field",
            "a trained tensor is a `Parameter`, a remembered one a `Buffer`",
        ],
    );
}

#[test]
fn so_is_data_of_any_other_type_wherever_it_stands() {
    let sentence = "is neither a part of a module nor declared plain data";
    let outside = "pub struct Config { pub width: usize }\n";
    for field in ["Config", "Option<Config>", "Vec<Config>", "(nn::Linear, Config)", "Box<Config>", "[Config; 2]"] {
        refused(&format!("{outside}#[derive(nn::Module)]\npub struct Net {{ pub field: {field} }}"), &[sentence]);
    }
    refused(&format!("{outside}#[derive(nn::Module)]\npub enum Net {{ One(nn::Linear), Two(Config) }}"), &[sentence]);
    refused(&format!("{outside}#[derive(nn::Module)]\npub struct Net(nn::Linear, Config);"), &[sentence]);
    let map = "pub field: std::collections::HashMap<u8, nn::Linear>";
    refused(&format!("#[derive(nn::Module)]\npub struct Net {{ {map} }}"), &[sentence, "maps by `String`"]);
}

#[test]
fn what_cannot_be_a_module_is_refused_in_words() {
    refused(
        "#[derive(nn::Module)]\npub struct Net<'a> { pub name: &'a str }",
        &["a module owns its parts: it cannot have a lifetime parameter"],
    );
    refused("#[derive(nn::Module)]\npub union Net { pub a: u8 }", &["a union cannot be a module: make it an enum"]);
    refused(
        "#[derive(nn::Module)]\npub struct Net { #[module(skip)] pub a: u8 }",
        &["expected `plain`, `rename = \"name\"` or `crate = path`"],
    );
}
