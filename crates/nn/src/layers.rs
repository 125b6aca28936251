//! Layers, a file each.
mod activation;
mod attention;
mod bilinear;
mod conv;
mod conv_transpose;
mod distance;
mod dropout;
mod embedding;
mod embedding_bag;
mod flatten;
mod fold;
mod linear;
mod norm;
mod padding;
mod pixel;
mod pool;
mod recurrent;
mod sequential;
mod softmax;
mod transformer;
mod tuned_activation;
mod upsample;
mod window;

pub use activation::{
    Hardsigmoid, Hardswish, Identity, LogSigmoid, Mish, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softsign, Tanh, Tanhshrink,
};
pub use attention::{Attend, MultiheadAttention, MultiheadAttentionOptions};
pub use bilinear::{Bilinear, BilinearOptions};
pub use conv::{Conv1d, Conv1dOptions, Conv2d, Conv2dOptions, Conv3d, Conv3dOptions, ConvOptions};
pub use conv_transpose::{
    ConvTranspose1d, ConvTranspose1dOptions, ConvTranspose2d, ConvTranspose2dOptions, ConvTranspose3d,
    ConvTranspose3dOptions, ConvTransposeOptions,
};
pub use distance::{CosineSimilarity, PairwiseDistance};
pub use dropout::{AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout};
pub use embedding::{Embedding, EmbeddingOptions};
pub use embedding_bag::{EmbeddingBag, EmbeddingBagOptions};
pub use flatten::{Flatten, Unflatten};
pub use fold::{Fold, FoldOptions, Unfold};
pub use linear::{Linear, LinearOptions};
pub(crate) use norm::track;
pub use norm::*;
pub use padding::*;
pub use pixel::{ChannelShuffle, PixelShuffle, PixelUnshuffle};
pub use pool::*;
pub use recurrent::{
    CellOptions, GRU, GRUCell, GRUOptions, LSTM, LSTMCell, LSTMOptions, RNN, RNNCell, RNNCellOptions, RNNNonlinearity,
    RNNOptions, RecurrentWeights,
};
pub use sequential::{IntoLayers, Sequential};
pub use softmax::{GLU, LogSoftmax, Softmax, Softmax2d, Softmin};
pub use transformer::{
    DecoderMasks, EncoderMasks, Transformer, TransformerActivation, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerEncoderLayer, TransformerLayerOptions, TransformerMasks, TransformerOptions,
};
pub use tuned_activation::{
    CELU, ELU, GELU, Hardshrink, Hardtanh, LeakyReLU, PReLU, RReLU, Softplus, Softshrink, Threshold,
};
pub use upsample::{InterpolateMode, InterpolateOptions, Upsample, UpsamplingBilinear2d, UpsamplingNearest2d};
pub use window::{Padding, Pair, Single, Sizes, Triple};
