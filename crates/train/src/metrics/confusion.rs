//! Which class is taken for which, and everything that follows from it.
use super::{class_ids, scores_and_ids};
use std::fmt;
use tensor_core::{DType, Error, Result, Tensor, no_grad};

/// How numbers of single classes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// The mean over classes that occur, each counted alike.
    #[default]
    Macro,
    /// Each class counted by its number of samples.
    Weighted,
    /// Of all samples together, whatever their class.
    Micro,
}

/// Counts of true classes (rows) and predicted ones (columns), over any number of batches.
///
/// ```
/// use train::{Average, ConfusionMatrix};
/// # use tensor_core::{Result, Tensor};
/// # fn main() -> Result<()> {
/// let mut matrix = ConfusionMatrix::new(2)?;
/// let scores = Tensor::from_slice(&[0.9f32, 0.1, 0.2, 0.8, 0.7, 0.3], [3, 2])?;
/// matrix.update(&scores, &Tensor::from_slice(&[0i64, 1, 1], [3])?)?;
/// assert_eq!(matrix.count(1, 0), 1); // a one that was read as zero
/// assert_eq!(matrix.recall(1), 0.5);
/// assert_eq!(matrix.balanced_accuracy(), 0.75);
/// assert!((matrix.f1_average(Average::Macro) - 2.0 / 3.0).abs() < 1e-12);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<usize>,
}

impl ConfusionMatrix {
    /// For so many classes, of nothing yet.
    pub fn new(classes: usize) -> Result<ConfusionMatrix> {
        let cells = classes.checked_mul(classes).filter(|cells| (1..=1 << 28).contains(cells));
        let cells = cells.ok_or_else(|| Error::new("confusion_matrix", format!("of {classes} classes")))?;
        Ok(ConfusionMatrix { classes, counts: vec![0; cells] })
    }

    /// Counts a batch: scores `[N, C]`, of which the highest is the guess, or guessed class ids `[N]`; and class ids `[N]`.
    pub fn update(&mut self, scores: &Tensor, target: &Tensor) -> Result<()> {
        const OP: &str = "confusion_matrix";
        let _unrecorded = no_grad();
        let guess = if scores.dim() == 1 && scores.dtype().is_int() {
            scores.to_dtype(DType::I64)?
        } else {
            scores_and_ids(OP, scores, target)?;
            if scores.shape()[0] == 0 {
                return Ok(());
            }
            scores.argmax(Some(1), tensor_core::DROP)?
        };
        class_ids(OP, target)?;
        if guess.shape() != target.shape() {
            return Err(Error::new(OP, "guesses and targets differ in number").operands([scores, target]));
        }
        let (guess, target) = (guess.to_vec::<i64>()?, target.to_vec::<i64>()?);
        let inside = |id: i64| usize::try_from(id).ok().filter(|id| *id < self.classes);
        let mut cells = Vec::with_capacity(guess.len());
        for (guess, target) in guess.into_iter().zip(target) {
            let (Some(column), Some(row)) = (inside(guess), inside(target)) else {
                let id = if inside(target).is_none() { target } else { guess };
                return Err(Error::new(OP, format!("class id {id} is outside of the {} classes", self.classes))
                    .hint("ids run from 0; make the matrix for more classes"));
            };
            cells.push(row * self.classes + column);
        }
        for cell in cells {
            self.counts[cell] += 1;
        }
        Ok(())
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }
    /// How often class `truth` was taken for class `guess`; 0 for classes that there are not.
    pub fn count(&self, truth: usize, guess: usize) -> usize {
        if truth < self.classes && guess < self.classes { self.counts[truth * self.classes + guess] } else { 0 }
    }
    /// The matrix `[C, C]`: truth down, guess across.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let counts: Vec<i64> = self.counts.iter().map(|&n| n as i64).collect();
        Tensor::from_slice(&counts, [self.classes, self.classes])
    }
    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.counts.iter().sum()
    }

    fn right(&self, class: usize) -> f64 {
        self.count(class, class) as f64
    }
    fn of_class(&self, class: usize) -> f64 {
        (0..self.classes).map(|guess| self.count(class, guess)).sum::<usize>() as f64
    }
    fn taken_for(&self, class: usize) -> f64 {
        (0..self.classes).map(|truth| self.count(truth, class)).sum::<usize>() as f64
    }

    /// The share of samples that are right; NaN of nothing.
    pub fn accuracy(&self) -> f64 {
        (0..self.classes).map(|c| self.right(c)).sum::<f64>() / self.samples() as f64
    }
    /// Of the samples that were taken for `class`, the share that is of it; 0 where there are none.
    pub fn precision(&self, class: usize) -> f64 {
        ratio(self.right(class), self.taken_for(class))
    }
    /// Of the samples of `class`, the share that was taken for it; 0 where there are none.
    pub fn recall(&self, class: usize) -> f64 {
        ratio(self.right(class), self.of_class(class))
    }
    /// The harmonic mean of precision and recall.
    pub fn f1(&self, class: usize) -> f64 {
        ratio(2.0 * self.right(class), self.of_class(class) + self.taken_for(class))
    }
    /// The mean recall of the classes that occur: accuracy as if all were equally frequent. NaN of nothing.
    pub fn balanced_accuracy(&self) -> f64 {
        let there: Vec<usize> = (0..self.classes).filter(|&c| self.of_class(c) > 0.0).collect();
        there.iter().map(|&c| self.recall(c)).sum::<f64>() / there.len() as f64
    }

    /// [`ConfusionMatrix::precision`] of all classes.
    pub fn precision_average(&self, average: Average) -> f64 {
        self.average(average, |c| self.precision(c))
    }
    /// [`ConfusionMatrix::recall`] of all classes.
    pub fn recall_average(&self, average: Average) -> f64 {
        self.average(average, |c| self.recall(c))
    }
    /// [`ConfusionMatrix::f1`] of all classes.
    pub fn f1_average(&self, average: Average) -> f64 {
        self.average(average, |c| self.f1(c))
    }

    fn average(&self, average: Average, of: impl Fn(usize) -> f64) -> f64 {
        // As in scikit-learn: classes that occur, or were guessed.
        let seen = (0..self.classes).filter(|&c| self.of_class(c) + self.taken_for(c) > 0.0);
        match average {
            Average::Micro => self.accuracy(),
            Average::Macro => {
                let (sum, n) = seen.fold((0.0, 0), |(sum, n), c| (sum + of(c), n + 1));
                sum / f64::from(n)
            }
            Average::Weighted => seen.map(|c| self.of_class(c) * of(c)).sum::<f64>() / self.samples() as f64,
        }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// Rows of counts, truth down, guess across.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.counts.iter().max().map_or(1, |n| n.to_string().len()).max(2);
        for row in self.counts.chunks(self.classes) {
            let cells: Vec<String> = row.iter().map(|n| format!("{n:>width$}")).collect();
            writeln!(f, "{}", cells.join(" "))?;
        }
        Ok(())
    }
}
