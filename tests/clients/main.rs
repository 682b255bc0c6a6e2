//! Tests of the simulator with clients that other people wrote, unchanged and over https.
//!
//! They need Python, Node.js and rclone, and install the clients from their registries below
//! `target/tmp`. A test is skipped with a message if its language is missing. If `MSGRAPH_CLIENTS`
//! is set, it fails instead.

mod install;
mod javascript;
mod program;
mod python;
mod rclone;
mod run;
