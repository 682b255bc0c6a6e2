//! How a single call is tried, where it differs from its client.

use std::sync::Arc;
use std::time::Duration;

use super::{Call, Operation};
use crate::Retry;

/// What a call says of its tries itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) retry: Option<Arc<Retry>>,
    pub(crate) idempotent: bool,
    pub(crate) timeout: Option<Duration>,
}

impl Settings {
    /// For what has a rule of its own for trying again: pieces of files, which go on from where they were.
    pub(crate) fn one_try(settings: Option<Box<Self>>) -> Option<Box<Self>> {
        let mut settings = settings.unwrap_or_default();
        settings.retry = Some(Arc::new(Retry::never()));
        Some(settings)
    }
}

impl<A, O> Call<A, O> {
    /// Says how this call is tried again where it fails in a way that passes, in place of what the client does.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Retry;
    ///
    /// let me = graph.me().get().retry(Retry::never()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(self, retry: Retry) -> Self {
        self.set(|settings| settings.retry = Some(Arc::new(retry)))
    }

    /// Says that making this call twice is the same as making it once, so that it is tried again
    /// after a 504 and after a lost connection, too. `GET`, `PUT` and `DELETE` are so by
    /// themselves, but for the exceptions that [`Retry`](crate::Retry) names; of an action or a
    /// `PATCH`, only the caller knows.
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
    /// [RFC 9110, 9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)
    pub fn idempotent(self) -> Self {
        self.set(|settings| settings.idempotent = true)
    }

    /// Gives the call up when this time is over, its tries and its waits included; of a list, each page has it. A wait that
    /// would end later is not begun.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use std::time::Duration;
    ///
    /// match graph.me().get().timeout(Duration::from_secs(5)).await {
    ///     Err(error) if error.is_timeout() || error.is_throttled() => println!("not now: {error}"),
    ///     other => println!("{:?}", other?.display_name),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = Some(timeout))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.map(|operation: &mut Operation| change(operation.settings_mut()))
    }
}
