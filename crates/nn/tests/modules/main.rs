//! What the derive finds in all kinds of structs, and what a module can do with it.

// The helpers are part of the tests: a panic is how one fails.
#![allow(clippy::unwrap_used, clippy::panic)]

mod models;
mod refusals;
mod watching;

use nn::{
    BatchNorm2d, Buffer, Dropout, Flatten, Forward, Linear, LinearOptions, Mode, Module, Parameter, ReLU, Sequential,
    StateDict, scope,
};
use std::collections::{BTreeMap, HashMap};
use tensor_core::{DType, Result, Tensor};

fn parameter(n: usize) -> Parameter {
    Parameter::new(Tensor::ones([n]).unwrap()).unwrap()
}
fn linear(a: usize, b: usize) -> Linear {
    Linear::new(a, b).unwrap()
}
fn names(module: &impl Module) -> Vec<String> {
    module.named_parameters().into_iter().map(|(name, _)| name).collect()
}

#[derive(Debug, Clone, Module)]
struct Kinds<L, const N: usize> {
    weight: Parameter,
    #[module(rename = "renamed")]
    other: Parameter,
    r#type: Parameter,
    mean: Buffer,
    mode: Mode,
    some: Option<Parameter>,
    none: Option<Linear>,
    list: Vec<Linear>,
    pair: (Linear, Parameter),
    array: [Parameter; N],
    boxed: Box<Linear>,
    sorted: BTreeMap<String, Linear>,
    hashed: HashMap<String, Parameter>,
    generic: L,
    sizes: [usize; 2],
    name: String,
    p: f64,
    on: bool,
    #[module(plain)]
    table: Tensor,
}

fn kinds() -> Kinds<Sequential, 2> {
    Kinds {
        weight: parameter(1),
        other: parameter(1),
        r#type: parameter(1),
        mean: Buffer::new(Tensor::zeros([3]).unwrap()).unwrap(),
        mode: Mode::new(),
        some: Some(parameter(1)),
        none: None,
        list: vec![linear(1, 1), Linear::with_options(1, 1, LinearOptions { bias: false }).unwrap()],
        pair: (linear(1, 1), parameter(1)),
        array: [parameter(1), parameter(1)],
        boxed: Box::new(linear(1, 1)),
        sorted: [("b", linear(1, 1)), ("a", linear(1, 1))].map(|(k, v)| (k.to_string(), v)).into(),
        hashed: ["z", "y", "x"].map(|k| (k.to_string(), parameter(1))).into(),
        generic: Sequential::new((linear(1, 1), ReLU)),
        sizes: [1, 2],
        name: "net".into(),
        p: 0.5,
        on: true,
        table: Tensor::zeros([2]).unwrap(),
    }
}

#[test]
fn the_derive_finds_every_kind_of_field_in_order() {
    let net = kinds();
    assert_eq!(
        names(&net),
        [
            "weight",
            "renamed",
            "type",
            "some",
            "list.0.weight",
            "list.0.bias",
            "list.1.weight",
            "pair.0.weight",
            "pair.0.bias",
            "pair.1",
            "array.0",
            "array.1",
            "boxed.weight",
            "boxed.bias",
            "sorted.a.weight",
            "sorted.a.bias",
            "sorted.b.weight",
            "sorted.b.bias",
            "hashed.x",
            "hashed.y",
            "hashed.z",
            "generic.0.weight",
            "generic.0.bias",
        ]
    );
    assert_eq!(net.named_buffers().into_iter().map(|(n, _)| n).collect::<Vec<_>>(), ["mean"]);
    assert_eq!(net.state_dict().names().nth(3), Some("mean"), "the state dict mixes both, in the order of fields");
    assert_eq!(net.list[1].weight.name().as_ref(), "list.1.weight");
    // Plain fields are there, untouched.
    assert_eq!((net.sizes, net.name.as_str(), net.p, net.on, net.table.numel()), ([1, 2], "net", 0.5, true, 2));
}

