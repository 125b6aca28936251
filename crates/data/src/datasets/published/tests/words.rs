//! Texts: CSV, folders of files, lines, columns, JSON; shards in tar files.
use super::*;
use crate::{IterableDataset, IterableLoader, shards::TarShards};

const CSV: &str = "\"3\",\"Wall St. \"\"Bears\"\"\",\"Short-sellers,\\again\"\n\"1\",\"Oil\",\"two\nlines\"\n";

#[test]
fn csv_labels_and_texts() {
    let home = Home::new("csv");
    home.put("train.csv", CSV);
    let check = |set: TextSet| {
        assert_eq!(set.len(), 2);
        assert_eq!(set.get(0).unwrap(), (3, "Wall St. \"Bears\" Short-sellers,\\again".to_string()));
        assert_eq!(set.get(1).unwrap(), (1, "Oil two\nlines".to_string()));
        assert_eq!((set.labels(), set.texts().text(2)), (&[3, 1][..], None));
        assert!(set.get(2).is_err());
    };
    check(AgNews::train(home.folder()).unwrap());
    type Open = fn(Folder) -> tensor_core::Result<TextSet>;
    let archives: [(&str, &str, Open); 7] = [
        ("dbpedia_csv", "DBpedia", |f| DbPedia::train(f)),
        ("yelp_review_polarity_csv", "YelpReviewPolarity", |f| YelpPolarity::train(f)),
        ("yelp_review_full_csv", "YelpReviewFull", |f| YelpFull::train(f)),
        ("yahoo_answers_csv", "YahooAnswers", |f| YahooAnswers::train(f)),
        ("amazon_review_polarity_csv", "AmazonReviewPolarity", |f| AmazonPolarity::train(f)),
        ("amazon_review_full_csv", "AmazonReviewFull", |f| AmazonFull::train(f)),
        ("sogou_news_csv", "SogouNews", |f| SogouNews::train(f)),
    ];
    for (stem, folder, open) in archives {
        let home = Home::new(stem);
        let files = [(format!("{stem}/readme.txt"), "no table"), (format!("{stem}/train.csv"), CSV)];
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        home.put(&format!("{folder}/{stem}.tar.gz"), gz(&tar(&files)));
        check(open(home.folder()).unwrap());
    }
    home.put("test.csv", "\"3\",\"a\"\n\"x\",\"b\"\n");
    let error = AgNews::test(home.folder()).unwrap_err().to_string();
    assert!(error.contains("test.csv: line 2: label \"x\" is no number"), "{error}");
    home.put("test.csv", b"\"3\",\"\xff\"\n");
    assert!(AgNews::test(home.folder()).is_err());
}

#[test]
fn imdb_from_folder_and_archive() {
    let files: [(&str, &[u8]); 5] = [
        ("aclImdb/train/pos/0_9.txt", b"good"),
        ("aclImdb/train/neg/1_1.txt", b"bad"),
        ("aclImdb/train/neg/0_2.txt", b"poor"),
        ("aclImdb/train/unsup/0_0.txt", b"what"),
        ("aclImdb/train/urls_neg.txt", b"http"),
    ];
    let packed = Home::new("imdb-packed");
    packed.put("aclImdb_v1.tar.gz", gz(&tar(&files)));
    let unpacked = Home::new("imdb");
    files.iter().for_each(|(name, bytes)| drop(unpacked.put(&format!("IMDB/{name}"), bytes)));
    for home in [packed, unpacked] {
        let train = Imdb::train(home.folder()).unwrap();
        let all: Vec<_> = (0..train.len()).map(|i| train.get(i).unwrap()).collect();
        assert_eq!(all, [(1, "poor".to_string()), (1, "bad".to_string()), (2, "good".to_string())]);
        assert_eq!(Imdb::unsupervised(home.folder()).unwrap().iter().collect::<Vec<_>>(), ["what"]);
        assert!(Imdb::test(home.folder()).unwrap_err().to_string().contains("aclImdb/test is not in"));
    }
}

