//! The machine that a pickle is a program for. It only makes [`Object`]s; the names it may use are those of `globals`.
use super::{
    call,
    globals::{self, Elements, Global},
    input::Input,
    refused,
};
use std::{collections::HashMap, rc::Rc};
use tensor_core::{Error, Result};

/// The first byte of every pickle that PyTorch writes.
pub(super) const PROTO: u8 = 0x80;
/// More values than any checkpoint has, and few enough to hold.
const MAX_OBJECTS: usize = 1 << 24;

/// Something on the machine's stack. Containers are numbers of [`Machine::nodes`], so that lists which hold themselves
/// cannot leak and deep nesting cannot overflow anything.
#[derive(Clone, Debug)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Complex(f64, f64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    Device(Rc<str>),
    Global(Global),
    Storage(Rc<Storage>),
    Tensor(Rc<TensorAt>),
    Node(usize),
}

/// What can hold other objects, or is finished after it was made.
#[derive(Debug)]
pub(super) enum Node {
    Tuple(Vec<Object>),
    List(Vec<Object>),
    Set(Vec<Object>),
    Dict(Vec<(Object, Object)>),
    NumpyDType(super::numpy::Descr),
    NumpyArray(Option<super::numpy::Array>),
}

/// Elements that stand elsewhere in the file.
#[derive(Debug)]
pub(super) struct Storage {
    pub key: Rc<str>,
    pub elements: Elements,
    pub numel: u64,
    /// Offset and length of a storage that is a part of another.
    pub part: Option<(u64, u64)>,
}

/// A window on a storage.
#[derive(Debug)]
pub(super) struct TensorAt {
    pub storage: Rc<Storage>,
    pub elements: Elements,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
    /// Whether PyTorch only noted that the values are to be negated.
    pub negated: bool,
}

#[derive(Default)]
pub(super) struct Machine {
    pub nodes: Vec<Node>,
    stack: Vec<Object>,
    /// Where in the stack each mark stands.
    marks: Vec<usize>,
    memo: HashMap<u32, Object>,
    made: usize,
    /// Every storage that was named.
    pub storages: Vec<Rc<Storage>>,
}

