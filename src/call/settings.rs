//! Settings of a single call that differ from its client's.

use std::sync::Arc;
use std::time::Duration;

use super::{Call, RequestBuilder};
use crate::RetryPolicy;

/// The call's own settings for its attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) retry: Option<Arc<RetryPolicy>>,
    pub(crate) idempotent: bool,
    pub(crate) timeout: Option<Duration>,
}

impl Settings {
    /// Returns the settings with retries switched off. Used for requests that have a retry rule of
    /// their own: pieces of files, which continue from where they stopped.
    pub(crate) fn one_try(settings: Option<Box<Self>>) -> Option<Box<Self>> {
        let mut settings = settings.unwrap_or_default();
        settings.retry = Some(Arc::new(RetryPolicy::none()));
        Some(settings)
    }
}

impl<A, O> Call<A, O> {
    /// Sets the retry policy of this call, in place of the client's.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::RetryPolicy;
    ///
    /// let me = graph.me().get().retry(RetryPolicy::none()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(self, retry: RetryPolicy) -> Self {
        self.set(|settings| settings.retry = Some(Arc::new(retry)))
    }

    /// Declares that sending this call twice has the same effect as sending it once. The call is
    /// then also sent again after a 504 and after a lost connection. `GET`, `PUT` and `DELETE` have
    /// this property by default, with the exceptions that [`RetryPolicy`] names. For an
    /// action or a `PATCH`, only the caller knows.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// use msgraph::models::Message;
    ///
    /// let read = Message { is_read: Some(true), ..Default::default() };
    /// graph.me().messages().id(id).update(read).idempotent().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [RFC 9110, 9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2).
    pub fn idempotent(self) -> Self {
        self.set(|settings| settings.idempotent = true)
    }

    /// Fails the call when this time is over, including its attempts and waits. In a list, the
    /// limit applies to each page. A wait that would end later is not started.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use std::time::Duration;
    ///
    /// match graph.me().get().timeout(Duration::from_secs(5)).await {
    ///     Err(error) if error.is_timeout() || error.is_throttled() => {
    ///         println!("not now: {error}")
    ///     }
    ///     other => println!("{:?}", other?.display_name),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = Some(timeout))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|operation: &mut RequestBuilder| change(operation.settings_mut()))
    }
}
