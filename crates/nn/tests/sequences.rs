//! Recurrent layers, attention and transformers: PyTorch's names and counts of parameters, and what no recorded case says.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

use autograd::{gradcheck, gradgradcheck};
use nn::{
    Attend, Embedding, EmbeddingOptions, Forward, GRU, GRUOptions, LSTM, LSTMOptions, Linear, Module,
    MultiheadAttention, MultiheadAttentionOptions, RNN, RNNOptions, Transformer, TransformerLayerOptions,
    TransformerMasks, TransformerOptions,
    utils::{pack_padded_sequence, pad_packed_sequence},
};
use tensor_core::{DROP, DType, Result, Tensor, manual_seed};

fn names(module: &dyn Module) -> Vec<String> {
    module.named_parameters().into_iter().map(|(name, _)| name).collect()
}
fn close(a: &Tensor, b: &Tensor) {
    assert_eq!(a.shape(), b.shape());
    assert!(a.allclose(b, 1e-9, 1e-11, false).unwrap(), "{a:?} is not {b:?}");
}
fn randn(shape: &[usize]) -> Tensor {
    Tensor::randn(shape).unwrap().to_dtype(DType::F64).unwrap()
}

#[test]
fn recurrent_layers_have_pytorchs_names_and_counts() {
    let options = LSTMOptions { num_layers: 2, bidirectional: true, proj_size: 2, ..Default::default() };
    let lstm = LSTM::with_options(3, 5, options).unwrap();
    assert_eq!(lstm.num_parameters(), 640);
    let expected: Vec<String> = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
        .iter()
        .flat_map(|end| {
            ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"].map(|part| format!("{part}{end}"))
        })
        .collect();
    assert_eq!(names(&lstm), expected);
    let gru = GRU::with_options(3, 5, GRUOptions { num_layers: 2, bias: false, ..Default::default() }).unwrap();
    assert_eq!((gru.num_parameters(), names(&gru).len()), (270, 4));
    let rnn = RNN::with_options(3, 5, RNNOptions { bidirectional: true, ..Default::default() }).unwrap();
    assert_eq!((rnn.num_parameters(), names(&rnn).len()), (100, 8));
}

