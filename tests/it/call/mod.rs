//! Calls and their responses.

mod addresses;
mod requests;
mod responses;