#[test]
fn sst2_and_trec() {
    let home = Home::new("sst2");
    home.put(
        "SST2/SST-2.zip",
        zip(&[
            ("SST-2/train.tsv", b"sentence\tlabel\nhide new secretions \t0\n\" quoted\t1\n"),
            ("SST-2/test.tsv", b"index\tsentence\n0\tuneasy mishmash .\n"),
        ]),
    );
    let train = Sst2::train(home.folder()).unwrap();
    assert_eq!(train.get(0).unwrap(), (0, "hide new secretions".to_string()));
    assert_eq!(train.get(1).unwrap(), (1, "\" quoted".to_string()));
    assert_eq!(Sst2::test(home.folder()).unwrap().get(0).unwrap(), "uneasy mishmash .");
    home.put("SST-2/dev.tsv", "sentence\tlabel\nno label\n");
    assert!(Sst2::dev(home.folder()).unwrap_err().to_string().contains("line 2"));

    home.put("train_5500.label", b"DESC:manner How did serfdom develop ?\nLOC:city What is Melanchol\xf0y ?\n");
    let questions = Trec::train(home.folder()).unwrap();
    assert_eq!(questions.get(0).unwrap(), (1, "How did serfdom develop ?".to_string()));
    assert_eq!(questions.get(1).unwrap(), (4, "What is Melanchol\u{f0}y ?".to_string()));
    home.put("TREC_10.label", "ODD:x Why ?\n");
    assert!(Trec::test(home.folder()).unwrap_err().to_string().contains("line 1"));
}

#[test]
fn lines_and_pairs() {
    let home = Home::new("lines");
    home.put("wikitext-2-v1.zip", zip(&[("wikitext-2/wiki.train.tokens", b" \n = Title = \n text")]));
    home.put("WikiText103/wikitext-103/wiki.test.tokens", "a\n");
    let lines = WikiText2::train(home.folder()).unwrap();
    assert_eq!(lines.iter().collect::<Vec<_>>(), [" ", " = Title = ", " text"]);
    assert_eq!(WikiText103::test(home.folder()).unwrap().len(), 1);
    home.put("ptb.valid.txt", " consumers may want \n no it was n't <unk> \n");
    assert_eq!(PennTreebank::valid(home.folder()).unwrap().get(0).unwrap(), "consumers may want");
    home.put("enwik9.zip", zip(&[("enwik9", b"<mediawiki>\n\n")]));
    assert_eq!(EnWik9::all(home.folder()).unwrap().len(), 2);
    home.put("Multi30k/validation.tar.gz", gz(&tar(&[("./val.de", "Männer\n".as_bytes()), ("./val.en", b"Men\n")])));
    let pairs = Multi30k::valid(home.folder()).unwrap();
    assert_eq!(pairs.get(0).unwrap(), ("Männer".to_string(), "Men".to_string()));
    home.put("test.de", "a\nb\n");
    home.put("test.en", "a\n");
    let error = Multi30k::test(home.folder()).unwrap_err().to_string();
    assert!(error.contains("2 lines in German, 1 in English"), "{error}");
}

#[test]
fn tagged_sentences() {
    let home = Home::new("tagged");
    home.put("train.txt.gz", gz(b"Confidence NN B-NP\nin IN B-PP\n\nRockwell NNP B-NP\n\n"));
    let train = Conll2000::train(home.folder()).unwrap();
    assert_eq!(train[0], [vec!["Confidence", "in"], vec!["NN", "IN"], vec!["B-NP", "B-PP"]]);
    assert_eq!(train.len(), 2);
    home.put("UDPOS/en-ud-v2.zip", zip(&[("en-ud-v2/en-ud-tag.v2.dev.txt", b"From\tADP\tIN\nAP\tPROPN\tNNP\n")]));
    assert_eq!(UdPos::valid(home.folder()).unwrap()[0][1], ["ADP", "PROPN"]);
    home.put("test.txt.gz", gz(b"a b c\nd e\n"));
    let error = Conll2000::test(home.folder()).unwrap_err().to_string();
    assert!(error.contains("line 2 has 2 columns where the line before has 3"), "{error}");
}

