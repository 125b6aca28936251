//! What nearly every program uses: `use flambeau::prelude::*;`.
pub use crate::{
    BestDevice, data, files, nn,
    nn::{
        AvgPool2d, AvgPool2dOptions, BatchNorm1d, BatchNorm2d, BatchNormOptions, Buffer, Conv2d, Conv2dOptions,
        Dropout, Flatten, Forward, Identity, Layer, Linear, LinearOptions, LogSoftmax, Loss, MaxPool2d,
        MaxPool2dOptions, Mode, Module, Padding, Parameter, ReLU, Reduction, Sequential, Sigmoid, Softmax, StateDict,
        Tanh,
        functional::{
            binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, huber_loss, kl_div, l1_loss,
            mse_loss, nll_loss, smooth_l1_loss,
        },
        init,
        loss::{
            BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, NLLLoss, SmoothL1Loss,
        },
        scope,
    },
    optim, train,
};
pub use autograd::{Backward, grad};
pub use data::{DataLoader, Dataset};
pub use optim::{
    Adam, AdamOptions, AdamW, AdamWOptions, Optimizer, SGD, SGDOptions, clip_grad_norm_, clip_grad_value_,
    lr_scheduler::{
        CosineAnnealingLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, Schedule, Scheduler, StepLR,
    },
};
pub use tensor_core::{
    DROP, DType, Device, Error, ErrorKind, KEEP, Result, Scalar, Tensor, is_grad_enabled, manual_seed, memory_stats,
    no_grad, tensor,
};
pub use train::{Accuracy, Checkpoint, Mean, Progress};
