//! Deep learning in Rust: tensors that differentiate, layers, optimizers, data.
