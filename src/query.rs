//! OData's system query options: the values of `$select`, `$expand`, `$orderby`, `$filter` and
//! `$search`.
//!
//! The options themselves are methods of [`Call`](crate::call::Call). They take names of properties
//! and navigations, which every model has as constants. They also take plain text wherever a name
//! is enough.
//!
//! ```
//! use msgraph::models::{EmailAddress, Group, Message, Recipient, User};
//!
//! let sender = Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::ADDRESS;
//! let filter = Message::IS_READ.eq(false).and(sender.eq("adele@contoso.com"));
//! assert_eq!(
//!     filter.to_string(),
//!     "isRead eq false and from/emailAddress/address eq 'adele@contoso.com'"
//! );
//!
//! let members = Group::MEMBERS.select(["id", "displayName"]).top(5);
//! assert_eq!(members.to_string(), "members($select=id,displayName;$top=5)");
//! assert_eq!(User::DISPLAY_NAME.desc().to_string(), "displayName desc");
//! ```
//!
//! Values are not encoded here. They are encoded once, when the call is sent.
//!
//! <https://learn.microsoft.com/graph/query-parameters>

#[doc(hidden)]
pub use msgraph_core::query::CommaList;
#[doc(inline)]
pub use msgraph_core::query::{
    Expand, Expanded, Filter, Literal, Null, Order, OrderBy, PropertyPath, Search, Selection,
    Target, Time, literal,
};
