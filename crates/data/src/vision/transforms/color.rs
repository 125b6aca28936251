//! Colours, tones and sharpness.
use super::{between, functional, happens, ordered};
use crate::{Transform, random, random::Words};
use tensor_core::{Result, Tensor, rng};

/// Brightness, contrast, saturation and hue changed at random, in random order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColorJitter {
    /// The range of factors.
    pub brightness: Option<[f64; 2]>,
    /// The range of factors.
    pub contrast: Option<[f64; 2]>,
    /// The range of factors.
    pub saturation: Option<[f64; 2]>,
    /// The range of turns of the colour wheel, within -0.5 to 0.5.
    pub hue: Option<[f64; 2]>,
}

impl ColorJitter {
    /// Factors of `1 - b` to `1 + b` and so on, hue of `-h` to `h`; 0 leaves it alone.
    pub fn new(brightness: f64, contrast: f64, saturation: f64, hue: f64) -> ColorJitter {
        let around = |v: f64| (v != 0.0).then_some([(1.0 - v).max(0.0), 1.0 + v]);
        let (brightness, contrast, saturation) = (around(brightness), around(contrast), around(saturation));
        ColorJitter { brightness, contrast, saturation, hue: (hue != 0.0).then_some([-hue, hue]) }
    }
}

impl Transform for ColorJitter {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let mut generator = rng::generator();
        let order = random::permutation(4, &mut generator);
        rng::set_generator(generator);
        let mut words = Words::of_thread(4);
        type Adjust = fn(&Tensor, f64) -> Result<Tensor>;
        let all: [(&str, Option<[f64; 2]>, Adjust); 4] = [
            ("brightness", self.brightness, functional::adjust_brightness),
            ("contrast", self.contrast, functional::adjust_contrast),
            ("saturation", self.saturation, functional::adjust_saturation),
            ("hue", self.hue, functional::adjust_hue),
        ];
        let mut x = x.clone();
        for i in order {
            let (name, range, adjust) = all[i];
            if let Some(range) = range {
                ordered("ColorJitter", name, range)?;
                x = adjust(&x, between(&mut words, range))?;
            }
        }
        Ok(x)
    }
}

/// Grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grayscale {
    /// 1, or 3 equal ones.
    pub num_output_channels: usize,
}

impl Default for Grayscale {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Grayscale {
    /// torchvision's default is 1.
    pub fn new(num_output_channels: usize) -> Grayscale {
        Grayscale { num_output_channels }
    }
}

impl Transform for Grayscale {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        functional::rgb_to_grayscale(x, self.num_output_channels)
    }
}

/// Blurs by a bell of random width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianBlur {
    /// Taps along x and y; odd.
    pub kernel_size: [usize; 2],
    /// The range of widths.
    pub sigma: [f64; 2],
}

impl GaussianBlur {
    /// Widths of 0.1 to 2.
    pub fn new(kernel_size: usize) -> GaussianBlur {
        GaussianBlur { kernel_size: [kernel_size; 2], sigma: [0.1, 2.0] }
    }

    /// With another range of widths.
    pub fn sigma(self, sigma: [f64; 2]) -> GaussianBlur {
        GaussianBlur { sigma, ..self }
    }
}

impl Transform for GaussianBlur {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        ordered("GaussianBlur", "sigma", self.sigma)?;
        let sigma = between(&mut Words::of_thread(1), self.sigma);
        functional::gaussian_blur(x, self.kernel_size, [sigma; 2])
    }
}

// What is done with probability `p`: the struct, its setting, torchvision's default of `p`, and the function.
macro_rules! at_times {
    ($($(#[$doc:meta])* $Name:ident $(($setting:ident: $t:ty))?, $p:literal, |$this:ident, $x:ident| $apply:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $Name {
            $(
                /// What the function of the same purpose takes.
                pub $setting: $t,
            )?
            /// How often.
            pub p: f64,
        }

        impl $Name {
            #[doc = concat!("With the probability of torchvision's default, ", $p, ".")]
            pub fn new($($setting: $t)?) -> $Name {
                $Name { $($setting,)? p: $p }
            }

            /// With another probability.
            pub fn p(mut self, p: f64) -> $Name {
                self.p = p;
                self
            }
        }

        impl Transform for $Name {
            fn apply(&self, $x: &Tensor) -> Result<Tensor> {
                let $this = self;
                if happens(&mut Words::of_thread(1), $this.p) { $apply } else { Ok($x.clone()) }
            }
        }
    )* };
}

at_times! {
    /// Sharpens or smoothes.
    RandomAdjustSharpness(sharpness_factor: f64), 0.5, |t, x| functional::adjust_sharpness(x, t.sharpness_factor);
    /// Keeps only some bits of each byte.
    RandomPosterize(bits: u32), 0.5, |t, x| functional::posterize(x, t.bits);
    /// Inverts what is bright.
    RandomSolarize(threshold: f64), 0.5, |t, x| functional::solarize(x, t.threshold);
}

macro_rules! plain_at_times {
    ($($(#[$doc:meta])* $Name:ident, $p:literal, |$x:ident| $apply:expr;)*) => { $(
        at_times! { $(#[$doc])* $Name, $p, |_t, $x| $apply; }

        impl Default for $Name {
            fn default() -> Self {
                Self::new()
            }
        }
    )* };
}

plain_at_times! {
    /// Makes grey of it, in as many channels.
    RandomGrayscale, 0.1, |x| functional::rgb_to_grayscale(x, if x.dim() > 2 { x.size(-3)? } else { 1 });
    /// Inverts.
    RandomInvert, 0.5, |x| functional::invert(x);
    /// Stretches each channel to the whole range.
    RandomAutocontrast, 0.5, |x| functional::autocontrast(x);
    /// Spreads each channel so that all values are about as frequent.
    RandomEqualize, 0.5, |x| functional::equalize(x);
}
