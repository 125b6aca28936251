//! AdamW whose moments take a byte for each element.
use crate::{
    State,
    table::optimizers,
    words::{average, average_square, debias, turned},
};
use tensor_core::{DType, KEEP, Result, Tensor};

optimizers! {
    /// FlashAdamW (Databricks, 2026, <https://github.com/databricks/flashoptim>): AdamW with both moments in 8 bits, in
    /// groups of 32 elements with a scale each: the first through softsign, the second by its root. With `decouple_lr` the
    /// decay is in units of the first learning rate.
    FlashAdamW, FlashAdamWOptions, each flash_adamw {
        lr: f64 = 1e-3, betas: (f64, f64) = (0.9, 0.999), weight_decay: f64 = 0.01, decouple_lr: bool = false,
        quantize: bool = true, eps: f64 = 1e-8, maximize: bool = false,
    } + {
        fn fits(&self, _name: &str, _state: &[usize], _p: &[usize]) -> bool {
            true
        }
    }
}

/// Elements that share a scale.
const GROUP: usize = 32;

/// One of the two moments: how it becomes bytes.
struct Packing {
    quantized: &'static str,
    scales: &'static str,
    /// With a sign, through softsign; else by its root.
    signed: bool,
}
const FIRST: Packing = Packing { quantized: "exp_avg::quantized", scales: "exp_avg::scales", signed: true };
const SECOND: Packing = Packing { quantized: "exp_avg_sq::quantized", scales: "exp_avg_sq::scales", signed: false };

impl Packing {
    fn grouped(x: &Tensor) -> Result<Tensor> {
        let padding = x.numel().next_multiple_of(GROUP) - x.numel();
        let flat = Tensor::cat(&[&x.reshape([x.numel()])?, &x.new_zeros([padding])?], 0)?;
        flat.reshape([flat.numel() / GROUP, GROUP])
    }

    fn save(&self, s: &mut State, x: &Tensor) -> Result<()> {
        if x.numel() == 0 {
            return Ok(());
        }
        let x = if self.signed { x.clone() } else { x.maximum(0.0)?.sqrt()? };
        let groups = Packing::grouped(&x)?;
        let scales = groups.abs()?.amax_dim(1, KEEP)?.maximum(1e-12)?;
        let mut unit = groups.div(&scales)?;
        if self.signed {
            unit = unit.mul(2.0)?.div(&unit.abs()?.add(1.0)?)?;
        }
        // Signed bytes are kept with 127 added.
        let bytes = if self.signed { unit.mul(127.0)?.round()?.add(127.0)? } else { unit.mul(255.0)?.round()? };
        s.put(self.quantized, bytes.to_dtype(DType::U8)?);
        s.put(self.scales, scales.to_dtype(DType::F16)?);
        Ok(())
    }

    fn load(&self, s: &State, like: &Tensor) -> Result<Tensor> {
        let (Some(bytes), Some(scales)) = (s.get(self.quantized), s.get(self.scales)) else { return like.zeros_like() };
        let bytes = bytes.to_dtype(DType::F32)?;
        let unit = if self.signed {
            let unit = bytes.sub(127.0)?.div(127.0)?;
            unit.div(&unit.abs()?.neg()?.add(2.0)?)?
        } else {
            bytes.div(255.0)?
        };
        let x = unit.mul(&scales.to_dtype(DType::F32)?)?;
        let x = if self.signed { x } else { x.square()? };
        x.reshape([x.numel()])?.narrow(0, 0, like.numel())?.reshape(like.shape())
    }
}

fn flash_adamw(o: &FlashAdamWOptions, p: &mut Tensor, g: &Tensor, s: &mut State) -> Result<()> {
    let wide = if p.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
    let g = turned!(o, g).to_dtype(wide)?;
    let t = s.step as f64;
    let mut decay = o.weight_decay;
    if o.decouple_lr {
        let first = s.number("initial_lr", o.lr)?;
        s.set_number("initial_lr", first)?;
        decay = if first > 0.0 { decay / first } else { 0.0 };
    }
    let (mut m, mut v) = if o.quantize {
        (FIRST.load(s, &g)?.to_dtype(wide)?, SECOND.load(s, &g)?.to_dtype(wide)?)
    } else {
        let [m, v] = s.slots(["exp_avg", "exp_avg_sq"], || g.zeros_like())?;
        (m.clone(), v.clone())
    };
    average(&mut m, o.betas.0, &g)?;
    average_square(&mut v, o.betas.1, &g)?;
    let d = v.div(debias(o.betas.1, t))?.sqrt()?.add(o.eps)?;
    let step = m.div(debias(o.betas.0, t))?.div(&d)?.mul(o.lr)?;
    let new = p.detach().to_dtype(wide)?.mul(1.0 - decay * o.lr)?.sub(&step)?;
    p.copy_(&new.to_dtype(p.dtype())?)?;
    if o.quantize {
        FIRST.save(s, &m)?;
        SECOND.save(s, &v)?;
    } else {
        s.put("exp_avg", m);
        s.put("exp_avg_sq", v);
    }
    Ok(())
}
