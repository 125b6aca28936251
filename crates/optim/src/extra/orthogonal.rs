//! The nearest orthogonal matrix by polynomials, as the family of Muon has it.
use crate::{
    matrices::newton_schulz,
    setting::{Settable, Setting, choice, outside},
    words::as_matrix,
};
use tensor_core::{DType, Error, Result, Tensor};

choice! {
    /// How the family of [`Muon`](super::Muon) finds orthogonal matrices.
    NsMethod {
        /// Newton-Schulz steps on the matrix, in bf16.
        #[default]
        NewtonSchulz = "newton_schulz",
        /// The same polynomials of the small matrix `X X^T`, in f16 (Dao AI Lab, 2026,
        /// <https://dao-lab.ai/blog/2026/gram-newton-schulz/>).
        GramNewtonSchulz = "gram_newton_schulz",
    }
}

/// The polynomials `a X + b (X X^T) X + c (X X^T)^2 X`, one for each Newton-Schulz step; the last one serves all steps
/// after it. As a setting: a name, three numbers, or three for each polynomial.
///
/// ```
/// use optim::extra::Quintics;
/// assert_eq!(Quintics::named("original"), Some(Quintics(vec![(3.4445, -4.7750, 2.0315)])));
/// assert_eq!(Quintics::named("cubic"), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quintics(pub Vec<(f64, f64, f64)>);

impl Default for Quintics {
    fn default() -> Quintics {
        Quintics(NAMED[0].1.to_vec())
    }
}

/// One polynomial: Jordan et al., 2024. Five: modded-nanogpt. Eight: Polar Express (Amsel et al., 2025,
/// <https://arxiv.org/abs/2505.16932>) with a margin of 1 % and of 2 %.
const NAMED: [(&str, &[(f64, f64, f64)]); 4] = [
    ("original", &[(3.4445, -4.7750, 2.0315)]),
    (
        "quintic",
        &[
            (4.0848, -6.8946, 2.9270),
            (3.9505, -6.3029, 2.6377),
            (3.7418, -5.5913, 2.3037),
            (2.8769, -3.1427, 1.2046),
            (2.8366, -3.0525, 1.2012),
        ],
    ),
    (
        "polar_express",
        &[
            (8.237312490495555, -23.157747414558198, 16.680568411445915),
            (4.082441999064835, -2.893047735332586, 0.5252849256975648),
            (3.9263479922546582, -2.8547468034765298, 0.5318022422894988),
            (3.2982187133085143, -2.424541981026706, 0.48632008358844075),
            (2.2970369434552573, -1.63662558125903, 0.4002628455953627),
            (1.8763805351440397, -1.2347896577722228, 0.35891887501668385),
            (1.8564423485617974, -1.2132449880935525, 0.3568003487825883),
            (1.8749994008682747, -1.2499988017229169, 0.3749994008546422),
        ],
    ),
    (
        "polar_express_safer",
        &[
            (8.156554524902461, -22.48329292557795, 15.878769915207462),
            (4.0429299351667245, -2.808917465908704, 0.5000178451051299),
            (3.8916678022926563, -2.7724841532176825, 0.5060648178503389),
            (3.285753657755658, -2.3681294933425394, 0.46449024233003117),
            (2.3005307116270983, -1.6111665557258408, 0.3833374427545273),
            (1.8631210546382593, -1.2042160621002727, 0.3421879560523383),
            (1.8382572152247512, -1.1779263289537742, 0.3396513038637379),
            (1.8749999923301852, -1.2499999836060613, 0.374999991275876),
        ],
    ),
];

impl Quintics {
    /// Those of a name: `original`, `quintic`, `polar_express`, `polar_express_safer`.
    pub fn named(name: &str) -> Option<Quintics> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, weights)| Quintics(weights.to_vec()))
    }

    fn of_numbers(numbers: &[f64]) -> Option<Quintics> {
        let whole = !numbers.is_empty() && numbers.len().is_multiple_of(3);
        whole.then(|| Quintics(numbers.chunks_exact(3).map(|w| (w[0], w[1], w[2])).collect()))
    }
}

impl Settable for Quintics {
    fn get(&self) -> Setting {
        match NAMED.iter().find(|(_, weights)| *weights == self.0) {
            Some((name, _)) => (*name).into(),
            None => self.0.iter().flat_map(|&(a, b, c)| [a, b, c]).collect::<Vec<f64>>().into(),
        }
    }
    fn take(&mut self, value: &Setting) -> bool {
        let flat = |items: &[Setting]| items.iter().map(Setting::number).collect::<Option<Vec<f64>>>();
        let new = match value {
            Setting::Text(name) => Quintics::named(&name.to_lowercase()),
            Setting::List(items) => {
                let parts: Option<Vec<Vec<f64>>> = items
                    .iter()
                    .map(|item| match item {
                        Setting::List(three) if three.len() == 3 => flat(three),
                        _ => None,
                    })
                    .collect();
                flat(items).or(parts.map(|parts| parts.concat())).and_then(|numbers| Quintics::of_numbers(&numbers))
            }
            _ => None,
        };
        new.map(|new| *self = new).is_some()
    }
}

/// How a momentum is made orthogonal.
pub(super) struct Orthogonal<'a> {
    pub steps: usize,
    pub quintics: &'a Quintics,
    pub method: NsMethod,
    /// Steps before which the method by `X X^T` starts again from `X`.
    pub resets: &'a [usize],
}

/// Below this length a matrix is taken as 0.
const EPS: f64 = 1e-7;

