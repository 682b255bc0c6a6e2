//! The one place where generated code comes in.
//!
//! `build.rs` writes it from `openapi/`. Nobody edits it: what is wrong in it is mended in `codegen/`, in `openapi/` (by
//! `cargo xtask trim`) or in the runtime that it calls.

/// Graph's entities, complex types and enums, and the bodies of its actions in [`actions`](models::actions).
pub mod models {
    use std::fmt;
    use std::marker::PhantomData;

    use crate::model::{self, edm};

    include!(concat!(env!("OUT_DIR"), "/models.rs"));
}

/// The places of Graph's tree. A node is the client and the path so far; its methods are what can be called there.
///
/// Nobody has to name them: `graph.users().id("adele@contoso.com").messages()` leads to one. What they are called is not
/// promised, since a place that hangs under many paths is named after the shortest.
pub mod nodes {
    use super::{facts, models, options};
    use crate::Graph;
    use crate::call::*;
    use crate::model::{self, edm};

    include!(concat!(env!("OUT_DIR"), "/nodes.rs"));
}

/// What is known of operations besides their form.
pub(crate) mod facts {
    use crate::call::Facts;

    include!(concat!(env!("OUT_DIR"), "/facts.rs"));
}

/// Which options operations have: the second parameter of [`Call`](crate::Call).
pub mod options {
    use crate::call::*;

    include!(concat!(env!("OUT_DIR"), "/options.rs"));
}
