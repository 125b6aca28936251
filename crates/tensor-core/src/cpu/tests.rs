//! Kernels against plain definitions, through views of any layout.
mod elementwise;
mod fused;
mod reductions;
