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
    tables::{CsvOptions, Table, read_csv, read_json_lines},
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tensor_core::Result;

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

/// A file of a data set, and how it is read, with what else must be there.
struct Damaged {
    entry: &'static table::Entry,
    file: &'static str,
    bytes: Vec<u8>,
    read: fn(&Home) -> Result<usize>,
}

impl Damaged {
    fn torture(&self) {
        torture(&format!("{}-{}", self.entry.name, self.file.replace('/', "-")), self.file, &self.bytes, self.read);
    }
}

/// Reads the whole file, cuts of it, and copies with flipped bits, shuffled blocks and large numbers in them.
fn torture(name: &str, file: &str, bytes: &[u8], read: impl Fn(&Home) -> Result<usize>) {
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

macro_rules! damaged {
    ($($entry:ident, $file:expr, $bytes:expr, |$home:ident| $read:expr;)*) => {
        vec![$(Damaged {
            entry: &table::$entry,
            file: $file,
            bytes: Vec::from($bytes),
            read: |$home: &Home| Ok($read),
        }),*]
    };
}

fn pictures() -> Vec<Damaged> {
    let labels = || idx(8, &[2], &[1, 2]);
    let cifar_archive = gz(&tar(&[("cifar-10-batches-bin/test_batch.bin", &record(&[1], [1, 2, 3]))]));
    let emnist = zip(&[
        ("gzip/emnist-digits-test-images-idx3-ubyte.gz", &gz(&squares(1))),
        ("gzip/emnist-digits-test-labels-idx1-ubyte.gz", &gz(&idx(8, &[1], &[3]))),
    ]);
    let numbers: Vec<u8> = [[4, 1, 7, 3, 0, 0, 0, 0]; 2].concat().into_iter().flat_map(i32::to_be_bytes).collect();
    damaged! {
        MNIST, "t10k-images-idx3-ubyte", squares(2), |home| {
            home.put("t10k-labels-idx1-ubyte", idx(8, &[2], &[1, 2]));
            Mnist::test(home.folder())?.len()
        };
        MNIST, "train-labels-idx1-ubyte", labels(), |home| {
            home.put("train-images-idx3-ubyte", squares(2));
            Mnist::train(home.folder())?.len()
        };
        FASHION_MNIST, "t10k-images-idx3-ubyte.gz", gz(&squares(2)), |home| {
            home.put("t10k-labels-idx1-ubyte", idx(8, &[2], &[1, 2]));
            FashionMnist::test(home.folder())?.len()
        };
        KMNIST, "t10k-labels-idx1-ubyte.gz", gz(&labels()), |home| {
            home.put("t10k-images-idx3-ubyte", squares(2));
            Kmnist::test(home.folder())?.len()
        };
        QMNIST, "qmnist-test-labels-idx2-int", idx(12, &[2, 8], &numbers), |home| {
            home.put("qmnist-test-images-idx3-ubyte", squares(2));
            Qmnist::test(home.folder())?.len()
        };
        EMNIST, "gzip.zip", emnist, |home| Emnist::test(home.folder(), EmnistSplit::Digits)?.len();
        CIFAR10, "test_batch.bin", record(&[1], [1, 2, 3]), |home| Cifar10::test(home.folder())?.len();
        CIFAR10, "cifar-10-binary.tar.gz", cifar_archive, |home| Cifar10::test(home.folder())?.len();
        CIFAR10_PYTHON, "test_batch", python2(&[6, 9], &[7; 2 * 3072]), |home| Cifar10::test(home.folder())?.len();
        CIFAR100, "test.bin", record(&[1, 2], [1, 2, 3]), |home| Cifar100::test_coarse(home.folder())?.len();
        CIFAR100_PYTHON, "test", include_bytes!("cifar_protocol4.pickle"), |home| Cifar100::test(home.folder())?.len();
        SVHN, "train_32x32.mat", mat(true), |home| Svhn::train(home.folder())?.len();
        SVHN, "test_32x32.mat", mat(false), |home| Svhn::test(home.folder())?.len();
        STL10, "unlabeled_X.bin", columns(1), |home| Stl10::unlabeled(home.folder())?.len();
        STL10, "train_y.bin", [2, 10], |home| {
            home.put("train_X.bin", columns(2));
            Stl10::train(home.folder())?.len()
        };
        STL10, "fold_indices.txt", "1 0\n0\n", |home| Stl10::fold(home.folder(), 0)?.len();
        USPS, "usps.bz2", bz2(libsvm().as_bytes()), |home| Usps::train(home.folder())?.len();
        USPS, "usps.t", libsvm(), |home| {
            // What is in the published file, so that damage is not found by the packing.
            let text = std::fs::read(home.0.join("usps.t"))?;
            home.put("usps.t.bz2", bz2(&text));
            Usps::test(home.folder())?.len()
        };
    }
}

fn words() -> Vec<Damaged> {
    const ROWS: &[u8] = b"\"1\",\"a\",\"b\"\n\"2\",\"c \"\"d\"\"\",\"e\"\n";
    let imdb = gz(&tar(&[("aclImdb/train/pos/0_9.txt", b"good"), ("aclImdb/train/neg/0_2.txt", b"poor")]));
    let pair = gz(&tar(&[("val.de", "Männer\n".as_bytes()), ("val.en", b"Men\n")]));
    let wiki = zip(&[("wikitext-2/wiki.train.tokens", b" \n = Title = \n text")]);
    damaged! {
        AG_NEWS, "train.csv", ROWS, |home| AgNews::train(home.folder())?.len();
        DBPEDIA, "train.csv", ROWS, |home| DbPedia::train(home.folder())?.len();
        YELP_POLARITY, "test.csv", ROWS, |home| YelpPolarity::test(home.folder())?.len();
        YELP_FULL, "test.csv", ROWS, |home| YelpFull::test(home.folder())?.len();
        YAHOO_ANSWERS, "train.csv", ROWS, |home| YahooAnswers::train(home.folder())?.len();
        AMAZON_POLARITY, "test.csv", ROWS, |home| AmazonPolarity::test(home.folder())?.len();
        AMAZON_FULL, "train.csv.gz", gz(ROWS), |home| AmazonFull::train(home.folder())?.len();
        SOGOU_NEWS, "test.csv.gz", gz(ROWS), |home| SogouNews::test(home.folder())?.len();
        IMDB, "aclImdb_v1.tar.gz", imdb, |home| Imdb::train(home.folder())?.len();
        IMDB, "aclImdb/train/unsup/0_0.txt", "what", |home| Imdb::unsupervised(home.folder())?.len();
        SST2, "train.tsv", "sentence\tlabel\na b\t1\n", |home| Sst2::train(home.folder())?.len();
        SST2, "test.tsv", "index\tsentence\n0\ta b\n", |home| Sst2::test(home.folder())?.len();
        TREC, "TREC_10.label", "DESC:manner How ?\n", |home| Trec::test(home.folder())?.len();
        WIKITEXT2, "wikitext-2-v1.zip", wiki, |home| WikiText2::train(home.folder())?.len();
        WIKITEXT103, "wiki.test.tokens", " \n é = \n", |home| WikiText103::test(home.folder())?.len();
        PENN_TREEBANK, "ptb.valid.txt", " it was n't <unk> \n é \n", |home| PennTreebank::valid(home.folder())?.len();
        ENWIK9, "enwik9", "<mediawiki>\n\né\n", |home| EnWik9::all(home.folder())?.len();
        MULTI30K_TRAIN, "train.en", "a\né\n", |home| {
            home.put("train.de", "a\nb\n");
            Multi30k::train(home.folder())?.len()
        };
        MULTI30K_VALID, "validation.tar.gz", pair, |home| Multi30k::valid(home.folder())?.len();
        MULTI30K_TEST, "test.de", "a\nä\n", |home| {
            home.put("test.en", "a\nb\n");
            Multi30k::test(home.folder())?.len()
        };
        CONLL2000, "train.txt", "a b c\nd e f\n\ng h i\n", |home| Conll2000::train(home.folder())?.len();
        UDPOS, "en-ud-tag.v2.dev.txt", "a\tb\tc\n\nd\te\tf\n", |home| UdPos::valid(home.folder())?.len();
        SQUAD1, "dev-v1.1.json", SQUAD, |home| Squad1::dev(home.folder())?.len();
        SQUAD2, "train-v2.0.json", SQUAD, |home| Squad2::train(home.folder())?.len();
    }
}

#[test]
fn damaged_pictures() {
    pictures().iter().for_each(Damaged::torture);
}

#[test]
fn damaged_words() {
    words().iter().for_each(Damaged::torture);
}

#[test]
fn every_data_set_is_read_damaged() {
    let rows: Vec<Damaged> = pictures().into_iter().chain(words()).collect();
    for entry in table::ALL {
        assert!(rows.iter().any(|row| std::ptr::eq(row.entry, *entry)), "{} ({})", entry.name, entry.samples);
    }
}

#[test]
fn damaged_tables_and_shards() {
    torture("table", "t.csv", b"a,b\n1,2\n\"3\",4\n", |home| {
        let table = Table::open_csv(home.0.join("t.csv"), CsvOptions::default())?;
        Ok(table.floats(&["a"])?.numel() + table.len())
    });
    torture("rows", "t.csv", b"a,b\n1,x\n\"3\",y\n", |home| {
        Ok(read_csv::<(i64, String)>(home.0.join("t.csv"), CsvOptions::default())?.len())
    });
    let lines = b"{\"a\": 1, \"b\": [2]}\n{\"a\": 3}\n";
    torture("json-lines", "t.jsonl", lines, |home| {
        let table = Table::open_json_lines(home.0.join("t.jsonl"))?;
        Ok(table.ints("a")?.numel())
    });
    torture("json-values", "t.jsonl", lines, |home| {
        Ok(read_json_lines::<serde_json::Value>(home.0.join("t.jsonl"))?.len())
    });
    let shard = tar(&[("x/a.txt", b"1"), ("x/a.cls", b"7"), ("x/b.txt", &[2; 2000])]);
    // However many errors there are, the stream ends.
    let read: fn(&Home) -> Result<usize> = |home| {
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
