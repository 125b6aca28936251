//! A model as a table: its layers, the shapes that go in and come out, parameters and multiply-adds.
use crate::{
    Forward, Mode, Module, Seen, Visitor,
    identity::Identity,
    watch::{self, Call},
};
use std::{collections::HashSet, fmt};
use tensor_core::{DType, Device, Result, ShapeArg, Tensor, no_grad};

/// A module of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// Its dotted name; empty for the model itself.
    pub name: String,
    /// Its type.
    pub type_name: &'static str,
    /// How deep it stands: 0 for the model itself.
    pub depth: usize,
    /// The shape of its main input, the first time that it was called.
    pub input: Option<Vec<usize>>,
    /// The shape of its output, the first time that it was called.
    pub output: Option<Vec<usize>>,
    /// How often it was called.
    pub calls: usize,
    /// Elements of its own parameters: those of modules inside of it are theirs, and a shared one belongs to the first.
    pub parameters: usize,
    /// Its own multiply-adds in all calls.
    pub multiply_adds: u64,
}

/// What [`summary()`] found; printed, it is a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Every module, in the order of fields.
    pub rows: Vec<SummaryRow>,
    /// Elements of all parameters, as [`Module::num_parameters`] counts them.
    pub parameters: usize,
    /// Those of them that take gradients.
    pub trained: usize,
    /// The products of the whole forward, each with its addition.
    pub multiply_adds: u64,
}

/// Sends zeros of this shape through a model, in evaluation, and lists what every layer makes of them. The model stays as
/// it is. Multiply-adds are those of matrix products and convolutions, a layer's own kind included; what `forward` does
/// outside of layers is the model's own.
///
/// A module whose body runs in [`crate::scope`] or [`crate::scope_with`] has shapes; the layers of this crate do.
///
/// ```
/// use nn::{Linear, ReLU, Sequential, summary};
/// # fn main() -> tensor_core::Result<()> {
/// let net = Sequential::new((Linear::new(784, 30)?, ReLU, Linear::new(30, 10)?));
/// let summary = summary(&net, [100, 784])?;
/// assert_eq!(summary.parameters, 784 * 30 + 30 + 30 * 10 + 10);
/// assert_eq!(summary.multiply_adds, 100 * (784 * 30 + 30 * 10));
/// assert_eq!(summary.rows[2].output.as_deref(), Some(&[100, 30][..]));
/// println!("{summary}");
/// # Ok(()) }
/// ```
pub fn summary<M: Module + Forward>(model: &M, input: impl ShapeArg) -> Result<Summary> {
    let parameters = model.parameters();
    let (dtype, device) = parameters.first().map_or((DType::F32, Device::cpu()), |p| (p.dtype(), p.device()));
    let x = Tensor::zeros_on(input, dtype, &device)?;
    let mut found = summary_of(model, |model| model.forward(&x))?;
    if let Some(own) = found.rows.first_mut() {
        own.input.get_or_insert_with(|| x.shape().to_vec());
    }
    Ok(found)
}

