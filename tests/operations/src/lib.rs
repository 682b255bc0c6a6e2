//! A package that holds only tests: see `tests/every_operation.rs` and `tests/every_model.rs`.
