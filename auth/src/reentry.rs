//! The detection of token providers that wait for themselves.

use std::future::Future;
use std::sync::Arc;

use tokio::task::futures::TaskLocalFuture;

use crate::error::SignInError;

tokio::task_local! {
    static WITHIN: Within;
}

/// The token requests within which the current task runs. Each one is identified by the address of
/// its token entry.
///
/// A provider that calls Graph with the client that is waiting for it would wait for its own token.
/// Tasks that a provider spawns itself do not carry this list. They end with the time limit of the
/// token request.
#[derive(Clone, Default)]
pub(super) struct Within(Arc<Vec<usize>>);

impl Within {
    /// Returns the token requests of the current task.
    pub(super) fn current() -> Self {
        WITHIN.try_with(Clone::clone).unwrap_or_default()
    }

    /// Checks that the current task is not within a token request for `of`.
    ///
    /// # Errors
    ///
    /// Returns an error if it is.
    pub(super) fn check<T>(of: &T) -> Result<(), Box<SignInError>> {
        let has_entered = |within: &Self| within.0.contains(&address(of));
        if WITHIN.try_with(has_entered).unwrap_or(false) {
            return Err(Box::new(SignInError::new(
                "deadlock: the token provider (or its callback) calls Graph with the client that \
                 waits for its token; use a separate client there",
            )));
        }
        Ok(())
    }

    /// Returns the token requests of the current task, plus one for `of`.
    ///
    /// # Errors
    ///
    /// Returns an error if the current task is already within such a request.
    pub(super) fn enter<T>(of: &T) -> Result<Self, Box<SignInError>> {
        Self::check(of)?;
        let mut within = Vec::clone(&Self::current().0);
        within.push(address(of));
        Ok(Self(Arc::new(within)))
    }

    /// Polls a future within these token requests.
    pub(super) fn scope<F: Future>(self, future: F) -> TaskLocalFuture<Self, F> {
        WITHIN.scope(self, future)
    }
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn request_within_itself_is_an_error() {
        let (one, other) = (1, 2);
        let within = Within::enter(&one).unwrap();
        let inner = within.scope(async {
            let again = Within::enter(&one).err().unwrap();
            assert!(again.to_string().contains("deadlock"), "{again}");
            // A spawned task does not inherit the list, so the list is passed to it.
            let deeper = Within::enter(&other).unwrap();
            let spawned = tokio::spawn(deeper.scope(async move {
                let within = Within::current();
                within.0.len()
            }));
            spawned.await.unwrap()
        });
        assert_eq!(inner.await, 2);
        assert!(Within::check(&one).is_ok());
    }
}