#[derive(Debug, Clone, Module)]
#[allow(dead_code, reason = "the plain field is there to be passed over")]
struct Tuple(Linear, #[module(plain)] Vec<&'static str>, Parameter);

#[derive(Debug, Clone, Module)]
struct Unit;

#[derive(Debug, Clone, Module)]
#[allow(clippy::large_enum_variant)]
enum Choice {
    One { layer: Linear },
    Two(Parameter, Parameter),
    Nothing,
}

#[test]
fn tuple_structs_unit_structs_and_enums_are_modules() {
    assert_eq!(names(&Tuple(linear(1, 1), vec!["x"], parameter(1))), ["0.weight", "0.bias", "2"]);
    assert!(names(&Unit).is_empty());
    assert_eq!(names(&Choice::One { layer: linear(1, 1) }), ["layer.weight", "layer.bias"]);
    assert_eq!(names(&Choice::Two(parameter(1), parameter(1))), ["0", "1"]);
    assert!(names(&Choice::Nothing).is_empty());
    assert_eq!(names(&vec![linear(1, 1)]), ["0.weight", "0.bias"]);
}

#[derive(Debug, Clone, Module)]
struct Net {
    features: Sequential,
    drop: Dropout,
    head: Linear,
}

fn net() -> Net {
    Net {
        features: Sequential::new((linear(4, 3), ReLU, Flatten::default())),
        drop: Dropout::new(0.5),
        head: linear(3, 2),
    }
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        scope(self, || self.head.forward(&self.drop.forward(&self.features.forward(x)?)?))
    }
}

#[test]
fn modules_are_listed_with_their_types() {
    let net = net();
    assert_eq!(
        net.named_modules().into_iter().map(|(name, module)| (name, module.type_name())).collect::<Vec<_>>(),
        [
            ("", "Net"),
            ("features", "Sequential"),
            ("features.0", "Linear"),
            ("features.1", "ReLU"),
            ("features.2", "Flatten"),
            ("drop", "Dropout"),
            ("head", "Linear")
        ]
        .map(|(n, t)| (n.to_string(), t))
    );
    let children: Vec<&str> = net.children().into_iter().map(|module| module.type_name()).collect();
    assert_eq!(children, ["Sequential", "Dropout", "Linear"]);
    assert_eq!(net.modules().len(), 7);
    let inner = net.get_submodule("features.0").unwrap().downcast_ref::<Linear>().unwrap();
    assert!(inner.weight.is_tied_to(&net.get_parameter("features.0.weight").unwrap()));
    let message = net.get_submodule("feature.0").unwrap_err().to_string();
    assert_eq!(message, "get_submodule: there is no module \"feature.0\"; there is \"features.0\"");
    let message = net.get_parameter("head.weights").unwrap_err().to_string();
    assert_eq!(message, "get_parameter: there is no parameter \"head.weights\"; there is \"head.weight\"");
    assert!(net.get_buffer("head.mean").is_err());
    let mut order = Vec::new();
    net.apply(|m| {
        order.push(m.type_name());
        Ok(())
    })
    .unwrap();
    assert_eq!(order, ["Linear", "ReLU", "Flatten", "Sequential", "Dropout", "Linear", "Net"]);
}

#[test]
fn training_and_evaluation_reach_every_mode() {
    let net = net();
    net.eval();
    assert!(!net.drop.mode.is_training());
    net.train();
    assert!(net.drop.mode.is_training());
}

#[test]
fn a_clone_is_deep_and_a_tied_parameter_is_not() {
    let net = net();
    let copy = net.clone();
    nn::init::zeros_(&copy.head.weight).unwrap();
    copy.eval();
    assert!(net.head.weight.to_vec::<f32>().unwrap().iter().any(|&w| w != 0.0));
    assert!(net.drop.mode.is_training());

    let mut tied = net.clone();
    tied.head.weight = match tied.features.get(0).unwrap().named_parameters().first() {
        Some((_, p)) => p.tied(),
        None => panic!(),
    };
    assert_eq!(names(&tied), ["features.0.weight", "features.0.bias", "head.bias"]);
    assert_eq!(tied.num_parameters(), 12 + 3 + 2);
    assert!(tied.state_dict().contains("head.weight"), "PyTorch's state dict lists a shared one twice");
}

#[test]
fn freezing_stops_gradients_and_thawing_lets_them_flow() {
    let net = net();
    let x = Tensor::ones([1, 4]).unwrap();
    net.freeze();
    assert!(!net.forward(&x).unwrap().requires_grad());
    net.head.unfreeze();
    assert!(net.forward(&x).unwrap().requires_grad());
    assert!(!net.features.forward(&x).unwrap().requires_grad());
}

