//! The naive backend gives what the CPU gives.
use super::{all_same, call, each_sample, plain};
use crate::{compare::Tolerance, naive, table::Check};
use tensor_core::DType;

/// Every row on the naive backend and on the CPU.
pub fn naive_agrees() -> Vec<String> {
    each_sample(Check::Naive, |row, sample| {
        for (dtype, rtol) in [(DType::F64, 1e-10), (DType::F32, 2e-5)] {
            let args = sample.make(&plain(dtype))?;
            let there = args.map_tensors(&mut |t| Ok(t.to_device(&naive::device())?))?;
            let (expected, got) = (call(row, &there)?, call(row, &args)?);
            all_same(&got, &expected, Tolerance { rtol, atol: rtol })?;
        }
        Ok(())
    })
}
