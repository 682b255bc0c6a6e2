//! The query options of OData, as far as Microsoft Graph accepts them.
//!
//! [`filter::parse`] reads a `$filter`. [`split`], [`Expanded::read`] and [`Order::read`] read the
//! lists of `$select`, `$expand` and `$orderby`. Nothing here knows a model: whether a property
//! exists, and what its type is, is for the caller to check.
//!
//! The language is that of [OData 4.01, URL Conventions,
//! 5.1](https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html).
//!
//! ```
//! use msgraph_odata::filter::{self, Condition};
//!
//! let condition = filter::parse("accountEnabled eq true and NOT(startsWith(mail, 'a'))")?;
//! assert!(matches!(&condition, Condition::And(parts) if parts.len() == 2));
//! assert_eq!(condition.to_string(), "accountEnabled eq true and not(startswith(mail,'a'))");
//! # Ok::<(), msgraph_odata::SyntaxError>(())
//! ```

#![deny(missing_docs)]

pub mod filter;
mod lists;

pub use lists::{Direction, Expanded, Order, split};

/// The reason why a text is not a query option, in the words of OData's services.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(String);
