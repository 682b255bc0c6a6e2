//! The permissions that calls need.
//!
//! For most of its documented operations, Graph lists which permissions suffice and which one is
//! the least privileged (<https://learn.microsoft.com/graph/permissions-overview>). A call knows
//! its part of that list before it is sent:
//!
//! ```
//! # fn main() -> msgraph::Result<()> {
//! use msgraph::Graph;
//! use msgraph::auth::AccessTokenCredential;
//!
//! let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
//! let permissions = graph.me().messages().list().permissions().expect("it is listed");
//! assert_eq!(
//!     permissions.to_string(),
//!     "delegated: Mail.ReadBasic; personal: Mail.ReadBasic; application: not supported"
//! );
//! let others: Vec<_> = permissions.delegated_work().others().map(|one| one.name()).collect();
//! assert_eq!(others, ["Mail.Read", "Mail.ReadWrite"]);
//! # Ok(())
//! # }
//! ```

#[doc(inline)]
pub use msgraph_core::permissions::{Permission, PermissionScheme, Permissions, SchemePermissions};
