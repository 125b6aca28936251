//! The settings of optimizers as named values: to be saved, looked up, chosen by name and checked.
use tensor_core::{DType, Error, Result, Tensor};

/// The value of one setting, as PyTorch's `param_groups` hold it.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Not set.
    None,
    /// A switch.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A choice by name.
    Text(String),
    /// Several, such as betas.
    List(Vec<Setting>),
}

impl Setting {
    /// The number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Setting::Int(n) => Some(*n as f64),
            Setting::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// As a tensor, for a file of tensors: a list as a row of numbers, a text as its bytes, nothing as no numbers.
    pub fn to_tensor(&self) -> Result<Tensor> {
        match self {
            Setting::None => Tensor::from_slice::<f64>(&[], [0]),
            Setting::Bool(b) => Tensor::from_slice(&[*b], ()),
            Setting::Int(n) => Tensor::from_slice(&[*n], ()),
            Setting::Float(x) => Tensor::from_slice(&[*x], ()),
            Setting::Text(text) => Tensor::from_slice(text.as_bytes(), [text.len()]),
            Setting::List(items) => {
                let row: Vec<f64> = items.iter().map(|s| s.number().unwrap_or(f64::NAN)).collect();
                Tensor::from_slice(&row, [row.len()])
            }
        }
    }

    /// What [`Setting::to_tensor`] was given.
    pub fn from_tensor(tensor: &Tensor) -> Result<Setting> {
        Ok(match (tensor.dtype(), tensor.shape()) {
            (DType::Bool, []) => Setting::Bool(tensor.item()?),
            (DType::U8, [_]) => Setting::Text(String::from_utf8_lossy(&tensor.to_vec::<u8>()?).into_owned()),
            (d, []) if d.is_float() => Setting::Float(tensor.item()?),
            (_, []) => Setting::Int(tensor.item()?),
            (_, [0]) => Setting::None,
            _ => {
                let numbers = tensor.to_vec::<f64>()?;
                let one = |x: f64| if x.is_nan() { Setting::None } else { Setting::Float(x) };
                Setting::List(numbers.into_iter().map(one).collect())
            }
        })
    }
}

macro_rules! from {
    ($($Type:ty, $x:ident => $setting:expr;)*) => {$(
        impl From<$Type> for Setting {
            fn from($x: $Type) -> Setting {
                $setting
            }
        }
    )*};
}
from! {
    bool, x => Setting::Bool(x);
    i64, x => Setting::Int(x);
    i32, x => Setting::Int(x.into());
    usize, x => Setting::Int(i64::try_from(x).unwrap_or(i64::MAX));
    f64, x => Setting::Float(x);
    &str, x => Setting::Text(x.to_string());
    Vec<f64>, x => Setting::List(x.into_iter().map(Setting::Float).collect());
    (f64, f64), x => vec![x.0, x.1].into();
    (f64, f64, f64), x => vec![x.0, x.1, x.2].into();
}

/// A field that can be read and written as a [`Setting`].
pub trait Settable {
    /// Its value.
    fn get(&self) -> Setting;
    /// Takes a value over; `false` where it cannot be one of this field.
    fn take(&mut self, value: &Setting) -> bool;
}

impl Settable for f64 {
    fn get(&self) -> Setting {
        Setting::Float(*self)
    }
    fn take(&mut self, value: &Setting) -> bool {
        value.number().map(|x| *self = x).is_some()
    }
}

impl Settable for bool {
    fn get(&self) -> Setting {
        Setting::Bool(*self)
    }
    fn take(&mut self, value: &Setting) -> bool {
        match value {
            Setting::Bool(b) => *self = *b,
            Setting::Int(n @ (0 | 1)) => *self = *n == 1,
            _ => return false,
        }
        true
    }
}

impl Settable for usize {
    fn get(&self) -> Setting {
        (*self).into()
    }
    fn take(&mut self, value: &Setting) -> bool {
        match value.number() {
            Some(x) if x >= 0.0 && x.fract() == 0.0 => *self = x as usize,
            _ => return false,
        }
        true
    }
}

impl Settable for i64 {
    fn get(&self) -> Setting {
        Setting::Int(*self)
    }
    fn take(&mut self, value: &Setting) -> bool {
        match value.number() {
            Some(x) if x.fract() == 0.0 => *self = x as i64,
            _ => return false,
        }
        true
    }
}

impl<T: Settable + Default> Settable for Option<T> {
    fn get(&self) -> Setting {
        self.as_ref().map_or(Setting::None, Settable::get)
    }
    fn take(&mut self, value: &Setting) -> bool {
        if *value == Setting::None {
            *self = None;
            return true;
        }
        let mut some = T::default();
        let fits = some.take(value);
        if fits {
            *self = Some(some);
        }
        fits
    }
}

impl<A: Settable, B: Settable> Settable for (A, B) {
    fn get(&self) -> Setting {
        Setting::List(vec![self.0.get(), self.1.get()])
    }
    fn take(&mut self, value: &Setting) -> bool {
        matches!(value, Setting::List(items) if matches!(&items[..], [a, b] if self.0.take(a) && self.1.take(b)))
    }
}

impl<A: Settable, B: Settable, C: Settable> Settable for (A, B, C) {
    fn get(&self) -> Setting {
        Setting::List(vec![self.0.get(), self.1.get(), self.2.get()])
    }
    fn take(&mut self, value: &Setting) -> bool {
        let Setting::List(items) = value else { return false };
        matches!(&items[..], [a, b, c] if self.0.take(a) && self.1.take(b) && self.2.take(c))
    }
}

