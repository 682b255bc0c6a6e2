//! The one place that includes generated code.
//!
//! `build.rs` writes the code from `openapi/`. It is not edited by hand. Fix errors in `codegen/`,
//! in `openapi/` (with `cargo xtask trim`), or in the runtime that the code calls.

use crate::Graph as Root;
use crate::runtime::Path;

/// Includes typed endpoints of another description: Graph's beta, or the part of a version that a
/// program needs.
///
/// The generator and the runtime are the same; only the description differs. `cargo xtask trim` of
/// this crate's repository makes an `openapi/` folder from a Graph document. A build script of one
/// line generates the code, with an `msgraph-codegen` of the same version as `msgraph`:
///
/// ```text
/// // build.rs
/// fn main() -> std::process::ExitCode {
///     msgraph_codegen::build("openapi")
/// }
/// ```
///
/// The macro includes that code, with the version in Graph's URLs. Call it in a module of its own:
///
/// ```text
/// // src/main.rs
/// mod beta {
///     msgraph::generated!("beta");
/// }
///
/// let graph = Graph::new(provider);
/// let beta = beta::Root::new(&graph);
/// let me = beta.me().get().select(beta::models::User::DISPLAY_NAME).await?;
/// ```
///
/// `Root` has the methods that [`Graph`](crate::Graph) has for v1.0. The modules `models`, `nodes`
/// and `options` are like those of this crate, but contain different types. `examples/beta-client`
/// is an example program.
#[macro_export]
macro_rules! generated {
    ($version:literal) => {
        /// The root of Graph's tree, in the version of this module.
        #[derive(Clone, Debug)]
        pub struct Root($crate::runtime::Path);

        impl Root {
            /// Creates the root with the cloud, the tokens and all settings of this client. The
            /// version that the client itself uses does not matter.
            pub fn new(graph: &$crate::Graph) -> Self {
                Self($crate::runtime::Path::root_of(graph, $version))
            }
        }

        fn root(root: &Root) -> &$crate::runtime::Path {
            &root.0
        }

        // A program uses only a few of the many items, and its lints are for its own code.
        $crate::generated!(
            @below
            #[allow(
                dead_code,
                unreachable_pub,
                unused_imports,
                clippy::all,
                clippy::nursery,
                clippy::pedantic
            )]
        );
    };
    // The modules below a `Root`.
    (@below $(#[$attribute:meta])*) => {
        /// Graph's entities, complex types and enums, and the bodies of its actions in `actions`.
        $(#[$attribute])*
        pub mod models {
            use std::fmt;

            use $crate::runtime::model::{self, edm};
            use $crate::runtime::{serde, serde_json};

            include!(concat!(env!("OUT_DIR"), "/models.rs"));
        }

        $crate::generated!(@calls $(#[$attribute])*);
    };
    // The same without models, which may be those of another crate.
    (@calls $(#[$attribute:meta])*) => {
        const _: () = assert!(
            $crate::runtime::is_version(facts::GENERATOR, $crate::runtime::VERSION),
            "msgraph and msgraph-codegen (a build dependency) must have the same version"
        );

        /// The places of Graph's tree. A node is the client and the path so far. Its methods are
        /// the calls at that place.
        ///
        /// Programs do not have to name nodes: `graph.users().id("adele@contoso.com").messages()`
        /// returns one. Their names are not stable, because a place with many paths is named after
        /// the shortest.
        $(#[$attribute])*
        pub mod nodes {
            use $crate::call::*;
            use $crate::runtime::model::edm;
            use $crate::runtime::*;

            use super::{Root, facts, models, options, root};

            include!(concat!(env!("OUT_DIR"), "/nodes.rs"));
        }

        /// The facts about operations that are not part of their signature.
        $(#[$attribute])*
        mod facts {
            use $crate::runtime::OperationMetadata;

            include!(concat!(env!("OUT_DIR"), "/facts.rs"));
        }

        /// The options of operations: the second parameter of `Call`.
        $(#[$attribute])*
        pub mod options {
            use $crate::call::*;

            include!(concat!(env!("OUT_DIR"), "/options.rs"));
        }
    };
}

// Without any area, there are no endpoints.
#[allow(dead_code)]
fn root(graph: &Root) -> Path {
    Path::root(graph)
}

use crate::models;

// The code of few areas does not need everything that is imported for it.
generated!(@calls #[allow(unused_imports)]);

/// The names in Graph's paths.
mod segments {
    include!(concat!(env!("OUT_DIR"), "/segments.rs"));
}

pub(crate) use segments::SEGMENTS;
