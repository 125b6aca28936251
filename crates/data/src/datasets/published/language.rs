//! Running text, pairs of translations, sentences with tags, questions about texts.
use super::{
    Folder, Texts,
    folder::{Content, damaged},
    table::{self, Entry},
};
use crate::{Dataset, Zip};
use serde_json::Value;
use std::sync::Arc;
use tensor_core::Result;

fn lines(folder: &Folder, entry: &'static Entry, file: &str) -> Result<Texts> {
    let [content] = folder.read(entry, [file])?;
    Ok(Texts::of_lines(&content.text(entry.name)?))
}

/// Lines without the spaces around them.
fn trimmed(folder: &Folder, entry: &'static Entry, file: &str) -> Result<Texts> {
    let [content] = folder.read(entry, [file])?;
    let text = content.text(entry.name)?;
    let mut texts = Texts::default();
    text.lines().for_each(|line| texts.push(line.trim()));
    Ok(texts)
}

macro_rules! line_sets {
    ($($(#[$doc:meta])* $name:ident = $entry:ident, $read:ident, $train:literal, $valid:literal, $test:literal;)*) => { $(
        $(#[$doc])*
        ///
        /// A sample is a line, without its end; empty lines are there as in the file.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// To learn from.
            pub fn train(folder: impl Into<Folder>) -> Result<Texts> {
                $read(&folder.into(), &table::$entry, $train)
            }

            /// To try out with.
            pub fn valid(folder: impl Into<Folder>) -> Result<Texts> {
                $read(&folder.into(), &table::$entry, $valid)
            }

            /// To test with.
            pub fn test(folder: impl Into<Folder>) -> Result<Texts> {
                $read(&folder.into(), &table::$entry, $test)
            }
        }
    )* };
}
line_sets! {
    /// Two million words of an encyclopedia, cut into words.
    WikiText2 = WIKITEXT2, lines, "wikitext-2/wiki.train.tokens", "wikitext-2/wiki.valid.tokens",
        "wikitext-2/wiki.test.tokens";
    /// A hundred million words of an encyclopedia, cut into words.
    WikiText103 = WIKITEXT103, lines, "wikitext-103/wiki.train.tokens", "wikitext-103/wiki.valid.tokens",
        "wikitext-103/wiki.test.tokens";
    /// A million words of newspapers, the rare ones replaced by `<unk>`.
    PennTreebank = PENN_TREEBANK, trimmed, "ptb.train.txt", "ptb.valid.txt", "ptb.test.txt";
}

/// The first billion bytes of an encyclopedia, markup included. The folder holds `enwik9.zip`, packed or not.
#[derive(Clone, Copy, Debug)]
pub struct EnWik9;

impl EnWik9 {
    /// All of it, line by line.
    pub fn all(folder: impl Into<Folder>) -> Result<Texts> {
        lines(&folder.into(), &table::ENWIK9, "enwik9")
    }
}

/// Captions in German and English. A sample is the pair `(german, english)`. The folder holds the three archives, packed
/// or not.
#[derive(Clone, Copy, Debug)]
pub struct Multi30k;

impl Multi30k {
    /// The 29,000 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<Zip<Texts, Texts>> {
        Multi30k::part(&folder.into(), &table::MULTI30K_TRAIN, ["train.de", "train.en"])
    }

    /// The 1,014 to try out with.
    pub fn valid(folder: impl Into<Folder>) -> Result<Zip<Texts, Texts>> {
        Multi30k::part(&folder.into(), &table::MULTI30K_VALID, ["val.de", "val.en"])
    }

    /// The 1,000 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<Zip<Texts, Texts>> {
        Multi30k::part(&folder.into(), &table::MULTI30K_TEST, ["test.de", "test.en"])
    }

    fn part(folder: &Folder, entry: &'static Entry, files: [&str; 2]) -> Result<Zip<Texts, Texts>> {
        let [german, english] = folder.read(entry, files)?;
        let path = german.path.clone();
        let [german, english] =
            [german.text(entry.name)?, english.text(entry.name)?].map(|text| Texts::of_lines(&text));
        let counts = format!("{} lines in German, {} in English", german.len(), english.len());
        german.zip(english).map_err(|_| damaged(entry.name, &path, counts))
    }
}

/// Sentences whose words have tags. A sample is a list of columns: the words, then a list of tags for each kind of tag.
fn tagged(folder: &Folder, entry: &'static Entry, file: &str, separator: char) -> Result<Vec<Vec<Vec<String>>>> {
    let [content] = folder.read(entry, [file])?;
    let path = content.path.clone();
    let (mut sentences, mut columns) = (Vec::new(), Vec::<Vec<String>>::new());
    for (i, line) in content.text(entry.name)?.lines().map(str::trim_end).enumerate() {
        if line.is_empty() {
            if !columns.is_empty() {
                sentences.push(std::mem::take(&mut columns));
            }
            continue;
        }
        let fields: Vec<&str> = line.split(separator).collect();
        if columns.is_empty() {
            columns = vec![Vec::new(); fields.len()];
        }
        if fields.len() != columns.len() {
            let why =
                format!("line {} has {} columns where the line before has {}", i + 1, fields.len(), columns.len());
            return Err(damaged(entry.name, &path, why));
        }
        columns.iter_mut().zip(fields).for_each(|(column, field)| column.push(field.to_string()));
    }
    if !columns.is_empty() {
        sentences.push(columns);
    }
    Ok(sentences)
}

