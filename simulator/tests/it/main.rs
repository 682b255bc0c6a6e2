//! The simulator, seen by a client.

mod assertions;
mod batch;
mod client;
mod delta;
mod description;
mod downloads;
mod entities;
mod faults;
mod grafts;
mod identity;
mod monitors;
mod paging;
mod platform;
mod preferences;
mod queries;
mod refusals;
mod subscriptions;
mod throttling;
mod uploads;
mod walk;
mod webhook;
