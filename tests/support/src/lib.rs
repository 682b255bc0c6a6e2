//! Code that the tests of several packages share.
//!
//! It does not depend on `msgraph`. The unit tests of `msgraph` use it, and for them the types of
//! the library would be those of another compilation.

pub mod recorder;
pub mod silent;
