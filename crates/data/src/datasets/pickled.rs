//! The dictionaries of CIFAR's Python files, read without running anything.
//!
//! A pickle is a program for a small stack machine. Of its instructions those are understood that a dictionary of
//! strings, numbers, lists and one NumPy array of bytes needs; a global is only ever a name. Whatever else comes is refused.
use std::{collections::HashMap, rc::Rc};
use tensor_core::{Error, Result};

/// What a batch file holds.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) pixels: Vec<u8>,
    pub(super) labels: Vec<i64>,
}

/// Reads a file; `key` is where the wanted labels are.
pub(super) fn read(bytes: &[u8], key: &str) -> Result<Batch> {
    let Value::Dict(entries) = (Machine { bytes, at: 0, stack: Vec::new(), memo: HashMap::new() }).run()? else {
        return Err(refused("it holds no dictionary"));
    };
    let entry = |name: &str| {
        let found = entries.iter().rev().find(|(k, _)| matches!(k, Value::Text(t) if **t == *name.as_bytes()));
        found.map(|(_, value)| value).ok_or_else(|| refused(format!("there is no entry {name:?}")))
    };
    let Value::Array(pixels) = entry("data")? else { return Err(refused("\"data\" is no array of bytes")) };
    let Value::List(labels) = entry(key)? else { return Err(refused(format!("{key:?} is no list"))) };
    let number = |value: &Value| match value {
        Value::Int(label) => Ok(*label),
        _ => Err(refused(format!("{key:?} holds something that is no number"))),
    };
    Ok(Batch { pixels: pixels.to_vec(), labels: labels.iter().map(number).collect::<Result<_>>()? })
}

fn refused(why: impl Into<String>) -> Error {
    Error::new("pickle", why)
}

#[derive(Clone, Debug)]
enum Value {
    Mark,
    None,
    Int(i64),
    /// Text or bytes: Python 2 knew no difference.
    Text(Rc<[u8]>),
    Tuple(Rc<[Value]>),
    List(Rc<Vec<Value>>),
    Dict(Rc<Vec<(Value, Value)>>),
    /// Module and name.
    Global(Rc<str>),
    Dtype(Rc<[u8]>),
    Array(Rc<[u8]>),
}

impl Value {
    fn is_plain(&self) -> bool {
        !matches!(self, Value::Mark | Value::Tuple(_) | Value::List(_) | Value::Dict(_))
    }

    /// Nothing deeper than what the files hold is made, so that no value is too deep to be dropped.
    fn tuple(items: Vec<Value>) -> Result<Value> {
        let flat = |value: &Value| match value {
            Value::Tuple(inner) => inner.iter().all(Value::is_plain),
            other => other.is_plain(),
        };
        match items.iter().all(flat) {
            true => Ok(Value::Tuple(items.into())),
            false => Err(refused("a tuple of things that no batch file has in a tuple")),
        }
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Result<Value> {
        loop {
            let at = self.at;
            let code = self.take(1)?[0];
            if code == b'.' {
                return self.pop();
            }
            self.step(code).map_err(|e| refused(format!("{} (at byte {at})", e.message())))?;
        }
    }

    fn step(&mut self, code: u8) -> Result<()> {
        match code {
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'(' => self.stack.push(Value::Mark),
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Int(1)),
            0x89 => self.stack.push(Value::Int(0)),
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => {
                let n = self.unsigned(4)? as u32;
                self.stack.push(Value::Int(i64::from(n as i32)));
            }
            b'I' | b'L' => {
                let line = self.line()?;
                let digits = line.trim_end_matches('L');
                let value = digits.parse().map_err(|_| refused(format!("{line:?} is no number")))?;
                self.stack.push(Value::Int(value));
            }
            b'U' | b'C' | 0x8c => self.text(1)?,
            b'T' | b'B' | b'X' => self.text(4)?,
            0x8d | 0x8e => self.text(8)?,
            b')' => self.stack.push(Value::Tuple(Rc::from([]))),
            b']' => self.stack.push(Value::List(Rc::default())),
            b'}' => self.stack.push(Value::Dict(Rc::default())),
            b't' => {
                let items = self.marked()?;
                self.stack.push(Value::tuple(items)?);
            }
            b'l' => {
                let items = self.marked()?;
                self.stack.push(Value::List(Rc::default()));
                self.append(items)?;
            }
            0x85..=0x87 => {
                let items = self.last(usize::from(code - 0x84))?;
                self.stack.push(Value::tuple(items)?);
            }
            b'a' => {
                let items = self.last(1)?;
                self.append(items)?;
            }
            b'e' => {
                let items = self.marked()?;
                self.append(items)?;
            }
            b's' => {
                let items = self.last(2)?;
                self.set(items)?;
            }
            b'u' => {
                let items = self.marked()?;
                self.set(items)?;
            }
            b'c' => {
                let name = format!("{} {}", self.line()?, self.line()?);
                self.stack.push(Value::Global(name.into()));
            }
            0x93 => match self.last(2)?.as_slice() {
                [Value::Text(module), Value::Text(name)] => {
                    let name = format!("{} {}", String::from_utf8_lossy(module), String::from_utf8_lossy(name));
                    self.stack.push(Value::Global(name.into()));
                }
                _ => return Err(refused("a global without a name")),
            },
            b'R' => self.call()?,
            b'b' => self.build()?,
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let value = self.top()?.clone();
                self.memo.insert(self.memo.len() as u64, value);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'0' => drop(self.pop()?),
            _ => return Err(refused(format!("instruction {code:#04x} is not read here"))),
        }
        Ok(())
    }

