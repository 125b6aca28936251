//! Arguments drawn at random, most of them wrong: errors are answers, panics are not.
use super::{outcome, robust::show};
use crate::{
    args::Args,
    sample::{Make, Sample},
    table::{self, Row},
    value::Value,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRng, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};
use tensor_core::{DType, Device, Tensor};

/// One call: a row, one of its samples, what to put in the place of which argument, and whether gradients are wanted.
type Draw = (usize, usize, Vec<(usize, Value)>, bool);

/// `calls` calls with some arguments of a sample replaced by anything. The draw is the same each time.
pub fn random_arguments(calls: u32) -> Vec<String> {
    let rows = table::rows();
    let draws: BoxedStrategy<Draw> =
        (0..rows.len(), 0..64_usize, prop::collection::vec((0..8_usize, any_value()), 1..3), any::<bool>()).boxed();
    let config = Config { cases: calls, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    // The first panic of every row: one run shows all rows that break.
    let panics = RefCell::new(BTreeMap::new());
    let _ = TestRunner::new_with_rng(config, rng).run(&draws, |(row, sample, replaced, grad)| {
        let row = &rows[row];
        if let Some(args) = arguments(row, sample, replaced, grad)
            && let Err(panic) = outcome(row, &args)
        {
            let shown: Vec<String> = args.values().map(show).collect();
            panics.borrow_mut().entry(row.name).or_insert(format!("{} of ({}): {panic}", row.name, shown.join(", ")));
        }
        Ok(())
    });
    panics.into_inner().into_values().collect()
}

fn arguments(row: &Row, sample: usize, replaced: Vec<(usize, Value)>, requires_grad: bool) -> Option<Args> {
    let sample: &Sample = row.samples.get(sample % row.samples.len().max(1))?;
    let args = sample.make(&Make { dtype: DType::F32, device: Device::cpu(), requires_grad }).ok()?;
    let places = args.len();
    (places > 0).then(|| replaced.into_iter().fold(args, |args, (place, value)| args.replaced(place % places, value)))
}

fn any_value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        6 => any_tensor().prop_map(Value::Tensor),
        3 => any_int().prop_map(Value::Int),
        2 => any_float().prop_map(Value::Float),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => prop::sample::select(vec!["mean", "sum", "none", "same", "reflect", "", "ij"])
            .prop_map(|text| Value::Str(text.into())),
        1 => Just(Value::Null),
        1 => prop::sample::select(DType::ALL.to_vec()).prop_map(Value::DType),
    ];
    prop_oneof![
        5 => leaf.clone(),
        2 => prop::collection::vec(any_int().prop_map(Value::Int), 0..5).prop_map(Value::List),
        1 => prop::collection::vec(leaf, 0..4).prop_map(Value::List),
    ]
    .boxed()
}

/// Small ones, and the ends of the range. What lies between could be a size that is merely large.
fn any_int() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -9..=9_i64, 1 => prop::sample::select(vec![i64::MIN, i64::MIN + 1, 1 << 62, i64::MAX])]
}

fn any_float() -> impl Strategy<Value = f64> {
    let strange = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, -0.0, 0.0];
    prop_oneof![2 => -3.0..3.0_f64, 1 => prop::sample::select(strange)]
}

fn any_tensor() -> impl Strategy<Value = Tensor> {
    let shape = prop::collection::vec(prop_oneof![1 => Just(0_usize), 8 => 1..5_usize], 0..5);
    (shape, prop::sample::select(DType::ALL.to_vec()), any::<bool>())
        .prop_flat_map(|(shape, dtype, turned)| {
            let numel = shape.iter().product::<usize>();
            let number = match dtype.is_float() {
                true => any_float().boxed(),
                // Integers up to the last bit of what a float can name.
                false => any_int().prop_map(|i| i as f64).boxed(),
            };
            (Just(shape), Just(dtype), Just(turned), prop::collection::vec(number, numel))
        })
        .prop_filter_map("a tensor", |(shape, dtype, turned, numbers)| {
            let t = Tensor::from_slice(&numbers, &shape).and_then(|t| t.to_dtype(dtype)).ok()?;
            if turned && t.dim() > 1 { t.transpose(0, -1).ok() } else { Some(t) }
        })
}