#[test]
fn attention_and_transformers_have_pytorchs_names_and_counts() {
    let options = MultiheadAttentionOptions { kdim: Some(5), vdim: Some(6), add_bias_kv: true, ..Default::default() };
    let attention = MultiheadAttention::with_options(8, 2, options).unwrap();
    assert_eq!(attention.num_parameters(), 264);
    let own = ["q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "bias_k", "bias_v"];
    assert_eq!(names(&attention), [&own[..], &["out_proj.weight", "out_proj.bias"]].concat());
    let layer = TransformerLayerOptions { dim_feedforward: 16, ..Default::default() };
    let options = TransformerOptions { num_encoder_layers: 1, num_decoder_layers: 1, layer };
    let transformer = Transformer::with_options(8, 2, options).unwrap();
    assert_eq!((transformer.num_parameters(), names(&transformer).len()), (1536, 34));
    assert_eq!(names(&transformer)[14], "decoder.layers.0.self_attn.in_proj_weight");
    assert_eq!(names(&transformer)[33], "decoder.norm.bias");
}

/// The guide's classifier of texts.
#[derive(Debug, Clone, Module)]
struct BiLstm {
    embedding: Embedding,
    lstm: LSTM,
    linear: Linear,
    out: Linear,
}

// Rows 61 and 69 of the guide.
#[test]
fn the_guides_bilstm_has_3203905_parameters_and_takes_any_length() {
    let options = LSTMOptions { bidirectional: true, batch_first: true, ..Default::default() };
    let net = BiLstm {
        embedding: Embedding::new(10_000, 300).unwrap(),
        lstm: LSTM::with_options(300, 64, options).unwrap(),
        linear: Linear::new(256, 64).unwrap(),
        out: Linear::new(64, 1).unwrap(),
    };
    assert_eq!(net.num_parameters(), 3_203_905);
    assert_eq!(net.parameters().len(), 13);
    for length in [1, 7] {
        let ids = Tensor::randint(0, 10_000, [2, length]).unwrap();
        let (steps, _) = net.lstm.forward(&net.embedding.forward(&ids).unwrap(), None).unwrap();
        let both = [steps.mean_dim(1, DROP).unwrap(), steps.max_dim(1, DROP).unwrap().0];
        let x = net.linear.forward(&Tensor::cat(&[&both[0], &both[1]], 1).unwrap()).unwrap();
        assert_eq!(net.out.forward(&x.relu().unwrap()).unwrap().shape(), [2, 1]);
    }
}

// Row 34 of the guide.
#[test]
fn packed_sequences_give_what_each_sequence_gives_alone() {
    manual_seed(3);
    let options = LSTMOptions { num_layers: 2, bidirectional: true, batch_first: true, ..Default::default() };
    let lstm = LSTM::with_options(3, 4, options).unwrap();
    lstm.to_dtype(DType::F64).unwrap();
    let (x, lengths) = (randn(&[3, 5, 3]), [2, 5, 3]);
    let (h0, c0) = (randn(&[4, 3, 4]), randn(&[4, 3, 4]));
    let packed = pack_padded_sequence(&x, &lengths, true, false).unwrap();
    let (y, (h, c)) = lstm.forward_packed(&packed, Some((&h0, &c0))).unwrap();
    let (y, back) = pad_packed_sequence(&y, true, 7.0, Some(6)).unwrap();
    assert_eq!((y.shape(), &back[..]), (&[3, 6, 8][..], &lengths[..]));
    for (i, length) in lengths.into_iter().enumerate() {
        let one = |t: &Tensor, dim: isize| t.narrow(dim, i, 1).unwrap();
        let alone = one(&x, 0).narrow(1, 0, length).unwrap();
        let (expected, (eh, ec)) = lstm.forward(&alone, Some((&one(&h0, 1), &one(&c0, 1)))).unwrap();
        close(&one(&y, 0).narrow(1, 0, length).unwrap(), &expected);
        close(&one(&h, 1), &eh);
        close(&one(&c, 1), &ec);
        let behind = one(&y, 0).narrow(1, length, 6 - length).unwrap().to_vec::<f64>().unwrap();
        assert!(behind.iter().all(|&v| v == 7.0));
    }
    assert!(pack_padded_sequence(&x, &lengths, true, true).is_err());
    assert!(pack_padded_sequence(&x, &[6, 5, 3], true, true).is_err());
}

#[test]
fn recurrent_layers_have_gradients_to_second_order() {
    manual_seed(4);
    let gru = GRU::with_options(2, 3, GRUOptions { bidirectional: true, ..Default::default() }).unwrap();
    gru.to_dtype(DType::F64).unwrap();
    let run = |inputs: &[Tensor]| -> Result<Vec<Tensor>> {
        let (y, h) = gru.forward(&inputs[0], Some(&inputs[1]))?;
        Ok(vec![y, h])
    };
    let (x, h) = (randn(&[3, 2, 2]).requires_grad_(true), randn(&[2, 2, 3]).requires_grad_(true));
    gradcheck(run, &[&x, &h], Default::default()).unwrap();
    gradgradcheck(run, &[&x, &h], Default::default()).unwrap();
}

// Row 38 of the guide.
#[test]
fn a_causal_target_does_not_look_ahead() {
    manual_seed(5);
    let layer = TransformerLayerOptions { dim_feedforward: 16, batch_first: true, ..Default::default() };
    let options = TransformerOptions { num_encoder_layers: 1, num_decoder_layers: 2, layer };
    let model = Transformer::with_options(8, 2, options).unwrap();
    model.eval();
    let (src, tgt) = (Tensor::randn([2, 4, 8]).unwrap(), Tensor::randn([2, 5, 8]).unwrap());
    let mut other = tgt.clone();
    other.slice_mut(1, 3, 4, 1).unwrap().fill_(9.0).unwrap();
    let masks = TransformerMasks { tgt_is_causal: true, ..Default::default() };
    let (a, b) = (model.forward(&src, &tgt, masks).unwrap(), model.forward(&src, &other, masks).unwrap());
    let start = |y: &Tensor| y.narrow(1, 0, 3).unwrap().to_vec::<f32>().unwrap();
    assert_eq!(start(&a), start(&b));
    assert!(!a.equal(&b).unwrap());
    // The flag is the mask.
    let mask = Transformer::generate_square_subsequent_mask(5).unwrap();
    let masks = TransformerMasks { tgt_mask: Some(&mask), ..Default::default() };
    assert!(a.allclose(&model.forward(&src, &tgt, masks).unwrap(), 1e-5, 1e-6, false).unwrap());
}

// Row 36 of the guide.
#[test]
fn attention_without_weights_is_the_same_attention() {
    manual_seed(6);
    let options = MultiheadAttentionOptions { batch_first: true, add_zero_attn: true, ..Default::default() };
    let attention = MultiheadAttention::with_options(6, 3, options).unwrap();
    attention.to_dtype(DType::F64).unwrap();
    let (q, k, v) = (randn(&[2, 3, 6]), randn(&[2, 4, 6]), randn(&[2, 4, 6]));
    let padding = Tensor::from_slice(&[false, false, true, true, true, true, true, true], [2, 4]).unwrap();
    let how = Attend { key_padding_mask: Some(&padding), average_attn_weights: false, ..Default::default() };
    let (slow, weights) = attention.forward(&q, &k, &v, how).unwrap();
    let (fast, none) = attention.forward(&q, &k, &v, Attend { need_weights: false, ..how }).unwrap();
    close(&slow, &fast);
    assert!(none.is_none());
    let weights = weights.unwrap();
    assert_eq!(weights.shape(), [2, 3, 3, 5]);
    close(&weights.sum_dim(-1, DROP).unwrap(), &randn(&[2, 3, 3]).ones_like().unwrap());
    let hidden = weights.narrow(3, 2, 2).unwrap().sum().unwrap().item::<f64>().unwrap();
    assert_eq!(hidden, 0.0);
}

#[test]
fn wrong_sequences_say_what_was_expected() {
    let lstm = LSTM::new(3, 4).unwrap();
    let message = lstm.forward(&Tensor::zeros([5, 2, 6]).unwrap(), None).unwrap_err().to_string();
    assert_eq!(message, "in LSTM: lstm: expected 3 features in the last dim, got 6: f32[5, 2, 6] on cpu");
    let state = Tensor::zeros([1, 3, 4]).unwrap();
    let message = lstm.forward(&Tensor::zeros([5, 2, 3]).unwrap(), Some((&state, &state))).unwrap_err().to_string();
    assert!(message.contains("an initial state must be [1, 2, 4]"), "{message}");
    assert!(lstm.forward(&Tensor::zeros([0, 2, 3]).unwrap(), None).is_err());
    let attention = MultiheadAttention::new(8, 2).unwrap();
    let (q, k) = (Tensor::zeros([3, 2, 8]).unwrap(), Tensor::zeros([3, 1, 8]).unwrap());
    let message = attention.forward(&q, &k, &k, Attend::default()).unwrap_err().to_string();
    assert!(message.contains("the batch sizes differ") && message.contains("[L, N, E]"), "{message}");
    assert!(MultiheadAttention::new(8, 3).is_err());
    let outside = EmbeddingOptions { padding_idx: Some(5), ..Default::default() };
    assert!(Embedding::with_options(5, 2, outside).is_err());
}
