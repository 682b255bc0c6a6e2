//! Errors of the simulator itself. What the simulated service refuses is an HTTP answer, not one of these.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a simulator could not be started or seeded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The description could not be read.
    #[error("{}: {message}", file.display())]
    Description {
        /// The file or folder.
        file: PathBuf,
        /// What is wrong with it, and where.
        message: String,
    },
    /// The port could not be bound, or the server's thread could not be started.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for; 0 means any.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store refused what [`Simulator::create`](crate::Simulator::create) or its siblings were asked for.
    #[error("{method} {path} → {status}: {message}")]
    Refused {
        /// The method.
        method: http::Method,
        /// The path, as it was given.
        path: String,
        /// The status with which a client would have been refused.
        status: http::StatusCode,
        /// The message, in Graph's words.
        message: String,
    },
}

impl Error {
    pub(crate) fn description(file: &Path, message: impl fmt::Display) -> Self {
        Self::Description {
            file: file.to_owned(),
            message: message.to_string(),
        }
    }
}
