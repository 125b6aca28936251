//! What nearly every program uses: `use flambeau::prelude::*;`.
pub use crate::{
    BestDevice, data, files, nn,
    nn::{
        AdaptiveAvgPool2d, Attend, AvgPool1d, AvgPool2d, AvgPool2dOptions, BatchNorm1d, BatchNorm2d, BatchNorm3d,
        BatchNormOptions, Buffer, Conv1d, Conv1dOptions, Conv2d, Conv2dOptions, Conv3d, Conv3dOptions, ConvTranspose2d,
        ConvTranspose2dOptions, DecoderMasks, Dropout, Dropout2d, ELU, Embedding, EmbeddingBag, EmbeddingOptions,
        EncoderMasks, Flatten, Forward, GELU, GRU, GRUCell, GRUOptions, GroupNorm, Identity, InstanceNorm2d, LSTM,
        LSTMCell, LSTMOptions, Layer, LayerNorm, LayerNormOptions, LeakyReLU, Linear, LinearOptions, LogSoftmax, Loss,
        MaxPool1d, MaxPool2d, MaxPool2dOptions, Mode, Module, MultiheadAttention, MultiheadAttentionOptions, Padding,
        Parameter, PixelShuffle, RMSNorm, RNN, RNNCell, RNNOptions, ReLU, Reduction, Sequential, SiLU, Sigmoid,
        Softmax, StateDict, Tanh, Transformer, TransformerActivation, TransformerDecoder, TransformerDecoderLayer,
        TransformerEncoder, TransformerEncoderLayer, TransformerLayerOptions, TransformerMasks, TransformerOptions,
        Unflatten, Upsample,
        functional::{
            binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, huber_loss, kl_div, l1_loss,
            mse_loss, nll_loss, smooth_l1_loss,
        },
        init,
        loss::{
            BCELoss, BCEWithLogitsLoss, CTCLoss, CrossEntropyLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, NLLLoss,
            SmoothL1Loss,
        },
        scope, scope_with, summary,
    },
    optim, train,
};
#[cfg(feature = "images")]
pub use crate::{compose, vision};
pub use autograd::{Backward, grad};
pub use data::{DataLoader, Dataset};
pub use optim::{
    Adam, AdamOptions, AdamW, AdamWOptions, GradScaler, Optimizer, SGD, SGDOptions, clip_grad_norm_, clip_grad_value_,
    lr_scheduler::{
        CosineAnnealingLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, Schedule, Scheduler, StepLR,
    },
};
pub use tensor_core::{
    AutocastOptions, DROP, DType, Device, Error, ErrorKind, KEEP, Result, Scalar, Tensor, autocast, is_grad_enabled,
    manual_seed, memory_stats, no_grad, tensor,
};
pub use train::{
    Accuracy, Checkpoint, ConfusionMatrix, EarlyStopping, Lints, Mean, Progress, TopK, lr_find, update_bn,
};
