//! Holds a test and nothing else: see `tests/every_operation.rs`.
