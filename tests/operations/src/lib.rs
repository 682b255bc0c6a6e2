//! Holds tests and nothing else: see `tests/every_operation.rs` and `tests/every_model.rs`.
