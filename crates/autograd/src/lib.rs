//! Gradients of what `tensor-core` records: a rule for every operation, the engine that applies them, parameters.
