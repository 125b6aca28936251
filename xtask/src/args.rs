//! Reads the words after a command's name against what that command accepts.

use crate::Result;
use crate::nearest::nearest;

/// A flag that a command accepts.
#[derive(Debug)]
pub struct Flag {
    /// With its dashes: `--filter`.
    pub name: &'static str,
    /// What stands after it, where something does: `REGEX`.
    pub value: Option<&'static str>,
    /// One line for the help.
    pub about: &'static str,
}

/// The words after a command's name, found to be what the command accepts.
#[derive(Debug, Default, PartialEq)]
pub struct Args {
    /// All of them, to be passed on to a program that reads them itself; `--flag=value` has become two words.
    pub words: Vec<String>,
    /// How many are neither flags nor their values.
    pub places: usize,
}

impl Args {
    /// Checks `words`; `places` is how many may stand without a flag.
    pub fn parse(command: &str, words: &[String], flags: &[Flag], places: usize) -> Result<Args> {
        let mut args = Args::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if !word.starts_with('-') {
                args.places += 1;
                if args.places > places {
                    return Err(format!(
                        "`{command}` does not know what to do with `{word}`; see `cargo xtask help {command}`"
                    ));
                }
                args.words.push(word.clone());
                continue;
            }
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (word.as_str(), None),
            };
            let flag = flags.iter().find(|f| f.name == name).ok_or_else(|| unknown_flag(command, name, flags))?;
            args.words.push(name.to_string());
            match (flag.value, inline) {
                (None, None) => {}
                (None, Some(_)) => return Err(format!("`{name}` takes no value")),
                (Some(what), inline) => {
                    let value = inline.or_else(|| rest.next().cloned());
                    args.words.push(value.ok_or_else(|| format!("`{name}` needs a value: {name} {what}"))?);
                }
            }
        }
        Ok(args)
    }

    /// Whether the flag was given. Only for flags without a value.
    pub fn has(&self, flag: &str) -> bool {
        self.words.iter().any(|w| w == flag)
    }
}

fn unknown_flag(command: &str, name: &str, flags: &[Flag]) -> String {
    match nearest(name, flags.iter().map(|f| f.name)) {
        Some(near) => format!("`{command}` has no flag `{name}`; did you mean `{near}`?"),
        None => format!("`{command}` has no flag `{name}`; see `cargo xtask help {command}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] =
        &[Flag { name: "--filter", value: Some("REGEX"), about: "" }, Flag { name: "--quick", value: None, about: "" }];

    fn parse(words: &[&str]) -> Result<Args> {
        let words: Vec<String> = words.iter().map(|w| w.to_string()).collect();
        Args::parse("bench", &words, FLAGS, 1)
    }

    #[test]
    fn flags_values_and_places_are_told_apart() {
        let args = parse(&["--filter", "^op/", "cases", "--quick"]).unwrap();
        assert_eq!(args.places, 1);
        assert_eq!(args.words, ["--filter", "^op/", "cases", "--quick"]);
        assert!(args.has("--quick") && !args.has("--json"));
        assert_eq!(parse(&["--filter=^op/"]).unwrap().words, ["--filter", "^op/"]);
    }

    #[test]
    fn mistakes_are_answered_with_what_to_write() {
        assert_eq!(parse(&["--fliter", "x"]).unwrap_err(), "`bench` has no flag `--fliter`; did you mean `--filter`?");
        assert_eq!(parse(&["--filter"]).unwrap_err(), "`--filter` needs a value: --filter REGEX");
        assert_eq!(parse(&["--quick=1"]).unwrap_err(), "`--quick` takes no value");
        assert!(parse(&["a", "b"]).unwrap_err().contains("`b`"));
    }
}
