//! Errors of the generator.

use std::fmt;

/// The reason why no code was generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The description cannot be used.
    Description(msgraph_description::Error),
    /// progenitor refused an operation, or lowered it to something unexpected.
    Lowering(String),
}

impl Error {
    /// Returns the error for an element that the generator does not know. `place` is its path,
    /// operation or schema.
    pub(crate) fn unknown(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Description(msgraph_description::Error::Unknown {
            place: place.into(),
            what: what.into(),
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Description(error) => error.fmt(f),
            Error::Lowering(what) => write!(f, "progenitor: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // The text is that of the inner error, so its source is the next in line.
            Error::Description(error) => error.source(),
            Error::Lowering(_) => None,
        }
    }
}

impl From<msgraph_description::Error> for Error {
    fn from(error: msgraph_description::Error) -> Self {
        Self::Description(error)
    }
}

/// The generator's result.
pub type Result<T> = std::result::Result<T, Error>;