pub(super) const SQUAD: &str = r#"{"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"context": "Über Rom", "qas": [
    {"id": "1", "question": "Where?", "is_impossible": false, "answers": [{"text": "Rom", "answer_start": 5}]},
    {"id": "2", "question": "Why?", "is_impossible": true, "answers": [], "plausible_answers": []}]}]}]}"#;

#[test]
fn questions_and_answers() {
    let home = Home::new("squad");
    home.put("train-v1.1.json", SQUAD);
    home.put("SQuAD2/dev-v2.0.json", SQUAD);
    for questions in [Squad1::train(home.folder()).unwrap(), Squad2::dev(home.folder()).unwrap()] {
        assert_eq!(questions.len(), 2);
        let first = &questions[0];
        assert_eq!((&*first.context, first.question.as_str(), first.id.as_str()), ("Über Rom", "Where?", "1"));
        let (text, start) = &first.answers[0];
        assert_eq!(first.context.chars().skip(*start).collect::<String>(), *text);
        assert!(questions[1].answers.is_empty());
    }
    home.put("dev-v1.1.json", "{\"data\": [{}]}");
    let error = Squad1::dev(home.folder()).unwrap_err().to_string();
    assert!(error.contains("there is no list \"paragraphs\""), "{error}");
}

#[test]
fn samples_in_shards() {
    let home = Home::new("shards");
    let long = format!("{}/c.txt", "deep/".repeat(40));
    let first = home.put("0.tar", tar(&[("x/a.txt", b"1"), ("x/a.cls", b"7\n"), ("notes", b"-"), ("x/b.txt", b"2")]));
    let second = home.put("1.tar.gz", gz(&tar(&[(&long, &[3; 1000]), ("d.seg.png", b"4")])));
    let shards = TarShards::new([&first, &second]);
    let all: Vec<_> = shards.samples().unwrap().map(|sample| sample.unwrap()).collect();
    assert_eq!(
        all.iter().map(|s| s.key.as_str()).collect::<Vec<_>>(),
        ["x/a", "x/b", long.trim_end_matches(".txt"), "d"]
    );
    assert_eq!((all[0].text("cls").unwrap(), all[2].part("txt").unwrap().len()), ("7", 1000));
    assert_eq!(all[3].part("seg.png").unwrap(), b"4");
    assert!(all[1].part("cls").unwrap_err().to_string().contains("sample \"x/b\" has no \"cls\"; it has txt"));

    let keys = |epochs: usize, workers| {
        let keys = TarShards::new([&first, &second]).shuffle_shards(true).map(|sample| Ok(sample.key));
        let loader = IterableLoader::new(keys).batch_size(4).workers(workers).seed(2);
        (0..epochs).map(|_| loader.iter().next().unwrap().unwrap()).collect::<Vec<_>>()
    };
    let orders = keys(8, 0);
    assert_eq!(orders, keys(8, 2));
    assert!(orders.iter().any(|order| order[0] == "x/a") && orders.iter().any(|order| order[0] != "x/a"));

    // A file that is cut off is an error; the next one is read all the same.
    let whole = std::fs::read(&first).unwrap();
    std::fs::write(&first, &whole[..512 + 512 + 100]).unwrap();
    let found: Vec<_> = shards.samples().unwrap().collect();
    assert!(found.iter().any(|sample| sample.is_err()) && found.iter().any(|sample| sample.is_ok()));
    let gone = TarShards::new(["no/such.tar"]);
    assert!(gone.samples().unwrap().next().unwrap().unwrap_err().to_string().contains("no/such.tar"));
}
