//! Max pooling with windows that are placed at random, so that sizes can shrink by a fraction.
use crate::{Buffer, Forward, Module, Place, Sizes, scope_with};
use tensor_core::{DROP, DType, Error, Result, Tensor};

/// How large the output is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FractionalSize<const N: usize> {
    /// These sizes.
    Size(Sizes<N>),
    /// These shares, between 0 and 1, of the input's sizes.
    Ratio([f64; N]),
}

impl<const N: usize> FractionalSize<N> {
    fn of(&self, op: &'static str, x: &Tensor) -> Result<[usize; N]> {
        match *self {
            FractionalSize::Size(sizes) => Ok(sizes.0),
            FractionalSize::Ratio(ratio) if ratio.iter().all(|&r| r > 0.0 && r < 1.0) => {
                let first = x.dim() - N;
                Ok(std::array::from_fn(|i| (x.shape()[first + i] as f64 * ratio[i]) as usize))
            }
            FractionalSize::Ratio(ratio) => {
                Err(Error::new(op, format!("the ratio {ratio:?} is not between 0 and 1")).operands([x]))
            }
        }
    }
}

/// Where the windows of one spatial dim of one plane begin. PyTorch computes in the dtype of the input.
fn starts(sample: f64, input: usize, output: usize, window: usize, single: bool) -> Vec<usize> {
    let room = input - window;
    let at = |i: usize| {
        if single {
            let alpha = room as f32 / (output - 1) as f32;
            ((i as f32 + sample as f32) * alpha) as usize - (sample as f32 * alpha) as usize
        } else {
            let alpha = room as f64 / (output - 1) as f64;
            ((i as f64 + sample) * alpha) as usize - (sample * alpha) as usize
        }
    };
    // The last window ends where the input does.
    (0..output).map(|i| if i + 1 == output { room } else { at(i) }).collect()
}

/// Largest elements and their positions. `samples` is `[N, C, dims]`; which of its numbers is for which dim is `order`.
fn pooled<const N: usize>(
    op: &'static str,
    given: &Tensor,
    window: [usize; N],
    size: FractionalSize<N>,
    samples: Option<&Tensor>,
    order: [usize; N],
) -> Result<(Tensor, Tensor)> {
    let wrong = |why: String| Error::new(op, why).operands([given]);
    let x = match given.dim() {
        d if d == N + 1 => given.unsqueeze(0)?,
        d if d == N + 2 => given.clone(),
        d => return Err(wrong(format!("the input must have {} or {} dims, got {d}", N + 1, N + 2))),
    };
    if x.shape()[1..].contains(&0) {
        return Err(wrong("only the batch may be empty".into()));
    }
    let out = size.of(op, &x)?;
    let input: [usize; N] = std::array::from_fn(|i| x.shape()[i + 2]);
    for i in 0..N {
        if window[i] == 0 || out[i] == 0 || (out[i] - 1).saturating_add(window[i]) > input[i] {
            let message = format!("{} windows of {} do not fit into {}", out[i], window[i], input[i]);
            return Err(wrong(format!("spatial dim {i}: {message}")));
        }
    }
    let (n, c) = (x.shape()[0], x.shape()[1]);
    let drawn = match samples {
        // More samples than the batch needs are fine.
        Some(samples) if matches!(*samples.shape(), [m, c2, dims] if m >= n && c2 == c && dims == N) => {
            samples.narrow(0, 0, n)?.to_vec::<f64>()?
        }
        Some(samples) => {
            return Err(Error::new(op, format!("the random samples must be {:?}", [n, c, N])).operands([samples]));
        }
        None => Tensor::rand_on([n, c, N], if x.dtype() == DType::F64 { DType::F64 } else { DType::F32 }, &x.device())?
            .to_vec::<f64>()?,
    };
    let (windows, inside): (usize, usize) = (out.iter().product(), window.iter().product());
    let mut positions = Vec::with_capacity(n * c * windows * inside);
    for plane in drawn.chunks_exact(N) {
        let begin: [Vec<usize>; N] =
            std::array::from_fn(|i| starts(plane[order[i]], input[i], out[i], window[i], x.dtype() != DType::F64));
        for w in 0..windows {
            let corner = unravel(w, out);
            for e in 0..inside {
                let step = unravel(e, window);
                let at = (0..N).fold(0, |at, i| at * input[i] + begin[i][corner[i]] + step[i]);
                positions.push(at as i64);
            }
        }
    }
    let positions = Tensor::from_slice(&positions, [n, c, windows * inside])?.to_device(&x.device())?;
    let flat = x.reshape([n, c, input.iter().product()])?.gather(2, &positions)?;
    let (values, chosen) = flat.reshape([n, c, windows, inside])?.max_dim(3, DROP)?;
    let indices = positions.reshape([n, c, windows, inside])?.gather(3, &chosen.unsqueeze(3)?)?.squeeze_dim(3)?;
    let shape = [&given.shape()[..given.dim() - N], &out[..]].concat();
    Ok((values.reshape(&shape)?, indices.reshape(&shape)?))
}

