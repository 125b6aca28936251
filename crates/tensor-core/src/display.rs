//! Printing, byte for byte as PyTorch prints (its `_tensor_str.py` is the reference for every rule here).
use crate::{Category, DType, Scalar, Tensor};
use std::fmt;

/// Digits behind the point.
const PRECISION: usize = 4;
/// Larger tensors show only their edges.
const THRESHOLD: usize = 1000;
/// Elements shown at each edge of a summarised dim.
const EDGE: usize = 3;
/// Columns of a line.
const LINE: usize = 80;
const PREFIX: &str = "tensor(";

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut suffixes = Vec::new();
        let (dtype, device) = (self.dtype(), self.device());
        if !device.is_cpu() {
            suffixes.push(format!("device='{device}'"));
        }
        let body = if self.numel() == 0 {
            if self.dim() != 1 {
                let sizes: Vec<String> = self.shape().iter().map(usize::to_string).collect();
                suffixes.push(format!("size=({})", sizes.join(", ")));
            }
            if dtype != DType::F32 {
                suffixes.push(format!("dtype={}", dtype.torch_name()));
            }
            "[]".to_string()
        } else {
            if !matches!(dtype, DType::F32 | DType::I64 | DType::Bool) {
                suffixes.push(format!("dtype={}", dtype.torch_name()));
            }
            match Values::read(self) {
                Ok(values) => values.block(0, 0, PREFIX.len()),
                // Printing has no way to fail with a reason but to print it.
                Err(e) => format!("<{e}>"),
            }
        };
        match self.edge() {
            Some(edge) if !edge.node.is_leaf() => {
                suffixes.push(format!("grad_fn=<{}>", camel_case(edge.node.name())));
            }
            Some(_) if self.requires_grad() => suffixes.push("requires_grad=True".to_string()),
            _ => {}
        }
        f.write_str(&with_suffixes(format!("{PREFIX}{body}"), &suffixes))
    }
}

/// `log_softmax` becomes `LogSoftmax`.
fn camel_case(name: &str) -> String {
    name.split(['_', '.'])
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|c| c.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        })
        .collect()
}

/// Suffixes follow on the last line while they fit.
fn with_suffixes(body: String, suffixes: &[String]) -> String {
    // PyTorch counts one column more than there is when the body has several lines, two when it has one.
    let mut last_line = match body.rfind('\n') {
        Some(at) => body.len() - at + 1,
        None => body.len() + 2,
    };
    let mut out = body;
    for suffix in suffixes {
        if last_line + suffix.len() + 2 > LINE {
            out += &format!(",\n{}{suffix}", " ".repeat(PREFIX.len()));
            last_line = PREFIX.len() + suffix.len();
        } else {
            out += &format!(", {suffix}");
            last_line += suffix.len() + 2;
        }
    }
    out + ")"
}

/// A tensor's elements on the host, and how they are written.
struct Values {
    data: Vec<Scalar>,
    shape: Vec<usize>,
    /// Elements behind one step of each dim.
    strides: Vec<usize>,
    summarize: bool,
    style: Style,
}

impl Values {
    fn read(t: &Tensor) -> crate::Result<Values> {
        let data: Vec<Scalar> = match t.dtype().category() {
            Category::Float => t.to_vec::<f64>()?.into_iter().map(Scalar::Float).collect(),
            Category::Int => t.to_vec::<i64>()?.into_iter().map(Scalar::Int).collect(),
            Category::Bool => t.to_vec::<bool>()?.into_iter().map(Scalar::Bool).collect(),
        };
        let summarize = t.numel() > THRESHOLD;
        let mut values = Values {
            data,
            shape: t.shape().to_vec(),
            strides: crate::row_major(t.shape()).to_vec(),
            summarize,
            style: Style { width: 1, kind: Kind::Plain },
        };
        let mut shown = Vec::new();
        values.collect_shown(0, 0, &mut shown);
        values.style = Style::of(&shown);
        Ok(values)
    }

