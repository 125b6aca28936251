//! The command line of a program: every flag in one table, which is also the help.
use std::{fmt::Display, process::ExitCode, str::FromStr};

/// A flag with a value: `--name value` or `--name=value`.
#[derive(Debug)]
pub struct Flag<A> {
    /// With its two dashes.
    pub name: &'static str,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// A line of help.
    pub about: &'static str,
    /// Takes the value, or says what it should be.
    pub set: fn(&mut A, &str) -> Result<(), String>,
}

/// What a program takes.
#[derive(Debug)]
pub struct Program<A: 'static> {
    /// What it does, in the help.
    pub about: &'static str,
    /// Its flags.
    pub flags: &'static [Flag<A>],
    /// Takes a word that is no flag, or says why not; `None` where there are none.
    pub word: Option<fn(&mut A, &str) -> Result<(), String>>,
}

impl<A: Default> Program<A> {
    /// The text of `--help`.
    pub fn help(&self) -> String {
        let mut text = format!("{}\n\n", self.about);
        for flag in self.flags {
            text += &format!("  {:<18} {}\n", format!("{} {}", flag.name, flag.value), flag.about);
        }
        text + "  --help             this text\n"
    }

    /// Reads a command line; `None` where help is wanted.
    pub fn parse(&self, words: impl IntoIterator<Item = String>) -> Result<Option<A>, String> {
        let mut args = A::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            if let (Some(take), false) = (self.word, word.starts_with('-')) {
                take(&mut args, &word)?;
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (word.as_str(), None),
            };
            let Some(flag) = self.flags.iter().find(|f| f.name == name) else { return Err(self.unknown(name)) };
            let value = value.or_else(|| words.next()).ok_or(format!("{name} needs a value: {name} {}", flag.value))?;
            (flag.set)(&mut args, &value).map_err(|why| format!("{name} {value}: {why}"))?;
        }
        Ok(Some(args))
    }

    /// The whole of `main`: reads the command line and runs the program; what goes wrong is said on standard error.
    pub fn main<E: Display>(&self, run: impl FnOnce(&A) -> Result<(), E>) -> ExitCode {
        let outcome = match self.parse(std::env::args().skip(1)) {
            Ok(Some(args)) => run(&args).map_err(|e| e.to_string()),
            Ok(None) => {
                print!("{}", self.help());
                Ok(())
            }
            Err(why) => Err(why),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        }
    }

    fn unknown(&self, name: &str) -> String {
        let near = self.flags.iter().map(|f| (distance(name, f.name), f.name)).min();
        match near {
            Some((d, near)) if d <= 3 => format!("there is no {name}; did you mean {near}?"),
            _ => format!("there is no {name}; --help lists what there is"),
        }
    }
}

/// A number from `least` to `most`.
pub fn number<T: FromStr + PartialOrd + Display>(text: &str, least: T, most: T) -> Result<T, String> {
    let range = format!("expected a number from {least} to {most}");
    text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or(range)
}

/// Letters to insert, delete or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
