//! Every lint: its name, what it has seen, and what to do.
use std::fmt;

macro_rules! lints {
    ($( $(#[$doc:meta])* $Lint:ident $name:literal: $seen:literal, fix $fix:literal; )*) => {
        /// A mistake that can be told from what a training does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Lint { $( $(#[$doc])* $Lint, )* }

        impl Lint {
            /// Every lint, once.
            pub const ALL: &[Lint] = &[$( Lint::$Lint, )*];
            /// The name in messages: `zero-grad-forgotten`.
            pub fn name(self) -> &'static str {
                match self { $( Lint::$Lint => $name, )* }
            }
            /// What was seen when it speaks.
            pub fn seen(self) -> &'static str {
                match self { $( Lint::$Lint => $seen, )* }
            }
            /// What to do about it.
            pub fn fix(self) -> &'static str {
                match self { $( Lint::$Lint => $fix, )* }
            }
        }
    };
}

lints! {
    /// A parameter is stepped, and never gets a gradient.
    UnreachedParameter "unreached-parameter":
        "an optimizer has the parameter, it is not frozen, and no backward gave it a gradient",
        fix "use it in the forward, without detach(), no_grad() or integers between it and the loss; or freeze it and leave it out of the optimizer";
    /// Gradients of the last step are in those of this one.
    ZeroGradForgotten "zero-grad-forgotten":
        "a step used gradients to which an earlier step's, used before, had been added",
        fix "call optimizer.zero_grad() once for each step, before backward() or after step()";
    /// Nothing to step by.
    StepWithoutGradients "step-without-gradients":
        "a step found no gradient in any of its parameters, and changed nothing",
        fix "call loss.backward() before step(), and zero_grad() before backward(), not between the two";
    /// Gradients, and nobody who uses them.
    StepForgotten "step-forgotten":
        "backward ran again and again, no optimizer stepped, and the parameters are what they were",
        fix "call optimizer.step() after backward()";
    /// The optimizer holds parameters of something else.
    OptimizerOfAnotherModel "optimizer-of-another-model":
        "the model's parameters have gradients, and the optimizer that steps has none of these parameters",
        fix "make the optimizer of this model's parameters(); a clone() of a model has parameters of its own";
    /// The loss leads to no parameter.
    LossWithoutGraph "loss-without-graph":
        "backward was called on a loss for which nothing is recorded",
        fix "compute it outside of no_grad(), without detach() or integers on the way, from parameters that are not all frozen";
    /// Softmax, then a loss that applies it again.
    SoftmaxBeforeCrossEntropy "softmax-before-cross-entropy":
        "the input of cross_entropy (or of log_softmax) is an output of softmax or log_softmax",
        fix "give cross_entropy the scores as the last layer gives them; log-probabilities belong to nll_loss";
    /// Sigmoid, then a loss that applies it again.
    SigmoidBeforeLogitsLoss "sigmoid-before-logits-loss":
        "the input of binary_cross_entropy_with_logits is an output of sigmoid or softmax",
        fix "give it the scores as the last layer gives them, or use binary_cross_entropy";
    /// Scores or probabilities where log-probabilities belong.
    NllWithoutLogProbabilities "nll-without-log-probabilities":
        "nll_loss got numbers above 0, which no logarithm of a probability is",
        fix "apply log_softmax(1) first, or use cross_entropy, which does";
    /// Dropout and batch statistics while a model is judged.
    EvaluationInTrainMode "evaluation-in-train-mode":
        "outputs were judged, without training on them, while dropout or batch statistics were at work",
        fix "call model.eval() before the evaluation, and model.train() after it";
    /// Steps of a model that is set to evaluation.
    TrainingInEvalMode "training-in-eval-mode":
        "steps were made with every dropout and batch normalisation set to evaluation",
        fix "call model.train() before training, again after every model.eval()";
    /// The loss is not a number any more.
    NanLoss "nan-loss":
        "the loss is NaN or infinite",
        fix "keep the named operation away from where it is not defined: log(x + eps), clamp, a smaller learning rate, finite data";
    /// The steps are too long.
    LearningRateDiverges "learning-rate-diverges":
        "the loss has grown to more than a hundred times what it was at the start",
        fix "divide the learning rate by 10 until the loss falls; train::lr_find looks for a good one";
    /// Nothing moves.
    LearningRateZero "learning-rate-zero":
        "ten steps in a row were made with a learning rate of 0",
        fix "set a learning rate; a schedule that has come to its end is made for fewer steps than are taken";
    /// Gradients beyond all measure.
    GradientsExplode "gradients-explode":
        "gradients are infinite, NaN, or millions of times larger than the weights",
        fix "call clip_grad_norm_ before step(), start from smaller weights, or normalise between the layers";
    /// Gradients that are lost on their way to the first layers.
    GradientsVanish "gradients-vanish":
        "for several steps the gradient of a weight was less than a ten-millionth of that of another, for their sizes",
        fix "use ReLU-like activations, normalisation or residual connections, and weights that start as init::kaiming_normal_ makes them";
    /// Losses that hold what they were computed from.
    GraphKeptAlive "graph-kept-alive":
        "losses of several past steps, and all that they were computed from, are still alive",
        fix "keep numbers, not tensors: total += loss.item::<f64>()?, or loss.detach()";
    /// Pixels as they are stored.
    DataNotNormalised "data-not-normalised":
        "the model is fed whole numbers up to 255, as images are stored",
        fix "scale them: x.div(255.0), or a transform that makes floats and normalises";
    /// There is nothing to tell apart.
    LabelsOfOneClass "labels-of-one-class":
        "every class id that the loss has seen is the same",
        fix "look at how labels are read: a wrong column, a split by class, or ids that were all cut to 0";
    /// The order of the data is the order of its classes.
    DataNotShuffled "data-not-shuffled":
        "batch after batch holds a single class, one class after the other",
        fix "shuffle the training data: DataLoader::new(data).shuffle(true)";
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A mistake that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one.
    pub lint: Lint,
    /// What it was seen in: parameters, an operation, a loss.
    pub culprit: String,
    /// What was seen, with numbers.
    pub details: String,
}

/// `training lint zero-grad-forgotten: lin.weight: ...`, then the fix on a line of its own.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { lint, culprit, details } = self;
        write!(f, "training lint {lint}: {culprit}: {details}\n  fix: {}", lint.fix())
    }
}