    /// The indices of `dim` that are printed: all, or both edges.
    fn indices(&self, dim: usize) -> (Vec<usize>, bool) {
        let size = self.shape[dim];
        if self.summarize && size > 2 * EDGE {
            ((0..EDGE).chain(size - EDGE..size).collect(), true)
        } else {
            ((0..size).collect(), false)
        }
    }

    fn collect_shown(&self, dim: usize, at: usize, shown: &mut Vec<Scalar>) {
        if dim == self.shape.len() {
            shown.push(self.data[at]);
            return;
        }
        for i in self.indices(dim).0 {
            self.collect_shown(dim + 1, at + i * self.strides[dim], shown);
        }
    }

    /// The text of everything behind `dim` from element `at`, whose first bracket stands in column `indent`.
    fn block(&self, dim: usize, at: usize, indent: usize) -> String {
        let left = self.shape.len() - dim;
        if left == 0 {
            return self.style.write(self.data[at]);
        }
        let (indices, cut) = self.indices(dim);
        let mut parts: Vec<String> = if left == 1 {
            indices.iter().map(|i| self.style.write(self.data[at + i])).collect()
        } else {
            indices.iter().map(|i| self.block(dim + 1, at + i * self.strides[dim], indent + 1)).collect()
        };
        if cut {
            parts.insert(EDGE, if left == 1 { " ..." } else { "..." }.to_string());
        }
        let margin = " ".repeat(indent + 1);
        let inner = if left == 1 {
            let per_line = (LINE.saturating_sub(indent) / (self.style.width + 2)).max(1);
            let lines: Vec<String> = parts.chunks(per_line).map(|line| line.join(", ")).collect();
            lines.join(&format!(",\n{margin}"))
        } else {
            parts.join(&format!(",{}{margin}", "\n".repeat(left - 1)))
        };
        format!("[{inner}]")
    }
}

/// How all elements of one tensor are written.
struct Style {
    width: usize,
    kind: Kind,
}

enum Kind {
    /// Integers and bool.
    Plain,
    /// Floats that are whole numbers: `3.`
    Whole,
    /// `3.1416`
    Fixed,
    /// `3.1416e+00`
    Scientific,
}

impl Style {
    fn of(shown: &[Scalar]) -> Style {
        let Some(Scalar::Float(_)) = shown.first() else {
            let style = Style { width: 1, kind: Kind::Plain };
            let width = shown.iter().map(|&v| style.write(v).len()).max().unwrap_or(1);
            return Style { width, ..style };
        };
        let plain: Vec<f64> = shown.iter().map(|v| v.to_f64()).filter(|v| v.is_finite() && *v != 0.0).collect();
        if plain.is_empty() {
            return Style { width: 1, kind: Kind::Whole };
        }
        let largest = plain.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let smallest = plain.iter().fold(f64::INFINITY, |m, v| m.min(v.abs()));
        let whole = plain.iter().all(|v| *v == v.ceil());
        let wide = largest / smallest > 1000.0 || largest > 1e8;
        let kind = match (whole, wide) {
            (true, false) => Kind::Whole,
            (false, false) if smallest >= 1e-4 => Kind::Fixed,
            _ => Kind::Scientific,
        };
        let style = Style { width: 1, kind };
        let width = plain.iter().map(|&v| style.write(Scalar::Float(v)).len()).max().unwrap_or(1);
        Style { width, ..style }
    }

    fn write(&self, value: Scalar) -> String {
        let text = match (value, &self.kind) {
            (Scalar::Bool(b), _) => if b { "True" } else { "False" }.to_string(),
            (Scalar::Int(i), _) => i.to_string(),
            (Scalar::Float(x), _) if x.is_nan() => "nan".to_string(),
            (Scalar::Float(x), _) if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.to_string(),
            (Scalar::Float(x), Kind::Scientific) => scientific(x),
            (Scalar::Float(x), Kind::Fixed) => format!("{x:.PRECISION$}"),
            (Scalar::Float(x), Kind::Whole | Kind::Plain) => format!("{x:.0}."),
        };
        format!("{text:>width$}", width = self.width)
    }
}

/// `1.5000e-03`: Rust writes the exponent as short as it can, Python with a sign and two digits.
fn scientific(x: f64) -> String {
    let text = format!("{x:.PRECISION$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}
