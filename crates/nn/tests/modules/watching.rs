//! Hooks, and the table of a model.
use super::{linear, net};
use nn::{
    Conv2d, Conv2dOptions, Embedding, Flatten, Forward, LSTM, Linear, Module, MultiheadAttention, Parameter, ReLU,
    Sequential, TransformerEncoder, TransformerEncoderLayer, register_forward_hook, scope, scope_with, summary,
    summary_of,
};
use std::sync::{Arc, Mutex};
use tensor_core::{DType, Device, Result, Tensor, count_multiply_adds};

fn shapes() -> (Arc<Mutex<Vec<String>>>, impl Fn(String) + Send + Sync + Clone + 'static) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let also = seen.clone();
    (seen, move |text| also.lock().unwrap().push(text))
}

#[test]
fn hooks_see_and_replace_inputs_and_outputs_until_they_are_removed() {
    let net = net();
    net.eval();
    let x = Tensor::ones([2, 4]).unwrap();
    let plain = net.forward(&x).unwrap();
    let (seen, say) = shapes();
    let tell = say.clone();
    let after = register_forward_hook(net.get_submodule("features.1").unwrap(), move |call| {
        tell(format!("{} {:?} to {:?}", call.module.type_name(), call.input.unwrap().shape(), call.output.shape()));
        Ok(None)
    });
    let after = after.unwrap();
    let before = net.head.register_forward_pre_hook(move |module, x| {
        say(format!("before {} {:?}", module.type_name(), x.shape()));
        x.zeros_like().map(Some)
    });
    let before = before.unwrap();
    let bias = net.head.bias.as_ref().unwrap().to_vec::<f32>().unwrap();
    assert_eq!(net.forward(&x).unwrap().to_vec::<f32>().unwrap(), [&bias[..], &bias].concat());
    assert_eq!(*seen.lock().unwrap(), ["ReLU [2, 3] to [2, 3]", "before Linear [2, 3]"]);

    // Hooks follow a model that moves; a clone has none.
    let boxed = Box::new(net);
    boxed.forward(&x).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 4);
    boxed.clone().forward(&x).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 4);

    // Of the model as a whole, twice: the second hook sees what the first made.
    let double = boxed.register_forward_hook(|call| call.output.mul(2.0).map(Some)).unwrap();
    let one_more = boxed.register_forward_hook(|call| call.output.add(1.0).map(Some)).unwrap();
    let expected: Vec<f32> = bias.iter().map(|b| 2.0 * b + 1.0).collect();
    assert_eq!(boxed.forward(&x).unwrap().to_vec::<f32>().unwrap()[..2], expected[..]);
    for hook in [after, before, double, one_more] {
        hook.remove();
    }
    assert_eq!(boxed.forward(&x).unwrap().to_vec::<f32>().unwrap(), plain.to_vec::<f32>().unwrap());
}

#[test]
fn gradients_flow_through_what_a_hook_gives() {
    let lin = linear(2, 1);
    let _hook = lin.register_forward_hook(|call| call.output.mul(3.0).map(Some)).unwrap();
    autograd::Backward::backward(&lin.forward(&Tensor::ones([1, 2]).unwrap()).unwrap().sum().unwrap()).unwrap();
    assert_eq!(lin.weight.grad().unwrap().to_vec::<f32>().unwrap(), [3.0, 3.0]);
}

#[test]
fn layers_with_several_outputs_have_hooks_on_the_first() {
    let lstm = LSTM::new(3, 4).unwrap();
    let _hook = lstm.register_forward_hook(|call| call.output.zeros_like().map(Some)).unwrap();
    let (y, (h, _)) = lstm.forward(&Tensor::ones([5, 2, 3]).unwrap(), None).unwrap();
    assert_eq!(y.abs().unwrap().sum().unwrap().item::<f32>().unwrap(), 0.0);
    assert_ne!(h.abs().unwrap().sum().unwrap().item::<f32>().unwrap(), 0.0);
    let attention = MultiheadAttention::new(4, 2).unwrap();
    let (seen, say) = shapes();
    let _hook = attention.register_forward_hook(move |call| {
        say(format!("{:?}", call.output.shape()));
        Ok(None)
    });
    let x = Tensor::ones([5, 2, 4]).unwrap();
    attention.forward(&x, &x, &x, Default::default()).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["[5, 2, 4]"]);
}

#[derive(Debug, Clone, Module)]
struct Bare;
#[derive(Debug, Clone, Module)]
struct Closed(Linear);

#[test]
fn errors_of_hooks_say_what_to_do() {
    let message = Bare.register_forward_hook(|_| Ok(None)).unwrap_err().to_string();
    assert!(message.contains("Bare holds nothing") && message.contains("place: Place"), "{message}");
    let closed = Closed(linear(1, 1));
    let _hook = closed.register_forward_pre_hook(|_, _| Ok(None)).unwrap();
    let message = scope(&closed, || Ok(())).unwrap_err().to_string();
    assert!(message.contains("scope_with(self, x, |x| ..)"), "{message}");
}

