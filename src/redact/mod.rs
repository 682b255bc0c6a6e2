//! The rules for values that must not be printed: what `Debug`, errors and traces leave out.
//!
//! - A property that holds a secret: by type and property where the type is known (the generator
//!   decides, `codegen/src/secrets/`), and by the name alone in JSON without a type ([`Json`]).
//! - A text that holds one: the parameters of an address, the user and password before its host, a
//!   token ([`Text`]).
//! - An address of the configuration, whose query and credentials are never needed ([`Address`]).

mod json;
mod text;

pub(crate) use json::{Json, Pair};
pub(crate) use text::{Address, Text, text};

/// What is printed instead.
pub(crate) const REDACTED: &str = "[redacted]";

pub(crate) use crate::generated::secrets::{is_listed, is_secret_name};
