//! Responses decoded into types other than the description's.

use super::{Call, Collection, Entity, MaybeEntity, Value};

/// A kind of response with a type parameter, which another type can replace.
pub trait TypedResponseKind {
    /// The same kind of response with another type.
    type Of<T>;
}

impl<U> TypedResponseKind for Entity<U> {
    type Of<T> = Entity<T>;
}

impl<U> TypedResponseKind for MaybeEntity<U> {
    type Of<T> = MaybeEntity<T>;
}

impl<U> TypedResponseKind for Collection<U> {
    type Of<T> = Collection<T>;
}

impl<U> TypedResponseKind for Value<U> {
    type Of<T> = Value<T>;
}

impl<A: TypedResponseKind, O> Call<A, O> {
    /// Decodes the response, or its items, into a type of the caller's: a few fields, another
    /// model, or `serde_json::Value`. The properties chosen with `select` do not change.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::models::User;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Badge {
    ///     id: String,
    ///     #[serde(rename = "extension_1f2e_badge")]
    ///     badge: Option<String>,
    /// }
    ///
    /// let badges = graph.users().list()
    ///     .select((User::ID, "extension_1f2e_badge"))
    ///     .deserialize_as::<Badge>()
    ///     .all()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// For a response of any other kind, use [`raw`](Self::raw)`().`[`json`](Call::json).
    pub fn deserialize_as<T>(self) -> Call<A::Of<T>, O> {
        Call::new(self.operation)
    }
}