#[test]
fn dtypes_change_in_place_and_counters_stay() {
    let bn = BatchNorm2d::new(2).unwrap();
    let handle = bn.parameters();
    bn.to_dtype(DType::F64).unwrap();
    assert_eq!(handle[0].dtype(), DType::F64);
    assert_eq!(bn.running_mean.as_ref().unwrap().dtype(), DType::F64);
    assert_eq!(bn.num_batches_tracked.as_ref().unwrap().dtype(), DType::I64);
    assert!(bn.to_dtype(DType::I64).is_err());
}

#[test]
fn a_state_dict_goes_through_a_file_into_another_model() {
    let (one, two) = (net(), net());
    let bytes = one.state_dict().to_bytes().unwrap();
    two.load_state_dict(&StateDict::from_bytes(&bytes).unwrap()).unwrap();
    for ((name, a), (_, b)) in one.state_dict().iter().zip(two.state_dict().iter()) {
        assert_eq!(a.to_vec::<f32>().unwrap(), b.to_vec::<f32>().unwrap(), "{name}");
    }
}

#[test]
fn a_snapshot_does_not_follow_the_model() {
    let lin = linear(2, 2);
    let before = lin.state_dict();
    nn::init::zeros_(&lin.weight).unwrap();
    assert!(before.get("weight").unwrap().to_vec::<f32>().unwrap().iter().any(|&w| w != 0.0));
}

#[test]
fn loading_what_does_not_fit_says_all_that_is_wrong_and_changes_nothing() {
    let net = net();
    let mut dict = net.clone().state_dict();
    let weight = dict.remove("head.weight").unwrap();
    dict.insert("heads.weight", weight);
    dict.insert("features.0.bias", Tensor::zeros([7]).unwrap());
    dict.insert("head.bias", Tensor::full([2], 9.0).unwrap());
    let message = net.load_state_dict(&dict).unwrap_err().to_string();
    assert_eq!(
        message,
        "load_state_dict: the state dict does not fit: 1 missing: head.weight (there is heads.weight); \
         1 unexpected: heads.weight; 1 of another shape: features.0.bias is [3], the dict has [7]; \
         load_state_dict_partial takes over what fits"
    );
    assert_ne!(net.head.bias.as_ref().unwrap().to_vec::<f32>().unwrap(), [9.0, 9.0]);

    let report = net.load_state_dict_partial(&dict).unwrap();
    assert_eq!(report.loaded, ["features.0.weight", "head.bias"]);
    assert_eq!(report.missing, ["head.weight"]);
    assert_eq!(net.head.bias.as_ref().unwrap().to_vec::<f32>().unwrap(), [9.0, 9.0]);

    let mut wrapped = StateDict::new();
    wrapped.insert_all("module.", &net.state_dict());
    let message = net.load_state_dict(&wrapped).unwrap_err().to_string();
    assert!(message.contains("strip_prefix(\"module.\")"), "{message}");
    net.load_state_dict(&wrapped.strip_prefix("module.")).unwrap();
}

#[derive(Debug, Module)]
struct Outer {
    encoder: Inner,
}
#[derive(Debug, Module)]
struct Inner {
    layers: Vec<Net>,
    flat: Sequential,
}

#[test]
fn an_error_names_the_layer_in_which_it_happened() {
    let outer =
        Outer { encoder: Inner { layers: vec![net(), net()], flat: Sequential::new((ReLU, Flatten::new(5, 6))) } };
    let wrong = Tensor::zeros([1, 5]).unwrap();

    // Before any walk: what kind of layer it is, or what a Sequential knows.
    let message = outer.encoder.layers[1].head.forward(&wrong).unwrap_err().to_string();
    assert!(message.starts_with("in Linear: linear: expected 3 features"), "{message}");
    let message = outer.encoder.layers[1].forward(&wrong).unwrap_err().to_string();
    assert!(message.starts_with("in 0: linear: "), "{message}");

    outer.train();
    let message = outer.encoder.layers[1].forward(&wrong).unwrap_err().to_string();
    assert!(message.starts_with("in encoder.layers.1.features.0: linear: expected 4 features"), "{message}");
    // A layer without any parameter knows its place too.
    let message = outer.encoder.flat.forward(&wrong).unwrap_err().to_string();
    assert!(message.starts_with("in encoder.flat.1: flatten: "), "{message}");
    // A walk over a part does not shorten the names.
    let _head = outer.encoder.layers[0].head.parameters();
    let message = outer.encoder.layers[0].head.forward(&wrong).unwrap_err().to_string();
    assert!(message.starts_with("in encoder.layers.0.head: linear: "), "{message}");
}
