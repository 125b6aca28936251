//! The network: three convolutions, each normalised, and two linear layers.
use flambeau::nn::{BatchNorm2d, Conv2d, Conv2dOptions, Dropout, MaxPool2d};
use flambeau::prelude::*;

/// Reads digits of 8x8 pixels.
#[derive(Debug, Clone, Module)]
pub struct Net {
    block1: Block,
    block2: Block,
    block3: Block,
    pool: MaxPool2d,
    dropout: Dropout,
    hidden: Linear,
    head: Linear,
}

impl Net {
    /// Random weights, from the thread's generator.
    pub fn new() -> Result<Net> {
        Ok(Net {
            block1: Block::new(1, 32)?,
            block2: Block::new(32, 32)?,
            block3: Block::new(32, 64)?,
            pool: MaxPool2d::new(2),
            dropout: Dropout::new(0.3),
            hidden: Linear::new(64 * 2 * 2, 64)?,
            head: Linear::new(64, 10)?,
        })
    }
}

impl Forward for Net {
    /// Images `[N, 1, 8, 8]` to scores `[N, 10]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.block2.forward(&self.block1.forward(x)?)?;
        let x = self.block3.forward(&self.pool.forward(&x)?)?;
        let x = self.dropout.forward(&self.pool.forward(&x)?.flatten(1, -1)?)?;
        self.head.forward(&self.hidden.forward(&x)?.relu()?)
    }
}

/// Convolution, batch normalisation, ReLU.
#[derive(Debug, Clone, Module)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm2d,
}

impl Block {
    fn new(from: usize, to: usize) -> Result<Block> {
        // The normalisation takes any bias away again.
        let options = Conv2dOptions { padding: 1.into(), bias: false, ..Default::default() };
        Ok(Block { conv: Conv2d::new(from, to, 3, options)?, norm: BatchNorm2d::new(to)? })
    }
}

impl Forward for Block {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.norm.forward(&self.conv.forward(x)?)?.relu()
    }
}