fn unravel<const N: usize>(mut flat: usize, sizes: [usize; N]) -> [usize; N] {
    let mut index = [0; N];
    for i in (0..N).rev() {
        index[i] = flat % sizes[i];
        flat /= sizes[i];
    }
    index
}

macro_rules! pools {
    ($( $(#[$doc:meta])* $Name:ident over $n:literal by $op:literal $order:tt; )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Module)]
        pub struct $Name {
            /// Sizes of the window.
            #[module(plain)]
            pub kernel_size: Sizes<$n>,
            /// How large the output is.
            #[module(plain)]
            pub output: FractionalSize<$n>,
            #[doc = concat!("`[N, C, ", $n, "]`: where the windows begin, for a result that repeats; `None` to draw anew each time.")]
            #[module(rename = "_random_samples")]
            pub random_samples: Option<Buffer>,
            place: Place,
        }

        impl $Name {
            /// Windows of this size, as many as `output` asks for.
            pub fn new(kernel_size: impl Into<Sizes<$n>>, output: FractionalSize<$n>) -> $Name {
                $Name { kernel_size: kernel_size.into(), output, random_samples: None, place: Place::new() }
            }
            /// The output and, second, where in the flattened spatial dims each element stood: PyTorch's
            /// `return_indices`.
            pub fn forward_with_indices(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
                let samples = self.random_samples.as_deref();
                scope_with(self, x, |x| pooled($op, x, self.kernel_size.0, self.output, samples, $order))
            }
        }

        impl Forward for $Name {
            fn forward(&self, x: &Tensor) -> Result<Tensor> {
                Ok(self.forward_with_indices(x)?.0)
            }
        }
    )* };
}
pools! {
    /// The largest elements of windows that overlap at random, so that an image shrinks by any factor (Graham, 2014).
    ///
    /// # Shapes
    /// input `[N, C, H, W]` or `[C, H, W]`, output the same but for the last dims, which are as asked for.
    ///
    /// ```
    /// use nn::{Forward, FractionalMaxPool2d, FractionalSize};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let pool = FractionalMaxPool2d::new(2, FractionalSize::Ratio([0.7, 0.7]));
    /// assert_eq!(pool.forward(&Tensor::zeros([1, 3, 10, 10])?)?.shape(), [1, 3, 7, 7]);
    /// # Ok(()) }
    /// ```
    FractionalMaxPool2d over 2 by "fractional_max_pool2d" [1, 0];
    /// The largest elements of windows that overlap at random, so that a volume shrinks by any factor.
    ///
    /// # Shapes
    /// input `[N, C, D, H, W]` or `[C, D, H, W]`, output the same but for the last dims, which are as asked for.
    ///
    /// ```
    /// use nn::{Forward, FractionalMaxPool3d, FractionalSize};
    /// # use tensor_core::{Result, Tensor};
    /// # fn main() -> Result<()> {
    /// let pool = FractionalMaxPool3d::new(2, FractionalSize::Size(3.into()));
    /// assert_eq!(pool.forward(&Tensor::zeros([1, 2, 5, 5, 5])?)?.shape(), [1, 2, 3, 3, 3]);
    /// # Ok(()) }
    /// ```
    FractionalMaxPool3d over 3 by "fractional_max_pool3d" [0, 1, 2];
}
