//! Conditions on the current state of a resource, and calls that fetch that state again.

use http::Method;
use http::header::IF_NONE_MATCH;
use serde::de::DeserializeOwned;

use super::{AnyOption, Call, Entity, Get, IfMatch, MaybeEntity, Nothing};

impl<A, O> Call<A, O> {
    /// Makes the call only if the current state does not have this etag: `If-None-Match`. Takes the
    /// same values as [`if_match`](Self::if_match).
    ///
    /// Graph then responds to a `GET` with 304 if the item has not changed, which
    /// [`is_not_modified`](crate::Error::is_not_modified) reports. With `*`, a call that creates an
    /// item gets 412 if the item already exists.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     known: msgraph::models::DriveItem,
    /// # ) -> msgraph::Result<()> {
    /// let newer = match graph
    ///     .drives()
    ///     .id("d")
    ///     .items()
    ///     .id("i")
    ///     .get()
    ///     .if_none_match(&known)
    ///     .await
    /// {
    ///     Err(error) if error.is_not_modified() => known,
    ///     newer => newer?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the item came without
    /// an etag.
    ///
    /// See [RFC 9110, 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2).
    pub fn if_none_match(self, etag: impl IfMatch) -> Self {
        Self::new(self.operation.condition(IF_NONE_MATCH, &etag))
    }
}

impl<T: DeserializeOwned, O> Call<MaybeEntity<T>, O> {
    /// Returns the call that gets the entity that this call would change. Use it after a change was
    /// refused because its etag is old ([`is_conflict`](crate::Error::is_conflict)).
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     read: msgraph::models::PlannerTask,
    /// # ) -> msgraph::Result<()> {
    /// use msgraph::models::PlannerTask;
    ///
    /// let done = PlannerTask {
    ///     percent_complete: Some(100),
    ///     ..Default::default()
    /// };
    /// let change = graph.planner().tasks().id("id").update(&read, done);
    /// match change.clone().await {
    ///     Err(error) if error.is_conflict() => {
    ///         let now = change.refetch_on_conflict().await?;
    ///         println!("another user wrote {:?}", now.title);
    ///     }
    ///     other => drop(other?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn refetch_on_conflict(&self) -> Get<T, AnyOption> {
        self.get_instead()
    }
}

impl<O> Call<Nothing, O> {
    /// Returns the call that gets the entity that this call would delete or change. Use it after a
    /// call was refused because its etag is old ([`is_conflict`](crate::Error::is_conflict)).
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     read: msgraph::models::Message,
    /// # ) -> msgraph::Result<()> {
    /// use msgraph::models::Message;
    ///
    /// let delete = graph.me().messages().id("id").delete().if_match(&read);
    /// if let Err(error) = delete.clone().await
    ///     && error.is_conflict()
    /// {
    ///     let now = delete.refetch_on_conflict::<Message>().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn refetch_on_conflict<T: DeserializeOwned>(&self) -> Get<T, AnyOption> {
        self.get_instead()
    }
}

impl<A, O> Call<A, O> {
    /// Returns a `GET` of the same address with the caller's preferences, without body, conditions
    /// and query.
    fn get_instead<T>(&self) -> Call<Entity<T>, AnyOption> {
        Call::new(self.operation.clone().ask(Method::GET))
    }
}
