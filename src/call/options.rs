//! The options that an operation has.
//!
//! An option is a method of [`Call`](super::Call) and exists where Graph's description allows it.
//! Each distinct set of options is a marker type, which is the second parameter of `Call`. These
//! traits say which options are in the set.

/// A set of options, which is the second parameter of [`Call`](super::Call).
///
/// The sets of Graph's operations are the types of the module [`options`](crate::options). They are
/// named after the calls that have them: `ListOptions`, `EntityOptions`. The page of each lists its
/// options.
///
/// A call without an option does not compile with it, and the compiler names the option as Graph
/// does:
///
/// ```compile_fail,E0277
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// // error[E0277]: Graph's description does not have `$top` for this call
/// graph.users().id("1").get().top(5).await?;
/// # Ok(())
/// # }
/// ```
///
/// Where Graph takes the option all the same, [`Call::query`](super::Call::query) and
/// [`Call::header`](super::Call::header) send it:
///
/// ```no_run
/// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
/// graph.users().id("1").get().query("$top", "5").await?;
/// # Ok(())
/// # }
/// ```
pub trait Options {
    /// Set to `true` if the operation has the header `ConsistencyLevel`. The call then sends it
    /// when the query needs it.
    #[doc(hidden)]
    const CONSISTENCY_LEVEL: bool = false;
    /// Set to `true` if the operation has `$count`.
    #[doc(hidden)]
    const COUNT: bool = false;
}

/// The empty set of options.
impl Options for () {}

/// The set of all options, used for a call that the description does not know.
#[derive(Clone, Copy, Debug)]
pub enum AnyOption {}

impl Options for AnyOption {}

/// A set of options that includes `$select`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$select` for this call",
    label = "this call does not accept `$select`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.query(\"$select\", …)`"
)]
pub trait HasSelect: Options {}

impl HasSelect for AnyOption {}

/// A set of options that includes `$expand`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$expand` for this call",
    label = "this call does not accept `$expand`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.query(\"$expand\", …)`"
)]
pub trait HasExpand: Options {}

impl HasExpand for AnyOption {}

/// A set of options that includes `$filter`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$filter` for this call",
    label = "this call does not accept `$filter`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.query(\"$filter\", …)`"
)]
pub trait HasFilter: Options {}

impl HasFilter for AnyOption {}

/// A set of options that includes `$search`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$search` for this call",
    label = "this call does not accept `$search`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.query(\"$search\", …)`"
)]
pub trait HasSearch: Options {}

impl HasSearch for AnyOption {}

/// A set of options that includes `$orderby`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$orderby` for this call",
    label = "this call does not accept `$orderby`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.query(\"$orderby\", …)`"
)]
pub trait HasOrderBy: Options {}

impl HasOrderBy for AnyOption {}

/// A set of options that includes `$top`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$top` for this call",
    label = "this call does not accept `$top`",
    note = "if Graph accepts it although its description omits it, send it with `.query(\"$top\", \
            …)`"
)]
pub trait HasTop: Options {}

impl HasTop for AnyOption {}

/// A set of options that includes `$skip`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$skip` for this call",
    label = "this call does not accept `$skip`",
    note = "if Graph accepts it although its description omits it, send it with `.query(\"$skip\", \
            …)`"
)]
pub trait HasSkip: Options {}

impl HasSkip for AnyOption {}

/// A set of options that includes `$count`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have `$count` for this call",
    label = "this call does not accept `$count`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.query(\"$count\", …)`"
)]
pub trait HasCount: Options {}

impl HasCount for AnyOption {}

/// A set of options that includes the header `ConsistencyLevel`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have the header `ConsistencyLevel` for this call",
    label = "this call does not accept the header `ConsistencyLevel`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.header(\"ConsistencyLevel\", …)`"
)]
pub trait HasConsistencyLevel: Options {}

impl HasConsistencyLevel for AnyOption {}

/// A set of options that includes the header `If-Match`.
#[diagnostic::on_unimplemented(
    message = "Graph's description does not have the header `If-Match` for this call",
    label = "this call does not accept the header `If-Match`",
    note = "if Graph accepts it although its description omits it, send it with \
            `.header(\"If-Match\", …)`"
)]
pub trait HasIfMatch: Options {}

impl HasIfMatch for AnyOption {}
