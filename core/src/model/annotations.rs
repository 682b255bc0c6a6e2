//! Methods that every model has in addition to its fields.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lists::Listed;
use super::object::{Object, TypeInfo};
use super::{
    DerivedFrom, EntityUrl, IntoProperty, IntoRelated, Navigation, Property, PropertyValue,
};
use super::{access, changes, mismatched, place};
use crate::decode::{decode, type_name};
use crate::error::{DecodeError, Error, Result};

/// The annotation that names the type of a value.
const TYPE: &str = "@odata.type";

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
    /// Returns Graph's name of the type, `microsoft.graph.user`.
    fn type_name(&self) -> &'static str {
        self.info().name
    }

    /// Creates a model without any property. It is the same as `Default::default()`.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::User;
    ///
    /// let user = User::new().set(User::CITY, "Oslo").set(User::ACCOUNT_ENABLED, true);
    /// assert_eq!(serde_json::to_string(&user)?, r#"{"accountEnabled":true,"city":"Oslo"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    fn new() -> Self {
        Self::default()
    }

    /// Returns the model with a property set. It replaces an earlier value.
    ///
    /// The value has the property's type or converts into it ([`IntoProperty`] lists what does). A
    /// collection takes any iterator of values that convert into its items. The model boxes the
    /// objects that its fields hold in a `Box`.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{BodyType, Importance, ItemBody, Message};
    ///
    /// let categories = vec!["Red category", "Blue category"];
    /// let body = ItemBody::new()
    ///     .set(ItemBody::CONTENT_TYPE, BodyType::Text)
    ///     .set(ItemBody::CONTENT, "Lunch?");
    /// let message = Message::new()
    ///     .set(Message::SUBJECT, "Today")
    ///     .set(Message::BODY, body)
    ///     .set(Message::IMPORTANCE, Importance::High)
    ///     .set(Message::CATEGORIES, categories.into_iter().rev());
    /// assert_eq!(
    ///     serde_json::to_value(&message)?,
    ///     serde_json::json!({
    ///         "subject": "Today", "body": {"contentType": "text", "content": "Lunch?"},
    ///         "importance": "high", "categories": ["Blue category", "Red category"],
    ///     })
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// A property is left out, sent as `null`, or sent with a value:
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::User;
    /// use msgraph::query::Null;
    ///
    /// let nickname: Option<&str> = None;
    /// let user = User::new()
    ///     // Left out, so an update does not touch it.
    ///     .set(User::MAIL_NICKNAME, nickname)
    ///     // Sent as `null`, so an update clears it. `with_null` and `clear` do the same.
    ///     .set(User::MOBILE_PHONE, Null);
    /// assert_eq!(serde_json::to_string(&user)?, r#"{"mobilePhone":null}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// A value of another type does not compile:
    ///
    /// ```compile_fail,E0277
    /// use msgraph::Model;
    /// use msgraph::models::User;
    ///
    /// // error[E0277]: `bool` is not a value for a property of type `String`
    /// let user = User::new().set(User::CITY, true);
    /// ```
    ///
    /// A property that the model has no field for, such as a directory extension, is set under a
    /// name of the program's own: `Property::new("extension_b7d8e648_costCenter")`.
    #[must_use]
    fn set<T: PropertyValue<K>, K, L>(
        mut self,
        property: Property<Self, T>,
        value: impl IntoProperty<T, L>,
    ) -> Self {
        access::set(&mut self, property.name(), value.into_property());
        self
    }

    /// Returns a copy of a property's value, or `None` if it has none.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::model::Property;
    /// use msgraph::models::User;
    ///
    /// const COST_CENTER: Property<User, i64> = Property::new("extension_b7d8e648_costCenter");
    ///
    /// let user: User = serde_json::from_str(
    ///     r#"{"city": "Oslo", "extension_b7d8e648_costCenter": 4711}"#,
    /// )?;
    /// assert_eq!(user.get(User::CITY).as_deref(), Some("Oslo"));
    /// assert_eq!(user.get(User::ACCOUNT_ENABLED), None);
    /// assert_eq!(user.get(COST_CENTER), Some(4711));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// A value that does not have its property's type reads as `None`.
    /// [`mismatched_properties`](Self::mismatched_properties) lists it.
    fn get<T: PropertyValue<K>, K>(&self, property: Property<Self, T>) -> Option<T> {
        access::get(self, property.name())
    }

    /// Returns a property's value without copying it: `&str` for text, a slice for a collection, a
    /// reference for an object, the value itself for numbers and times.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::User;
    ///
    /// let user = User::new()
    ///     .set(User::CITY, "Oslo")
    ///     .set(User::BUSINESS_PHONES, ["+47 22 00 00 00"]);
    /// let city: Option<&str> = user.get_ref(User::CITY);
    /// assert_eq!(city, Some("Oslo"));
    /// assert_eq!(user.get_ref(User::BUSINESS_PHONES).map(<[_]>::len), Some(1));
    /// ```
    ///
    /// A property that the model has no field for is `None`; [`get`](Self::get) reads it.
    fn get_ref<T: PropertyValue<K>, K>(&self, property: Property<Self, T>) -> Option<T::Ref<'_>> {
        access::get_ref::<T, K>(self, property.name())
    }

    /// Returns what differs between this model and a changed version of it, as the body of an
    /// update.
    ///
    /// Do not send back a whole model that was read. Graph refuses read-only properties, and the
    /// update would overwrite what other programs have changed since.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::User;
    ///
    /// let original: User = serde_json::from_str(
    ///     r#"{"@odata.etag": "W/1", "id": "1", "city": "Oslo", "mobilePhone": "+47 1"}"#,
    /// )?;
    /// let mut changed = original.clone();
    /// changed.city = Some("Bergen".into());
    /// changed.mobile_phone = None;
    /// let changes = original.changes_to(&changed);
    /// assert_eq!(serde_json::to_string(&changes)?, r#"{"city":"Bergen","mobilePhone":null}"#);
    ///
    /// // Without a difference, there is nothing to send.
    /// assert_eq!(original.changes_to(&original), User::new());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// - A property that became absent is sent as `null`. So change a copy of what was read, and do
    ///   not compare with a version that was read with another `$select` or `$expand`.
    /// - An object that differs is sent whole, with a `null` for each of its properties that became
    ///   absent. A collection that differs is sent whole, too.
    /// - The key `id` and annotations are left out. Two annotations are sent: `@odata.type` of a
    ///   value that is of a derived type, and the links that [`bind`](Self::bind) adds.
    /// - A read-only property is sent if the program changes it, and Graph refuses it.
    #[must_use]
    fn changes_to(&self, changed: &Self) -> Self {
        let mut changes = Self::default();
        changes::write(self, changed, &mut changes);
        changes
    }

    /// Writes an explicit `null` for a property, which tells Graph to clear it.
    ///
    /// A value that is set afterwards is written instead of the `null`.
    fn clear<T>(&mut self, property: Property<Self, T>) {
        access::clear(self, property.name());
    }

    /// Returns the model with an explicit `null` for a property, as [`clear`](Self::clear) writes
    /// it.
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

    /// Returns the properties that Graph sent and that do not have their declared type, at any
    /// depth, with the path to each.
    ///
    /// One value of the wrong type does not make a page unreadable. The value is in `extra` of its
    /// object and is written again unchanged, and its field is `None`. Four cases differ:
    ///
    /// - Text with half a surrogate pair is in its field, with U+FFFD in its place.
    /// - A time or duration that says more than its type holds, such as a leap second, is in its
    ///   field too.
    /// - An item of a list of objects that is not an object stays in the list as an object without
    ///   properties. See [`Extra::instead_of_object`](crate::model::Extra::instead_of_object).
    /// - A list of anything else is in `extra` as a whole if one of its items does not fit.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::User;
    ///
    /// let user: User = serde_json::from_str(r#"{"city": "Oslo", "createdDateTime": "soon"}"#)?;
    /// assert_eq!(user.created_date_time, None);
    /// assert_eq!(
    ///     user.mismatched_properties(),
    ///     [("createdDateTime".into(), &"soon".into())]
    /// );
    ///
    /// let user: User = serde_json::from_str(
    ///     r#"{"assignedPlans": [{"service": 1.5}, {"assignedDateTime": {}}]}"#,
    /// )?;
    /// assert_eq!(
    ///     user.mismatched_properties()[0].0,
    ///     "assignedPlans[1].assignedDateTime"
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn mismatched_properties(&self) -> Vec<(String, &Value)> {
        let mut found = Vec::new();
        mismatched::find(self, "", &mut found);
        found
    }

    /// Returns the target of a navigation property that `$expand` asked for, or `None` if Graph did
    /// not send it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when the target does not fit the type.
    fn related<T: DeserializeOwned>(&self, navigation: Navigation<Self, T>) -> Result<Option<T>> {
        match self.extra().get(navigation.name()) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Listed::deserialize(value)
                .map(|Listed(related)| Some(related))
                .map_err(|error| misread::<T>(navigation.name(), error)),
        }
    }

    /// Returns the model with a related entity, or with related entities: a deep insert.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{FileAttachment, Message};
    ///
    /// let file = FileAttachment {
    ///     name: Some("a.txt".into()),
    ///     ..Default::default()
    /// };
    /// let message = Message::default().with(Message::ATTACHMENTS, [file])?;
    /// assert_eq!(
    ///     message.extra["attachments"][0]["@odata.type"],
    ///     "#microsoft.graph.fileAttachment"
    /// );
    /// # Ok::<(), msgraph::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when the value cannot be written as JSON.
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

    /// Returns the model with references to existing entities, `members@odata.bind`, by their nodes
    /// or URLs.
    ///
    /// ```
    /// # fn example(graph: &msgraph::Graph) {
    /// use msgraph::Model;
    /// use msgraph::models::Group;
    ///
    /// let group = Group::new()
    ///     .set(Group::DISPLAY_NAME, "Board")
    ///     .bind(Group::OWNERS, [graph.users().id("adele@contoso.com")])
    ///     .bind(Group::MEMBERS, ["https://graph.microsoft.com/v1.0/users/1"]);
    /// # }
    /// ```
    ///
    /// <https://learn.microsoft.com/graph/api/group-post-members>
    fn bind<T>(
        mut self,
        navigation: Navigation<Self, Vec<T>>,
        entities: impl IntoIterator<Item: EntityUrl>,
    ) -> Self {
        let urls = entities
            .into_iter()
            .map(|entity| entity.entity_url().into_owned());
        let urls: Vec<String> = urls.collect();
        self.extra_mut()
            .insert(format!("{}@odata.bind", navigation.name()), urls);
        self
    }

    /// Returns the model with a reference to an existing entity, `template@odata.bind`, by its node
    /// or URL.
    ///
    /// <https://learn.microsoft.com/graph/api/team-post>
    fn bind_one<T>(mut self, navigation: Navigation<Self, T>, entity: impl EntityUrl) -> Self {
        let url = entity.entity_url().into_owned();
        self.extra_mut()
            .insert(format!("{}@odata.bind", navigation.name()), url);
        self
    }

    /// Returns the value as the derived type that its `@odata.type` names, or `None` when it is
    /// another type.
    ///
    /// A type that derives from `T` counts as `T` too.
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
    /// Returns [`Error::Decode`] when the value claims to be of the type and does not fit it.
    fn downcast<T: DerivedFrom<Self>>(&self) -> Result<Option<T>> {
        let Some(of) = self.odata_type() else {
            return Ok(None);
        };
        if !is_of(of, T::default().info()) {
            return Ok(None);
        }
        // Goes through text, because `Value` cannot hold everything that a model keeps.
        let json = serde_json::to_string(self).map_err(|error| not_json("", &error))?;
        decode(json.as_bytes(), type_name::<T>())
            .map(Some)
            .map_err(Error::Decode)
    }

    /// Returns the model with a dynamic property: a value of an open type, together with the
    /// `@odata.type` that names its type.
    ///
    /// Open types have properties that the description does not list, under names that the data
    /// defines. Graph learns the type of such a value only from the value itself. To remove the
    /// property in an update, put a `null` into `extra`: `items.extra.insert(name, ())`.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     graph: &msgraph::Graph,
    /// #     plan: String,
    /// #     user: &str,
    /// # ) -> msgraph::Result<()> {
    /// use msgraph::Model;
    /// use msgraph::models::{PlannerAssignment, PlannerAssignments, PlannerTask};
    ///
    /// let assignment = PlannerAssignment {
    ///     order_hint: Some(" !".into()),
    ///     ..Default::default()
    /// };
    /// let task = PlannerTask {
    ///     plan_id: Some(plan),
    ///     title: Some("Update client list".into()),
    ///     assignments: Some(Box::new(
    ///         PlannerAssignments::default().with_dynamic(user, assignment)?,
    ///     )),
    ///     ..Default::default()
    /// };
    /// let created = graph.planner().tasks().create(task).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when the value cannot be written as JSON.
    ///
    /// <https://learn.microsoft.com/graph/api/planner-post-tasks>
    fn with_dynamic<V: Model>(mut self, name: impl Into<String>, value: V) -> Result<Self> {
        let name = name.into();
        let value = with_type(&value).map_err(|error| not_json(&name, &error))?;
        self.extra_mut().insert(name, value);
        Ok(self)
    }

    /// Returns the dynamic property of this name, if it is a `V`.
    ///
    /// Returns `None` if Graph did not send it, if it is `null`, or if its `@odata.type` is neither
    /// `V` nor derives from it. `extra` has the value that was sent.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{PlannerChecklistItem, PlannerChecklistItems};
    ///
    /// let checklist: PlannerChecklistItems = serde_json::from_str(
    ///     r##"{"95e27074": {
    ///         "@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Call"
    ///     }}"##,
    /// )?;
    /// let item = checklist
    ///     .dynamic::<PlannerChecklistItem>("95e27074")?
    ///     .expect("an item");
    /// assert_eq!(item.title.as_deref(), Some("Call"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when the value is of the type, or names no type, and does not fit
    /// the type.
    ///
    /// <https://learn.microsoft.com/graph/api/resources/plannerchecklistitems>
    fn dynamic<V: Model>(&self, name: &str) -> Result<Option<V>> {
        match self.extra().get(name) {
            Some(value) if may_be::<V>(value) => read_value(name, value).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns all dynamic properties that are a `V`, with their names.
    ///
    /// ```
    /// use msgraph::Model;
    /// use msgraph::models::{PlannerAssignment, PlannerAssignments};
    ///
    /// let assignments = PlannerAssignments::default()
    ///     .with_dynamic("fbab97d0", PlannerAssignment::default())?;
    /// for (user, assignment) in assignments.dynamics::<PlannerAssignment>()? {
    ///     println!("{user} since {:?}", assignment.assigned_date_time);
    /// }
    /// # Ok::<(), msgraph::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when one of them does not fit the type.
    ///
    /// <https://learn.microsoft.com/graph/api/resources/plannerassignments>
    fn dynamics<V: Model>(&self) -> Result<Vec<(&str, V)>> {
        let names = self.info().names;
        self.extra()
            .iter()
            // Annotations and mismatched properties are not dynamic properties.
            .filter(|(name, _)| !name.contains('@') && !names.contains(name))
            .filter(|(_, value)| value.is_object() && may_be::<V>(value))
            .map(|(name, value)| Ok((name, read_value(name, value)?)))
            .collect()
    }

    /// Returns `@odata.etag`.
    fn etag(&self) -> Option<&str> {
        self.annotation("@odata.etag")
    }

    /// Returns `@odata.type`.
    fn odata_type(&self) -> Option<&str> {
        self.annotation(TYPE)
    }

    /// Returns `@odata.id`.
    fn odata_id(&self) -> Option<&str> {
        self.annotation("@odata.id")
    }

    /// Returns `@odata.context`.
    fn odata_context(&self) -> Option<&str> {
        self.annotation("@odata.context")
    }

    /// Returns `@microsoft.graph.downloadUrl`: the address of a drive item's bytes, which is valid
    /// for a few minutes and needs no token.
    fn download_url(&self) -> Option<&str> {
        self.annotation("@microsoft.graph.downloadUrl")
            .or_else(|| self.annotation("@content.downloadUrl"))
    }

    /// Returns the link to more of an expanded relation, `members@odata.nextLink`.
    fn next_link<T>(&self, navigation: Navigation<Self, T>) -> Option<&str> {
        self.annotation(&format!("{}@odata.nextLink", navigation.name()))
    }

    /// Returns an annotation that is text, by its full name.
    fn annotation(&self, name: &str) -> Option<&str> {
        self.extra().get(name)?.as_str()
    }
}

/// Checks whether a type name from an `@odata.type` is the given type or one that derives from it.
fn is_of(name: &str, info: &TypeInfo) -> bool {
    let name = name.trim_start_matches('#');
    let is = |of: &&str| of.eq_ignore_ascii_case(name);
    is(&info.name) || info.derived.iter().any(is)
}

/// Checks whether a value is a `V`, or has no type.
fn may_be<V: Model>(value: &Value) -> bool {
    match value.get(TYPE) {
        Some(Value::String(name)) => is_of(name, V::default().info()),
        _ => !value.is_null(),
    }
}

/// Returns the JSON of a value, with its type.
fn with_type<V: Model>(value: &V) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::to_value(value)?;
    if let Value::Object(members) = &mut json
        && !members.contains_key(TYPE)
    {
        let name = format!("#{}", value.info().name);
        // Graph wants the type first, and a map may keep the order of its members.
        let mut typed = Map::new();
        typed.insert(TYPE.to_owned(), name.into());
        typed.append(members);
        json = Value::Object(typed);
    }
    Ok(json)
}

/// Reads the value of the given name.
fn read_value<V: Model>(name: &str, value: &Value) -> Result<V> {
    V::deserialize(value).map_err(|error| misread::<V>(name, error))
}

/// Returns the error for a `T` of the given name that cannot be read.
fn misread<T>(name: &str, error: serde_json::Error) -> Error {
    let text = place::within(place::Step::Name(name), error).to_string();
    let (path, message) = place::split(&text);
    Error::Decode(Box::new(DecodeError::new(
        path.unwrap_or_default().to_owned(),
        type_name::<T>(),
        message.to_owned(),
    )))
}

fn not_json(path: &str, error: &serde_json::Error) -> Error {
    Error::Decode(Box::new(DecodeError::new(
        path.to_owned(),
        "JSON",
        error.to_string(),
    )))
}