/// [`summary()`] of a model that takes something else than one tensor of floats: `run` calls it.
///
/// ```
/// use nn::{Embedding, Forward, summary_of};
/// # use tensor_core::{DType, Device, Tensor};
/// # fn main() -> tensor_core::Result<()> {
/// let ids = Tensor::zeros_on([2, 7], DType::I64, &Device::cpu())?;
/// let table = summary_of(&Embedding::new(100, 8)?, |model| model.forward(&ids))?;
/// assert_eq!(table.rows[0].output.as_deref(), Some(&[2, 7, 8][..]));
/// # Ok(()) }
/// ```
pub fn summary_of<M: Module, T: 'static>(model: &M, run: impl FnOnce(&M) -> Result<T>) -> Result<Summary> {
    let mut modes = Vec::new();
    let mut rows: Vec<(SummaryRow, Option<Identity>)> = Vec::new();
    let (mut open, mut known) = (Vec::new(), HashSet::new());
    model.visit(&mut Visitor::new(&mut |path, seen| match seen {
        Seen::Enter(module) => {
            let row = SummaryRow {
                name: path.to_string(),
                type_name: module.type_name(),
                depth: open.len(),
                input: None,
                output: None,
                calls: 0,
                parameters: 0,
                multiply_adds: 0,
            };
            open.push(rows.len());
            rows.push((row, Identity::of(module)));
        }
        Seen::Leave(_) => drop(open.pop()),
        Seen::Parameter(p) if known.insert(p.id()) => {
            if let Some(&row) = open.last() {
                rows[row].0.parameters += p.numel();
            }
        }
        Seen::Mode(mode) => modes.push((mode, mode.is_training())),
        _ => {}
    }));

    let restore = RestoreModes(modes);
    model.eval();
    let mut output = None;
    let (calls, multiply_adds) = {
        let _unrecorded = no_grad();
        watch::watch(|| {
            let done = run(model)?;
            output = crate::hooks::main_output(&done).map(|y| y.shape().to_vec());
            Ok(())
        })?
    };
    drop(restore);

    for call in calls {
        place(call, &mut rows);
    }
    let mut rows: Vec<SummaryRow> = rows.into_iter().map(|(row, _)| row).collect();
    let seen: u64 = rows.iter().map(|row| row.multiply_adds).sum();
    if let Some(own) = rows.first_mut() {
        own.multiply_adds += multiply_adds.saturating_sub(seen);
        own.output = own.output.take().or(output);
        own.calls = own.calls.max(1);
    }
    let all = model.parameters();
    Ok(Summary {
        rows,
        parameters: all.iter().map(|p| p.numel()).sum(),
        trained: all.iter().filter(|p| p.requires_grad()).map(|p| p.numel()).sum(),
        multiply_adds,
    })
}

/// Sets every mode back to what it was.
struct RestoreModes<'a>(Vec<(&'a Mode, bool)>);

impl Drop for RestoreModes<'_> {
    fn drop(&mut self) {
        for (mode, training) in &self.0 {
            mode.set_training(*training);
        }
    }
}

/// Notes a call at its module.
fn place(call: Call, rows: &mut [(SummaryRow, Option<Identity>)]) {
    let Some(identity) = call.identity else { return };
    let Some((row, _)) = rows.iter_mut().find(|(_, own)| own.as_ref() == Some(&identity)) else { return };
    row.input = row.input.take().or(call.input);
    row.output = row.output.take().or(call.output);
    row.calls += 1;
    row.multiply_adds += call.multiply_adds;
}

/// `1234567` as `1,234,567`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = |shape: &Option<Vec<usize>>| shape.as_ref().map_or("-".into(), |shape| format!("{shape:?}"));
        let count = |n: u64| if n == 0 { "-".to_string() } else { grouped(n) };
        let mut table = vec![["layer", "input", "output", "parameters", "multiply-adds"].map(str::to_string)];
        for row in &self.rows {
            let name = row.name.rsplit('.').next().unwrap_or_default();
            let label = if name.is_empty() { row.type_name.into() } else { format!("{name}: {}", row.type_name) };
            let calls = if row.calls > 1 { format!(" ({} calls)", row.calls) } else { String::new() };
            table.push([
                format!("{}{label}{calls}", "  ".repeat(row.depth)),
                shape(&row.input),
                shape(&row.output),
                count(row.parameters as u64),
                count(row.multiply_adds),
            ]);
        }
        let total = ["total".into(), String::new(), String::new()];
        let [a, b, c] = total;
        table.push([a, b, c, grouped(self.parameters as u64), grouped(self.multiply_adds)]);
        let widths: [usize; 5] =
            std::array::from_fn(|i| table.iter().map(|line| line[i].chars().count()).max().unwrap_or(0));
        let rule = "-".repeat(widths.iter().sum::<usize>() + 8);
        for (i, [layer, input, output, parameters, products]) in table.iter().enumerate() {
            if i == 1 || i + 1 == table.len() {
                writeln!(f, "{rule}")?;
            }
            let [l, x, y, p, m] = widths;
            writeln!(f, "{layer:<l$}  {input:<x$}  {output:<y$}  {parameters:>p$}  {products:>m$}")?;
        }
        let (trained, frozen) = (self.trained as u64, (self.parameters - self.trained) as u64);
        write!(f, "{} parameters are trained, {} are frozen", grouped(trained), grouped(frozen))
    }
}
