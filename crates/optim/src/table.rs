//! The table of optimizers: what a row says (settings, defaults, checks, one update) becomes a type and its [`Rule`].
//!
//! [`Rule`]: crate::Rule
use tensor_core::{Error, Result, Scalar, Tensor};

/// Makes the settings, their defaults, saving, and the alias of [`crate::Optim`] from a row.
///
/// `Name, Options, [momentum field], check, update { settings with defaults }`: `check` and `update` are functions of the
/// settings.
macro_rules! rules {
    ($(
        $(#[$doc:meta])*
        $Name:ident, $Options:ident, [$($momentum:tt)*], $check:path, $update:path {
            $( $(#[$field_doc:meta])* $field:ident: $Type:ty = $default:expr, )*
        }
    )*) => {$(
        $(#[$doc])*
        pub type $Name = $crate::Optim<$Options>;

        #[doc = concat!("Settings of [`", stringify!($Name), "`].")]
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $Options {
            $( $(#[$field_doc])* pub $field: $Type, )*
        }

        impl Default for $Options {
            fn default() -> $Options {
                $Options { $( $field: $default, )* }
            }
        }

        impl From<f64> for $Options {
            fn from(lr: f64) -> $Options {
                $Options { lr, ..Default::default() }
            }
        }

        impl $crate::Rule for $Options {
            const NAME: &'static str = stringify!($Name);

            fn lr(&self) -> f64 {
                self.lr
            }
            fn set_lr(&mut self, lr: f64) {
                self.lr = lr;
            }
            $crate::table::momentum_field! { $($momentum)* }

            fn settings(&self) -> Vec<(&'static str, tensor_core::Scalar)> {
                let mut all = Vec::new();
                $( $crate::table::Setting::save(&self.$field, $crate::table::names!($field), &mut all); )*
                all
            }
            fn set(&mut self, name: &str, value: tensor_core::Scalar) {
                $( $crate::table::Setting::load(&mut self.$field, $crate::table::names!($field), name, value); )*
            }
            fn check(&self) -> tensor_core::Result<()> {
                $check(self)
            }
            fn update(
                &self,
                p: &mut tensor_core::Tensor,
                g: &tensor_core::Tensor,
                state: &mut $crate::State,
            ) -> tensor_core::Result<()> {
                $update(self, p, g, state)
            }
        }
    )*};
}

/// The field that schedules of the momentum change, where there is one.
macro_rules! momentum_field {
    () => {};
    ($($field:tt).+) => {
        fn momentum(&self) -> Option<f64> {
            Some(self.$($field).+)
        }
        fn set_momentum(&mut self, momentum: f64) {
            self.$($field).+ = momentum;
        }
    };
}

/// The names under which a setting is saved: its own, and those of up to three parts.
macro_rules! names {
    ($field:ident) => {
        [
            stringify!($field),
            concat!(stringify!($field), ".0"),
            concat!(stringify!($field), ".1"),
            concat!(stringify!($field), ".2"),
        ]
    };
}
pub(crate) use {momentum_field, names, rules};

/// A setting that can be saved as numbers.
pub(crate) trait Setting {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>);
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar);
}

impl Setting for f64 {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>) {
        all.push((names[0], Scalar::Float(*self)));
    }
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar) {
        if name == names[0] {
            *self = value.to_f64();
        }
    }
}

impl Setting for bool {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>) {
        all.push((names[0], Scalar::Bool(*self)));
    }
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar) {
        if name == names[0] {
            *self = value.to_f64() != 0.0;
        }
    }
}

impl Setting for usize {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>) {
        all.push((names[0], Scalar::Int(i64::try_from(*self).unwrap_or(i64::MAX))));
    }
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar) {
        if name == names[0] {
            *self = value.to_f64().max(0.0) as usize;
        }
    }
}

// Absent is saved as NaN, which no setting may be.
impl Setting for Option<f64> {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>) {
        all.push((names[0], Scalar::Float(self.unwrap_or(f64::NAN))));
    }
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar) {
        if name == names[0] {
            *self = Some(value.to_f64()).filter(|x| !x.is_nan());
        }
    }
}

impl Setting for (f64, f64) {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>) {
        all.extend([(names[1], Scalar::Float(self.0)), (names[2], Scalar::Float(self.1))]);
    }
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar) {
        let [_, first, second, _] = names;
        Setting::load(&mut self.0, [first; 4], name, value);
        Setting::load(&mut self.1, [second; 4], name, value);
    }
}

impl Setting for (f64, f64, f64) {
    fn save(&self, names: [&'static str; 4], all: &mut Vec<(&'static str, Scalar)>) {
        let values = [self.0, self.1, self.2];
        all.extend(names.into_iter().skip(1).zip(values).map(|(name, x)| (name, Scalar::Float(x))));
    }
    fn load(&mut self, names: [&'static str; 4], name: &str, value: Scalar) {
        for (field, own) in [&mut self.0, &mut self.1, &mut self.2].into_iter().zip(names.into_iter().skip(1)) {
            Setting::load(field, [own; 4], name, value);
        }
    }
}

/// Settings that have to be finite numbers of at least 0.
pub(crate) fn none_negative<const N: usize>(rule: &'static str, settings: [(&str, f64); N]) -> Result<()> {
    settings.into_iter().try_for_each(|(name, value)| crate::rule::at_least_zero(rule, name, value))
}

/// The two decays of a family of Adam.
pub(crate) fn betas_below_one(rule: &'static str, betas: (f64, f64)) -> Result<()> {
    crate::rule::below_one(rule, "betas.0", betas.0)?;
    crate::rule::below_one(rule, "betas.1", betas.1)
}

/// A setting outside of what it can mean.
pub(crate) fn outside(rule: &'static str, name: &str, value: f64, allowed: &str) -> Error {
    Error::new(rule, format!("{name} is {value}, and must be {allowed}"))
}

/// The gradient to descend along: turned round for `maximize`, with the share of the parameter that weight decay adds.
pub(crate) fn descent(p: &Tensor, g: &Tensor, maximize: bool, weight_decay: f64) -> Result<Tensor> {
    let g = if maximize { g.neg()? } else { g.clone() };
    if weight_decay == 0.0 { Ok(g) } else { g.add(&p.mul(weight_decay)?) }
}

/// `mean = decay mean + (1 - decay) x`.
pub(crate) fn average(mean: &mut Tensor, decay: f64, x: &Tensor) -> Result<()> {
    mean.mul_(decay)?.add_(&x.mul(1.0 - decay)?).map(drop)
}
