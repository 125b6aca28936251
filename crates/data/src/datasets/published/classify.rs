//! Texts with labels: news, reviews, questions.
use super::{
    Folder, TextSet, Texts,
    folder::{Content, damaged},
    table,
};
use tensor_core::Result;

/// Rows of `"label","text","more text"`: the fields behind the label are joined by a space, as torchtext joins them.
fn csv_rows(name: &'static str, content: &Content) -> Result<TextSet> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content.bytes.as_slice());
    let mut set = TextSet::default();
    let mut row = csv::StringRecord::new();
    let mut text = String::new();
    loop {
        let line = rows.position().line();
        match rows.read_record(&mut row) {
            Ok(false) => return Ok(set),
            Ok(true) => {}
            Err(e) => return Err(content.damaged(name, e)),
        }
        let mut fields = row.iter();
        let first = fields.next().unwrap_or_default();
        let label =
            first.parse().map_err(|_| content.damaged(name, format!("line {line}: label {first:?} is no number")))?;
        text.clear();
        for (i, field) in fields.enumerate() {
            if i > 0 {
                text.push(' ');
            }
            text.push_str(field);
        }
        set.push(label, &text);
    }
}

macro_rules! csv_sets {
    ($($(#[$doc:meta])* $name:ident = $entry:ident, $folder:literal, $train:literal, $test:literal;)*) => { $(
        $(#[$doc])*
        ///
        /// Samples are `(label, text)`, labels counted from 1.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            #[doc = concat!("The ", $train, " to learn from.")]
            pub fn train(folder: impl Into<Folder>) -> Result<TextSet> {
                let [content] = folder.into().read(&table::$entry, [concat!($folder, "train.csv")])?;
                csv_rows(table::$entry.name, &content)
            }

            #[doc = concat!("The ", $test, " to test with.")]
            pub fn test(folder: impl Into<Folder>) -> Result<TextSet> {
                let [content] = folder.into().read(&table::$entry, [concat!($folder, "test.csv")])?;
                csv_rows(table::$entry.name, &content)
            }
        }
    )* };
}
csv_sets! {
    /// News of four kinds: world, sports, business, science and technology.
    AgNews = AG_NEWS, "", "120,000", "7,600";
    /// Encyclopedia articles of fourteen kinds.
    DbPedia = DBPEDIA, "dbpedia_csv/", "560,000", "70,000";
    /// Reviews: 1 is negative, 2 is positive.
    YelpPolarity = YELP_POLARITY, "yelp_review_polarity_csv/", "560,000", "38,000";
    /// Reviews of one to five stars.
    YelpFull = YELP_FULL, "yelp_review_full_csv/", "650,000", "50,000";
    /// Questions and answers of ten topics.
    YahooAnswers = YAHOO_ANSWERS, "yahoo_answers_csv/", "1,400,000", "60,000";
    /// Reviews: 1 is negative, 2 is positive.
    AmazonPolarity = AMAZON_POLARITY, "amazon_review_polarity_csv/", "3,600,000", "400,000";
    /// Reviews of one to five stars.
    AmazonFull = AMAZON_FULL, "amazon_review_full_csv/", "3,000,000", "650,000";
    /// News in Chinese, written in Latin letters, of five kinds.
    SogouNews = SOGOU_NEWS, "sogou_news_csv/", "450,000", "60,000";
}

/// Film reviews, 1 for negative and 2 for positive. The folder holds `aclImdb_v1.tar.gz`, packed or not.
#[derive(Clone, Copy, Debug)]
pub struct Imdb;

impl Imdb {
    /// The 25,000 to learn from: first the negative ones, in the order of their file names.
    pub fn train(folder: impl Into<Folder>) -> Result<TextSet> {
        Imdb::part(&folder.into(), "aclImdb/train")
    }

    /// The 25,000 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<TextSet> {
        Imdb::part(&folder.into(), "aclImdb/test")
    }

    /// 50,000 without labels.
    pub fn unsupervised(folder: impl Into<Folder>) -> Result<Texts> {
        let files = folder.into().read_all(&table::IMDB, "aclImdb/train", |path| path.starts_with("unsup/"))?;
        let mut texts = Texts::default();
        for (_, content) in files {
            texts.push(&content.text(table::IMDB.name)?);
        }
        Ok(texts)
    }

    fn part(folder: &Folder, below: &str) -> Result<TextSet> {
        let wanted = |path: &str| path.starts_with("neg/") || path.starts_with("pos/");
        let mut set = TextSet::default();
        for (path, content) in folder.read_all(&table::IMDB, below, wanted)? {
            set.push(if path.starts_with("neg/") { 1 } else { 2 }, &content.text(table::IMDB.name)?);
        }
        Ok(set)
    }
}

