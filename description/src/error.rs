//! Errors of a description.

use std::fmt;
use std::path::PathBuf;

use crate::names::Collision;

/// The reason why a description cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file of the description could not be read or written.
    Io(PathBuf, std::io::Error),
    /// A file of the description is not JSON of the trimmed form.
    Json(PathBuf, serde_json::Error),
    /// Items of the description that would have the same Rust name.
    Collisions(Vec<Collision>),
    /// The description has an element that the generator does not know.
    Unknown {
        /// The path, operation or schema.
        place: String,
        /// The unknown element.
        what: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Error::Json(path, error) => write!(f, "{}: {error}", path.display()),
            Error::Collisions(collisions) => {
                f.write_str(
                    "several items of the description have the same Rust name; add a name \
                             to description/src/exceptions.rs",
                )?;
                for collision in collisions {
                    write!(f, "\n  {collision}")?;
                }
                Ok(())
            }
            Error::Unknown { place, what } => write!(f, "{place}: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(_, error) => Some(error),
            Error::Json(_, error) => Some(error),
            _ => None,
        }
    }
}

/// The result of reading a description.
pub type Result<T> = std::result::Result<T, Error>;
