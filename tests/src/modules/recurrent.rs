//! Recurrent layers and their cells.
use super::{Built, called};
use crate::{
    args::Args,
    fault::{Outcome, Res, unsupported},
    table::{both, one},
    value::Value,
};
use nn::*;
use tensor_core::Tensor;

pub(super) fn build(name: &str, a: &Args) -> Res<Option<Built>> {
    let sizes = || Res::Ok((a.count(0, "input_size")?, a.count(1, "hidden_size")?));
    let cell = || Res::Ok(CellOptions { bias: a.bool_or(2, "bias", true)? });
    Ok(Some(match name {
        "RNNCell" => {
            let options = RNNCellOptions { bias: cell()?.bias, nonlinearity: nonlinearity(a, 3)? };
            let module = RNNCell::with_options(sizes()?.0, sizes()?.1, options)?;
            called(module, |m, a| one(m.forward(a.tensor(0, "input")?, a.opt_tensor(1, "hx")?)))
        }
        "GRUCell" => {
            let module = GRUCell::with_options(sizes()?.0, sizes()?.1, cell()?)?;
            called(module, |m, a| one(m.forward(a.tensor(0, "input")?, a.opt_tensor(1, "hx")?)))
        }
        "LSTMCell" => {
            let module = LSTMCell::with_options(sizes()?.0, sizes()?.1, cell()?)?;
            called(module, |m, a| both(m.forward(a.tensor(0, "input")?, pair(a)?)))
        }
        "RNN" => {
            // The place of `nonlinearity` is an old one of PyTorch's: all behind it move on.
            let c = Common::read(a, 4)?;
            let options = RNNOptions {
                num_layers: c.num_layers,
                bias: c.bias,
                batch_first: c.batch_first,
                dropout: c.dropout,
                bidirectional: c.bidirectional,
                nonlinearity: nonlinearity(a, 3)?,
            };
            let module = RNN::with_options(sizes()?.0, sizes()?.1, options)?;
            called(module, |m, a| both(m.forward(a.tensor(0, "input")?, a.opt_tensor(1, "hx")?)))
        }
        "GRU" => {
            let c = Common::read(a, 3)?;
            let options = GRUOptions {
                num_layers: c.num_layers,
                bias: c.bias,
                batch_first: c.batch_first,
                dropout: c.dropout,
                bidirectional: c.bidirectional,
            };
            let module = GRU::with_options(sizes()?.0, sizes()?.1, options)?;
            called(module, |m, a| both(m.forward(a.tensor(0, "input")?, a.opt_tensor(1, "hx")?)))
        }
        "LSTM" => {
            let c = Common::read(a, 3)?;
            let options = LSTMOptions {
                num_layers: c.num_layers,
                bias: c.bias,
                batch_first: c.batch_first,
                dropout: c.dropout,
                bidirectional: c.bidirectional,
                proj_size: a.count_or(8, "proj_size", 0)?,
            };
            let module = LSTM::with_options(sizes()?.0, sizes()?.1, options)?;
            called(module, lstm)
        }
        _ => return Ok(None),
    }))
}

/// What all three have, `bias` and what follows from `place` on.
struct Common {
    num_layers: usize,
    bias: bool,
    batch_first: bool,
    dropout: f64,
    bidirectional: bool,
}

impl Common {
    fn read(a: &Args, place: usize) -> Res<Common> {
        Ok(Common {
            num_layers: a.count_or(2, "num_layers", 1)?,
            bias: a.bool_or(place, "bias", true)?,
            batch_first: a.bool_or(place + 1, "batch_first", false)?,
            dropout: a.float_or(place + 2, "dropout", 0.0)?,
            bidirectional: a.bool_or(place + 3, "bidirectional", false)?,
        })
    }
}

fn nonlinearity(a: &Args, place: usize) -> Res<RNNNonlinearity> {
    match a.str_or(place, "nonlinearity", "tanh")? {
        "tanh" => Ok(RNNNonlinearity::Tanh),
        "relu" => Ok(RNNNonlinearity::Relu),
        other => unsupported(format!("nonlinearity {other}")),
    }
}

/// The two states of an LSTM, where they are given.
fn pair(a: &Args) -> Res<Option<(&Tensor, &Tensor)>> {
    match a.get(1, "hx") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::List(items)) => match &items[..] {
            [Value::Tensor(h), Value::Tensor(c)] => Ok(Some((h, c))),
            _ => unsupported("hx is not two tensors"),
        },
        Some(other) => unsupported(format!("hx is {}", other.kind())),
    }
}

fn lstm(module: &LSTM, a: &Args) -> Outcome {
    let (y, (h, c)) = module.forward(a.tensor(0, "input")?, pair(a)?)?;
    Ok(vec![y, h, c])
}
