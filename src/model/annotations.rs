//! What every model can do beyond its fields.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::object::{Object, with_slots};
use super::place;
use super::{DerivedFrom, IntoRelated, Navigation, Property};
use crate::error::{DecodeError, Error, Result};

/// A model of Graph's: an entity, a complex type, or the body of an action.
///
/// ```
/// use msgraph::Model;
/// use msgraph::models::User;
///
/// let mut user = User { city: Some("Oslo".into()), ..Default::default() };
/// user.clear(User::MOBILE_PHONE);
/// assert_eq!(serde_json::to_string(&user)?, r#"{"city":"Oslo","mobilePhone":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Model:
    Object + Default + Clone + PartialEq + fmt::Debug + Serialize + DeserializeOwned
{
    /// Graph's name of the type, `microsoft.graph.user`.
    fn type_name(&self) -> &'static str {
        self.info().name
    }

    /// Writes an explicit `null` for a property: that is how Graph clears it.
    ///
    /// A value that is set afterwards is written in its place.
    fn clear<T>(&mut self, property: Property<Self, T>) {
        let names = self.info().names;
        let number = names.iter().position(|name| *name == property.name());
        with_slots(self, |fields, extra| {
            if let Some(field) = number.and_then(|number| fields.get_mut(number)) {
                field.slot().clear();
            }
            extra.insert(property.name(), Value::Null);
        });
    }

    /// The model with an explicit `null` for a property, as [`clear`](Self::clear) writes it.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::User;
    ///
    /// let user = User::default().with_null(User::MOBILE_PHONE);
    /// assert_eq!(serde_json::to_string(&user)?, r#"{"mobilePhone":null}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn with_null<T>(mut self, property: Property<Self, T>) -> Self {
        self.clear(property);
        self
    }

    /// What a navigation property leads to, where `$expand` asked for it; `None` where it was not sent.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when it does not fit the type.
    fn related<T: DeserializeOwned>(&self, navigation: Navigation<Self, T>) -> Result<Option<T>> {
        match self.extra().get(navigation.name()) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => decode(value, navigation.name()).map(Some),
        }
    }

    /// The model with a related entity, or with related entities: a deep insert.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{FileAttachment, Message};
    ///
    /// let file = FileAttachment { name: Some("a.txt".into()), ..Default::default() };
    /// let message = Message::default().with(Message::ATTACHMENTS, [file])?;
    /// assert_eq!(message.extra["attachments"][0]["@odata.type"], "#microsoft.graph.fileAttachment");
    /// # Ok::<(), msgraph::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when the value cannot be written as JSON.
    fn with<T, V: IntoRelated<T>>(
        mut self,
        navigation: Navigation<Self, T>,
        value: V,
    ) -> Result<Self> {
        let value = value
            .into_related()
            .map_err(|error| not_json(navigation.name(), &error))?;
        self.extra_mut().insert(navigation.name(), value);
        Ok(self)
    }

    /// The model with references to existing entities, `members@odata.bind`, by their URLs.
    ///
    /// <https://learn.microsoft.com/graph/api/group-post-members>
    fn bind<T, U: Into<String>>(
        mut self,
        navigation: Navigation<Self, Vec<T>>,
        urls: impl IntoIterator<Item = U>,
    ) -> Self {
        let urls: Vec<String> = urls.into_iter().map(Into::into).collect();
        self.extra_mut()
            .insert(format!("{}@odata.bind", navigation.name()), urls);
        self
    }

    /// The model with a reference to an existing entity, `template@odata.bind`, by its URL.
    ///
    /// <https://learn.microsoft.com/graph/api/team-post>
    fn bind_one<T>(mut self, navigation: Navigation<Self, T>, url: impl Into<String>) -> Self {
        self.extra_mut()
            .insert(format!("{}@odata.bind", navigation.name()), url.into());
        self
    }

    /// The value as the derived type that `@odata.type` says it is; `None` when it is another type.
    ///
    /// A type that derives from `T` is a `T` as well.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{DirectoryObject, User};
    ///
    /// let member: DirectoryObject =
    ///     serde_json::from_str(r##"{"@odata.type": "#microsoft.graph.user", "mail": "a@b.c"}"##)?;
    /// let user = member.downcast::<User>()?.expect("a user");
    /// assert_eq!(user.mail.as_deref(), Some("a@b.c"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] when it is of the type and does not fit it.
    fn downcast<T: DerivedFrom<Self>>(&self) -> Result<Option<T>> {
        let Some(of) = self.odata_type() else {
            return Ok(None);
        };
        let of = of.trim_start_matches('#');
        let value = T::default();
        let info = value.info();
        let is = |name: &&str| name.eq_ignore_ascii_case(of);
        if !is(&info.name) && !info.derived.iter().any(is) {
            return Ok(None);
        }
        let json = serde_json::to_value(self).map_err(|error| not_json("", &error))?;
        decode(&json, "").map(Some)
    }

    /// `@odata.etag`
    fn etag(&self) -> Option<&str> {
        self.annotation("@odata.etag")
    }

    /// `@odata.type`
    fn odata_type(&self) -> Option<&str> {
        self.annotation("@odata.type")
    }

    /// `@odata.id`
    fn odata_id(&self) -> Option<&str> {
        self.annotation("@odata.id")
    }

    /// `@odata.context`
    fn odata_context(&self) -> Option<&str> {
        self.annotation("@odata.context")
    }

    /// `@microsoft.graph.downloadUrl`: where the bytes of a drive item are, for a few minutes and without a token.
    fn download_url(&self) -> Option<&str> {
        self.annotation("@microsoft.graph.downloadUrl")
            .or_else(|| self.annotation("@content.downloadUrl"))
    }

    /// The link to more of an expanded relation, `members@odata.nextLink`.
    fn next_link<T>(&self, navigation: Navigation<Self, T>) -> Option<&str> {
        self.annotation(&format!("{}@odata.nextLink", navigation.name()))
    }

    /// An annotation that is text, by its whole name.
    fn annotation(&self, name: &str) -> Option<&str> {
        self.extra().get(name)?.as_str()
    }
}

/// Reads what stands under `path`, the whole where it is empty.
fn decode<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T> {
    T::deserialize(value).map_err(|error| {
        let error = match path {
            "" => error,
            path => place::within(place::Step::Name(path), error),
        };
        let text = error.to_string();
        let (path, message) = place::split(&text);
        Error::Decode(Box::new(DecodeError::new(
            path.unwrap_or_default().to_owned(),
            std::any::type_name::<T>(),
            message.to_owned(),
        )))
    })
}

fn not_json(path: &str, error: &serde_json::Error) -> Error {
    Error::Decode(Box::new(DecodeError::new(
        path.to_owned(),
        "JSON",
        error.to_string(),
    )))
}
