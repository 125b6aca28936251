//! The dtype of each operation's result under autocast, as PyTorch 2.15 gives it on the processor: `autocast.txt`, whose
//! `half` stands for `bf16` and `f16`, which agree in all of it.
use nn::{
    LSTM, Linear, MultiheadAttention, TransformerEncoderLayer, functional as f,
    loss::{self, Loss},
};
use tensor_core::{
    DROP, DType, Result, Tensor, autocast, manual_seed,
    ops::{AttentionOptions, InstanceNormOptions, InterpolateOptions, PadMode},
};

type Ins<'a> = &'a [&'a Tensor];
type Case = (&'static [&'static [usize]], fn(Ins<'_>) -> Result<Tensor>);

fn ids() -> Result<Tensor> {
    Tensor::arange(0, 4, 1)
}

/// Shapes of the float operands, and the call.
fn case(name: &str) -> Option<Case> {
    const M: &[usize] = &[4, 4];
    const V: &[usize] = &[4];
    const B: &[usize] = &[2, 4, 4];
    const L: &[usize] = &[1, 2, 6];
    const HW: &[usize] = &[1, 2, 6, 6];
    const DHW: &[usize] = &[1, 2, 4, 4, 4];
    Some(match name {
        "mm" => (&[M, M], |t| t[0].mm(t[1])),
        "matmul" => (&[M, M], |t| t[0].matmul(t[1])),
        "matmul_vectors" => (&[V, V], |t| t[0].matmul(t[1])),
        "bmm" => (&[B, B], |t| t[0].bmm(t[1])),
        "mv" => (&[M, V], |t| t[0].mv(t[1])),
        "dot" => (&[V, V], |t| t[0].dot(t[1])),
        "addmm" => (&[M, M, M], |t| t[0].addmm(t[1], t[2], 1.0, 1.0)),
        "baddbmm" => (&[B, B, B], |t| t[0].baddbmm(t[1], t[2], 1.0, 1.0)),
        "addbmm" => (&[M, B, B], |t| t[0].addbmm(t[1], t[2], 1.0, 1.0)),
        "addmv" => (&[V, M, V], |t| t[0].addmv(t[1], t[2], 1.0, 1.0)),
        "linear" => (&[M, M, V], |t| f::linear(t[0], t[1], Some(t[2]))),
        "bilinear" => (&[M, M, &[4, 4, 4], V], |t| t[0].bilinear(t[1], t[2], Some(t[3]))),
        "conv1d" => (&[&[2, 4, 6], &[4, 4, 3], V], |t| t[0].conv1d(t[1], Some(t[2]), Default::default())),
        "conv2d" => (&[&[2, 4, 6, 6], &[4, 4, 3, 3], V], |t| t[0].conv2d(t[1], Some(t[2]), Default::default())),
        "conv3d" => (&[DHW, &[2, 2, 3, 3, 3], &[2]], |t| t[0].conv3d(t[1], Some(t[2]), Default::default())),
        "conv_transpose1d" => {
            (&[&[2, 4, 6], &[4, 4, 3], V], |t| t[0].conv_transpose1d(t[1], Some(t[2]), Default::default()))
        }
        "conv_transpose2d" => {
            (&[&[2, 4, 6, 6], &[4, 4, 3, 3], V], |t| t[0].conv_transpose2d(t[1], Some(t[2]), Default::default()))
        }
        "conv_transpose3d" => {
            (&[DHW, &[2, 2, 3, 3, 3], &[2]], |t| t[0].conv_transpose3d(t[1], Some(t[2]), Default::default()))
        }
        "prelu" => (&[M, &[1]], |t| t[0].prelu(t[1])),
        "scaled_dot_product_attention" => {
            const Q: &[usize] = &[1, 2, 4, 4];
            (&[Q, Q, Q], |t| t[0].scaled_dot_product_attention(t[1], t[2], AttentionOptions::default()))
        }
        "vecdot" => (&[M, M], |t| t[0].vecdot(t[1], -1)),
        "outer" => (&[V, V], |t| t[0].outer(t[1])),
        "inner" => (&[M, M], |t| t[0].inner(t[1])),
        "einsum" => (&[M, M], |t| tensor_core::ops::einsum("ij,jk->ik", t)),
        "tensordot" => (&[M, M], |t| t[0].tensordot(t[1], [1], [0])),
        "multi_dot" => (&[M, M, M], |t| Tensor::multi_dot(t)),
        "prod" => (&[M], |t| t[0].prod()),
        "prod_dim" => (&[M], |t| t[0].prod_dim(1, DROP)),
        "quantile" => (&[M, &[]], |t| t[0].quantile(t[1], None, DROP, Default::default())),
        "nanquantile" => (&[M, &[]], |t| t[0].nanquantile(t[1], None, DROP, Default::default())),
        "cdist" => (&[M, M], |t| t[0].cdist(t[1], 2.0)),
        "trace" => (&[M], |t| t[0].trace()),
        "grid_sample" => (&[&[1, 2, 4, 4], &[1, 3, 3, 2]], |t| t[0].grid_sample(t[1], Default::default())),
        "avg_pool1d" => (&[L], |t| t[0].avg_pool1d(2, Default::default())),
        "avg_pool2d" => (&[HW], |t| t[0].avg_pool2d(2, Default::default())),
        "avg_pool3d" => (&[DHW], |t| t[0].avg_pool3d(2, Default::default())),
        "max_pool1d" => (&[L], |t| t[0].max_pool1d(2, Default::default())),
        "max_pool2d" => (&[HW], |t| t[0].max_pool2d(2, Default::default())),
        "max_pool3d" => (&[DHW], |t| t[0].max_pool3d(2, Default::default())),
        "adaptive_avg_pool1d" => (&[L], |t| t[0].adaptive_avg_pool1d(2)),
        "adaptive_avg_pool2d" => (&[HW], |t| t[0].adaptive_avg_pool2d(2)),
        "adaptive_avg_pool3d" => (&[DHW], |t| t[0].adaptive_avg_pool3d(2)),
        "adaptive_max_pool2d" => (&[HW], |t| t[0].adaptive_max_pool2d(2)),
        "adaptive_max_pool3d" => (&[DHW], |t| t[0].adaptive_max_pool3d(2)),
        "max_unpool2d" => {
            (&[&[1, 1, 2, 2]], |t| t[0].max_unpool2d(&Tensor::from_slice(&[0i64, 2, 8, 10], [1, 1, 2, 2])?, [4, 4]))
        }
        "reflection_pad1d" => (&[L], |t| t[0].pad([1, 1], PadMode::Reflect)),
        "reflection_pad2d" => (&[HW], |t| t[0].pad([1; 4], PadMode::Reflect)),
        "reflection_pad3d" => (&[DHW], |t| t[0].pad([1; 6], PadMode::Reflect)),
        "replication_pad1d" => (&[L], |t| t[0].pad([1, 1], PadMode::Replicate)),
        "replication_pad2d" => (&[HW], |t| t[0].pad([1; 4], PadMode::Replicate)),
        "replication_pad3d" => (&[DHW], |t| t[0].pad([1; 6], PadMode::Replicate)),
        "circular_pad1d" => (&[L], |t| t[0].pad([1, 1], PadMode::Circular)),
        "constant_pad" => (&[L], |t| t[0].pad([1, 1], PadMode::default())),
        "mse_loss" => (&[M, M], |t| f::mse_loss(t[0], t[1])),
        "l1_loss" => (&[M, M], |t| f::l1_loss(t[0], t[1])),
        "smooth_l1_loss" => (&[M, M], |t| f::smooth_l1_loss(t[0], t[1])),
        "huber_loss" => (&[M, M], |t| f::huber_loss(t[0], t[1])),
        "nll_loss" => (&[M], |t| f::nll_loss(t[0], &ids()?)),
        "cross_entropy" => (&[M], |t| f::cross_entropy(t[0], &ids()?)),
        "cross_entropy_probabilities" => (&[M, M], |t| f::cross_entropy(t[0], t[1])),
        "binary_cross_entropy" => (&[M, M], |t| f::binary_cross_entropy(t[0], t[1])),
        "binary_cross_entropy_with_logits" => (&[M, M], |t| f::binary_cross_entropy_with_logits(t[0], t[1])),
        "kl_div" => (&[M, M], |t| f::kl_div(t[0], t[1])),
        "poisson_nll_loss" => (&[M, M], |t| loss::PoissonNLLLoss::default().forward(t[0], t[1])),
        "gaussian_nll_loss" => (&[M, M, M], |t| loss::GaussianNLLLoss::default().forward(t[0], t[1], t[2])),
        "hinge_embedding_loss" => (&[M, M], |t| loss::HingeEmbeddingLoss::default().forward(t[0], t[1])),
        "margin_ranking_loss" => (&[V, V, V], |t| loss::MarginRankingLoss::default().forward(t[0], t[1], t[2])),
        "soft_margin_loss" => (&[M, M], |t| loss::SoftMarginLoss::default().forward(t[0], t[1])),
        "triplet_margin_loss" => (&[M, M, M], |t| loss::TripletMarginLoss::default().forward(t[0], t[1], t[2])),
        "multi_margin_loss" => (&[M], |t| loss::MultiMarginLoss::default().forward(t[0], &ids()?)),
        "multilabel_margin_loss" => (&[M], |t| {
            let target = Tensor::from_slice(&[0i64, 1, -1, 0], [1, 4])?.expand([4, 4])?;
            loss::MultiLabelMarginLoss::default().forward(t[0], &target)
        }),
        "multilabel_soft_margin_loss" => (&[M, M], |t| loss::MultiLabelSoftMarginLoss::default().forward(t[0], t[1])),
        "cosine_embedding_loss" => (&[M, M], |t| {
            loss::CosineEmbeddingLoss::default().forward(t[0], t[1], &Tensor::ones_on([4], DType::I64, &t[0].device())?)
        }),
        "ctc_loss" => (&[&[6, 2, 4]], |t| {
            let targets = Tensor::from_slice(&[1i64, 2, 1, 3], [2, 2])?;
            loss::CTCLoss::default().forward(&t[0].log_softmax(2)?, &targets, &[6, 6], &[2, 2])
        }),
        "cat" => (&[M, M], |t| Tensor::cat(t, 0)),
        "stack" => (&[M, M], |t| Tensor::stack(t, 0)),
        "hstack" => (&[M, M], |t| Tensor::hstack(t)),
        "index_copy" => (&[M, M], |t| t[0].index_copy(0, &ids()?, t[1])),
        "add" => (&[M, M], |t| t[0].add(t[1])),
        "mul" => (&[M, M], |t| t[0].mul(t[1])),
        "div" => (&[M, M], |t| t[0].div(t[1])),
        "maximum" => (&[M, M], |t| t[0].maximum(t[1])),
        "where" => (&[M, M], |t| t[0].gt(0.5)?.where_(t[0], t[1])),
        "pow" => (&[M], |t| t[0].pow(2.0)),
        "exp" => (&[M], |t| t[0].exp()),
        "log" => (&[M], |t| t[0].log()),
        "relu" => (&[M], |t| t[0].relu()),
        "gelu" => (&[M], |t| t[0].gelu(Default::default())),
        "sigmoid" => (&[M], |t| t[0].sigmoid()),
        "tanh" => (&[M], |t| t[0].tanh()),
        "softmax" => (&[M], |t| t[0].softmax(1)),
        "log_softmax" => (&[M], |t| t[0].log_softmax(1)),
        "sum" => (&[M], |t| t[0].sum()),
        "mean" => (&[M], |t| t[0].mean()),
        "norm" => (&[M], |t| t[0].norm()),
        "cumsum" => (&[M], |t| t[0].cumsum(0)),
        "var" => (&[M], |t| t[0].var(1.0)),
        "logsumexp" => (&[M], |t| t[0].logsumexp(1, DROP)),
        "masked_fill" => (&[M], |t| t[0].masked_fill(&t[0].gt(0.5)?, 0.0)),
        "layer_norm" => (&[M, V, V], |t| t[0].layer_norm([4], Some(t[1]), Some(t[2]), 1e-5)),
        "group_norm" => (&[&[2, 4, 3], V, V], |t| t[0].group_norm(2, Some(t[1]), Some(t[2]), 1e-5)),
        "batch_norm" => (&[M, V, V], |t| Ok(t[0].batch_norm_train(Some(t[1]), Some(t[2]), 1e-5)?.0)),
        "batch_norm_eval" => (&[M, V, V, V, V], |t| t[0].batch_norm_eval(t[1], t[2], Some(t[3]), Some(t[4]), 1e-5)),
        "instance_norm" => (&[&[2, 4, 3], V, V], |t| {
            t[0].instance_norm(InstanceNormOptions { weight: Some(t[1]), bias: Some(t[2]), ..Default::default() })
        }),
        "rms_norm" => (&[M, V], |t| t[0].rms_norm([4], Some(t[1]), None)),
        "embedding" => (&[M], |t| t[0].embedding(&ids()?)),
        "cosine_similarity" => (&[M, M], |t| t[0].cosine_similarity(t[1], 1, 1e-8)),
        "interpolate" => (&[&[1, 2, 4, 4]], |t| {
            t[0].interpolate(&InterpolateOptions { scale_factor: vec![2.0, 2.0], ..Default::default() })
        }),
        _ => return None,
    })
}

/// Not written here: `addr`, whose mixed operands ours refuses as it does without autocast.
const LEFT_OUT: &[&str] = &["addr"];

#[test]
fn every_operation_gives_the_dtype_that_pytorch_gives() -> Result<()> {
    manual_seed(0);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for half in [DType::BF16, DType::F16] {
        let dtype = |name: &str| match name {
            "f32" => DType::F32,
            "f64" => DType::F64,
            "half" => half,
            other => panic!("unknown dtype {other}"),
        };
        for line in include_str!("autocast.txt").lines() {
            let [name, inputs, output] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            if LEFT_OUT.contains(&name) {
                continue;
            }
            let (shapes, call) = case(name).unwrap_or_else(|| panic!("{name} is not written here"));
            let operands = shapes
                .iter()
                .zip(inputs.split(','))
                .map(|(shape, d)| Tensor::rand(*shape)?.mul(0.5)?.add(0.25)?.to_dtype(dtype(d)))
                .collect::<Result<Vec<_>>>()?;
            let _guard = autocast(half)?;
            match call(&operands.iter().collect::<Vec<_>>()) {
                Ok(y) if y.dtype() == dtype(output) => seen += 1,
                Ok(y) => wrong.push(format!("{line} (half is {half}): {}", y.dtype())),
                Err(e) => wrong.push(format!("{line} (half is {half}): {e}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{seen} agree, not these:\n{}", wrong.join("\n"));
    assert!(seen > 600, "{seen}");
    Ok(())
}

#[test]
fn layers_give_the_dtypes_that_pytorch_gives() -> Result<()> {
    manual_seed(0);
    let x = Tensor::randn([3, 2, 4])?;
    let _guard = autocast(DType::BF16)?;
    let (y, (h, c)) = LSTM::new(4, 4)?.forward(&x, None)?;
    assert_eq!([y.dtype(), h.dtype(), c.dtype()], [DType::BF16; 3]);
    let (y, weights) = MultiheadAttention::new(4, 2)?.forward(&x, &x, &x, Default::default())?;
    assert_eq!((y.dtype(), weights.unwrap().dtype()), (DType::BF16, DType::BF16));
    let y = nn::Forward::forward(&TransformerEncoderLayer::new(4, 2)?, &x)?;
    assert_eq!(y.dtype(), DType::F32);
    assert_eq!(nn::Forward::forward(&Linear::new(4, 2)?, &x)?.dtype(), DType::BF16);
    Ok(())
}
