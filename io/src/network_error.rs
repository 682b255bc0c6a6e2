//! Errors of reqwest as errors of this crate.

use std::error::Error;
use std::sync::Arc;

use msgraph_core::error::{TransportError, TransportErrorKind as Kind};

use super::refused_connection;

/// Converts an error of reqwest. It removes the URL, which may hold ids and tokens.
pub fn from_reqwest(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    from_cause(kind_of(&error), Arc::new(error))
}

/// Converts an error of a middleware of the caller.
pub fn from_middleware(error: Box<dyn Error + Send + Sync>) -> TransportError {
    let source: Arc<dyn Error + Send + Sync> = Arc::from(error);
    let kind = causes(&*source)
        .find_map(|cause| cause.downcast_ref())
        .map_or(Kind::Final, kind_of);
    from_cause(kind, source)
}

fn from_cause(kind: Kind, source: Arc<dyn Error + Send + Sync>) -> TransportError {
    let reason = match kind {
        Kind::ConnectRefused => refused_connection::reason(&*source),
        _ => None,
    };
    // reqwest's own text says only that something failed. The end of the chain contains the cause.
    let last = || causes(&*source).last().map(ToString::to_string);
    let cause = reason.or_else(last).unwrap_or_default();
    TransportError::from_cause(kind, cause, source)
}

/// Returns the name of a network error in traces, if reqwest caused it.
pub fn kind_of_loss(error: &(dyn Error + 'static)) -> &'static str {
    let cause = causes(error).find_map(|cause| cause.downcast_ref());
    cause.map_or(Kind::Final, kind_of).name()
}

fn kind_of(error: &reqwest::Error) -> Kind {
    if error.is_connect() && error.is_timeout() {
        Kind::ConnectTimeout
    } else if error.is_connect() && refused_connection::reason(error).is_some() {
        Kind::ConnectRefused
    } else if error.is_connect() {
        Kind::Connect
    } else if error.is_timeout() {
        Kind::Timeout
    } else if error.is_builder() || error.is_redirect() {
        Kind::Final
    } else {
        Kind::Broken
    }
}

/// Iterates over the error and its causes, from the outermost to the innermost.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| match error
        .downcast_ref()
    {
        // This error reports the causes of the wrapped error as its own, which would skip the
        // wrapped error.
        Some(reqwest_middleware::Error::Middleware(wrapped)) => Some(wrapped.as_ref()),
        Some(reqwest_middleware::Error::Reqwest(wrapped)) => Some(wrapped),
        // An I/O error does the same, and TLS wraps its refusals in one.
        None => match error
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::get_ref)
        {
            Some(Some(wrapped)) => Some(wrapped as &(dyn Error + 'static)),
            _ => (*error).source(),
        },
    })
}
