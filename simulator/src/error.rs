//! Errors of the simulator itself. A refusal of the simulated service is an HTTP response, not one
//! of these errors.

use std::fmt;
use std::path::{Path, PathBuf};

/// The reason why a simulator could not be started or seeded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The description could not be read.
    #[error("{}: {message}", file.display())]
    Description {
        /// The file or folder.
        file: PathBuf,
        /// The problem with it, and its location.
        message: String,
    },
    /// The port could not be bound, or the server's thread could not be started.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The requested port; 0 means any.
        port: u16,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A seed could not be read, or one of its entities was refused.
    #[error("{origin}: {}{message}", quoted(place.as_deref()))]
    Seed {
        /// The file, or `seed` for a text.
        origin: String,
        /// The path of the entity, with its position in a list: `/users[1]`. `None` if the text is
        /// not of the form of a seed.
        place: Option<String>,
        /// The problem, in Graph's words if Graph would refuse the entity.
        message: String,
    },
    /// The certificate for https could not be made.
    #[error("cannot make the certificate for https")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The certificate for https could not be written to a file.
    #[error("cannot write the certificate to {}", file.display())]
    WriteCertificate {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// An address of [`Builder::public_url`](crate::Builder::public_url) or its sibling is not one.
    #[error("public address `{0}` is not `https://` or `http://` with a host and without a query")]
    PublicUrl(String),
    /// The store refused a call of [`Simulator::create`](crate::Simulator::create) or one of its
    /// siblings.
    #[error("{method} {path} → {status}: {message}")]
    Refused {
        /// The method.
        method: http::Method,
        /// The path, as the caller passed it.
        path: String,
        /// The status that a client would have received.
        status: http::StatusCode,
        /// The message, in Graph's words.
        message: String,
    },
}

/// Returns the beginning of a message about a place.
fn quoted(place: Option<&str>) -> String {
    place.map_or_else(String::new, |place| format!("`{place}`: "))
}

impl Error {
    pub(crate) fn seed(origin: &str, place: Option<String>, message: impl fmt::Display) -> Self {
        Self::Seed {
            origin: origin.to_owned(),
            place,
            message: message.to_string(),
        }
    }

    pub(crate) fn description(file: &Path, message: impl fmt::Display) -> Self {
        Self::Description {
            file: file.to_owned(),
            message: message.to_string(),
        }
    }
}
