//! Elementwise functions of one tensor.
use super::{Row, unary};
use crate::sample::range;
use tensor_core::Tensor;

pub(super) fn rows() -> Vec<Row> {
    vec![
        unary("neg", Tensor::neg).on(-2.0, 2.0),
        unary("abs", Tensor::abs).on(-2.0, 2.0),
        unary("sign", Tensor::sign).on(-2.0, 2.0),
        unary("exp", Tensor::exp).on(-2.0, 2.0),
        unary("exp2", Tensor::exp2).on(-2.0, 2.0),
        unary("expm1", Tensor::expm1).on(-2.0, 2.0),
        unary("log", Tensor::log).on(0.3, 4.0),
        unary("log2", Tensor::log2).on(0.3, 4.0),
        unary("log10", Tensor::log10).on(0.3, 4.0),
        unary("log1p", Tensor::log1p).on(-0.7, 4.0),
        unary("sqrt", Tensor::sqrt).on(0.3, 4.0),
        unary("rsqrt", Tensor::rsqrt).on(0.3, 4.0),
        unary("reciprocal", Tensor::reciprocal).on(0.4, 3.0),
        unary("sin", Tensor::sin).on(-2.0, 2.0),
        unary("cos", Tensor::cos).on(-2.0, 2.0),
        unary("tan", Tensor::tan).on(-1.2, 1.2),
        unary("asin", Tensor::asin).on(-0.8, 0.8),
        unary("acos", Tensor::acos).on(-0.8, 0.8),
        unary("atan", Tensor::atan).on(-2.0, 2.0),
        unary("sinh", Tensor::sinh).on(-2.0, 2.0),
        unary("cosh", Tensor::cosh).on(-2.0, 2.0),
        unary("tanh", Tensor::tanh).on(-2.0, 2.0),
        unary("asinh", Tensor::asinh).on(-2.0, 2.0),
        unary("acosh", Tensor::acosh).on(1.3, 4.0),
        unary("atanh", Tensor::atanh).on(-0.8, 0.8),
        unary("erf", Tensor::erf).on(-2.0, 2.0),
        unary("erfc", Tensor::erfc).on(-2.0, 2.0),
        unary("erfinv", Tensor::erfinv).on(-0.8, 0.8),
        unary("lgamma", Tensor::lgamma).on(0.2, 6.0),
        unary("digamma", Tensor::digamma).on(0.2, 6.0).sample([range([7], -2.8, -2.2)]),
        unary("sigmoid", Tensor::sigmoid).on(-2.0, 2.0),
        unary("nn.functional.relu", Tensor::relu).on(-2.0, 2.0),
        unary("square", Tensor::square).on(-2.0, 2.0),
        unary("floor", Tensor::floor).on(-2.0, 2.0),
        unary("ceil", Tensor::ceil).on(-2.0, 2.0),
        unary("round", Tensor::round).on(-2.2, 2.2),
        unary("trunc", Tensor::trunc).on(-2.0, 2.0),
        unary("bitwise_not", Tensor::bitwise_not)
            .sample([crate::sample::idx([3, 4], 100)])
            .no_grad("it takes no floats"),
    ]
}
