//! The interface between this crate and the code that `msgraph-codegen` writes, in this crate as in
//! others. Only generated code calls it.
//!
//! It gives no promise of stability. The generator and the runtime must have the same version, and
//! [`generated!`](crate::generated!) checks that.

pub use serde;
pub use serde_json;

pub use crate::call::argument::Argument;
pub use crate::call::operation::RequestBuilder;
pub use crate::call::path::Path;
pub use msgraph_core::operation_metadata::OperationMetadata;
pub use msgraph_core::query::Time;

/// The functions that generated models call, and the types of their fields.
pub use msgraph_core::runtime as model;

/// The version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Checks whether two versions are equal. Constants cannot use `==` on texts yet.
pub const fn is_version(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn versions_are_compared_whole() {
        assert!(is_version("0.1.0", "0.1.0"));
        for other in ["0.1", "0.1.00", "0.1.1", ""] {
            assert!(!is_version("0.1.0", other), "{other}");
            assert!(!is_version(other, "0.1.0"), "{other}");
        }
    }
}