impl Settable for Vec<f64> {
    fn get(&self) -> Setting {
        self.clone().into()
    }
    fn take(&mut self, value: &Setting) -> bool {
        let numbers: Option<Vec<f64>> = match value {
            Setting::List(items) => items.iter().map(Setting::number).collect(),
            Setting::None => Some(Vec::new()),
            _ => None,
        };
        numbers.map(|numbers| *self = numbers).is_some()
    }
}

impl Settable for Vec<usize> {
    fn get(&self) -> Setting {
        Setting::List(self.iter().map(|&n| n.into()).collect())
    }
    fn take(&mut self, value: &Setting) -> bool {
        let items = match value {
            Setting::List(items) => &items[..],
            // An empty list, saved and read again.
            Setting::None => &[],
            _ => return false,
        };
        let mut new = vec![0; items.len()];
        let fits = new.iter_mut().zip(items).all(|(n, item)| n.take(item));
        if fits {
            *self = new;
        }
        fits
    }
}

/// An enum whose values have PyTorch's names.
macro_rules! choice {
    ($(#[$doc:meta])* $Name:ident { $( $(#[$about:meta])* $Choice:ident = $text:literal ),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $Name {
            $( $(#[$about])* $Choice, )*
        }
        impl $crate::setting::Settable for $Name {
            fn get(&self) -> $crate::setting::Setting {
                match self { $( $Name::$Choice => $text.into(), )* }
            }
            fn take(&mut self, value: &$crate::setting::Setting) -> bool {
                let text = match value {
                    $crate::setting::Setting::Text(text) => text.as_str(),
                    $crate::setting::Setting::None => {
                        *self = Self::default();
                        return true;
                    }
                    _ => return false,
                };
                match text {
                    $( $text => *self = $Name::$Choice, )*
                    _ => return false,
                }
                true
            }
        }
    };
}
pub(crate) use choice;

/// Refuses values that no optimizer can mean, by the names that settings have everywhere: rates, decays and bounds that
/// are negative, shares outside of 0 and 1.
pub(crate) fn check(rule: &'static str, settings: &[(&'static str, Setting)]) -> Result<()> {
    for (name, value) in settings {
        match (*name, value) {
            ("betas", Setting::List(items)) => {
                for (i, beta) in items.iter().filter_map(Setting::number).enumerate() {
                    let fits = if i < 2 { (0.0..1.0).contains(&beta) } else { (0.0..=1.0).contains(&beta) };
                    if !fits {
                        let most = if i < 2 { "below 1" } else { "at most 1" };
                        return Err(outside(rule, &format!("betas.{i}"), beta, &format!("at least 0 and {most}")));
                    }
                }
            }
            ("beta" | "beta0" | "beta1" | "beta2" | "beta3", value) => {
                if let Some(beta) = value.number().filter(|beta| !(0.0..1.0).contains(beta)) {
                    return Err(outside(rule, name, beta, "at least 0 and below 1"));
                }
            }
            (
                "lr"
                | "eps"
                | "eps1"
                | "eps2"
                | "eps_2"
                | "epsilon"
                | "matrix_eps"
                | "diagonal_eps"
                | "weight_decay"
                | "momentum"
                | "init_lr"
                | "final_lr"
                | "d0"
                | "gamma"
                | "initial_accumulator"
                | "weight_decay_1d"
                | "lr_1d"
                | "lambda_1"
                | "lambda_2"
                | "switch_rate"
                | "warmup_steps"
                | "trust_coefficient",
                value,
            ) => {
                if let Some(x) = value.number().filter(|x| !(x.is_finite() && *x >= 0.0)) {
                    return Err(outside(rule, name, x, "a number of at least 0"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses what is no number, under any name.
pub(crate) fn numbers(rule: &'static str, settings: &[(&'static str, Setting)]) -> Result<()> {
    let is_nan = |x: &Setting| x.number().is_some_and(f64::is_nan);
    for (name, value) in settings {
        match value {
            Setting::List(items) if items.iter().any(is_nan) => return Err(outside(rule, name, f64::NAN, "numbers")),
            value if is_nan(value) => return Err(outside(rule, name, f64::NAN, "a number")),
            _ => {}
        }
    }
    Ok(())
}

/// A setting outside of what it can mean.
pub(crate) fn outside(rule: &'static str, name: &str, value: f64, allowed: &str) -> Error {
    Error::new(rule, format!("{name} is {value}, and must be {allowed}"))
}

/// A setting that has to be a finite number of at least 0.
pub(crate) fn at_least_zero(rule: &'static str, name: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(outside(rule, name, value, "a number of at least 0"))
}

/// Settings that have to be finite numbers of at least 0.
pub(crate) fn none_negative<const N: usize>(rule: &'static str, settings: [(&str, f64); N]) -> Result<()> {
    settings.into_iter().try_for_each(|(name, value)| at_least_zero(rule, name, value))
}

/// The two decays of a family of Adam.
pub(crate) fn betas_below_one(rule: &'static str, betas: (f64, f64)) -> Result<()> {
    for (name, beta) in [("betas.0", betas.0), ("betas.1", betas.1)] {
        if !(0.0..1.0).contains(&beta) {
            return Err(outside(rule, name, beta, "at least 0 and below 1"));
        }
    }
    Ok(())
}