impl Orthogonal<'_> {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self, rule: &'static str) -> Result<()> {
        if !(1..100).contains(&self.steps) {
            return Err(outside(rule, "ns_steps", self.steps as f64, "at least 1 and below 100"));
        }
        if self.quintics.0.is_empty() {
            return Err(Error::new(rule, "ns_coeffs has no polynomials").hint("Quintics::default() has one"));
        }
        Ok(())
    }

    /// About the orthogonal matrix nearest to `x`, in f32, the numbers being those of bf16 or f16; a vector is a column,
    /// and what has more dimensions has all but the first in one.
    pub(super) fn nearest(&self, x: &Tensor) -> Result<Tensor> {
        let matrix = as_matrix(x)?;
        let last = self.quintics.0.len().saturating_sub(1);
        let weights: Vec<_> = (0..self.steps).filter_map(|i| self.quintics.0.get(i.min(last)).copied()).collect();
        match self.method {
            NsMethod::NewtonSchulz => newton_schulz(&matrix, &weights, EPS),
            NsMethod::GramNewtonSchulz => gram_newton_schulz(&matrix, &weights, self.resets),
        }
    }
}

/// `Q X` where `Q` is the product of the polynomials of `R = X X^T`, which is carried on with them: `Z = b R + c R^2`,
/// `Q = (a + Z) Q`, `R = (a + Z) R (a + Z)`. Rounding drives `R` away from `Q X X^T Q`, so it starts anew at `resets`.
fn gram_newton_schulz(x: &Tensor, weights: &[(f64, f64, f64)], resets: &[usize]) -> Result<Tensor> {
    let round = |x: Tensor| x.to_dtype(DType::F16)?.to_dtype(DType::F32);
    let tall = x.shape()[0] > x.shape()[1];
    let mut x = x.to_dtype(DType::F32)?;
    if tall {
        x = x.t()?;
    }
    x = round(x.div(&x.square()?.sum()?.sqrt()?.maximum(EPS)?)?)?;
    let mut r = round(x.matmul(&x.t()?)?)?;
    let mut q: Option<Tensor> = None;
    for (i, &(a, b, c)) in weights.iter().enumerate() {
        if resets.contains(&i)
            && let Some(q) = q.take()
        {
            x = round(q.matmul(&x)?)?;
            r = round(x.matmul(&x.t()?)?)?;
        }
        let z = round(r.mul(b)?.add(&r.matmul(&r)?.mul(c)?)?)?;
        q = Some(round(match &q {
            Some(q) => q.mul(a)?.add(&q.matmul(&z)?)?,
            // The package rounds the number before it adds it to the diagonal.
            None => z.add(&round(Tensor::eye(z.shape()[0])?.to_device(&z.device())?.mul(a)?)?)?,
        })?);
        if i + 1 < weights.len() && !resets.contains(&(i + 1)) {
            let half = round(r.mul(a)?.add(&r.matmul(&z)?)?)?;
            r = round(half.mul(a)?.add(&z.matmul(&half)?)?)?;
        }
    }
    if let Some(q) = q {
        x = round(q.matmul(&x)?)?;
    }
    if tall { x.t() } else { Ok(x) }
}

/// How the rate depends on the shape `[m, n]`: `0.2 sqrt(max(m, n))` (Moonlight: steps as large as AdamW's), or
/// `sqrt(max(1, m / n))`.
pub(super) fn shape_rate(shape: &[usize], adjusted: bool) -> f64 {
    let rows = shape.first().map_or(1.0, |&rows| rows as f64);
    let columns = shape.iter().skip(1).product::<usize>() as f64;
    if adjusted { 0.2 * rows.max(columns).sqrt() } else { (rows / columns).max(1.0).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both methods, on wide and tall matrices: all singular values come near 1.
    #[test]
    fn both_methods_make_a_matrix_orthogonal() {
        let quintics = Quintics::named("polar_express").unwrap();
        for method in [NsMethod::NewtonSchulz, NsMethod::GramNewtonSchulz] {
            for shape in [[4, 9], [9, 4]] {
                let orthogonal = Orthogonal { steps: 8, quintics: &quintics, method, resets: &[2] };
                let x = orthogonal.nearest(&Tensor::randn(shape).unwrap()).unwrap();
                assert_eq!(x.shape(), shape);
                let wide = if shape[0] > shape[1] { x.t().unwrap() } else { x };
                let gram = wide.matmul(&wide.t().unwrap()).unwrap();
                let far = gram.sub(&Tensor::eye(4).unwrap()).unwrap().abs().unwrap().amax().unwrap();
                assert!(far.item::<f64>().unwrap() < 0.1, "{method:?} of {shape:?}: {far:?}");
            }
        }
    }

    #[test]
    fn polynomials_are_a_setting() {
        let mut quintics = Quintics::default();
        assert_eq!(quintics.get(), "original".into());
        assert!(quintics.take(&"Polar_Express".into()) && quintics.0.len() == 8);
        assert_eq!(quintics.get(), "polar_express".into());
        let own = Quintics(vec![(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)]);
        let nested = Setting::List(vec![(1.0, 2.0, 3.0).into(), (4.0, 5.0, 6.0).into()]);
        for form in [nested, own.get(), Setting::from_tensor(&own.get().to_tensor().unwrap()).unwrap()] {
            assert!(quintics.take(&form) && quintics == own);
        }
        for wrong in [Setting::List(vec![]), vec![1.0, 2.0].into(), "?!".into(), 3.0.into()] {
            assert!(!quintics.take(&wrong) && quintics == own, "{wrong:?}");
        }
    }
}
