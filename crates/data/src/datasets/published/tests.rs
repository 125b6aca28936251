//! Every data set is read from small files of its form, packed and unpacked; what is missing, cut, flipped or lying is an
//! error.
mod damage;
mod pictures;
mod words;

use super::*;
use crate::{Dataset, datasets::FakeData};
use std::{io::Write, path::PathBuf};

/// A folder of a test's own, which goes with it.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Home {
        let home = std::env::temp_dir().join(format!("flambeau-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        Home(home)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Files that are not the published ones.
    fn folder(&self) -> Folder {
        Folder::new(self.0.as_path()).verify(false)
    }

    fn strict(&self) -> Folder {
        Folder::new(&*self.0.to_string_lossy())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn the_page_says_what_the_table_says() {
    let page = include_str!("../../../../../docs/datasets.md");
    assert!(
        page == table::page(),
        "`cargo run -p data --features datasets --example datasets_page > docs/datasets.md`"
    );
    // Every row names a test that is there.
    let tests = [include_str!("tests/pictures.rs"), include_str!("tests/words.rs")].concat();
    for entry in table::ALL {
        assert!(tests.contains(&format!("fn {}()", entry.test)), "{}", entry.test);
        for file in entry.files {
            let digits = match file.checksum {
                Some(table::Checksum::Md5(sum)) => (sum, 32),
                Some(table::Checksum::Sha256(sum)) => (sum, 64),
                None => continue,
            };
            assert!(digits.0.len() == digits.1 && digits.0.bytes().all(|b| b.is_ascii_hexdigit()), "{}", file.name);
        }
    }
}

#[test]
fn what_is_missing_says_where_to_get_it() {
    let home = Home::new("missing");
    let error = Mnist::train(home.strict()).unwrap_err().to_string();
    let root = home.0.display();
    assert_eq!(
        error,
        format!(
            "Mnist: train-images-idx3-ubyte is not in {root}: there is no {root}/train-images-idx3-ubyte, no \
             {root}/MNIST/raw/train-images-idx3-ubyte; get train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, \
             t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz from https://ossci-datasets.s3.amazonaws.com/mnist/ and \
             put it into {root}/MNIST/raw, packed as it comes"
        )
    );
    for missing in [
        Cifar10::train(home.strict()).err(),
        Cifar100::test_coarse(home.strict()).err(),
        Svhn::test(home.strict()).err(),
        Stl10::unlabeled(home.strict()).err(),
        Usps::train(home.strict()).err(),
        Imdb::train(home.strict()).err(),
        AgNews::test(home.strict()).err(),
        Squad2::dev(home.strict()).err(),
    ] {
        let message = missing.unwrap().to_string();
        assert!(message.contains(" is not in ") && message.contains("; get "), "{message}");
    }
}

#[test]
fn another_file_than_the_published_one_is_refused() {
    let home = Home::new("checksum");
    home.put("AG_NEWS/train.csv", "\"3\",\"a\",\"b\"\n");
    let error = AgNews::train(home.strict()).unwrap_err().to_string();
    // MD5 of these 12 bytes, by another program.
    assert!(error.contains("its MD5 is") && error.contains("b1a00f826fdfbd249f79597b59e1dc12"), "{error}");
    assert!(error.contains("verify(false)"), "{error}");
    assert_eq!(AgNews::train(home.folder()).unwrap().len(), 1);
    home.put("training.tar.gz", gz(&tar(&[("train.de", b"a\n"), ("train.en", b"b\n")])));
    let error = Multi30k::train(home.strict()).unwrap_err().to_string();
    assert!(error.contains("its SHA-256 is"), "{error}");
    assert_eq!(Multi30k::train(home.folder()).unwrap().get(0).unwrap(), ("a".to_string(), "b".to_string()));
}