/// Sentences of film reviews, 0 for negative and 1 for positive. The folder holds `SST-2.zip`, packed or not.
#[derive(Clone, Copy, Debug)]
pub struct Sst2;

impl Sst2 {
    /// The 67,349 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<TextSet> {
        Sst2::part(&folder.into(), "SST-2/train.tsv")
    }

    /// The 872 to try out with.
    pub fn dev(folder: impl Into<Folder>) -> Result<TextSet> {
        Sst2::part(&folder.into(), "SST-2/dev.tsv")
    }

    /// The 1,821 to test with, whose labels are not published.
    pub fn test(folder: impl Into<Folder>) -> Result<Texts> {
        let name = table::SST2.name;
        let [content] = folder.into().read(&table::SST2, ["SST-2/test.tsv"])?;
        let path = content.path.clone();
        let mut texts = Texts::default();
        for (i, line) in content.text(name)?.lines().enumerate().skip(1) {
            let (_, text) =
                line.split_once('\t').ok_or_else(|| damaged(name, &path, format!("line {}: no tab", i + 1)))?;
            texts.push(text.trim());
        }
        Ok(texts)
    }

    fn part(folder: &Folder, file: &str) -> Result<TextSet> {
        let name = table::SST2.name;
        let [content] = folder.read(&table::SST2, [file])?;
        let path = content.path.clone();
        let mut set = TextSet::default();
        // The first line names the columns: `sentence`, `label`.
        for (i, line) in content.text(name)?.lines().enumerate().skip(1) {
            let parts = line.rsplit_once('\t').and_then(|(text, label)| Some((text, label.trim().parse().ok()?)));
            let Some((text, label)) = parts else {
                return Err(damaged(name, &path, format!("line {}: it is no sentence, tab and label", i + 1)));
            };
            set.push(label, text.trim());
        }
        Ok(set)
    }
}

/// Questions, labelled by what is asked for: 0 abbreviation, 1 description, 2 entity, 3 human, 4 place, 5 number. The
/// folder holds `train_5500.label` and `TREC_10.label`.
#[derive(Clone, Copy, Debug)]
pub struct Trec;

impl Trec {
    /// The classes, by label.
    pub const CLASSES: [&str; 6] = ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"];

    /// The 5,452 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<TextSet> {
        Trec::part(&folder.into(), "train_5500.label")
    }

    /// The 500 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<TextSet> {
        Trec::part(&folder.into(), "TREC_10.label")
    }

    fn part(folder: &Folder, file: &str) -> Result<TextSet> {
        let name = table::TREC.name;
        let [content] = folder.read(&table::TREC, [file])?;
        // One question has a byte of Latin-1.
        let text: String = content.bytes.iter().copied().map(char::from).collect();
        let mut set = TextSet::default();
        for (i, line) in text.lines().enumerate() {
            // `DESC:manner How did serfdom develop ?`
            let parts = line.split_once(' ').and_then(|(kind, question)| {
                let coarse = kind.split_once(':')?.0;
                Some((Trec::CLASSES.iter().position(|class| *class == coarse)?, question))
            });
            let Some((label, question)) = parts else {
                return Err(content.damaged(name, format!("line {}: it is no kind and question", i + 1)));
            };
            set.push(label as i64, question);
        }
        Ok(set)
    }
}
