//! The one place where generated code comes in.
//!
//! `build.rs` writes it from `openapi/`. Nobody edits it: what is wrong in it is mended in `codegen/`, in `openapi/` (by
//! `cargo xtask trim`) or in the runtime that it calls.

use crate::Graph as Root;
use crate::runtime::Path;

/// Typed endpoints of another description: Graph's beta, or the part of a version that a program needs.
///
/// It is the same generator and the same runtime; only the description is another. `cargo xtask trim` of this crate's
/// repository makes an `openapi/` folder of a document of Graph's, and a build script of one line makes code of it, with
/// `msgraph-codegen` of the very version that `msgraph` has:
///
/// ```text
/// // build.rs
/// fn main() -> std::process::ExitCode {
///     msgraph_codegen::build("openapi")
/// }
/// ```
///
/// The macro takes that code in, with the version that stands in Graph's URLs, and is to have a module of its own:
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
/// `Root` has the methods that [`Graph`](crate::Graph) has for v1.0. The modules `models`, `nodes` and `options` are as
/// those of this crate; their types are other types than these. `examples/beta-client` is a program that does so.
#[macro_export]
macro_rules! generated {
    ($version:literal) => {
        /// Where Graph's tree begins, in the version of this module.
        #[derive(Clone, Debug)]
        pub struct Root($crate::runtime::Path);

        impl Root {
            /// The tree as this client sees it: with its cloud, its tokens and all its settings, whichever version the client
            /// itself speaks.
            pub fn new(graph: &$crate::Graph) -> Self {
                Self($crate::runtime::Path::root_of(graph, $version))
            }
        }

        fn root(root: &Root) -> &$crate::runtime::Path {
            &root.0
        }

        // A program uses a few of the many, and holds its own code, not this, to its lints.
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
    // What hangs below a `Root`.
    (@below $(#[$attribute:meta])*) => {
        const _: () = assert!(
            $crate::runtime::is_version(facts::GENERATOR, $crate::runtime::VERSION),
            "msgraph and the msgraph-codegen of the build script have to be of the same version"
        );

        /// Graph's entities, complex types and enums, and the bodies of its actions in `actions`.
        $(#[$attribute])*
        pub mod models {
            use std::fmt;
            use std::marker::PhantomData;

            use $crate::model::{self, edm};
            use $crate::runtime::{serde, serde_json};

            include!(concat!(env!("OUT_DIR"), "/models.rs"));
        }

        /// The places of Graph's tree. A node is the client and the path so far; its methods are what can be called there.
        ///
        /// Nobody has to name them: `graph.users().id("adele@contoso.com").messages()` leads to one. What they are called
        /// is not promised, since a place that hangs under many paths is named after the shortest.
        $(#[$attribute])*
        pub mod nodes {
            use $crate::call::*;
            use $crate::model::{self, edm};
            use $crate::runtime::*;

            use super::{Root, facts, models, options, root};

            include!(concat!(env!("OUT_DIR"), "/nodes.rs"));
        }

        /// What is known of operations besides their form.
        $(#[$attribute])*
        mod facts {
            use $crate::runtime::Facts;

            include!(concat!(env!("OUT_DIR"), "/facts.rs"));
        }

        /// Which options operations have: the second parameter of `Call`.
        $(#[$attribute])*
        pub mod options {
            use $crate::call::*;

            include!(concat!(env!("OUT_DIR"), "/options.rs"));
        }
    };
}

/// The rule for names that tell of a secret: the same text that the generator decides by.
pub(crate) mod secrets {
    include!(concat!(env!("OUT_DIR"), "/secrets.rs"));
}

fn root(graph: &Root) -> Path {
    Path::root(graph)
}

generated!(@below);

/// The names that stand in Graph's paths.
mod segments {
    include!(concat!(env!("OUT_DIR"), "/segments.rs"));
}

pub(crate) use segments::SEGMENTS;