#[test]
fn a_summary_has_exact_shapes_and_totals() {
    let options = Conv2dOptions { stride: 2.into(), padding: 1.into(), groups: 2, ..Default::default() };
    let net = Sequential::new((
        Conv2d::new(4, 6, 3, options).unwrap(),
        ReLU,
        Flatten::default(),
        Linear::new(6 * 4 * 4, 10).unwrap(),
    ));
    net.get_submodule("3").unwrap().downcast_ref::<Linear>().unwrap().weight.set_requires_grad(false);
    let found = summary(&net, [5, 4, 8, 8]).unwrap();
    let conv = 5 * 6 * 4 * 4 * (4 / 2) * 9;
    let rows: Vec<_> = found.rows.iter().map(|row| (row.type_name, row.parameters, row.multiply_adds)).collect();
    assert_eq!(
        rows,
        [
            ("Sequential", 0, 0),
            ("Conv2d", 6 * 2 * 9 + 6, conv),
            ("ReLU", 0, 0),
            ("Flatten", 0, 0),
            ("Linear", 970, 4800)
        ]
    );
    assert_eq!((found.parameters, found.multiply_adds), (net.num_parameters(), conv + 4800));
    assert_eq!(found.trained, net.num_parameters() - 960);
    assert_eq!(found.rows[1].input.as_deref(), Some(&[5, 4, 8, 8][..]));
    assert_eq!(found.rows[2].output.as_deref(), Some(&[5, 6, 4, 4][..]));
    let text = found.to_string();
    assert_eq!(
        text,
        "\
layer         input         output        parameters  multiply-adds
-------------------------------------------------------------------
Sequential    [5, 4, 8, 8]  [5, 10]                -              -
  0: Conv2d   [5, 4, 8, 8]  [5, 6, 4, 4]         114          8,640
  1: ReLU     [5, 6, 4, 4]  [5, 6, 4, 4]           -              -
  2: Flatten  [5, 6, 4, 4]  [5, 96]                -              -
  3: Linear   [5, 96]       [5, 10]              970          4,800
-------------------------------------------------------------------
total                                          1,084         13,440
124 parameters are trained, 960 are frozen"
    );
}

/// The guide's own layer and a network that uses it twice.
#[derive(Debug, Clone, Module)]
struct Own {
    weights: Parameter,
}
impl Forward for Own {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope_with(self, x, |x| x.mm(&self.weights))
    }
}
#[derive(Debug, Clone, Module)]
struct Reused {
    own: Own,
    unused: Linear,
    extra: Parameter,
}
impl Forward for Reused {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.own.forward(&self.own.forward(x)?)?.mm(&self.extra)
    }
}

#[test]
fn a_summary_knows_layers_of_ones_own_and_layers_that_are_reused() {
    let parameter = |shape: [usize; 2]| Parameter::new(Tensor::ones(shape).unwrap()).unwrap();
    let net = Reused { own: Own { weights: parameter([3, 3]) }, unused: linear(2, 2), extra: parameter([3, 7]) };
    let found = summary(&net, [10, 3]).unwrap();
    assert_eq!((found.rows[1].calls, found.rows[1].multiply_adds), (2, 2 * 10 * 9));
    assert_eq!((found.rows[2].calls, found.rows[2].output.as_ref()), (0, None));
    // What forward does by itself is the model's own.
    assert_eq!((found.rows[0].multiply_adds, found.rows[0].parameters), (10 * 3 * 7, 21));
    assert_eq!(found.multiply_adds, 10 * (9 + 9 + 21));
    assert_eq!(found.rows[0].output.as_deref(), Some(&[10, 7][..]));
    assert!(found.to_string().contains("own: Own (2 calls)"));
}

#[test]
fn a_summary_leaves_the_model_as_it_was_and_counts_what_is_fused() {
    let net = net();
    net.drop.eval();
    net.features.train();
    let found = summary(&net, [1, 4]).unwrap();
    assert_eq!(found.multiply_adds, 12 + 6);
    assert!(!net.drop.mode.is_training());

    let layer = TransformerEncoderLayer::with_options(
        8,
        2,
        nn::TransformerLayerOptions { dim_feedforward: 16, batch_first: true, ..Default::default() },
    );
    let encoder = TransformerEncoder::new(layer.unwrap(), 2, None);
    let found = summary(&encoder, [3, 5, 8]).unwrap();
    let rows = 3 * 5;
    let attention = rows * 8 * 24 + 2 * rows * 5 * 8 + rows * 8 * 8;
    assert_eq!(found.multiply_adds, 2 * (attention + 2 * rows * 8 * 16));
    assert_eq!(found.parameters, encoder.num_parameters());

    let (embedding, lstm) = (Embedding::new(10, 3).unwrap(), LSTM::new(3, 4).unwrap());
    let ids = Tensor::zeros_on([5, 2], DType::I64, &Device::cpu()).unwrap();
    let both = (embedding, lstm);
    let counted = count_multiply_adds();
    let found = summary_of(&both, |(embedding, lstm)| lstm.forward(&embedding.forward(&ids)?, None)).unwrap();
    assert_eq!(found.multiply_adds, 5 * 2 * 16 * (3 + 4));
    assert_eq!(counted.so_far(), found.multiply_adds, "a count around a count goes on");
}
