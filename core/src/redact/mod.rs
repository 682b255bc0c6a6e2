//! The rules for values that must not be printed. `Debug`, errors and traces omit them.
//!
//! - A property that holds a secret. If its type is known, the type and the property decide (the
//!   generator applies the rule, `description/src/secrets/`). In JSON without a type the name alone
//!   decides ([`Json`]).
//! - A text that holds a secret: the parameters of an address, the user and password before its
//!   host, a token ([`Text`]).
//! - An address of the configuration, whose query and credentials are never needed ([`Address`]).

mod json;
mod one_line;
mod text;

pub use json::{Json, Pair};
pub use one_line::{Escaped, OneLine};
pub use text::{Address, Text, text};

/// The text that replaces a redacted value.
pub const REDACTED: &str = "[redacted]";

pub use msgraph_secrets::{is_listed, is_secret_name};
