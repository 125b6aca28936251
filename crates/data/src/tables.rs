//! Tables of rows and named columns: CSV and JSON lines. With the feature `datasets`.
//!
//! A column has no type before it is asked for: [`Table::floats`], [`Table::ints`], [`Table::categories`] say which cell is
//! none. Rows of a type of one's own come from [`read_csv`] and [`read_json_lines`], or one after the other, without
//! holding the file in memory, from [`JsonLines`].
use crate::{IterableDataset, Stream};
use csv::ReaderBuilder;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fmt,
    fs::File,
    io::{BufRead, BufReader, Read},
    marker::PhantomData,
    path::{Path, PathBuf},
};
use tensor_core::{Error, ErrorKind, Result, Tensor};

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// What separates fields: a comma.
    pub delimiter: u8,
    /// Whether the first row names the columns; without one they are named `0`, `1`..
    pub header: bool,
}

impl Default for CsvOptions {
    fn default() -> CsvOptions {
        CsvOptions { delimiter: b',', header: true }
    }
}

/// Columns of text, read as numbers where they are asked for as such.
///
/// ```
/// # use data::tables::{CsvOptions, Table};
/// # fn main() -> tensor_core::Result<()> {
/// let csv = "area,rooms,town,price\n50,2,Ulm,100000\n80.5,3,Bonn,200000\n60,2,Ulm,\n";
/// let table = Table::from_csv(csv.as_bytes(), CsvOptions::default())?;
/// let x = table.floats(&["area", "rooms"])?;
/// assert_eq!((x.shape(), x.to_vec::<f32>()?), (&[3, 2][..], vec![50.0, 2.0, 80.5, 3.0, 60.0, 2.0]));
/// let (town, towns) = table.categories("town")?;
/// assert_eq!((town.to_vec::<i64>()?, towns), (vec![1, 0, 1], vec!["Bonn".to_string(), "Ulm".to_string()]));
/// let error = table.floats(&["price"]).unwrap_err().to_string();
/// assert!(error.starts_with("Table: row 2 of column \"price\" is empty"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// One for each row; `None` is missing.
    cells: Vec<Option<Box<str>>>,
}

fn refused(why: impl Into<String>) -> Error {
    Error::new("Table", why)
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let failed = |e: std::io::Error| refused(format!("{} cannot be read: {e}", path.display())).kind_of(ErrorKind::Io);
    Ok(BufReader::new(File::open(path).map_err(failed)?))
}

impl Table {
    /// Reads a CSV file.
    pub fn open_csv(path: impl AsRef<Path>, options: CsvOptions) -> Result<Table> {
        let path = path.as_ref();
        Table::from_csv(open(path)?, options).map_err(|e| e.about(path.display()))
    }

    /// Reads CSV. Every row has as many fields as the first.
    pub fn from_csv(source: impl Read, options: CsvOptions) -> Result<Table> {
        let mut reader = reader(source, options);
        let broken = |e: csv::Error| refused(e.to_string()).kind_of(ErrorKind::Io).source_of(e);
        let mut table = Table::default();
        if options.header {
            for name in reader.headers().map_err(broken)? {
                table.add_column(name)?;
            }
        }
        for record in reader.records() {
            let record = record.map_err(broken)?;
            if !options.header && table.columns.is_empty() {
                (0..record.len()).try_for_each(|i| table.add_column(&i.to_string()))?;
            }
            for (column, field) in table.columns.iter_mut().zip(record.iter()) {
                column.cells.push((!field.is_empty()).then(|| field.into()));
            }
            table.rows += 1;
        }
        Ok(table)
    }

    /// Reads a file with a JSON object on each line.
    pub fn open_json_lines(path: impl AsRef<Path>) -> Result<Table> {
        let path = path.as_ref();
        Table::from_json_lines(open(path)?).map_err(|e| e.about(path.display()))
    }

