//! Guides: one page for each task, with programs that run.
//!
//! | guide | what it shows |
//! |---|---|
//! | [`sign_in`] | credentials, permissions, sessions, sign-out |
//! | [`models`] | reading and writing: models, nulls, relations, derived types |
//! | [`calendar`] | events, attendees, time zones, recurrence |
//! | [`queries`] | `$select`, `$filter`, `$expand`, `$search`, counts |
//! | [`pages`] | streams, bookmarks, prefetching |
//! | [`delta`] | synchronizing changes |
//! | [`batch`] | many calls in one request, and long-running operations |
//! | [`files`] | uploads and downloads of any size |
//! | `notifications` | webhooks, with the feature `notifications` |
//! | [`errors`] | what fails, what is repeated, time limits, traces |
//! | [`testing`] | the simulator and its faults |
//! | [`other_descriptions`] | beta, or a part of Graph of your own |
//!
//! The modules hold documentation only.

pub mod batch;
pub mod calendar;
pub mod delta;
pub mod errors;
pub mod files;
pub mod models;
#[cfg(feature = "notifications")]
#[cfg_attr(docsrs, doc(cfg(feature = "notifications")))]
pub mod notifications;
pub mod other_descriptions;
pub mod pages;
pub mod queries;
pub mod sign_in;
pub mod testing;
