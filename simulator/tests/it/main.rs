//! The simulator, seen by a client.

mod assertions;
mod batch;
mod client;
mod codes;
mod delta;
mod description;
mod devices;
mod downloads;
mod entities;
mod faults;
mod grafts;
mod grants;
mod identity;
mod machines;
mod monitors;
mod paging;
mod platform;
mod preferences;
mod queries;
mod refusals;
mod subscriptions;
mod tenants;
mod throttling;
mod uploads;
mod walk;
mod webhook;
