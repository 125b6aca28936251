//! The table of operators: a row is PyTorch's name, the call, and inputs to try it on. One file a family.
//!
//! ```text
//! unary("log1p", Tensor::log1p).on(-0.9, 4.0),
//! row("narrow", |a| one(a.tensor(0, "input")?.narrow(a.dim(1, "dim")?, a.count(2, "start")?, a.count(3, "length")?)))
//!     .sample([t([3, 4]), n(1), n(1), n(2)]),
//! ```
//! Arguments are asked for by PyTorch's position and name ([`Args`]); what a row does not ask for makes a case
//! unsupported, so a row may begin with what the API has.
mod activation;
mod arithmetic;
mod arrange;
mod attention;
mod binary;
mod compare;
mod conv;
mod convert;
mod count;
mod create;
mod index;
mod join;
mod linalg;
mod logic;
pub(crate) mod loss;
mod matmul;
mod moments;
mod movement;
mod normalization;
mod order;
mod padding;
mod pointwise;
mod pool;
mod random;
mod reduce;
mod resize;
mod softmax;
pub(crate) mod window;

use crate::{
    args::Args,
    fault::Outcome,
    sample::{Input, Sample},
};
use std::{collections::BTreeMap, fmt, sync::OnceLock};
use tensor_core::{Result, Tensor};

/// A row's call.
pub type Call = Box<dyn Fn(&Args) -> Outcome + Send + Sync>;

/// What the generated tests do with a row, each by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The derivative against finite differences.
    Gradient,
    /// The derivative's derivative against finite differences.
    SecondOrder,
    /// `f32` near `f64`, and the halves near `f32`.
    Precision,
    /// `f16` and `bf16` within two units in the last place of `f32`.
    RoundedOnce,
    /// Strided, transposed and expanded inputs give the same.
    Strides,
    /// The naive backend gives the same.
    Naive,
}

/// One operator.
pub struct Row {
    /// PyTorch's name, a variant after a dot.
    pub name: &'static str,
    /// The file of the row.
    pub family: &'static str,
    /// The call, by the public API.
    pub call: Call,
    /// Inputs to try it on.
    pub samples: Vec<Sample>,
    /// Checks that do not hold for it, and why.
    pub skips: Vec<(Check, &'static str)>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({})", self.name)
    }
}

impl Row {
    /// Another sample: arguments without names.
    pub fn sample(mut self, places: impl Into<Vec<Input>>) -> Row {
        self.samples.push(Sample::of(places));
        self
    }
    /// Another sample: arguments without and with names.
    pub fn named(mut self, places: impl Into<Vec<Input>>, names: impl Into<Vec<(&'static str, Input)>>) -> Row {
        self.samples.push(Sample { places: places.into(), names: names.into() });
        self
    }
    /// Samples of one tensor with values between `low` and `high`: a matrix, a 0-d one, an empty one.
    pub fn on(self, low: f64, high: f64) -> Row {
        let shapes: [&[usize]; 4] = [&[3, 4], &[], &[2, 0], &[2, 1, 5]];
        shapes.into_iter().fold(self, |row, shape| row.sample([Input::Floats(shape.to_vec(), low, high)]))
    }
    /// Samples of two tensors with values in two ranges: of one shape, broadcast, 0-d, empty.
    pub fn pair(self, a: (f64, f64), b: (f64, f64)) -> Row {
        let shapes: [(&[usize], &[usize]); 5] =
            [(&[3, 4], &[3, 4]), (&[3, 4], &[4]), (&[2, 1, 3], &[4, 1]), (&[2], &[]), (&[0, 2], &[2])];
        shapes.into_iter().fold(self, |row, (x, y)| {
            row.sample([Input::Floats(x.to_vec(), a.0, a.1), Input::Floats(y.to_vec(), b.0, b.1)])
        })
    }
    /// A check that does not hold here, and why.
    pub fn skip(mut self, check: Check, why: &'static str) -> Row {
        self.skips.push((check, why));
        self
    }
    /// An operator without a derivative, and why.
    pub fn no_grad(self, why: &'static str) -> Row {
        self.skip(Check::Gradient, why).skip(Check::SecondOrder, why)
    }
    /// An operator whose results are random: only shapes and dtypes can be compared.
    pub fn random(self) -> Row {
        let why = "its results are random";
        self.no_grad(why).skip(Check::Precision, why).skip(Check::Strides, why).skip(Check::Naive, why)
    }
    /// Why a check does not hold here, if it does not.
    pub fn skipped(&self, check: Check) -> Option<&'static str> {
        self.skips.iter().find(|(c, _)| *c == check).map(|(_, why)| *why)
    }
}

/// A row.
pub fn row(name: &'static str, call: impl Fn(&Args) -> Outcome + Send + Sync + 'static) -> Row {
    Row { name, family: "", call: Box::new(call), samples: Vec::new(), skips: Vec::new() }
}
/// A row of an operator that takes one tensor.
pub fn unary(name: &'static str, f: fn(&Tensor) -> Result<Tensor>) -> Row {
    row(name, move |a| one(f(a.tensor(0, "input")?)))
}
/// A row of an operator that takes two tensors.
pub fn two(name: &'static str, f: fn(&Tensor, &Tensor) -> Result<Tensor>) -> Row {
    row(name, move |a| one(f(a.tensor(0, "input")?, a.tensor(1, "other")?)))
}
/// The outcome of a call that gives one tensor.
pub fn one(result: Result<Tensor>) -> Outcome {
    Ok(vec![result?])
}
/// The outcome of a call that gives two tensors.
pub fn both(result: Result<(Tensor, Tensor)>) -> Outcome {
    let (a, b) = result?;
    Ok(vec![a, b])
}
/// The outcome of a call that gives many tensors.
pub fn many(result: Result<Vec<Tensor>>) -> Outcome {
    Ok(result?)
}

type Family = (&'static str, fn() -> Vec<Row>);
const FAMILIES: &[Family] = &[
    ("pointwise", pointwise::rows),
    ("binary", binary::rows),
    ("compare", compare::rows),
    ("activation", activation::rows),
    ("arithmetic", arithmetic::rows),
    ("logic", logic::rows),
    ("convert", convert::rows),
    ("create", create::rows),
    ("movement", movement::rows),
    ("arrange", arrange::rows),
    ("join", join::rows),
    ("index", index::rows),
    ("order", order::rows),
    ("matmul", matmul::rows),
    ("reduce", reduce::rows),
    ("moments", moments::rows),
    ("softmax", softmax::rows),
    ("conv", conv::rows),
    ("pool", pool::rows),
    ("random", random::rows),
    ("attention", attention::rows),
    ("count", count::rows),
    ("linalg", linalg::rows),
    ("normalization", normalization::rows),
    ("padding", padding::rows),
    ("resize", resize::rows),
    ("loss", loss::rows),
];

/// Every row, family by family.
pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let family = |&(family, rows): &Family| rows().into_iter().map(move |row| Row { family, ..row });
        FAMILIES.iter().flat_map(family).collect()
    })
}

/// The row of an operator.
pub fn find(name: &str) -> Option<&'static Row> {
    static BY_NAME: OnceLock<BTreeMap<&'static str, &'static Row>> = OnceLock::new();
    BY_NAME.get_or_init(|| rows().iter().map(|row| (row.name, row)).collect()).get(name).copied()
}

/// Calls a row; what it did not ask for makes the call unsupported.
pub fn call(row: &Row, args: &Args) -> Outcome {
    let outputs = (row.call)(args)?;
    let left = args.leftovers();
    if left.is_empty() { Ok(outputs) } else { crate::fault::unsupported(left.join(", ")) }
}