    /// Reads a JSON object from each line. A key that a line lacks, or whose value is `null`, is a missing cell; values that
    /// are lists or objects stay JSON.
    pub fn from_json_lines(source: impl BufRead) -> Result<Table> {
        let mut table = Table::default();
        for (number, line) in numbered(source) {
            let line = line.map_err(|e| refused(format!("line {number}: {e}")).kind_of(ErrorKind::Io))?;
            let value = serde_json::from_str(&line).map_err(|e| refused(format!("line {number}: {e}")))?;
            let Value::Object(fields) = value else {
                return Err(refused(format!("line {number} is no JSON object")));
            };
            for (name, value) in fields {
                let cell = match value {
                    Value::Null => continue,
                    Value::String(text) => text.into(),
                    other => other.to_string().into(),
                };
                let known = table.columns.iter().position(|column| column.name == name);
                let known = match known {
                    Some(known) => known,
                    None => {
                        table.add_column(&name)?;
                        table.columns.len() - 1
                    }
                };
                // Keys of an object are different, so the row is not there yet.
                table.columns[known].cells.resize(table.rows, None);
                table.columns[known].cells.push(Some(cell));
            }
            table.rows += 1;
        }
        table.columns.iter_mut().for_each(|column| column.cells.resize(table.rows, None));
        Ok(table)
    }

    fn add_column(&mut self, name: &str) -> Result<()> {
        if self.columns.iter().any(|column| column.name == name) {
            return Err(refused(format!("two columns are named {name:?}")));
        }
        self.columns.push(Column { name: name.to_string(), cells: Vec::new() });
        Ok(())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The names of the columns, in the order of the file.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    fn cells(&self, name: &str) -> Result<&[Option<Box<str>>]> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.map(|column| column.cells.as_slice()).ok_or_else(|| {
            let names: Vec<&str> = self.columns().collect();
            refused(format!("there is no column {name:?}")).hint(format!("there are {}", names.join(", ")))
        })
    }

    fn parsed<T>(&self, name: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let cell =
            |(row, cell): (usize, &Option<Box<str>>)| match cell {
                None => Err(refused(format!("row {row} of column {name:?} is empty"))
                    .hint("leave such rows out: `without_gaps`")),
                Some(text) => parse(text.trim())
                    .ok_or_else(|| refused(format!("row {row} of column {name:?}, {text:?}, is no {what}"))),
            };
        self.cells(name)?.iter().enumerate().map(cell).collect()
    }

    /// Columns of numbers, side by side: `f32[rows, columns]`.
    pub fn floats(&self, names: &[&str]) -> Result<Tensor> {
        let columns: Vec<Vec<f32>> = names
            .iter()
            .map(|name| self.parsed(name, "number", |text| text.parse::<f32>().ok()))
            .collect::<Result<_>>()?;
        let mut rows = Vec::with_capacity(self.rows * names.len());
        for row in 0..self.rows {
            rows.extend(columns.iter().map(|column| column[row]));
        }
        Tensor::from_slice(&rows, [self.rows, names.len()])
    }

    /// A column of whole numbers: `i64[rows]`.
    pub fn ints(&self, name: &str) -> Result<Tensor> {
        Tensor::from_slice(&self.parsed(name, "whole number", |text| text.parse::<i64>().ok())?, [self.rows])
    }

    /// A column of `true` and `false`, or 1 and 0: `bool[rows]`.
    pub fn bools(&self, name: &str) -> Result<Tensor> {
        let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        Tensor::from_slice(&self.parsed(name, "truth value", parse)?, [self.rows])
    }