/// Sentences with part-of-speech tags and chunks: a sample is `[words, tags, chunks]`. The folder holds `train.txt.gz` and
/// `test.txt.gz`.
#[derive(Clone, Copy, Debug)]
pub struct Conll2000;

impl Conll2000 {
    /// The 8,936 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<Vec<Vec<Vec<String>>>> {
        tagged(&folder.into(), &table::CONLL2000, "train.txt", ' ')
    }

    /// The 2,012 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<Vec<Vec<Vec<String>>>> {
        tagged(&folder.into(), &table::CONLL2000, "test.txt", ' ')
    }
}

/// Sentences with two kinds of part-of-speech tags: a sample is `[words, universal tags, Penn tags]`. The folder holds
/// `en-ud-v2.zip`, packed or not.
#[derive(Clone, Copy, Debug)]
pub struct UdPos;

impl UdPos {
    /// The 12,543 to learn from.
    pub fn train(folder: impl Into<Folder>) -> Result<Vec<Vec<Vec<String>>>> {
        tagged(&folder.into(), &table::UDPOS, "en-ud-tag.v2.train.txt", '\t')
    }

    /// The 2,002 to try out with.
    pub fn valid(folder: impl Into<Folder>) -> Result<Vec<Vec<Vec<String>>>> {
        tagged(&folder.into(), &table::UDPOS, "en-ud-tag.v2.dev.txt", '\t')
    }

    /// The 2,077 to test with.
    pub fn test(folder: impl Into<Folder>) -> Result<Vec<Vec<Vec<String>>>> {
        tagged(&folder.into(), &table::UDPOS, "en-ud-tag.v2.test.txt", '\t')
    }
}

/// A question about a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name in the file.
    pub id: String,
    /// The paragraph, shared by its questions.
    pub context: Arc<str>,
    /// What is asked.
    pub question: String,
    /// The answers that people gave: the text, and at which character (not byte) of the paragraph it starts. None where the
    /// paragraph does not say.
    pub answers: Vec<(String, usize)>,
}

fn questions(folder: &Folder, entry: &'static Entry, file: &str) -> Result<Vec<Question>> {
    let [content] = folder.read(entry, [file])?;
    let whole: Value = serde_json::from_slice(&content.bytes).map_err(|e| content.damaged(entry.name, e))?;
    let mut questions = Vec::new();
    for article in list(entry, &content, &whole, "data")? {
        for paragraph in list(entry, &content, article, "paragraphs")? {
            let context: Arc<str> = text(entry, &content, paragraph, "context")?.into();
            for asked in list(entry, &content, paragraph, "qas")? {
                let answer = |answer: &Value| {
                    let start = answer["answer_start"].as_u64().and_then(|start| usize::try_from(start).ok());
                    let start =
                        start.ok_or_else(|| content.damaged(entry.name, "an answer has no \"answer_start\""))?;
                    Ok((text(entry, &content, answer, "text")?.to_string(), start))
                };
                questions.push(Question {
                    id: text(entry, &content, asked, "id")?.to_string(),
                    context: context.clone(),
                    question: text(entry, &content, asked, "question")?.to_string(),
                    answers: list(entry, &content, asked, "answers")?.iter().map(answer).collect::<Result<_>>()?,
                });
            }
        }
    }
    Ok(questions)
}

fn list<'a>(entry: &Entry, content: &Content, value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    let list = value.get(key).and_then(Value::as_array);
    list.ok_or_else(|| content.damaged(entry.name, format!("there is no list {key:?} where one must be")))
}

fn text<'a>(entry: &Entry, content: &Content, value: &'a Value, key: &str) -> Result<&'a str> {
    let text = value.get(key).and_then(Value::as_str);
    text.ok_or_else(|| content.damaged(entry.name, format!("there is no text {key:?} where one must be")))
}

macro_rules! question_sets {
    ($($(#[$doc:meta])* $name:ident = $entry:ident, $train:literal, $dev:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// To learn from.
            pub fn train(folder: impl Into<Folder>) -> Result<Vec<Question>> {
                questions(&folder.into(), &table::$entry, $train)
            }

            /// To try out with.
            pub fn dev(folder: impl Into<Folder>) -> Result<Vec<Question>> {
                questions(&folder.into(), &table::$entry, $dev)
            }
        }
    )* };
}
question_sets! {
    /// A hundred thousand questions about paragraphs of an encyclopedia, all with an answer.
    Squad1 = SQUAD1, "train-v1.1.json", "dev-v1.1.json";
    /// The same and fifty thousand that the paragraph does not answer.
    Squad2 = SQUAD2, "train-v2.0.json", "dev-v2.0.json";
}
