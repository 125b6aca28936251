//! The table of optimizers: what a row says (settings, defaults, one update) becomes a type and its [`Rule`].
//!
//! [`Rule`]: crate::Rule

/// Makes the settings, their defaults, saving, and the alias of [`crate::Optim`] from a row.
///
/// `Name, Options, each update { settings with defaults }`, where `update` is a function of the settings, one parameter,
/// its gradient and its state; or `group update`, a function of the settings, all members of a group and what they share.
/// `+ { .. }` adds to the implementation of the rule.
macro_rules! optimizers {
    ($(
        $(#[doc = $doc:literal])*
        $Name:ident, $Options:ident, $kind:ident $update:path {
            $( $(#[$about:meta])* $field:ident: $Type:ty = $default:expr ),* $(,)?
        } $(+ { $($more:tt)* })?
    )*) => {$(
        $(#[doc = $doc])*
        pub type $Name = $crate::Optim<$Options>;

        #[doc = concat!("Settings of [`", stringify!($Name), "`].")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Options {
            $(
                #[doc = $crate::table::about!($field)]
                #[doc = concat!(" Default: `", stringify!($default), "`.")]
                $(#[$about])*
                pub $field: $Type,
            )*
        }

        impl Default for $Options {
            fn default() -> $Options {
                $Options { $( $field: $default, )* }
            }
        }

        impl From<f64> for $Options {
            fn from(lr: f64) -> $Options {
                let mut options = $Options::default();
                $crate::Rule::set_lr(&mut options, lr);
                options
            }
        }

        impl $crate::Rule for $Options {
            fn name(&self) -> &'static str {
                stringify!($Name)
            }
            fn about(&self) -> &'static str {
                concat!($($doc, "\n"),*)
            }
            fn settings(&self) -> Vec<(&'static str, $crate::Setting)> {
                vec![$( (stringify!($field), $crate::Settable::get(&self.$field)) ),*]
            }
            fn set(&mut self, name: &str, value: &$crate::Setting) -> bool {
                match name {
                    $( stringify!($field) => $crate::Settable::take(&mut self.$field, value), )*
                    _ => false,
                }
            }
            $crate::table::update_by! { $kind $update }
            $($($more)*)?
        }
    )*};
}

/// The method that the kind of an update implements.
macro_rules! update_by {
    (each $update:path) => {
        fn update(
            &self,
            p: &mut tensor_core::Tensor,
            g: &tensor_core::Tensor,
            state: &mut $crate::State,
        ) -> tensor_core::Result<()> {
            $update(self, p, g, state)
        }
    };
    (group $update:path) => {
        fn update_group(
            &self,
            members: &mut [$crate::Member<'_>],
            shared: &mut $crate::Shared,
        ) -> tensor_core::Result<()> {
            $update(self, members, shared)
        }
    };
}

/// What a setting means wherever it has this name.
macro_rules! about {
    (lr) => {
        "Step size."
    };
    (betas) => {
        "Decays of the running means: of the gradient, of its square, and of a third where there is one."
    };
    (beta) => {
        "Decay of the running mean."
    };
    (momentum) => {
        "Share of the old step in the new one."
    };
    (dampening) => {
        "What the gradient loses when it enters the momentum."
    };
    (nesterov) => {
        "Look ahead along the momentum."
    };
    (eps) => {
        "Added to what is divided by."
    };
    (weight_decay) => {
        "Share of the parameter that decays."
    };
    (weight_decouple) => {
        "Decay the parameter itself, as AdamW does, instead of through the gradient."
    };
    (fixed_decay) => {
        "Decoupled decay does not depend on the learning rate."
    };
    (decoupled_weight_decay) => {
        "Decay the parameter itself, as AdamW does, instead of through the gradient."
    };
    (amsgrad) => {
        "Divide by the largest second moment so far (Reddi et al., 2018)."
    };
    (ams_bound) => {
        "Divide by the largest second moment so far (Reddi et al., 2018)."
    };
    (maximize) => {
        "Go up instead of down."
    };
    (rectify) => {
        "Rectify the rate as RAdam does."
    };
    (n_sma_threshold) => {
        "Length of the average below which the rate is not adaptive."
    };
    (degenerated_to_sgd) => {
        "Below the threshold, step along the momentum instead of waiting."
    };
    (centered) => {
        "Divide by the deviation instead of the size."
    };
    (cautious) => {
        "Leave out elements whose update and gradient differ in sign."
    };
    (k) => {
        "How often, or how many."
    };
    (alpha) => {
        "The weight called alpha in the formula."
    };
    (grad_averaging) => {
        "Weigh the gradient by `1 - beta1` in the running mean."
    };
    (d0) => {
        "First estimate of the distance to the solution."
    };
    (growth_rate) => {
        "By how much the estimate may grow in a step."
    };
    (update_proj_gap) => {
        "Steps from one renewal to the next."
    };
    (use_muon) => {
        "Whether the group is Muon's; else it is AdamW's."
    };
    (adamw_lr) => {
        "Step size of an AdamW group."
    };
    (adamw_betas) => {
        "Decays of the running means of an AdamW group."
    };
    (adamw_wd) => {
        "Weight decay of an AdamW group."
    };
    (adamw_eps) => {
        "Added to what an AdamW group divides by."
    };
    (ns_steps) => {
        "Newton-Schulz steps."
    };
    (ns_coeffs) => {
        "The polynomials of the Newton-Schulz steps."
    };
    (ns_method) => {
        "How the orthogonal matrix is found."
    };
    (ns_reset_steps) => {
        "Newton-Schulz steps before which the method `gram_newton_schulz` starts anew."
    };
    (use_adjusted_lr) => {
        "The rate of Moonlight (Liu et al., 2025, <https://arxiv.org/abs/2502.16982>), `lr 0.2 sqrt(max(m, n))`."
    };
    ($other:ident) => {
        "As in the formula."
    };
}
pub(crate) use {about, optimizers, update_by};