    /// The calls that make an array: `_reconstruct(ndarray, (0,), b'b')`, `dtype('u1', 0, 1)`, and Python 3's spelling of
    /// bytes as `encode(text, 'latin1')`.
    fn call(&mut self) -> Result<()> {
        let [Value::Global(name), Value::Tuple(arguments)] = &self.last(2)?[..] else {
            return Err(refused("a call of something that is no global"));
        };
        let made = match (&**name, &arguments[..]) {
            (
                "numpy.core.multiarray _reconstruct" | "numpy._core.multiarray _reconstruct",
                [Value::Global(kind), ..],
            ) if &**kind == "numpy ndarray" => Value::Array(Rc::from([])),
            ("numpy dtype", [Value::Text(kind), ..]) => Value::Dtype(kind.clone()),
            ("_codecs encode", [Value::Text(text), Value::Text(coding)]) if **coding == *b"latin1" => {
                let text = std::str::from_utf8(text).map_err(|_| refused("text that is not UTF-8"))?;
                let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
                Value::Text(bytes.ok_or_else(|| refused("text that is not Latin-1"))?.into())
            }
            _ => return Err(refused(format!("a call of {name}, which is not made here"))),
        };
        self.stack.push(made);
        Ok(())
    }

    /// The state of an array: `(version, shape, dtype, fortran order, bytes)`. That of a dtype says nothing more here.
    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let made = match (self.pop()?, state) {
            (dtype @ Value::Dtype(_), Value::Tuple(_)) => dtype,
            (Value::Array(_), Value::Tuple(state)) => match &state[..] {
                [_, _, Value::Dtype(kind), order, Value::Text(bytes)] => {
                    if **kind != *b"u1" {
                        return Err(refused("an array of something else than bytes"));
                    }
                    if matches!(order, Value::Int(1)) {
                        return Err(refused("an array in Fortran's order"));
                    }
                    Value::Array(bytes.clone())
                }
                _ => return Err(refused("an array whose state is not as NumPy writes it")),
            },
            _ => return Err(refused("a state for something that has none")),
        };
        self.stack.push(made);
        Ok(())
    }

    fn append(&mut self, items: Vec<Value>) -> Result<()> {
        let Some(Value::List(list)) = self.stack.last_mut() else { return Err(refused("a list was expected")) };
        if !items.iter().all(Value::is_plain) {
            return Err(refused("a list of something else than numbers and text"));
        }
        Rc::make_mut(list).extend(items);
        Ok(())
    }

    fn set(&mut self, items: Vec<Value>) -> Result<()> {
        let Some(Value::Dict(dict)) = self.stack.last_mut() else { return Err(refused("a dictionary was expected")) };
        let dict = Rc::make_mut(dict);
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            if !(key.is_plain() && (value.is_plain() || matches!(value, Value::List(_)))) {
                return Err(refused("a dictionary of something else than text, numbers, lists and arrays"));
            }
            dict.push((key, value));
        }
        Ok(())
    }

    fn integer(&mut self, size: usize) -> Result<()> {
        let value = self.unsigned(size)?;
        self.stack.push(Value::Int(i64::try_from(value).map_err(|_| refused("a number out of range"))?));
        Ok(())
    }

    fn text(&mut self, size: usize) -> Result<()> {
        let length = self.unsigned(size)?;
        let text = self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        self.stack.push(Value::Text(text.into()));
        Ok(())
    }

    fn remember(&mut self, size: usize) -> Result<()> {
        let (place, value) = (self.unsigned(size)?, self.top()?.clone());
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, size: usize) -> Result<()> {
        let place = self.unsigned(size)?;
        let value = self.memo.get(&place).cloned();
        self.stack.push(value.ok_or_else(|| refused(format!("nothing was put at {place}")))?);
        Ok(())
    }

    fn top(&self) -> Result<&Value> {
        self.stack.last().ok_or_else(|| refused("the stack is empty"))
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().ok_or_else(|| refused("the stack is empty"))
    }

    fn last(&mut self, count: usize) -> Result<Vec<Value>> {
        match self.stack.len().checked_sub(count) {
            Some(start) => Ok(self.stack.split_off(start)),
            None => Err(refused("the stack is empty")),
        }
    }

    fn marked(&mut self) -> Result<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark));
        let items = self.stack.split_off(mark.ok_or_else(|| refused("there is no mark"))? + 1);
        self.stack.pop();
        Ok(items)
    }

    fn unsigned(&mut self, size: usize) -> Result<u64> {
        Ok(self.take(size)?.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    fn line(&mut self) -> Result<String> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or_else(|| refused("it ends within a line"))?;
        self.at += end + 1;
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let taken = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| refused(format!("it ends at byte {}", self.bytes.len())))?;
        self.at += count;
        Ok(taken)
    }
}