impl Machine {
    /// Runs one pickle; what it made is on [`Machine::nodes`].
    pub fn run(&mut self, input: &mut Input<'_>) -> Result<Object> {
        self.stack.clear();
        self.marks.clear();
        self.memo.clear();
        loop {
            let [opcode] = input.array()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode, input)?;
        }
    }

    fn step(&mut self, opcode: u8, input: &mut Input<'_>) -> Result<()> {
        let object = match opcode {
            PROTO => {
                let [version] = input.array()?;
                if !(2..=5).contains(&version) {
                    return Err(
                        refused(format!("pickles of protocol {version} are not read")).hint("torch.save writes 2")
                    );
                }
                return Ok(());
            }
            // A frame only says how far to read ahead.
            0x95 => return input.array::<8>().map(drop),
            b'(' => {
                self.grow()?;
                self.marks.push(self.stack.len());
                return Ok(());
            }
            b'N' => Object::None,
            0x88 => Object::Bool(true),
            0x89 => Object::Bool(false),
            b'J' => Object::Int(i32::from_le_bytes(input.array()?).into()),
            b'K' => Object::Int(u8::from_le_bytes(input.array()?).into()),
            b'M' => Object::Int(u16::from_le_bytes(input.array()?).into()),
            0x8a => Object::Int(long(&{
                let [n] = input.array()?;
                input.bytes(n.into())?
            })?),
            b'G' => Object::Float(f64::from_be_bytes(input.array()?)),
            b'X' | 0x8c | 0x8d => Object::Text(text(self.counted(opcode, input)?)?.into()),
            b'B' | b'C' | 0x8e | 0x96 => Object::Bytes(self.counted(opcode, input)?.into()),
            // Python 2's str: text, where it is some.
            b'U' | b'T' => match String::from_utf8(self.counted(opcode, input)?) {
                Ok(text) => Object::Text(text.into()),
                Err(e) => Object::Bytes(e.into_bytes().into()),
            },
            b')' => self.node(Node::Tuple(Vec::new())),
            b']' => self.node(Node::List(Vec::new())),
            b'}' => self.node(Node::Dict(Vec::new())),
            0x8f => self.node(Node::Set(Vec::new())),
            b't' => self.marked().map(|items| self.node(Node::Tuple(items)))?,
            b'l' => self.marked().map(|items| self.node(Node::List(items)))?,
            0x91 => self.marked().map(|items| self.node(Node::Set(items)))?,
            b'd' => {
                let entries = pairs(self.marked()?)?;
                self.node(Node::Dict(entries))
            }
            0x85..=0x87 => {
                let n = usize::from(opcode - 0x84);
                let start = self.above_mark(n)?;
                let items = self.stack.split_off(start);
                self.node(Node::Tuple(items))
            }
            b'c' => {
                let (module, name) = (input.line()?, input.line()?);
                Object::Global(globals::find(&module, &name)?)
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Object::Text(name), Object::Text(module)) => Object::Global(globals::find(&module, &name)?),
                _ => return Err(damaged("a name is no text")),
            },
            b'R' | 0x81 => {
                let (args, function) = (self.pop()?, self.pop()?);
                let Object::Global(global) = function else { return Err(damaged("it calls what is no function")) };
                let Some(Node::Tuple(args)) = self.at(&args) else { return Err(damaged("a call has no tuple")) };
                let args = args.clone();
                if opcode == b'R' { call::call(self, global, &args)? } else { call::make(self, global, &args)? }
            }
            b'b' => {
                let state = self.pop()?;
                let instance = self.pop()?;
                call::finish(self, &instance, &state)?;
                instance
            }
            b'Q' => {
                let id = self.pop()?;
                call::storage(self, &id)?
            }
            b'a' => {
                let item = self.pop()?;
                return self.extend(vec![item]);
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                return self.extend(items);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.set_items(vec![key, value]);
            }
            b'u' => {
                let items = self.marked()?;
                return self.set_items(items);
            }
            b'q' | b'r' | 0x94 => {
                let place = match opcode {
                    b'q' => input.array::<1>()?[0].into(),
                    b'r' => u32::from_le_bytes(input.array()?),
                    _ => u32::try_from(self.memo.len()).map_err(|_| damaged("it remembers too much"))?,
                };
                let top = self.stack.last().cloned().ok_or_else(|| damaged("its stack is empty"))?;
                self.memo.insert(place, top);
                return Ok(());
            }
            b'h' | b'j' => {
                let place =
                    if opcode == b'h' { input.array::<1>()?[0].into() } else { u32::from_le_bytes(input.array()?) };
                self.memo.get(&place).cloned().ok_or_else(|| damaged("it recalls what was not remembered"))?
            }
            b'0' => return self.pop().map(drop),
            b'1' => return self.marked().map(drop),
            b'2' => self.stack.last().cloned().ok_or_else(|| damaged("its stack is empty"))?,
            _ => return Err(damaged(&format!("{opcode:#04x} is no instruction that is read"))),
        };
        self.grow()?;
        self.stack.push(object);
        Ok(())
    }

    /// One object more.
    fn grow(&mut self) -> Result<()> {
        self.made += 1;
        if self.made > MAX_OBJECTS {
            return Err(refused(format!("the pickle makes more than {MAX_OBJECTS} objects")));
        }
        Ok(())
    }

    /// Bytes behind their number.
    fn counted(&self, opcode: u8, input: &mut Input<'_>) -> Result<Vec<u8>> {
        let n = match opcode {
            b'U' | b'C' | 0x8c => input.array::<1>()?[0].into(),
            b'X' | b'B' | b'T' => u32::from_le_bytes(input.array()?).into(),
            _ => u64::from_le_bytes(input.array()?),
        };
        input.bytes(n)
    }

    pub fn node(&mut self, node: Node) -> Object {
        self.nodes.push(node);
        Object::Node(self.nodes.len() - 1)
    }

    /// The container that an object is.
    pub fn at(&self, object: &Object) -> Option<&Node> {
        if let Object::Node(i) = object { self.nodes.get(*i) } else { None }
    }

    /// The items of a tuple or list.
    pub fn items(&self, object: &Object) -> Option<&[Object]> {
        match self.at(object) {
            Some(Node::Tuple(items) | Node::List(items)) => Some(items),
            _ => None,
        }
    }

    /// Where the topmost `n` objects start, all of them above the last mark.
    fn above_mark(&self, n: usize) -> Result<usize> {
        let start = self.stack.len().checked_sub(n);
        start.filter(|&at| at >= self.marks.last().copied().unwrap_or(0)).ok_or_else(|| damaged("its stack is empty"))
    }

    fn pop(&mut self) -> Result<Object> {
        self.above_mark(1)?;
        self.stack.pop().ok_or_else(|| damaged("its stack is empty"))
    }

    /// Everything above the last mark.
    fn marked(&mut self) -> Result<Vec<Object>> {
        let mark = self.marks.pop().ok_or_else(|| damaged("a mark is missing"))?;
        // The stack never gets shorter than its last mark.
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self) -> Result<&mut Node> {
        self.above_mark(1)?;
        match self.stack.last() {
            Some(Object::Node(i)) => self.nodes.get_mut(*i).ok_or_else(|| damaged("an object is missing")),
            _ => Err(damaged("it fills what is no container")),
        }
    }

    fn extend(&mut self, items: Vec<Object>) -> Result<()> {
        match self.top()? {
            Node::List(list) | Node::Set(list) => list.extend(items),
            _ => return Err(damaged("it appends to what is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Object>) -> Result<()> {
        let entries = pairs(items)?;
        match self.top()? {
            Node::Dict(dict) => dict.extend(entries),
            _ => return Err(damaged("it puts a key into what is no dict")),
        }
        Ok(())
    }
}

fn pairs(items: Vec<Object>) -> Result<Vec<(Object, Object)>> {
    let mut entries = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(key) = items.next() {
        entries.push((key, items.next().ok_or_else(|| damaged("a key has no value"))?));
    }
    Ok(entries)
}

/// A little-endian two's complement number of any length.
fn long(bytes: &[u8]) -> Result<i128> {
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    let mut all = if negative { [0xff; 16] } else { [0; 16] };
    match all.get_mut(..bytes.len()) {
        Some(low) => low.copy_from_slice(bytes),
        None => return Err(refused(format!("an int of {} bytes is too large", bytes.len())).hint("16 bytes are read")),
    }
    Ok(i128::from_le_bytes(all))
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|e| damaged("a text is none").source_of(e))
}

pub(super) fn damaged(what: &str) -> Error {
    refused(format!("the pickle is damaged: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn run(program: &[u8]) -> Result<(Machine, Object)> {
        let mut machine = Machine::default();
        let mut source = Cursor::new(program);
        let object = machine.run(&mut Input::new(&mut source, program.len() as u64))?;
        Ok((machine, object))
    }

    #[test]
    fn integers_of_every_width() {
        let int = |program: &[u8]| match run(program).unwrap().1 {
            Object::Int(i) => i,
            other => panic!("{other:?}"),
        };
        assert_eq!(int(b"K\xff."), 255);
        assert_eq!(int(b"M\xff\xff."), 65535);
        assert_eq!(int(b"J\xff\xff\xff\xff."), -1);
        assert_eq!(int(b"\x8a\x00."), 0);
        assert_eq!(int(b"\x8a\x01\x80."), -128);
        assert_eq!(int(b"\x8a\x02\x80\x00."), 128);
        assert_eq!(int(b"\x8a\x09\0\0\0\0\0\0\0\0\x01."), 1 << 64);
        assert!(run(b"\x8a\x1100000000000000000.").is_err());
    }

    #[test]
    fn a_program_that_does_not_hold_together_is_an_error() {
        for program in [
            &b""[..],
            b".",
            b"(.",
            b"t.",
            b"(t",
            b"\x85.",
            b"K\x01(\x85.",
            b"K\x01a.",
            b"]a.",
            b"(K\x01u.",
            b"}(K\x01u.",
            b"h\x00.",
            b"q\x00.",
            b"R.",
            b")R.",
            b"K\x01)R.",
            b"ccollections\nOrderedDict\nK\x01R.",
            b"cposix\nsystem\n.",
            b"X\xff\xff\xff\xffa.",
            b"X\x01\0\0\0\xff.",
            b"\x80\x63.",
            b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.",
            b"b.",
            b"]]b.",
            b"Q.",
            b"K\x01Q.",
            b")Q.",
            b"I1\n.",
        ] {
            assert!(run(program).is_err(), "{}", program.escape_ascii());
        }
    }

    #[test]
    fn what_nests_deeply_or_holds_itself_is_freed() {
        let mut deep = b")".to_vec();
        deep.extend(std::iter::repeat_n(0x85, 1_000_000));
        deep.push(b'.');
        assert!(run(&deep).is_ok());
        assert!(run(b"]q\x00h\x00a.").is_ok());
    }
}