    /// A column as it is; missing cells are empty.
    pub fn strings(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.cells(name)?.iter().map(|cell| cell.as_deref().unwrap_or_default().to_string()).collect())
    }

    /// The classes of a column, sorted, and which one each row is of: `i64[rows]`.
    pub fn categories(&self, name: &str) -> Result<(Tensor, Vec<String>)> {
        let cells = self.parsed(name, "class", |text| Some(text.to_string()))?;
        let classes: Vec<String> = cells.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        // Every cell is among the classes.
        let number = |cell: &String| classes.binary_search(cell).map_or(0, |number| number as i64);
        let numbers: Vec<i64> = cells.iter().map(number).collect();
        Ok((Tensor::from_slice(&numbers, [numbers.len()])?, classes))
    }

    /// The rows in which none of these columns is missing.
    pub fn without_gaps(&self, names: &[&str]) -> Result<Table> {
        let wanted: Vec<_> = names.iter().map(|name| self.cells(name)).collect::<Result<_>>()?;
        let whole: Vec<bool> = (0..self.rows).map(|row| wanted.iter().all(|cells| cells[row].is_some())).collect();
        let keep = |column: &Column| {
            let cells = column.cells.iter().zip(&whole).filter(|(_, whole)| **whole).map(|(cell, _)| cell.clone());
            Column { name: column.name.clone(), cells: cells.collect() }
        };
        let rows = whole.iter().filter(|whole| **whole).count();
        Ok(Table { columns: self.columns.iter().map(keep).collect(), rows })
    }
}

fn reader<R: Read>(source: R, options: CsvOptions) -> csv::Reader<R> {
    ReaderBuilder::new().delimiter(options.delimiter).has_headers(options.header).from_reader(source)
}

/// Lines that are not empty, with their numbers, counted from 1.
fn numbered(source: impl BufRead) -> impl Iterator<Item = (usize, std::io::Result<String>)> {
    let lines = source.lines().enumerate().map(|(i, line)| (i + 1, line));
    lines.filter(|(_, line)| line.as_ref().map_or(true, |line| !line.trim().is_empty()))
}

/// The rows of a CSV file as values of a type that derives serde's `Deserialize`: a data set, as every `Vec` is.
pub fn read_csv<T: DeserializeOwned>(path: impl AsRef<Path>, options: CsvOptions) -> Result<Vec<T>> {
    let path = path.as_ref();
    let broken = |e: csv::Error| refused(e.to_string()).about(path.display()).kind_of(ErrorKind::Io).source_of(e);
    reader(open(path)?, options).into_deserialize().map(|row| row.map_err(broken)).collect()
}

/// The lines of a file as values of a type that derives serde's `Deserialize`.
pub fn read_json_lines<T: DeserializeOwned + Send + Sync + 'static>(path: impl AsRef<Path>) -> Result<Vec<T>> {
    JsonLines::new(path.as_ref()).samples()?.collect()
}

/// The lines of a file, one after the other, each made into a value by the worker that has it; empty lines are passed over.
///
/// ```no_run
/// # use data::{IterableDataset, IterableLoader, tables::JsonLines};
/// # fn main() -> tensor_core::Result<()> {
/// let texts = JsonLines::<serde_json::Value>::new("reviews.jsonl").shuffle(10_000);
/// let texts = texts.map(|line| Ok(line["text"].as_str().unwrap_or_default().to_string()));
/// for batch in &IterableLoader::new(texts).batch_size(32).workers(4) {
///     let _texts: Vec<String> = batch?;
/// }
/// # Ok(()) }
/// ```
pub struct JsonLines<T> {
    path: PathBuf,
    item: PhantomData<fn() -> T>,
}

impl<T> JsonLines<T> {
    /// The file is opened when an epoch begins.
    pub fn new(path: impl Into<PathBuf>) -> JsonLines<T> {
        JsonLines { path: path.into(), item: PhantomData }
    }
}

impl<T> fmt::Debug for JsonLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonLines").field(&self.path).finish()
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> IterableDataset for JsonLines<T> {
    type Raw = (usize, String);
    type Item = T;
    fn stream(&self) -> Result<Stream<(usize, String)>> {
        let path = self.path.clone();
        Ok(Box::new(numbered(open(&self.path)?).map(move |(number, line)| match line {
            Ok(line) => Ok((number, line)),
            Err(e) => Err(refused(format!("{}: line {number}: {e}", path.display())).kind_of(ErrorKind::Io)),
        })))
    }
    fn make(&self, (number, line): (usize, String)) -> Result<T> {
        serde_json::from_str(&line).map_err(|e| {
            refused(format!("{}: line {number}: {e}", self.path.display())).kind_of(ErrorKind::Io).source_of(e)
        })
    }
}

#[cfg(test)]
mod tests;
