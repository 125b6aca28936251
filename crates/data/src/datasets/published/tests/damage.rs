//! Files that are cut, flipped or lie about themselves: an error or other data, never a panic, never more memory than
//! there are bytes.
use super::{
    pictures::{columns, idx, libsvm, mat, python2, record, squares},
    words::SQUAD,
    *,
};
use crate::{
    IterableDataset,
    shards::TarShards,
    tables::{CsvOptions, Table},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A fixed sequence of random words (Marsaglia's xorshift), so that a failure can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Reads the whole file, cuts of it, and copies with flipped bits, shuffled blocks and large numbers in them.
fn torture(name: &str, file: &str, bytes: &[u8], read: impl Fn(&Home) -> tensor_core::Result<usize>) {
    let home = Home::new(&format!("damage-{name}"));
    let attempt = |what: &str, bytes: &[u8]| {
        home.put(file, bytes);
        catch_unwind(AssertUnwindSafe(|| read(&home))).unwrap_or_else(|_| panic!("{name}: a panic on {what}"))
    };
    assert!(attempt("the whole", bytes).unwrap() > 0, "{name}");
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for _ in 0..60 {
        let at = chance.below(bytes.len());
        let _ = attempt(&format!("{at} bytes"), &bytes[..at]);
    }
    // The beginning, where headers are, is hit most often.
    for round in 0..150 {
        let mut damaged = bytes.to_vec();
        let near = if round % 2 == 0 { damaged.len().min(160) } else { damaged.len() };
        let at = chance.below(near);
        match round % 3 {
            0 => damaged[at] ^= 1 << chance.below(8),
            1 => damaged[at..].iter_mut().take(4).for_each(|byte| *byte = 0xFF),
            _ => {
                let end = (at + 1 + chance.below(16)).min(damaged.len());
                damaged.drain(at..end);
            }
        }
        let _ = attempt(&format!("round {round}, byte {at}"), &damaged);
    }
}

#[test]
fn damaged_pictures() {
    type Open = fn(&Home) -> tensor_core::Result<usize>;
    let mnist: Open = |home| {
        home.put("t10k-labels-idx1-ubyte", idx(8, &[2], &[1, 2]));
        Ok(Mnist::test(home.folder())?.len())
    };
    torture("idx", "t10k-images-idx3-ubyte", &squares(2), mnist);
    torture("idx-gz", "t10k-images-idx3-ubyte.gz", &gz(&squares(2)), mnist);
    let cifar: Open = |home| Ok(Cifar10::test(home.folder())?.len());
    torture("cifar", "test_batch.bin", &record(&[1], [1, 2, 3]), cifar);
    torture("pickle", "test_batch", &python2(&[6, 9], &[7; 2 * 3072]), cifar);
    torture("pickle4", "test", include_bytes!("cifar_protocol4.pickle"), |home| {
        Ok(Cifar100::test(home.folder())?.len())
    });
    let cifar_archive = gz(&tar(&[("cifar-10-batches-bin/test_batch.bin", &record(&[1], [1, 2, 3]))]));
    torture("cifar-tar", "cifar-10-binary.tar.gz", &cifar_archive, cifar);
    for packed in [true, false] {
        torture("mat", "train_32x32.mat", &mat(packed), |home| Ok(Svhn::train(home.folder())?.len()));
    }
    torture("stl10", "unlabeled_X.bin", &columns(1), |home| Ok(Stl10::unlabeled(home.folder())?.len()));
    torture("usps", "usps.bz2", &bz2(libsvm().as_bytes()), |home| Ok(Usps::train(home.folder())?.len()));
    let emnist = gz(&squares(1));
    let labels = gz(&idx(8, &[1], &[3]));
    let emnist = zip(&[
        ("gzip/emnist-digits-test-images-idx3-ubyte.gz", &emnist),
        ("gzip/emnist-digits-test-labels-idx1-ubyte.gz", &labels),
    ]);
    torture("emnist", "gzip.zip", &emnist, |home| Ok(Emnist::test(home.folder(), EmnistSplit::Digits)?.len()));
}

#[test]
fn damaged_words() {
    torture("csv", "train.csv", b"\"1\",\"a\",\"b\"\n\"2\",\"c \"\"d\"\"\",\"e\"\n", |home| {
        Ok(AgNews::train(home.folder())?.len())
    });
    let imdb = gz(&tar(&[("aclImdb/train/pos/0_9.txt", b"good"), ("aclImdb/train/neg/0_2.txt", b"poor")]));
    torture("imdb", "aclImdb_v1.tar.gz", &imdb, |home| Ok(Imdb::train(home.folder())?.len()));
    torture("squad", "train-v2.0.json", SQUAD.as_bytes(), |home| Ok(Squad2::train(home.folder())?.len()));
    torture("conll", "train.txt", b"a b c\nd e f\n\ng h i\n", |home| Ok(Conll2000::train(home.folder())?.len()));
    torture("trec", "TREC_10.label", b"DESC:manner How ?\n", |home| Ok(Trec::test(home.folder())?.len()));
    torture("sst2", "train.tsv", b"sentence\tlabel\na b\t1\n", |home| Ok(Sst2::train(home.folder())?.len()));
    torture("table", "t.csv", b"a,b\n1,2\n\"3\",4\n", |home| {
        let table = Table::open_csv(home.0.join("t.csv"), CsvOptions::default())?;
        Ok(table.floats(&["a"])?.numel() + table.len())
    });
    torture("json-lines", "t.jsonl", b"{\"a\": 1, \"b\": [2]}\n{\"a\": 3}\n", |home| {
        let table = Table::open_json_lines(home.0.join("t.jsonl"))?;
        Ok(table.ints("a")?.numel())
    });
    let shard = tar(&[("x/a.txt", b"1"), ("x/a.cls", b"7"), ("x/b.txt", &[2; 2000])]);
    // However many errors there are, the stream ends.
    let read: fn(&Home) -> tensor_core::Result<usize> = |home| {
        let path = ["0.tar", "0.tar.gz"].map(|name| home.0.join(name)).into_iter().find(|path| path.is_file());
        Ok(TarShards::new(path).samples()?.take(1000).filter(|sample| sample.is_ok()).count())
    };
    torture("shard", "0.tar", &shard, read);
    torture("shard-gz", "0.tar.gz", &gz(&shard), read);
}

#[test]
fn a_header_that_claims_more_than_there_is_costs_nothing() {
    let home = Home::new("claims");
    home.put("t10k-labels-idx1-ubyte", idx(8, &[1], &[1]));
    for sizes in [[u32::MAX, u32::MAX, u32::MAX], [60_000, 28, 28], [u32::MAX, 1, 1], [0, u32::MAX, u32::MAX]] {
        home.put("t10k-images-idx3-ubyte", idx(8, &sizes, &[0; 784]));
        let error = Mnist::test(home.folder()).unwrap_err().to_string();
        assert!(error.contains("784 bytes are there from byte 16 on"), "{error}");
    }
    // A tar header that claims eight gigabytes.
    let mut header = ::tar::Header::new_gnu();
    header.set_path("x.bin").unwrap();
    header.set_size(8 << 30);
    header.set_cksum();
    let path = home.put("claims.tar", [&header.as_bytes()[..], &[1; 700]].concat());
    let error = TarShards::new([path]).samples().unwrap().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("x.bin is cut off: 700 of 8589934592 bytes"), "{error}");
    // A pickle that claims four gigabytes of text.
    home.put("test_batch", b"\x80\x02T\xff\xff\xff\xff..");
    assert!(Cifar10::test(home.folder()).unwrap_err().to_string().contains("ends too early"));
}
